"""Encoded answers as they are: where their elements lie, so that one can be taken out or put in between (PS3.5 7)."""

from collections.abc import Container
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

Element = tuple[int, int, int]
"""Where it begins, where its value begins, and where it ends."""


class NoDataSetError(ValueError):
    """The bytes are no data set."""


def scan(data: bytes, transfer_syntax: UID, wanted: Container[int], before: int) -> tuple[dict[int, Element], int]:
    """Walk over the top-level elements of a data set; find some of them, and a place for another one.

    Parameters
    ----------
    data
        Implicit or Explicit VR Little Endian; not deflated.
    wanted
        Tags of the elements that are looked for.
    before
        Tag of the element that a place is looked for.

    Returns
    -------
    dict and int
        The elements by tag, and where the first one with a tag above `before` begins.

    Raises
    ------
    NoDataSetError
        A length that runs over the end, a VR that is none, or sequences that do not end.
    """
    try:
        if transfer_syntax == ImplicitVRLittleEndian:
            return _scan_implicit(data, wanted, before)
        return _scan_explicit(data, wanted, before)
    except StructError as error:
        raise NoDataSetError("it ends within an element") from error


def _scan_explicit(data: bytes, wanted: Container[int], before: int) -> tuple[dict[int, Element], int]:
    # This loop is most of what the gateway does with an answer: nothing is worked out in it before it is needed.
    found: dict[int, Element] = {}
    start, end, place = 0, len(data), -1
    while start < end:
        group, element, vr, length = _EXPLICIT(data, start)
        value = start + 8
        if vr in _SHORT:
            stop = value + length
        elif vr in _LONG:
            (length,) = _LENGTH(data, value)
            value += 4
            stop = _sequence_end(data, value, False, 0) if length == _UNDEFINED else value + length
        else:
            raise NoDataSetError(f"({group:04X},{element:04X}) has no VR")
        tag = group << 16 | element
        if tag in wanted:
            found[tag] = start, value, stop
        if tag > before and place < 0:
            place = start
        start = stop
    if start > end:
        raise NoDataSetError(f"({group:04X},{element:04X}) with {length} bytes runs over the end")
    return found, end if place < 0 else place


def _scan_implicit(data: bytes, wanted: Container[int], before: int) -> tuple[dict[int, Element], int]:
    found: dict[int, Element] = {}
    start, end, place = 0, len(data), -1
    while start < end:
        group, element, length = _IMPLICIT(data, start)
        tag = group << 16 | element
        value = start + 8
        stop = _sequence_end(data, value, True, 0) if length == _UNDEFINED else value + length
        if stop > end:
            raise NoDataSetError(f"({group:04X},{element:04X}) with {length} bytes runs over the end")
        if tag in wanted:
            found[tag] = start, value, stop
        if tag > before and place < 0:
            place = start
        start = stop
    return found, end if place < 0 else place


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
