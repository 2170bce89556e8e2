"""Compressed icons: allowed inside files, and sent by some outside of them (PS3.5 A.4).

Vendors compress icons whatever the file's transfer syntax says, so the codestream itself tells what it is.
"""

import struct

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import (
    HTJ2K,
    JPEG2000,
    UID,
    JPEGBaseline8Bit,
    JPEGExtended12Bit,
    JPEGLossless,
    JPEGLSNearLossless,
)

from ..errors import FindiconError, IconError
from ..pixels import render

_ITEM = b"\xfe\xff\x00\xe0"
_JPEG, _JPEG_2000 = b"\xff\xd8\xff", b"\xff\x4f\xff\x51"
# The frame header's marker says which JPEG process it is (ISO/IEC 10918-1 Table B.1, 14495-1 Annex C).
_PROCESSES = {
    0xC0: JPEGBaseline8Bit,
    0xC1: JPEGExtended12Bit,
    0xC3: JPEGLossless,
    0xF7: JPEGLSNearLossless,
}
_PALETTE = (0x00281101, 0x00281102, 0x00281103, 0x00281201, 0x00281202, 0x00281203)


def find_codestream(data: bytes, *, undefined: bool, native_length: int) -> bytes | None:
    """Give the codestream in an icon's Pixel Data; None when the pixels are native.

    Parameters
    ----------
    data
        The value of Pixel Data.
    undefined
        Whether its length was undefined.
    native_length
        How many bytes it has if native.

    Raises
    ------
    IconError
        The fragments do not hold what they say.
    """
    if undefined:
        return _joined(data)
    if native_length <= len(data) <= native_length + 1:
        return None
    if data.startswith(_ITEM):
        return _joined(data)
    return data if data.startswith((_JPEG, _JPEG_2000)) else None


def _joined(data: bytes) -> bytes:
    """Join the fragments behind the Basic Offset Table: an icon is one frame."""
    fragments, offset = [], 0
    while data[offset : offset + 4] == _ITEM and offset + 8 <= len(data):
        (length,) = struct.unpack_from("<L", data, offset + 4)
        offset += 8
        if length > len(data) - offset:
            raise IconError("A fragment of the icon's Pixel Data ends early")
        fragments.append(data[offset : offset + length])
        offset += length
    if fragments and not fragments[0].startswith((_JPEG, _JPEG_2000)):
        del fragments[0]  # the Basic Offset Table, which some leave out
    if not fragments:
        raise IconError("The icon's Pixel Data is encapsulated and empty")
    return b"".join(fragments)


def decode_codestream(stream: bytes, rows: int, columns: int, item: Dataset) -> NDArray[np.uint8]:
    """Decode a compressed icon.

    Parameters
    ----------
    stream
        JPEG, JPEG-LS, JPEG 2000 or HTJ2K.
    rows, columns
        What the item says; the codestream has to agree.
    item
        The item, for its Photometric Interpretation and palette.

    Returns
    -------
    numpy.ndarray
        uint8, (rows, columns) or (rows, columns, 3).

    Raises
    ------
    IconError
        It is none of these, of another size, or does not decode.
    """
    transfer_syntax, bits, height, width, components = _frame_header(stream)
    if (height, width) != (rows, columns):
        raise IconError(f"The icon is {width} x {height} pixels where its item says {columns} x {rows}")
    if not 1 <= bits <= 16 or components not in {1, 3}:
        raise IconError(f"The icon's codestream has {components} components of {bits} bits")
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = transfer_syntax
    for tag in (0x00280004, *_PALETTE):
        if tag in item:
            image[tag] = item.get_item(tag)
    image.SamplesPerPixel = components
    image.Rows, image.Columns = rows, columns
    image.BitsAllocated = 8 if bits <= 8 else 16
    image.BitsStored, image.HighBit, image.PixelRepresentation = bits, bits - 1, 0
    if components == 3:
        image.PlanarConfiguration = 0
    elif bits == 8:
        # An icon's values are what is shown: this window changes none of them (PS3.3 C.11.2.1.2.1).
        image.WindowCenter, image.WindowWidth = 128, 256
    image.add_new(0x7FE00010, "OB", encapsulate([stream]))
    image["PixelData"].is_undefined_length = True
    try:
        picture = render(image, max(rows, columns))
    except IconError:
        raise
    except FindiconError as error:
        raise IconError(f"The icon's pixels do not decode: {error}") from error
    return picture.array


def _frame_header(stream: bytes) -> tuple[UID, int, int, int, int]:
    """Give transfer syntax, bits, rows, columns and components as a codestream says them."""
    try:
        if stream.startswith(_JPEG_2000):
            return _jpeg_2000_header(stream)
        if stream.startswith(_JPEG):
            return _jpeg_header(stream)
    except (struct.error, IndexError) as error:
        raise IconError("The icon's codestream ends inside its header") from error
    raise IconError("The icon is compressed in a way this cannot tell")


def _jpeg_header(stream: bytes) -> tuple[UID, int, int, int, int]:
    offset = 2
    while stream[offset] == 0xFF:
        marker, length = struct.unpack_from(">xBH", stream, offset)
        if marker in _PROCESSES:
            bits, rows, columns, components = struct.unpack_from(">BHHB", stream, offset + 4)
            return _PROCESSES[marker], bits, rows, columns, components
        offset += 2 + length
    raise IconError("The icon's JPEG has no frame header that this knows")


def _jpeg_2000_header(stream: bytes) -> tuple[UID, int, int, int, int]:
    right, bottom, left, top = struct.unpack_from(">4L", stream, 8)
    (components,) = struct.unpack_from(">H", stream, 40)
    # CAP, which follows SIZ in a High-Throughput codestream (ISO/IEC 15444-15)
    is_high_throughput = stream[42 + 3 * components : 44 + 3 * components] == b"\xff\x50"
    syntax = HTJ2K if is_high_throughput else JPEG2000
    return syntax, (stream[42] & 0x7F) + 1, bottom - top, right - left, components
