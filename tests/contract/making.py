"""Records for tests, by keyword."""

from findicon.catalogue import InstanceRecord
from findicon.icons import Facts
from findicon.query import Key

CT_IMAGE = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT = "1.2.840.10008.1.2.1"


def record(
    study: int = 1,
    series: int = 1,
    instance: int = 1,
    *,
    path: str = "",
    modified: float = 1.0,
    header: bytes = b"",
    **keywords: str,
) -> InstanceRecord:
    """Make the record of an instance that is numbered within its series, which is numbered within its study."""
    uids = {
        "StudyInstanceUID": f"1.2.{study}",
        "SeriesInstanceUID": f"1.2.{study}.{series}",
        "SOPInstanceUID": f"1.2.{study}.{series}.{instance}",
        "SOPClassUID": CT_IMAGE,
        "Modality": "CT",
        "PatientID": f"P{study}",
    }
    attributes = {Key.named(name).tag: value for name, value in {**uids, **keywords}.items()}
    facts = Facts(
        sop_instance=attributes[0x00080018],
        study=attributes[0x0020000D],
        series=attributes[0x0020000E],
        modality=attributes[0x00080060],
        image_type=("ORIGINAL", "PRIMARY"),
        references=(("1.2.3", 4),),
        has_pixels=True,
    )
    place = path or f"/files/{study}/{series}/{instance}.dcm"
    return InstanceRecord(attributes, facts, place, 1000, modified, EXPLICIT, header)
