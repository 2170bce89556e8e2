"""Encoded answers as they are: where their elements lie, so that one can be taken out or put in between (PS3.5 7)."""

from collections.abc import Container
from struct import Struct
from struct import error as StructError  # noqa: N812  it is an exception
from typing import NamedTuple

from pydicom.uid import UID, ImplicitVRLittleEndian

_EXPLICIT = Struct("<HH2sH").unpack_from
_IMPLICIT = Struct("<HHL").unpack_from
_LENGTH = Struct("<L").unpack_from
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xE000, 0xE00D, 0xE0DD
_DEEPEST = 32  # sequences in sequences; answers have two or three
_MOST_HEADS = 1000  # answers have ten or twenty different ones
# VRs whose length has 16 bits, and those with two reserved bytes and 32 (PS3.5 7.1.2)
_SHORT = frozenset(b"AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US".split())
_LONG = frozenset(b"OB OD OF OL OV OW SQ SV UC UN UR UT UV".split())

Element = tuple[int, int, int]
"""Where it begins, where its value begins, and where it ends."""


class NoDataSetError(ValueError):
    """The bytes are no data set."""


class _Head(NamedTuple):
    """What tag and VR of an element say about all elements that begin so."""

    is_short: bool
    is_wanted: bool
    is_behind: bool
    tag: int


class Scanner:
    """Walks over the top-level elements of data sets; finds some of them, and a place for another one.

    Parameters
    ----------
    transfer_syntax
        Implicit or Explicit VR Little Endian; not deflated.
    wanted
        Tags of the elements that are looked for.
    before
        Tag of the element that a place is looked for.
    """

    def __init__(self, transfer_syntax: UID, wanted: Container[int], before: int) -> None:
        self._wanted = wanted
        self._before = before
        self._heads: dict[bytes, _Head] = {}
        self._scan = self._implicit if transfer_syntax == ImplicitVRLittleEndian else self._explicit

    def scan(self, data: bytes) -> tuple[dict[int, Element], int]:
        """Walk over one data set.

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
            return self._scan(data)
        except (StructError, IndexError) as error:
            raise NoDataSetError("it ends within an element") from error

    def _explicit(self, data: bytes) -> tuple[dict[int, Element], int]:
        # This loop is most of what the gateway does with an answer: nothing is worked out in it before it is needed.
        heads = self._heads
        found: dict[int, Element] = {}
        start, end, place = 0, len(data), -1
        while start < end:
            head = heads.get(data[start : start + 6])
            is_short, is_wanted, is_behind, tag = head or self._head(data, start)
            value = start + 8
            if is_short:
                stop = value + (data[start + 6] | data[start + 7] << 8)
            else:
                (length,) = _LENGTH(data, value)
                value += 4
                stop = _sequence_end(data, value, False, 0) if length == _UNDEFINED else value + length
            if is_wanted:
                found[tag] = start, value, stop
            if is_behind and place < 0:
                place = start
            start = stop
        if start > end:
            raise NoDataSetError(f"its last element runs {start - end} bytes over the end")
        return found, end if place < 0 else place

    def _head(self, data: bytes, start: int) -> _Head:
        group, element, vr, _ = _EXPLICIT(data, start)
        if vr not in _SHORT and vr not in _LONG:
            raise NoDataSetError(f"({group:04X},{element:04X}) has no VR")
        tag = group << 16 | element
        head = _Head(vr in _SHORT, tag in self._wanted, tag > self._before, tag)
        if len(self._heads) < _MOST_HEADS:
            self._heads[data[start : start + 6]] = head
        return head

    def _implicit(self, data: bytes) -> tuple[dict[int, Element], int]:
        found: dict[int, Element] = {}
        start, end, place = 0, len(data), -1
        while start < end:
            group, element, length = _IMPLICIT(data, start)
            tag = group << 16 | element
            value = start + 8
            stop = _sequence_end(data, value, True, 0) if length == _UNDEFINED else value + length
            if stop > end:
                raise NoDataSetError(f"({group:04X},{element:04X}) with {length} bytes runs over the end")
            if tag in self._wanted:
                found[tag] = start, value, stop
            if tag > self._before and place < 0:
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
