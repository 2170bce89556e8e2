"""Which attributes a search answers with, and at which level PS3.3 puts them (PS3.18 10.6.3.3)."""

from functools import cache

from ...query import ICON_IMAGE_SEQUENCE, Level, tag_of

# Tables 10.6.3-3 to 10.6.3-5; Retrieve URL is added when an answer is written.
DEFAULT = {
    Level.STUDY: (
        "StudyDate", "StudyTime", "AccessionNumber", "InstanceAvailability", "ModalitiesInStudy",
        "ReferringPhysicianName", "PatientName", "PatientID", "PatientBirthDate", "PatientSex", "StudyInstanceUID",
        "StudyID", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
    ),
    Level.SERIES: (
        "Modality", "SeriesDescription", "SeriesInstanceUID", "SeriesNumber", "NumberOfSeriesRelatedInstances",
        "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "RequestAttributesSequence",
    ),
    Level.IMAGE: (
        "SOPClassUID", "SOPInstanceUID", "InstanceAvailability", "InstanceNumber", "Rows", "Columns",
        "BitsAllocated", "NumberOfFrames",
    ),
}  # fmt: skip

# What PS3.3 C.7.1 and C.7.2, and PS3.4 Table C.3-1, put at patient and study level.
_STUDY_LEVEL = (
    "PatientName", "PatientID", "IssuerOfPatientID", "IssuerOfPatientIDQualifiersSequence", "TypeOfPatientID",
    "PatientBirthDate", "PatientBirthDateInAlternativeCalendar", "PatientBirthTime", "PatientSex",
    "QualityControlSubject",
    "ReferencedPatientSequence", "ReferencedPatientPhotoSequence", "OtherPatientIDs", "OtherPatientIDsSequence",
    "OtherPatientNames", "PatientBirthName", "PatientMotherBirthName", "EthnicGroup", "EthnicGroupCodeSequence",
    "PatientComments", "PatientSpeciesDescription", "PatientSpeciesCodeSequence",
    "PatientBreedDescription", "PatientBreedCodeSequence", "BreedRegistrationSequence", "StrainDescription",
    "ResponsiblePerson", "ResponsiblePersonRole", "ResponsibleOrganization", "PatientIdentityRemoved",
    "DeidentificationMethod", "DeidentificationMethodCodeSequence", "SourcePatientGroupIdentificationSequence",
    "GroupOfPatientsIdentificationSequence", "ClinicalTrialSponsorName", "ClinicalTrialProtocolID",
    "ClinicalTrialProtocolName", "ClinicalTrialSiteID", "ClinicalTrialSiteName", "ClinicalTrialSubjectID",
    "ClinicalTrialSubjectReadingID", "NumberOfPatientRelatedStudies", "NumberOfPatientRelatedSeries",
    "NumberOfPatientRelatedInstances",
    "StudyInstanceUID", "StudyDate", "StudyTime", "AccessionNumber", "IssuerOfAccessionNumberSequence", "StudyID",
    "StudyDescription", "ProcedureCodeSequence", "ReasonForPerformedProcedureCodeSequence", "ReferringPhysicianName",
    "ReferringPhysicianIdentificationSequence", "ConsultingPhysicianName",
    "ConsultingPhysicianIdentificationSequence", "PhysiciansOfRecord", "PhysiciansOfRecordIdentificationSequence",
    "NameOfPhysiciansReadingStudy", "PhysiciansReadingStudyIdentificationSequence", "RequestingService",
    "RequestingServiceCodeSequence", "ReferencedStudySequence", "AdmittingDiagnosesDescription",
    "AdmittingDiagnosesCodeSequence", "PatientAge", "PatientSize", "PatientWeight", "PatientSizeCodeSequence",
    "PatientBodyMassIndex", "MedicalAlerts", "Allergies", "SmokingStatus", "PregnancyStatus", "LastMenstrualDate",
    "PatientState", "Occupation", "AdditionalPatientHistory", "AdmissionID", "IssuerOfAdmissionIDSequence",
    "ServiceEpisodeID", "ServiceEpisodeDescription", "PatientSexNeutered", "ClinicalTrialTimePointID",
    "ClinicalTrialTimePointDescription", "ModalitiesInStudy", "SOPClassesInStudy",
    "AnatomicRegionsInStudyCodeSequence", "NumberOfStudyRelatedSeries", "NumberOfStudyRelatedInstances",
)  # fmt: skip
# What PS3.3 C.7.3 to C.7.5 put at series level.
_SERIES_LEVEL = (
    "SeriesInstanceUID", "Modality", "SeriesNumber", "Laterality", "SeriesDate", "SeriesTime",
    "PerformingPhysicianName", "PerformingPhysicianIdentificationSequence", "ProtocolName", "SeriesDescription",
    "SeriesDescriptionCodeSequence", "OperatorsName", "OperatorIdentificationSequence",
    "ReferencedPerformedProcedureStepSequence", "RelatedSeriesSequence", "BodyPartExamined", "PatientPosition",
    "SmallestPixelValueInSeries", "LargestPixelValueInSeries", "RequestAttributesSequence",
    "PerformedProcedureStepID", "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime",
    "PerformedProcedureStepEndDate", "PerformedProcedureStepEndTime", "PerformedProcedureStepDescription",
    "PerformedProtocolCodeSequence", "CommentsOnThePerformedProcedureStep", "AnatomicalOrientationType",
    "TreatmentSessionUID", "PresentationIntentType", "ClinicalTrialCoordinatingCenterName", "ClinicalTrialSeriesID",
    "ClinicalTrialSeriesDescription", "FrameOfReferenceUID", "PositionReferenceIndicator", "Manufacturer",
    "InstitutionName", "InstitutionAddress", "StationName", "InstitutionalDepartmentName", "ManufacturerModelName",
    "DeviceSerialNumber", "DeviceUID", "SoftwareVersions", "GantryID", "SpatialResolution", "DateOfLastCalibration",
    "TimeOfLastCalibration", "NumberOfSeriesRelatedInstances",
)  # fmt: skip
# What "all" adds for instances: what images have and workstations show. The icon is large and has to be asked for.
_INSTANCE_LEVEL = (
    "ImageType", "InstanceCreationDate", "InstanceCreationTime", "AcquisitionDate", "ContentDate",
    "AcquisitionDateTime", "AcquisitionTime", "ContentTime", "AvailableTransferSyntaxUID", "AcquisitionNumber",
    "ImageComments", "BurnedInAnnotation", "LossyImageCompression", "PatientOrientation", "ImagePositionPatient",
    "ImageOrientationPatient", "SliceLocation", "SliceThickness", "PixelSpacing", "ImagerPixelSpacing",
    "PhotometricInterpretation", "SamplesPerPixel", "BitsStored", "HighBit", "PixelRepresentation", "WindowCenter",
    "WindowWidth", "RescaleIntercept", "RescaleSlope", "KVP", "ExposureTime", "XRayTubeCurrent", "ViewPosition",
    "ImageLaterality", "EchoTime", "RepetitionTime", "FlipAngle", "ContrastBolusAgent", "ContentLabel",
    "ContentDescription", "ContentCreatorName", "CompletionFlag", "VerificationFlag", "DocumentTitle",
    "RepresentativeFrameNumber",
)  # fmt: skip
_ANY_LEVEL = (0x00080005, 0x00080056, 0x00080201, 0x00081190)  # about the answer, not about an entity


@cache
def tags(level: Level) -> frozenset[int]:
    """Give the tags that belong to the patient and the study, or to the series."""
    names = _STUDY_LEVEL if level is Level.STUDY else _SERIES_LEVEL
    return frozenset(tag_of(name) for name in names)


def level_of(tag: int) -> Level:
    """Tell at which level an attribute is; what belongs to no higher one is the instance's (PS3.4 C.3.1)."""
    if tag in tags(Level.STUDY):
        return Level.STUDY
    return Level.SERIES if tag in tags(Level.SERIES) else Level.IMAGE


def may_be_included(tag: int, level: Level, *, icon_extension: bool) -> bool:
    """Tell whether answers at a level may carry an attribute (PS3.18 10.6.3.3.1, 10.6.3.3.2).

    Parameters
    ----------
    tag
        The attribute.
    level
        STUDY, SERIES or IMAGE.
    icon_extension
        Whether (0088,0200) stands for studies and series too, as it may in C-FIND.
    """
    if tag == ICON_IMAGE_SEQUENCE and icon_extension:
        return True
    return tag in _ANY_LEVEL or level_of(tag).depth <= level.depth


@cache
def every(level: Level) -> tuple[str, ...]:
    """Give what ``includefield=all`` asks back at a level."""
    return {Level.STUDY: _STUDY_LEVEL, Level.SERIES: _SERIES_LEVEL, Level.IMAGE: _INSTANCE_LEVEL}[level]
