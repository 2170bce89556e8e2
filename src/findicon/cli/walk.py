"""Asking below the STUDY level with keys of the levels above: first which studies, then which series of each.

A baseline C-FIND at SERIES or IMAGE level has to name the study, and the series, by UID (PS3.4 C.4.1.2.1). People know
a name or a date instead.
"""

from collections.abc import Iterator, Sequence
from functools import cached_property

from pydicom.dataset import Dataset
from pydicom.uid import UID

from ..query import Cancel, Finder, Key, Level, Match, Query, encode, never, tag_of

# What PS3.3 gives to the patient, the study and the series, as far as people ask for it.
_PATIENT_AND_STUDY = (
    "PatientName", "PatientID", "IssuerOfPatientID", "PatientBirthDate", "PatientBirthTime", "PatientSex",
    "OtherPatientIDs", "OtherPatientNames", "EthnicGroup", "PatientComments", "ResponsiblePerson",
    "PatientSpeciesDescription", "PatientBreedDescription", "NumberOfPatientRelatedStudies",
    "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances", "StudyInstanceUID", "StudyDate", "StudyTime",
    "AccessionNumber", "StudyID", "StudyDescription", "ReferringPhysicianName", "NameOfPhysiciansReadingStudy",
    "AdmittingDiagnosesDescription", "PatientAge", "PatientSize", "PatientWeight", "Occupation",
    "AdditionalPatientHistory", "ModalitiesInStudy", "SOPClassesInStudy", "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances", "ProcedureCodeSequence",
)  # fmt: skip
_SERIES = (
    "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime",
    "BodyPartExamined", "Laterality", "ProtocolName", "PerformingPhysicianName", "OperatorsName", "InstitutionName",
    "InstitutionalDepartmentName", "StationName", "Manufacturer", "ManufacturerModelName", "DeviceSerialNumber",
    "PatientPosition", "FrameOfReferenceUID", "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
    "PerformedProcedureStepID", "PerformedProcedureStepDescription", "RequestAttributesSequence",
    "NumberOfSeriesRelatedInstances",
)  # fmt: skip
_LEVELS: dict[int, Level] = {
    **dict.fromkeys(map(tag_of, _PATIENT_AND_STUDY), Level.STUDY),
    **dict.fromkeys(map(tag_of, _SERIES), Level.SERIES),
}


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

    @cached_property
    def dataset(self) -> Dataset:
        """The answer's identifier, and the elements from above that it does not have itself."""
        whole = Dataset()
        for tag in self._tags:
            if tag in self._above:
                whole[tag] = self._above[tag]
        whole.update(self._match.dataset)
        if "SpecificCharacterSet" not in whole and "SpecificCharacterSet" in self._above:
            whole.SpecificCharacterSet = self._above.SpecificCharacterSet
        return whole


def level_of_key(key: Key) -> Level:
    """Give the level a key belongs to: STUDY also for the patient's, IMAGE for all that is not known better."""
    return _LEVELS.get(key.tag, Level.IMAGE)


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
            yield _Below(below, match.dataset, [key.tag for key in above])
            if left is not None:
                left -= 1
        if left == 0 or cancel():
            return


def uid_of(dataset: Dataset, level: Level) -> str:
    """Give the value of a level's Unique Key; "" where there is none."""
    element = dataset.get(level.unique_key)
    return str(element.value or "") if element is not None else ""


def _is_hierarchical(level: Level, above: Sequence[Key]) -> bool:
    """Tell whether the keys above the level are its baseline ones: each Unique Key with one value, nothing else."""
    unique = {one.unique_key for one in _levels_to(Level.STUDY if level is Level.SERIES else Level.SERIES)}
    return {key.tag for key in above if len(key.values) == 1} == unique and len(above) == len(unique)


def _levels_to(level: Level) -> list[Level]:
    return [one for one in (Level.STUDY, Level.SERIES) if one.depth <= level.depth]
