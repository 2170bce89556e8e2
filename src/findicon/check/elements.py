"""Data elements as they stand in the bytes of an answer (PS3.5 7): nothing is mended while reading.

A judge of bytes cannot let a tolerant reader look first. So the walk is strict: it stops where the bytes are no data
set, says where, and leaves what it has read so far.
"""

from dataclasses import dataclass
from struct import Struct, error, unpack_from

from ..errors import FindiconError

UNDEFINED = 0xFFFFFFFF
ITEM, END_OF_ITEM, END_OF_SEQUENCE = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_MOST_DEEP = 16
_TAG = Struct("<HH")
# VRs whose length stands in 16 bits; all others have two reserved bytes and 32 bits (PS3.5 7.1.2)
_SHORT = {
    "AE", "AS", "AT", "CS", "DA", "DS", "DT", "FL", "FD", "IS", "LO", "LT", "PN", "SH", "SL", "SS", "ST", "TM", "UI",
    "UL", "US",
}  # fmt: skip
_LONG = {"OB", "OD", "OF", "OL", "OV", "OW", "SQ", "SV", "UC", "UN", "UR", "UT", "UV"}
_MAY_BE_UNDEFINED = {"SQ", "UN", "OB", "OW", ""}


class MalformedError(FindiconError):
    """The bytes are no data set; the text says where and why."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element.

    Attributes
    ----------
    vr
        Empty in Implicit VR.
    length
        As it is written; UNDEFINED when a delimiter ends the value.
    value
        The value field; of an undefined length without the delimiter.
    reserved
        The two bytes between a VR and a 32-bit length.
    """

    tag: int
    vr: str
    length: int
    value: bytes
    reserved: int = 0

    @property
    def name(self) -> str:
        """The tag as the Standard writes it."""
        return f"({self.tag >> 16:04X},{self.tag & 0xFFFF:04X})"

    @property
    def text(self) -> str:
        """The value as text of the default repertoire, without the spaces around it (PS3.5 6.2)."""
        return self.value.decode("ascii", "replace").strip(" ")


def read_elements(data: bytes, *, implicit: bool) -> tuple[list[Element], str]:
    """Read the elements of an encoded data set, or of an item's content.

    Returns
    -------
    tuple
        The elements, and why there are no more where the bytes cannot be read on; empty when all were read.
    """
    found: list[Element] = []
    offset = 0
    try:
        while offset < len(data):
            element, offset = _element(data, offset, implicit, 0)
            found.append(element)
    except MalformedError as problem:
        return found, str(problem)
    return found, ""


def read_items(sequence: Element) -> list[tuple[bytes, int]]:
    """Give the items of a sequence: each one's content, and its length as written.

    Raises
    ------
    MalformedError
        The value is not made of items (PS3.5 7.5).
    """
    found = []
    offset, data = 0, sequence.value
    implicit = sequence.vr in {"", "UN"}
    while offset < len(data):
        tag, length = _item_head(data, offset)
        if tag != ITEM:
            raise MalformedError(f"a sequence holds ({tag >> 16:04X},{tag & 0xFFFF:04X}) where an item has to begin")
        start = offset + 8
        end, offset = _extent(data, start, length, implicit, END_OF_ITEM, 1)
        found.append((data[start:end], length))
    return found


def _element(data: bytes, offset: int, implicit: bool, depth: int) -> tuple[Element, int]:
    """Read the element at an offset; give it, and where the next one begins."""
    tag, vr, length, start, reserved = _head(data, offset, implicit)
    if tag >> 16 == 0xFFFE:
        raise MalformedError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) stands outside a sequence")
    if length == UNDEFINED and vr not in _MAY_BE_UNDEFINED:
        raise MalformedError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) of VR {vr} has an undefined length")
    # what stands in an UN of undefined length is in Implicit VR (PS3.5 6.2.2)
    end, following = _extent(data, start, length, implicit or vr == "UN", END_OF_SEQUENCE, depth)
    return Element(tag, vr, length, data[start:end], reserved), following


def _head(data: bytes, offset: int, implicit: bool) -> tuple[int, str, int, int, int]:
    try:
        group, element = _TAG.unpack_from(data, offset)
        tag = group << 16 | element
        if implicit or group == 0xFFFE:
            return tag, "", unpack_from("<L", data, offset + 4)[0], offset + 8, 0
        vr = data[offset + 4 : offset + 6].decode("latin-1")
        if vr in _SHORT:
            return tag, vr, unpack_from("<H", data, offset + 6)[0], offset + 8, 0
        if vr in _LONG:
            reserved, length = unpack_from("<HL", data, offset + 6)
            return tag, vr, length, offset + 12, reserved
    except error as problem:
        raise MalformedError(f"{len(data) - offset} bytes are left where an element has to begin") from problem
    raise MalformedError(f"({group:04X},{element:04X}) has no VR but {data[offset + 4 : offset + 6]!r}")


def _extent(data: bytes, start: int, length: int, implicit: bool, delimiter: int, depth: int) -> tuple[int, int]:
    """Give where a value ends, and where what follows it begins."""
    if length != UNDEFINED:
        if start + length > len(data):
            raise MalformedError(f"a length of {length} bytes, {len(data) - start} are left")
        return start + length, start + length
    if depth > _MOST_DEEP:
        raise MalformedError(f"sequences more than {_MOST_DEEP} deep")
    offset = start
    while True:
        tag, its_length = _item_head(data, offset)
        if tag == delimiter:
            if its_length:
                raise MalformedError(f"a delimiter with a length of {its_length} bytes")
            return offset, offset + 8
        if delimiter == END_OF_ITEM:
            _, offset = _element(data, offset, implicit, depth + 1)
        elif tag == ITEM:
            _, offset = _extent(data, offset + 8, its_length, implicit, END_OF_ITEM, depth + 1)
        else:
            raise MalformedError(f"a sequence holds ({tag >> 16:04X},{tag & 0xFFFF:04X}) where an item has to begin")


def _item_head(data: bytes, offset: int) -> tuple[int, int]:
    """Read eight bytes as an item's or a delimiter's head; what else stands there shows by its tag."""
    if offset + 8 > len(data):
        raise MalformedError("the bytes end inside a sequence")
    group, element = _TAG.unpack_from(data, offset)
    return group << 16 | element, unpack_from("<L", data, offset + 4)[0]
