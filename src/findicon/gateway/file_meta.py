"""What stands before the data set in a DICOM file (PS3.10 7.1)."""

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID

_PREAMBLE = bytes(128) + b"DICM"


def file_meta(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Encode preamble, prefix and File Meta Information."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance)
    meta.TransferSyntaxUID = UID(transfer_syntax)
    buffer = DicomBytesIO()
    buffer.is_little_endian, buffer.is_implicit_VR = True, False
    write_file_meta_info(buffer, meta, enforce_standard=True)
    written: bytes = buffer.getvalue()
    return _PREAMBLE + written
