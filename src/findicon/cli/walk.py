"""Asking below the STUDY level with keys of the levels above: first which studies, then which series of each.

A baseline C-FIND at SERIES or IMAGE level has to name the study, and the series, by UID (PS3.4 C.4.1.2.1). People know
a name or a date instead.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

from pydicom.dataset import Dataset
from pydicom.uid import UID

from ..icons import Icon
from ..query import Cancel, Finder, Key, Level, Match, Query, encode, never, tag_of, uid_of

# What PS3.3 gives to the patient, the study, the series and the image, as far as people ask for it.
_PATIENT = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientBirthTime", "PatientSex",
    "OtherPatientIDs", "OtherPatientNames", "EthnicGroup", "PatientComments", "ResponsiblePerson",
    "PatientSpeciesDescription", "PatientBreedDescription", "NumberOfPatientRelatedStudies",
    "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances",
)  # fmt: skip
_STUDY = (
    "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription",
    "ReferringPhysicianName", "NameOfPhysiciansReadingStudy", "AdmittingDiagnosesDescription", "PatientAge",
    "PatientSize", "PatientWeight", "Occupation", "AdditionalPatientHistory", "ModalitiesInStudy", "SOPClassesInStudy",
    "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances", "ProcedureCodeSequence",
)  # fmt: skip
_SERIES = (
    "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime",
    "BodyPartExamined", "Laterality", "ProtocolName", "PerformingPhysicianName", "OperatorsName", "InstitutionName",
    "InstitutionalDepartmentName", "StationName", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber",
    "PatientPosition", "FrameOfReferenceUID", "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
    "PerformedProcedureStepID", "PerformedProcedureStepDescription", "RequestAttributesSequence",
    "NumberOfSeriesRelatedInstances",
)  # fmt: skip
_IMAGE = (
    "SOPInstanceUID", "SOPClassUID", "InstanceNumber", "ImageType", "Rows", "Columns", "NumberOfFrames", "ContentDate",
    "ContentTime", "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "AcquisitionNumber", "SliceLocation",
    "SliceThickness", "ImageComments", "BurnedInAnnotation",
)  # fmt: skip
_LEVELS: dict[int, Level] = {
    tag_of(keyword): level
    for level, keywords in zip(Level, (_PATIENT, _STUDY, _SERIES, _IMAGE), strict=True)
    for keyword in keywords
}
# What a study says about all that is in it, where people write the key of what is in it.
_OF_THE_STUDY = {"Modality": "ModalitiesInStudy", "SOPClassUID": "SOPClassesInStudy"}


class _Below(Match):
    """An answer with what was asked of the levels above it."""

    def __init__(self, match: Match, above: Dataset, tags: Sequence[int]) -> None:
        self._match = match
        self._above = above
        self._tags = tags
        self.all_keys_supported = match.all_keys_supported

    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the whole, encoded."""
        return encode(self.dataset, transfer_syntax)

    @property
    def icon(self) -> Icon | None:
        """The answer's picture, which may come another way than in its identifier."""
        return self._match.icon

    @property
    def icon_problem(self) -> str:
        """Why it cannot be used."""
        return self._match.icon_problem

    @cached_property
    def dataset(self) -> Dataset:
        """The answer's identifier, and the elements from above that it does not have itself."""
        whole = Dataset()
        whole.update(self._match.dataset)
        for tag in self._tags:
            if tag in self._above and _is_empty(whole, tag):
                whole[tag] = self._above[tag]
        if "SpecificCharacterSet" not in whole and "SpecificCharacterSet" in self._above:
            whole.SpecificCharacterSet = self._above.SpecificCharacterSet
        return whole


def level_of_key(key: Key) -> Level:
    """Give the level a key belongs to: IMAGE for all that is not known better."""
    return _LEVELS.get(key.tag, Level.IMAGE)


def usual_keywords() -> tuple[str, ...]:
    """Give the keywords that people ask for, those of the patient first."""
    return (*_PATIENT, *_STUDY, *_SERIES, *_IMAGE)


def misplaced(keys: Iterable[Key], level: Level) -> Iterator[str]:
    """Explain keys that belong to a level below the one asked: a peer may leave them unheeded (PS3.4 C.4.1.2.1)."""
    for key in keys:
        own = _LEVELS.get(key.tag)
        if own is None or own.depth <= level.depth:
            continue
        instead = f"ask with --level {own.lower()}"
        if level is Level.STUDY and key.keyword in _OF_THE_STUDY:
            instead = f"write {_OF_THE_STUDY[key.keyword]}, or {instead}"
        yield f"{key.keyword} belongs to the {own} level, so the peer may ignore it at {level}: {instead}"


def ask(
    finder: Finder,
    level: Level,
    keys: Sequence[Key],
    *,
    icon: bool = False,
    limit: int | None = None,
    cancel: Cancel = never,
) -> Iterator[Match]:
    """Ask at a level with keys of any level above it.

    Parameters
    ----------
    finder
        Whom to ask.
    level
        The level of the answers.
    keys
        Keys of that level and of those above, with or without values.
    icon
        Ask for pictures.
    limit
        How many answers to take at most.
    cancel
        Asked between answers.
    """
    above = [key for key in keys if level_of_key(key).depth < level.depth]
    if level.depth <= Level.STUDY.depth or _is_hierarchical(level, above):
        yield from finder.find(Query(level, keys=keys, icon=icon, limit=limit), cancel)
        return
    parent = Level.STUDY if level is Level.SERIES else Level.SERIES
    own = [key for key in keys if key not in above]
    left = limit
    # all of them first: a peer may not wait for us to read on while we ask it something else
    for match in list(ask(finder, parent, above, cancel=cancel)):
        fixed = [Key(one.unique_key, "UI", (uid_of(match.dataset, one),)) for one in _levels_to(parent)]
        for below in finder.find(Query(level, keys=[*fixed, *own], icon=icon, limit=left), cancel):
            yield _Below(below, match.dataset, [key.tag for key in (*above, *fixed)])
            if left is not None:
                left -= 1
        if left == 0 or cancel():
            return


def _is_empty(dataset: Dataset, tag: int) -> bool:
    """Tell whether an element is absent or has no value, without decoding it."""
    return tag not in dataset or not dataset.get_item(tag).value


def _is_hierarchical(level: Level, above: Sequence[Key]) -> bool:
    """Tell whether the keys above the level are its baseline ones: each Unique Key with one value, nothing else."""
    unique = {one.unique_key for one in _levels_to(Level.STUDY if level is Level.SERIES else Level.SERIES)}
    return {key.tag for key in above if len(key.values) == 1} == unique and len(above) == len(unique)


def _levels_to(level: Level) -> list[Level]:
    return [one for one in (Level.STUDY, Level.SERIES) if one.depth <= level.depth]
