"""The attributes that have a column of their own: what may be asked at every level. The one place to add a key.

An attribute of any other kind can still be asked back and matched at IMAGE level, from the stored header. To add a
column: name its keyword here under the level that PS3.3 gives it, and write a migration that adds it to the table.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from pydicom.datadict import dictionary_VM, tag_for_keyword

from ..query import Level, vr_of

# Attributes kept as text, by the level that PS3.3 puts them at. The Unique Key of each level comes first.
_TEXTS = {
    Level.PATIENT: (
        "PatientID", "PatientName", "IssuerOfPatientID", "PatientBirthDate", "PatientBirthTime", "PatientSex",
        "OtherPatientIDs", "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName", "EthnicGroup",
        "PatientComments", "ResponsiblePerson", "PatientSpeciesDescription", "PatientBreedDescription",
        "PatientIdentityRemoved",
    ),
    Level.STUDY: (
        "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "StudyID", "StudyDescription",
        "ReferringPhysicianName", "NameOfPhysiciansReadingStudy", "PhysiciansOfRecord", "ConsultingPhysicianName",
        "AdmittingDiagnosesDescription", "AdmissionID", "PatientAge", "PatientSize", "PatientWeight", "Occupation",
        "AdditionalPatientHistory", "MedicalAlerts", "Allergies", "PregnancyStatus", "PatientSexNeutered",
        "ClinicalTrialTimePointID",
    ),
    Level.SERIES: (
        "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "SeriesDate", "SeriesTime",
        "BodyPartExamined", "Laterality", "ProtocolName", "PerformingPhysicianName", "OperatorsName",
        "InstitutionName", "InstitutionAddress", "InstitutionalDepartmentName", "StationName", "Manufacturer",
        "ManufacturerModelName", "DeviceSerialNumber", "SoftwareVersions", "PatientPosition", "FrameOfReferenceUID",
        "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "PerformedProcedureStepID",
        "PerformedProcedureStepDescription", "PresentationIntentType", "ClinicalTrialSeriesID",
    ),
    Level.IMAGE: (
        "SOPInstanceUID", "SOPClassUID", "InstanceNumber", "ImageType", "ContentDate", "ContentTime",
        "AcquisitionDate", "AcquisitionTime", "AcquisitionDateTime", "AcquisitionNumber", "InstanceCreationDate",
        "InstanceCreationTime", "NumberOfFrames", "Rows", "Columns", "BitsAllocated", "PhotometricInterpretation",
        "ContentLabel", "CompletionFlag", "VerificationFlag",
    ),
}  # fmt: skip

# What the catalogue counts or collects (PS3.4 Table C.3-1), by the level at which it may be asked.
_NUMBERS = {
    Level.PATIENT: (
        "NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries", "NumberOfPatientRelatedInstances",
    ),
    Level.STUDY: ("NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances"),
    Level.SERIES: ("NumberOfSeriesRelatedInstances",),
    Level.IMAGE: (),
}  # fmt: skip
_COLLECTED = {
    Level.PATIENT: (),
    Level.STUDY: ("ModalitiesInStudy", "SOPClassesInStudy"),
    Level.SERIES: (),
    Level.IMAGE: ("AvailableTransferSyntaxUID",),
}

# Sequences kept so that they can be asked for and matched above the images, too.
_SEQUENCES = {
    Level.PATIENT: ("IssuerOfPatientIDQualifiersSequence", "OtherPatientIDsSequence", "PatientSpeciesCodeSequence"),
    Level.STUDY: (
        "IssuerOfAccessionNumberSequence", "ProcedureCodeSequence", "ReferencedStudySequence",
        "RequestingServiceCodeSequence",
    ),
    Level.SERIES: ("RequestAttributesSequence", "PerformedProtocolCodeSequence", "InstitutionCodeSequence"),
    Level.IMAGE: (),
}  # fmt: skip

# Names that are looked for often enough to be folded and indexed.
FOLDED_NAMES = ("PatientName", "ReferringPhysicianName")
GROUP_NAMES = ("alphabetic", "ideographic", "phonetic")


@dataclass(frozen=True)
class Column:
    """One attribute that has a column.

    Parameters
    ----------
    keyword
        The attribute's keyword; the column's name is the same in snake case.
    level
        The level that it belongs to.
    kind
        ``text`` as it stands in the header, ``number`` counted, ``collected`` from below, ``sequence`` with
        its items as text.
    """

    keyword: str
    level: Level
    kind: str

    @cached_property
    def tag(self) -> int:
        """The attribute's tag."""
        tag = tag_for_keyword(self.keyword)
        if tag is None:
            raise ValueError(f"The dictionary has no {self.keyword}")
        return int(tag)

    @cached_property
    def vr(self) -> str:
        """Its VR."""
        return vr_of(self.tag)

    @cached_property
    def is_multiple(self) -> bool:
        """Whether it may have several values."""
        return dictionary_VM(self.tag) != "1"

    @cached_property
    def name(self) -> str:
        """The name of its column."""
        return column_name(self.keyword)

    @property
    def is_folded(self) -> bool:
        """Whether its component groups are folded into columns of their own."""
        return self.keyword in FOLDED_NAMES


def column_name(keyword: str) -> str:
    """Give a keyword in snake case: NumberOfStudyRelatedSeries is number_of_study_related_series."""
    words = re.sub(r"(?<=[a-z])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", keyword)
    return words.lower().replace("_i_ds", "_ids")


def _columns() -> Mapping[int, Column]:
    kinds = {"text": _TEXTS, "number": _NUMBERS, "collected": _COLLECTED, "sequence": _SEQUENCES}
    columns = [
        Column(keyword, level, kind) for level in Level for kind, names in kinds.items() for keyword in names[level]
    ]
    return {column.tag: column for column in columns}


COLUMNS: Mapping[int, Column] = _columns()
"""Every attribute that has a column, by tag."""

ATTRIBUTES: tuple[int, ...] = tuple(sorted(column.tag for column in COLUMNS.values() if column.kind == "text"))
"""Tags of the attributes that an InstanceRecord carries as text."""


SEQUENCES: tuple[int, ...] = tuple(sorted(column.tag for column in COLUMNS.values() if column.kind == "sequence"))
"""Tags of the sequences that are read from an InstanceRecord's header."""


def columns_of(level: Level, *kinds: str) -> tuple[Column, ...]:
    """Give the columns that belong to a level, of some kinds or of all."""
    return tuple(one for one in COLUMNS.values() if one.level is level and (not kinds or one.kind in kinds))
