"""DICOM files as they lie on disk (PS3.10 7.1): what is inside, and where the data set starts."""

from dataclasses import dataclass
from struct import Struct
from typing import BinaryIO

from ..errors import StorageError

_PREAMBLE = 128
_HEAD = Struct("<HH2sH")
_LONG_LENGTH = Struct("<I")
_LONG = {b"OB", b"OW", b"UN", b"UT", b"SQ"}
_LARGEST = 1 << 16  # bytes of one element of the File Meta Information that are believed
_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX = 0x0002, 0x0003, 0x0010


@dataclass(frozen=True, slots=True)
class Instance:
    """An instance in a DICOM file.

    Attributes
    ----------
    stream
        The file, at the first byte of the data set.
    """

    sop_class: str
    sop_instance: str
    transfer_syntax: str
    stream: BinaryIO


def open_instance(stream: BinaryIO, name: str = "the file") -> Instance:
    """Read the File Meta Information of a file.

    Raises
    ------
    StorageError
        It is no DICOM file, or does not say what is inside.
    """
    if stream.read(_PREAMBLE + 4)[_PREAMBLE:] != b"DICM":
        raise StorageError(f"{name} is no DICOM file: no DICM after 128 bytes")
    found: dict[int, bytes] = {}
    while True:
        start = stream.tell()
        head = stream.read(_HEAD.size)
        if len(head) < _HEAD.size:
            break
        group, element, vr, length = _HEAD.unpack(head)
        if group != 2:
            stream.seek(start)
            break
        if vr in _LONG:
            (length,) = _LONG_LENGTH.unpack(stream.read(4).ljust(4, b"\0"))
        if length > _LARGEST:
            raise StorageError(f"{name} has (0002,{element:04X}) with {length} bytes")
        found[element] = stream.read(length)
    sop_class, sop_instance, transfer_syntax = (
        found.get(element, b"").decode("ascii", "replace").strip("\0 ")
        for element in (_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX)
    )
    if not (sop_class and sop_instance and transfer_syntax):
        raise StorageError(f"{name} does not say in its File Meta Information what it holds")
    return Instance(sop_class, sop_instance, transfer_syntax, stream)
