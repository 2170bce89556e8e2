"""The header as the catalogue keeps it, for what nobody gave a column: any attribute at IMAGE level (PS3.4 C.3.1)."""

import struct
from functools import lru_cache

from ..pixels import Header, vr_of_element
from ..query import BYTES_VRS, LONG_LENGTH

# Longer values are not what anybody asks a query for, and they would be most of a catalogue's size.
_LONGEST_VALUE = 1 << 10
_LONGEST_SEQUENCE = 1 << 14
_LEFT_OUT = frozenset(
    {
        0x00041220,  # Directory Record Sequence
        0x00880200,  # Icon Image Sequence: answers carry ours
        0x30060039,  # ROI Contour Sequence
        0x52009229,  # Shared Functional Groups Sequence
        0x52009230,  # Per-Frame Functional Groups Sequence
        0x54000100,  # Waveform Sequence
        0xFFFAFFFA,  # Digital Signatures Sequence
        0xFFFCFFFC,  # Data Set Trailing Padding
    }
)
# Bytes of each number in the VRs of binary numbers (PS3.5 7.3).
_WIDTHS = {"AT": 2, "FD": 8, "FL": 4, "SL": 4, "SS": 2, "SV": 8, "UL": 4, "US": 2, "UV": 8}
_FIRST_TAG = 0x00080000
_PRIVATE = 0x00010000  # groups of odd number
_ITEM_HEAD = struct.Struct("<HHL")
_SHORT_HEAD = struct.Struct("<HH2sH")
_LONG_HEAD = struct.Struct("<HH2sHL")


def stored_header(header: Header) -> bytes:
    """Encode a header in Explicit VR Little Endian, without what is private, bulk, long or about the file itself.

    Text stays in the character set that the header's own (0008,0005) names.
    """
    is_plain, signed, plain_head = header.encoding.little_endian, header.signed, _plain_head
    parts: list[bytes] = []
    # Nearly all files have their elements in order (PS3.5 7.1), and to sort what is sorted costs little.
    for tag, (vr, data, _, length, is_undefined) in sorted(header.elements.items()):
        if tag & _PRIVATE:
            continue
        if data is None or is_undefined or not is_plain or (head := plain_head(tag, vr, length, signed)) is None:
            parts += _other(header, tag)
        elif head:
            parts.append(head)
            parts.append(data)
    return b"".join(parts)


@lru_cache(maxsize=1 << 13)
def _plain_head(tag: int, vr: bytes, length: int, signed: bool) -> bytes | None:
    """Give the head of an element whose value is kept as it is; none for one that is left out, None for others."""
    kind = vr_of_element(tag, vr, signed)
    if kind == "SQ":
        return None
    if _is_left_out(tag, kind) or length > _LONGEST_VALUE:
        return b""
    return _head(tag, kind, length)


def _other(header: Header, tag: int) -> tuple[bytes, ...]:
    """Encode a sequence, or an element of another byte order; nothing where it is left out."""
    vr = header.vr(tag)
    if _is_left_out(tag, vr):
        return ()
    value = header.raw(tag)
    if vr == "SQ":
        value = _sequence(header, tag, value)
    elif len(value) > _LONGEST_VALUE:
        return ()
    elif not header.encoding.little_endian and vr in _WIDTHS:
        value = _turned(value, _WIDTHS[vr])
    return _head(tag, vr, len(value)), value


def _is_left_out(tag: int, vr: str) -> bool:
    return tag < _FIRST_TAG or not tag & 0xFFFF or tag in _LEFT_OUT or vr in BYTES_VRS


@lru_cache(maxsize=1 << 13)
def _head(tag: int, vr: str, length: int) -> bytes:
    if vr in LONG_LENGTH:
        return _LONG_HEAD.pack(tag >> 16, tag & 0xFFFF, vr.encode(), 0, length)
    return _SHORT_HEAD.pack(tag >> 16, tag & 0xFFFF, vr.encode(), length)


def _sequence(header: Header, tag: int, value: bytes) -> bytes:
    """Give a sequence's items in Explicit VR; none of them where they are too long."""
    if len(value) > _LONGEST_SEQUENCE:
        return b""
    # The first element of the first item shows a VR where the items are written with one. A sequence in VR UN has
    # none even in a file of explicit ones (PS3.5 6.2.2 Note 4).
    has_vrs = not header.encoding.implicit and value[12:14].isalpha() and value[12:14].isupper()
    if not value or (has_vrs and header.encoding.little_endian):
        return value
    items = [stored_header(item) for item in header.items(tag)]
    return b"".join(_ITEM_HEAD.pack(0xFFFE, 0xE000, len(item)) + item for item in items)


def _turned(value: bytes, width: int) -> bytes:
    """Turn big-endian numbers into little-endian ones."""
    return b"".join(value[at : at + width][::-1] for at in range(0, len(value), width))
