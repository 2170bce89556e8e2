"""Data sets of the query exchange to bytes and back (PS3.5 7.1, A.1, A.2, A.5)."""

import zlib
from io import BytesIO

from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset
from pydicom.filewriter import write_dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

_LARGEST = 1 << 26


def encode(dataset: Dataset, transfer_syntax: UID) -> bytes:
    """Encode an identifier.

    Parameters
    ----------
    dataset
        The identifier, without group lengths and file meta information.
    transfer_syntax
        A native transfer syntax; compressed ones have no place in an identifier (PS3.5 A.4).
    """
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = transfer_syntax == ImplicitVRLittleEndian
    buffer.is_little_endian = transfer_syntax != ExplicitVRBigEndian
    write_dataset(buffer, dataset)
    data: bytes = buffer.getvalue()
    return deflate(data) if transfer_syntax == DeflatedExplicitVRLittleEndian else data


def decode(data: bytes, transfer_syntax: UID) -> Dataset:
    """Decode an identifier; its values stay undecoded until they are read.

    Raises
    ------
    Exception
        Whatever pydicom raises for bytes that are no data set; callers at the edge translate it.
    """
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        data = inflate(data)
    return read_dataset(
        BytesIO(data),
        is_implicit_VR=transfer_syntax == ImplicitVRLittleEndian,
        is_little_endian=transfer_syntax != ExplicitVRBigEndian,
        bytelength=len(data),
    )


def inflate(data: bytes, largest: int = _LARGEST) -> bytes:
    """Decompress an encoded data set (PS3.5 A.5), to no more than `largest` bytes.

    Raises
    ------
    ValueError
        The bytes are not compressed so, or hold more than an identifier ever needs.
    """
    decompressor = zlib.decompressobj(wbits=-zlib.MAX_WBITS)
    try:
        inflated = decompressor.decompress(data, largest)
    except zlib.error as error:
        raise ValueError(f"it cannot be decompressed: {error}") from error
    if decompressor.unconsumed_tail:
        raise ValueError(f"decompressed it is longer than {largest} bytes")
    return inflated


def deflate(data: bytes) -> bytes:
    """Compress an encoded data set as PS3.5 A.5 says: raw deflate, padded to even length."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = compressor.compress(data) + compressor.flush()
    return deflated + b"\0" * (len(deflated) % 2)
