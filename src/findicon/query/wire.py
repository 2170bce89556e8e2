"""Encoded data sets taken apart (PS3.5 7), whatever their values are: nothing is decoded, nothing is guessed."""

import struct
from typing import NamedTuple

from pydicom.valuerep import EXPLICIT_VR_LENGTH_32, STANDARD_VR

from .keys import vr_of

LONG_LENGTH = frozenset(map(str, EXPLICIT_VR_LENGTH_32))
"""VRs whose explicit form has a length of four bytes (PS3.5 7.1.2)."""

_LONG_LENGTH = frozenset(vr.encode() for vr in LONG_LENGTH)
_VRS = {vr.encode(): vr for vr in map(str, STANDARD_VR)}
_SHORT_VRS = {code: vr for code, vr in _VRS.items() if code not in _LONG_LENGTH}
_IMPLICIT, _EXPLICIT, _LENGTH = (struct.Struct(layout).unpack_from for layout in ("<HHL", "<HH2sH", "<L"))
_UNDEFINED = 0xFFFFFFFF
_ITEM, _ITEM_END, _SEQUENCE_END = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_DEEPEST = 16


class Malformed(ValueError):
    """These bytes are no data set; `tag` is the element at which that shows."""

    def __init__(self, reason: str, tag: int) -> None:
        super().__init__(reason)
        self.tag = tag


class Element(NamedTuple):
    """One element.

    Attributes
    ----------
    tag
        Its tag.
    vr
        Its VR, from the dictionary where the encoding does not say it.
    value
        Its value's bytes; for a sequence, its items with their heads.
    items
        The elements of each item of a sequence.
    """

    tag: int
    vr: str
    value: bytes
    items: "tuple[tuple[Element, ...], ...]" = ()


def elements_of(data: bytes, *, explicit: bool) -> tuple[Element, ...]:
    """Take a little endian data set apart.

    Raises
    ------
    Malformed
        An element ends beyond the end, or sequences nest too deeply.
    """
    found, at = _plain(data) if explicit else ([], 0)
    if at < len(data):
        found += _Walk(data, explicit).elements(at, len(data), 0)
    return tuple(found)


def _plain(data: bytes) -> tuple[list[Element], int]:
    """Take the first elements apart as far as they are as most are, in explicit VR and short; give where they end."""
    found: list[Element] = []
    at, end = 0, len(data)
    try:
        while at < end:
            group, number, code, length = _EXPLICIT(data, at)
            vr = _SHORT_VRS.get(code)
            after = at + 8 + length
            if vr is None or after > end or group == 0xFFFE:
                break
            found.append(Element(group << 16 | number, vr, data[at + 8 : after]))
            at = after
    except struct.error:
        pass  # the walk says what is wrong
    return found, at


def items_of(value: bytes, *, explicit: bool) -> tuple[tuple[Element, ...], ...]:
    """Take the value of a sequence apart into the elements of its items; raises Malformed."""
    return _Walk(value, explicit).items(0, 0, len(value), 1, explicit)[0]


def _vr(code: bytes, tag: int) -> str:
    """Read a VR that is not among those of today: a later edition's, or none."""
    if code.isalpha() and code.isupper():
        return code.decode()
    raise Malformed("it has no VR", tag)


class _Walk:
    def __init__(self, data: bytes, explicit: bool) -> None:
        self._data = data
        self._explicit = explicit
        self._at = 0

    def elements(self, start: int, end: int, depth: int, *, explicit: bool | None = None) -> list[Element]:
        """Give the elements from `start` to `end`, or to the end of the item that begins there."""
        explicit = self._explicit if explicit is None else explicit
        data, head = self._data, self._head
        found: list[Element] = []
        at = start
        while at < end:
            tag, vr, length, at = head(at, end, explicit)
            if tag == _ITEM_END:
                break
            if vr == "SQ" or length == _UNDEFINED:
                # PS3.5 6.2.2 Note 4: a sequence in VR UN is implicit whatever surrounds it.
                inside = explicit and vr == "SQ"
                items, after = self.items(tag, at, min(end, at + length), depth + 1, inside)
                found.append(Element(tag, "SQ", data[at:after], items))
                at = after
            else:
                if at + length > end:
                    raise Malformed("it is longer than what holds it", tag)
                found.append(Element(tag, vr, data[at : at + length]))
                at += length
        self._at = at
        return found

    def _head(self, at: int, end: int, explicit: bool) -> tuple[int, str, int, int]:
        if at + 8 > end:
            raise Malformed("the data set ends inside an element", 0)
        if not explicit:
            group, number, length = _IMPLICIT(self._data, at)
            tag = group << 16 | number
            return tag, vr_of(tag), length, at + 8
        group, number, code, length = _EXPLICIT(self._data, at)
        tag = group << 16 | number
        if group == _ITEM >> 16:
            return self._head(at, end, False)
        vr = _VRS.get(code) or _vr(code, tag)
        if code not in _LONG_LENGTH:
            return tag, vr, length, at + 8
        if at + 12 > end:
            raise Malformed("the data set ends inside it", tag)
        return tag, vr, _LENGTH(self._data, at + 8)[0], at + 12

    def items(
        self, of: int, start: int, end: int, depth: int, explicit: bool
    ) -> tuple[tuple[tuple[Element, ...], ...], int]:
        """Give the items between two places, and where they end."""
        if depth > _DEEPEST:
            raise Malformed("its sequences nest too deeply", of)
        found = []
        at = start
        while at < end:
            tag, _, length, at = self._head(at, end, False)
            if tag == _SEQUENCE_END:
                break
            if tag != _ITEM:
                raise Malformed("it holds something that is no item", of)
            if length != _UNDEFINED and at + length > end:
                raise Malformed("its item is longer than itself", of)
            item_end = end if length == _UNDEFINED else at + length
            found.append(tuple(self.elements(at, item_end, depth, explicit=explicit)))
            at = self._at if length == _UNDEFINED else item_end
        return tuple(found), at
