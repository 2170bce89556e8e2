"""Which instances may stand for an answer, found out by asking the peer: `icons` chooses among what it says."""

from collections.abc import Iterator
from itertools import islice

from pydicom.dataset import Dataset

from ..icons import Facts, Kind, kind_of, series_candidates, study_candidates
from ..query import Cancel, Finder, Level, Query, uid_of
from ..show import value_of
from .settings import IconSettings

_PICTURED = {Kind.IMAGE, Kind.VIDEO, Kind.DOSE, Kind.SEGMENTATION, Kind.OBJECT}
_SERIES_TRIED = 2


class Representatives:
    """Asks a peer for what the choice of a picture needs.

    Parameters
    ----------
    finder
        The peer.
    settings
        Which image of a series is taken.
    cancel
        Asked between its answers.
    """

    def __init__(self, finder: Finder, settings: IconSettings, cancel: Cancel) -> None:
        self._finder = finder
        self._settings = settings
        self._cancel = cancel

    def of(self, answer: Dataset, level: Level) -> Iterator[Facts]:
        """Give the instances that may stand for an answer, the best first.

        Raises
        ------
        PeerError
            It cannot be asked.
        """
        study, series = uid_of(answer, Level.STUDY), uid_of(answer, Level.SERIES)
        if level is Level.IMAGE:
            image = _facts(answer, study, series, value_of(answer, "Modality"))
            yield from [image] if image.has_pixels else []
        elif level is Level.SERIES:
            yield from self._of_series(study, series, value_of(answer, "Modality"))
        elif level is Level.STUDY:
            yield from self._of_study(study)
        else:
            yield from self._of_patient(uid_of(answer, Level.PATIENT))

    def _of_patient(self, patient: str) -> Iterator[Facts]:
        query = Query(Level.STUDY, defaults=False, PatientID=patient, StudyInstanceUID="", StudyDate="")
        studies = [match.dataset for match in self._finder.find(query, self._cancel)]
        latest = max(studies, key=lambda one: (value_of(one, "StudyDate"), uid_of(one, Level.STUDY)), default=None)
        if latest is not None:
            yield from self._of_study(uid_of(latest, Level.STUDY))

    def _of_study(self, study: str) -> Iterator[Facts]:
        query = Query(
            Level.SERIES,
            defaults=False,
            StudyInstanceUID=study,
            SeriesInstanceUID="",
            Modality="",
            SeriesNumber="",
            NumberOfSeriesRelatedInstances="",
        )
        series = [_one_for_all(match.dataset, study) for match in self._finder.find(query, self._cancel)]
        modalities = {one.series: one.modality for one in series}
        for uid in islice(study_candidates([[one] for one in series]), _SERIES_TRIED):
            yield from islice(self._of_series(study, uid, modalities[uid]), 2)

    def _of_series(self, study: str, series: str, modality: str) -> Iterator[Facts]:
        query = Query(
            Level.IMAGE,
            defaults=False,
            StudyInstanceUID=study,
            SeriesInstanceUID=series,
            SOPInstanceUID="",
            SOPClassUID="",
            InstanceNumber="",
            ImageType="",
            NumberOfFrames="",
            Rows="",
            Columns="",
        )
        images = [_facts(match.dataset, study, series, modality) for match in self._finder.find(query, self._cancel)]
        named = [one for one in images if one.sop_instance]
        yield from series_candidates(named, self._settings.rule, rules=self._settings.rules)


def _one_for_all(answer: Dataset, study: str) -> Facts:
    """Let a series stand for all of its images, as far as ranking it among others goes."""
    modality = value_of(answer, "Modality")
    return Facts(
        sop_instance="",
        study=study,
        series=uid_of(answer, Level.SERIES),
        modality=modality,
        series_number=_number(answer, "SeriesNumber"),
        frames=max(_number(answer, "NumberOfSeriesRelatedInstances") or 1, 1),
        has_pixels=kind_of("", modality=modality) in _PICTURED,
    )


def _facts(answer: Dataset, study: str, series: str, modality: str) -> Facts:
    sop_class = value_of(answer, "SOPClassUID")
    return Facts(
        sop_instance=uid_of(answer, Level.IMAGE),
        sop_class=sop_class,
        study=study,
        series=series,
        modality=modality,
        instance_number=_number(answer, "InstanceNumber"),
        image_type=tuple(value_of(answer, "ImageType").upper().split("\\")),
        frames=max(_number(answer, "NumberOfFrames") or 1, 1),
        rows=_number(answer, "Rows") or 0,
        columns=_number(answer, "Columns") or 0,
        has_pixels=kind_of(sop_class, modality=modality) in _PICTURED,
    )


def _number(answer: Dataset, keyword: str) -> int | None:
    text = value_of(answer, keyword)
    return int(text) if text.isascii() and text.isdigit() else None
