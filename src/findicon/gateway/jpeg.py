"""JPEGs of a web server as pictures: put into a DICOM image, which the one decoder that we have reads."""

import struct

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit, SecondaryCaptureImageStorage

from ..errors import IconError
from ..pixels import Picture, render

_FRAME_HEADERS = {0xC0, 0xC1, 0xC2}  # baseline, extended and progressive
_WITHOUT_LENGTH = {0x01, *range(0xD0, 0xDA)}


def picture_of_jpeg(data: bytes, size: int) -> Picture:
    """Decode a JPEG to a picture of at most `size` pixels.

    Raises
    ------
    IconError
        It is no JPEG, or cannot be decoded.
    """
    rows, columns, samples = _shape(data)
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    image.SOPClassUID = SecondaryCaptureImageStorage
    image.SamplesPerPixel = samples
    image.PhotometricInterpretation = "MONOCHROME2" if samples == 1 else "YBR_FULL_422"
    if samples == 3:
        image.PlanarConfiguration = 0
    image.Rows, image.Columns = rows, columns
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit = 7
    image.PixelRepresentation = 0
    image.PixelData = encapsulate([data])
    image["PixelData"].is_undefined_length = True
    return render(image, size)


def _shape(data: bytes) -> tuple[int, int, int]:
    """Give rows, columns and samples per pixel from the frame header (ISO 10918-1 B.2.2)."""
    if data[:2] != b"\xff\xd8":
        raise IconError("The picture is no JPEG")
    offset = 2
    while offset + 4 <= len(data):
        if data[offset] != 0xFF:
            break
        marker = data[offset + 1]
        if marker == 0xFF:  # fill bytes
            offset += 1
            continue
        if marker in _WITHOUT_LENGTH:
            offset += 2
            continue
        if marker in _FRAME_HEADERS and offset + 10 <= len(data):
            rows, columns, samples = struct.unpack_from(">HHB", data, offset + 5)
            if rows and columns and samples in {1, 3}:
                return rows, columns, samples
            break
        offset += 2 + int.from_bytes(data[offset + 2 : offset + 4], "big")
    raise IconError("The picture is a JPEG that makes no sense")
