"""What an object without a picture is, in a word."""

from enum import StrEnum

from pydicom.uid import UID


class Kind(StrEnum):
    """The kinds of objects that have a pictogram; the value is its name and its label."""

    REPORT = "report"
    KEY_IMAGES = "key images"
    PRESENTATION_STATE = "presentation state"
    STRUCTURE_SET = "structure set"
    PLAN = "plan"
    TREATMENT_RECORD = "treatment record"
    DOSE = "dose"
    DOCUMENT = "document"
    MODEL = "model"
    WAVEFORM = "waveform"
    VIDEO = "video"
    REGISTRATION = "registration"
    SEGMENTATION = "segmentation"
    SPECTROSCOPY = "spectroscopy"
    MEASUREMENTS = "measurements"
    RAW_DATA = "raw data"
    IMAGE = "image"
    OBJECT = "object"


# Words in the names of the Standard's SOP classes (PS3.6 Table A-1), the first that is found decides.
_WORDS = (
    ("Key Object", Kind.KEY_IMAGES),
    ("Video ", Kind.VIDEO),
    ("Presentation State", Kind.PRESENTATION_STATE),
    (" SR ", Kind.REPORT),
    ("Report", Kind.REPORT),
    ("Procedure Log", Kind.REPORT),
    ("Assessment", Kind.REPORT),
    ("Structure Set", Kind.STRUCTURE_SET),
    (" Record ", Kind.TREATMENT_RECORD),
    (" Plan ", Kind.PLAN),
    (" Radiation ", Kind.PLAN),
    ("Physician Intent", Kind.PLAN),
    ("Instruction", Kind.PLAN),
    ("Treatment Preparation", Kind.PLAN),
    ("RT Dose", Kind.DOSE),
    ("PDF", Kind.DOCUMENT),
    ("CDA", Kind.DOCUMENT),
    ("Encapsulated", Kind.MODEL),
    ("Surface", Kind.MODEL),
    ("Tractography", Kind.MODEL),
    ("Waveform", Kind.WAVEFORM),
    ("Curve", Kind.WAVEFORM),
    ("Registration", Kind.REGISTRATION),
    ("Fiducials", Kind.REGISTRATION),
    ("Segment", Kind.SEGMENTATION),
    ("Spectroscopy", Kind.SPECTROSCOPY),
    ("Measurements", Kind.MEASUREMENTS),
    ("Calculations", Kind.MEASUREMENTS),
    ("Raw Data", Kind.RAW_DATA),
    ("Image", Kind.IMAGE),
)
_MODALITIES = {
    "SR": Kind.REPORT,
    "KO": Kind.KEY_IMAGES,
    "PR": Kind.PRESENTATION_STATE,
    "RTSTRUCT": Kind.STRUCTURE_SET,
    "RTPLAN": Kind.PLAN,
    "RTRECORD": Kind.TREATMENT_RECORD,
    "RTDOSE": Kind.DOSE,
    "DOC": Kind.DOCUMENT,
    "M3D": Kind.MODEL,
    "ECG": Kind.WAVEFORM,
    "EEG": Kind.WAVEFORM,
    "EMG": Kind.WAVEFORM,
    "EPS": Kind.WAVEFORM,
    "HD": Kind.WAVEFORM,
    "RESP": Kind.WAVEFORM,
    "AU": Kind.WAVEFORM,
    "REG": Kind.REGISTRATION,
    "FID": Kind.REGISTRATION,
    "SEG": Kind.SEGMENTATION,
}
# MPEG-2, MPEG-4 and HEVC have the UIDs .100 to .108 (PS3.5 A.4.5 to A.4.9).
_VIDEO = tuple(f"1.2.840.10008.1.2.4.10{last}" for last in range(9))


def kind_of(sop_class: str, *, modality: str = "", transfer_syntax: str = "") -> Kind:
    """Tell what kind of object it is that no picture can be made of.

    Parameters
    ----------
    sop_class
        Its SOP Class UID.
    modality
        (0008,0060), which decides where the SOP class is private or unknown.
    transfer_syntax
        A video one makes it a video, whatever its SOP class.
    """
    if transfer_syntax.startswith(_VIDEO):
        return Kind.VIDEO
    uid = UID(sop_class)
    name = f"{uid.name} " if uid.name != uid else ""
    by_name = next((kind for word, kind in _WORDS if word in name), None)
    return by_name or _MODALITIES.get(modality, Kind.OBJECT)
