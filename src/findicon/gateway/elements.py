"""Encoded answers as they are: where their elements lie, so that one can be taken out or put in between (PS3.5 7)."""

from struct import Struct
from struct import error as StructError  # noqa: N812  it is an exception

from pydicom.uid import UID, ImplicitVRLittleEndian

_EXPLICIT = Struct("<HH2sH").unpack_from
_IMPLICIT = Struct("<HHL").unpack_from
_LENGTH = Struct("<L").unpack_from
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD
_DEEPEST = 32  # sequences in sequences; answers have two or three
# VRs whose length has 16 bits, and those with two reserved bytes and 32 (PS3.5 7.1.2)
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

Element = tuple[int, int, int, int]
"""Tag, where it begins, where its value begins, and where it ends."""


class NoDataSetError(ValueError):
    """The bytes are no data set."""


def elements(data: bytes, transfer_syntax: UID) -> list[Element]:
    """Find the top-level elements of a data set.

    Parameters
    ----------
    data
        Implicit or Explicit VR Little Endian; not deflated.

    Raises
    ------
    NoDataSetError
        A length that runs over the end, a VR that is none, or sequences that do not end.
    """
    found: list[Element] = []
    offset, end = 0, len(data)
    implicit = transfer_syntax == ImplicitVRLittleEndian
    try:
        while offset < end:
            if implicit:
                group, element, length = _IMPLICIT(data, offset)
                value = offset + 8
            else:
                group, element, vr, length = _EXPLICIT(data, offset)
                value = offset + 8
                if vr not in _SHORT:
                    if vr not in _LONG:
                        raise NoDataSetError(f"({group:04X},{element:04X}) has no VR")
                    length = _LENGTH(data, value)[0]
                    value += 4
            stop = _sequence_end(data, value, implicit, 0) if length == _UNDEFINED else value + length
            if stop > end:
                raise NoDataSetError(f"({group:04X},{element:04X}) with {length} bytes runs over the end")
            found.append((group << 16 | element, offset, value, stop))
            offset = stop
    except StructError as error:
        raise NoDataSetError("it ends within an element") from error
    return found


def _sequence_end(data: bytes, offset: int, implicit: bool, depth: int) -> int:
    if depth > _DEEPEST:
        raise NoDataSetError("its sequences are nested too deeply")
    while True:
        group, element, length = _IMPLICIT(data, offset)
        offset += 8
        if group != 0xFFFE or element not in {_ITEM, _SEQUENCE_END}:
            raise NoDataSetError(f"({group:04X},{element:04X}) where an item should begin")
        if element == _SEQUENCE_END:
            return offset
        offset = _item_end(data, offset, implicit, depth) if length == _UNDEFINED else offset + length


def _item_end(data: bytes, offset: int, implicit: bool, depth: int) -> int:
    while True:
        group, element, length = _IMPLICIT(data, offset)
        if group == 0xFFFE:
            if element != _ITEM_END:
                raise NoDataSetError(f"(FFFE,{element:04X}) within an item")
            return offset + 8
        value = offset + 8
        if not implicit:
            vr, length = data[offset + 4 : offset + 6], length >> 16
            if vr in _LONG:
                length = _LENGTH(data, value)[0]
                value += 4
        offset = _sequence_end(data, value, implicit, depth + 1) if length == _UNDEFINED else value + length
