"""What upstream knows about its series and instances, as the choice of a picture needs it."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from ..icons import Facts, Kind, kind_of
from ..query import Cancel, Key, Level, Options, Query, never
from .memory import Memory
from .questions import Asked

_IMAGE_KEYS = (
    "SOPClassUID", "SOPInstanceUID", "InstanceNumber", "ImageType", "NumberOfFrames", "ImagePositionPatient",
    "ImageOrientationPatient", "BurnedInAnnotation",
)  # fmt: skip
# How large each level of a slide is.
_SLIDE_KEYS = ("Rows", "Columns", "TotalPixelMatrixRows", "TotalPixelMatrixColumns")
_SLIDE = "SM"
_RELATIONAL = Options(relational=True)
_PICTURED = {Kind.IMAGE, Kind.VIDEO, Kind.DOSE, Kind.SEGMENTATION, Kind.OBJECT}


@dataclass(frozen=True, slots=True)
class SeriesFacts:
    """What a SERIES level answer says.

    Attributes
    ----------
    count
        Its number of instances; None where upstream does not say.
    """

    uid: str
    modality: str
    number: int | None
    count: int | None

    @property
    def may_have_pictures(self) -> bool:
        """Whether its modality is not one of objects without pixels."""
        return has_pixels("", self.modality)

    def as_one_image(self, study: str) -> Facts:
        """Stand for all of its images, as far as ranking series goes, until they have been asked for."""
        return Facts(
            sop_instance="",
            study=study,
            series=self.uid,
            modality=self.modality,
            series_number=self.number,
            frames=max(self.count or 1, 1),
            has_pixels=self.may_have_pictures,
        )


class Looking:
    """Asks upstream about the insides of studies.

    Parameters
    ----------
    upstream
        Who is asked.
    cancel
        True once everything shall end.
    """

    def __init__(self, upstream: Asked, cancel: Cancel = never) -> None:
        self._upstream = upstream
        self._cancel = cancel
        self._series: Memory[list[SeriesFacts]] = Memory()

    def series_of(self, study: str) -> list[SeriesFacts]:
        """Give the series of a study, by UID; those of a moment ago will do. Raises PeerError."""
        return self._series.get(study, lambda: sorted(self._ask_series(study), key=lambda one: one.uid))

    def forget(self, study: str) -> None:
        """Ask for the series of a study anew the next time."""
        self._series.forget(study)

    def images_of(self, study: str, series: str) -> list[Facts]:
        """Give the facts of the instances of a series, by UID. Raises PeerError."""
        known = next((one for one in self.series_of(study) if one.uid == series), SeriesFacts(series, "", None, None))
        keywords = _IMAGE_KEYS + (_SLIDE_KEYS if known.modality == _SLIDE else ())
        keys = [Key.named(keyword) for keyword in keywords]
        query = Query(Level.IMAGE, defaults=False, keys=keys, StudyInstanceUID=study, SeriesInstanceUID=series)
        found = (_facts(match.dataset, study, known) for match in self._upstream.find(query, self._cancel))
        return sorted((one for one in found if one.sop_instance), key=lambda one: one.sop_instance)

    def counts_of(self, studies: Sequence[str]) -> dict[str, int]:
        """Give how many instances each of these studies has, in one question; those that upstream does not say lack.

        Raises
        ------
        PeerError
            It cannot be asked.
        """
        query = Query(
            Level.STUDY, defaults=False, StudyInstanceUID="\\".join(studies), NumberOfStudyRelatedInstances=""
        )
        found: dict[str, int] = {}
        for match in self._upstream.find(query, self._cancel):
            number = _number(match.dataset, "NumberOfStudyRelatedInstances")
            if number is not None:
                found[_text(match.dataset, "StudyInstanceUID")] = number
        return found

    def count_of(self, study: str, series: str = "") -> int:
        """Count the instances of a study or a series, one by one where upstream does not say. Raises PeerError."""
        if not series:
            counted = self.counts_of([study]).get(study)
            if counted is not None:
                return counted
        self._series.forget(study)
        found = [one for one in self.series_of(study) if not series or one.uid == series]
        return sum(len(self.images_of(study, one.uid)) if one.count is None else one.count for one in found)

    def place_of(self, instance: str) -> tuple[str, str, str] | None:
        """Find study, series and SOP class of an instance, for upstreams that answer relational queries."""
        query = Query(
            Level.IMAGE,
            defaults=False,
            options=_RELATIONAL,
            SOPInstanceUID=instance,
            SOPClassUID="",
            StudyInstanceUID="",
            SeriesInstanceUID="",
        )
        for match in self._upstream.find(query, self._cancel):
            study, series = _text(match.dataset, "StudyInstanceUID"), _text(match.dataset, "SeriesInstanceUID")
            if study and series and _text(match.dataset, "SOPInstanceUID") == instance:
                return study, series, _text(match.dataset, "SOPClassUID")
        return None

    def study_of(self, series: str) -> str:
        """Find the study of a series, for upstreams that answer relational queries; empty when it is not found."""
        query = Query(Level.SERIES, defaults=False, options=_RELATIONAL, SeriesInstanceUID=series, StudyInstanceUID="")
        for match in self._upstream.find(query, self._cancel):
            if _text(match.dataset, "SeriesInstanceUID") == series:
                return _text(match.dataset, "StudyInstanceUID")
        return ""

    def _ask_series(self, study: str) -> Iterator[SeriesFacts]:
        query = Query(
            Level.SERIES,
            defaults=False,
            StudyInstanceUID=study,
            SeriesInstanceUID="",
            Modality="",
            SeriesNumber="",
            NumberOfSeriesRelatedInstances="",
        )
        for match in self._upstream.find(query, self._cancel):
            answer = match.dataset
            yield SeriesFacts(
                _text(answer, "SeriesInstanceUID"),
                _text(answer, "Modality"),
                _number(answer, "SeriesNumber"),
                _number(answer, "NumberOfSeriesRelatedInstances"),
            )


def has_pixels(sop_class: str, modality: str = "") -> bool:
    """Tell from the SOP class, or the modality where that is empty or unknown, whether an object may have pixels."""
    return kind_of(sop_class, modality=modality) in _PICTURED


def _facts(answer: Dataset, study: str, series: SeriesFacts) -> Facts:
    sop_class = _text(answer, "SOPClassUID")
    normal, position = _plane(_numbers(answer, "ImageOrientationPatient"), _numbers(answer, "ImagePositionPatient"))
    return Facts(
        sop_instance=_text(answer, "SOPInstanceUID"),
        sop_class=sop_class,
        study=study,
        series=series.uid,
        modality=series.modality,
        series_number=series.number,
        instance_number=_number(answer, "InstanceNumber"),
        image_type=tuple(value.strip().upper() for value in _texts(answer, "ImageType")),
        normal=normal,
        position=position,
        frames=max(_number(answer, "NumberOfFrames") or 1, 1),
        rows=_number(answer, "Rows") or 0,
        columns=_number(answer, "Columns") or 0,
        matrix_rows=_number(answer, "TotalPixelMatrixRows") or 0,
        matrix_columns=_number(answer, "TotalPixelMatrixColumns") or 0,
        has_pixels=has_pixels(sop_class, series.modality),
        burned_in=_text(answer, "BurnedInAnnotation").upper() == "YES",
    )


def _plane(orientation: tuple[float, ...], position: tuple[float, ...]) -> tuple[tuple[float, ...], float | None]:
    """Give normal and position as `Facts.from_header` does for a file, so that both choose alike."""
    if len(orientation) != 6 or len(position) != 3:
        return (), None
    (a, b, c, d, e, f) = orientation
    cross = (b * f - c * e, c * d - a * f, a * e - b * d)
    length = sum(value * value for value in cross) ** 0.5
    if not 0.5 < length < 2:
        return (), None
    along = sum(one * other for one, other in zip(cross, position, strict=True)) / length
    normal = tuple(round(value / length, 4) + 0.0 for value in cross)
    return (normal, round(along, 4)) if abs(along) < float("inf") else ((), None)


def _texts(answer: Dataset, keyword: str) -> tuple[str, ...]:
    try:
        value: Any = answer.get(keyword)
    except Exception:  # noqa: BLE001  pydicom raises whatever a malformed value leads it to: it counts as absent
        return ()
    if value is None or value == "":
        return ()
    return tuple(str(one) for one in value) if isinstance(value, MultiValue | list) else (str(value),)


def _text(answer: Dataset, keyword: str) -> str:
    values = _texts(answer, keyword)
    return values[0].strip("\0 ") if values else ""


def _number(answer: Dataset, keyword: str) -> int | None:
    try:
        return int(_text(answer, keyword))
    except ValueError:
        return None


def _numbers(answer: Dataset, keyword: str) -> tuple[float, ...]:
    try:
        return tuple(float(value) for value in _texts(answer, keyword))
    except ValueError:
        return ()
