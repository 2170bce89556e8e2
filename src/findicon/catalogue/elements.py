"""The parts of an encoded element (PS3.5 7.1): head, length and value."""

import struct

BINARY = {"US": "<H", "SS": "<h", "UL": "<L", "SL": "<l"}
"""VRs of binary numbers that columns keep as text, with their layout."""
LONG_LENGTH = {"UC", "UR", "UT"}
"""VRs of text whose explicit form has a length of four bytes."""
_LONGEST = 0xFFFE


def head(tag: int, vr: str, *, explicit: bool) -> bytes:
    """Give an element up to its length."""
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if not explicit:
        return start
    return start + vr.encode() + (b"\0\0" if vr in LONG_LENGTH else b"")


def padded(vr: str, value: bytes, *, explicit: bool) -> bytes:
    """Give an element's length and value, padded to even length; none where the value is longer than its VR can say."""
    short = explicit and vr not in LONG_LENGTH
    if short and len(value) > _LONGEST:
        value = b""
    if len(value) % 2:
        value += b"\0" if vr == "UI" else b" "
    return struct.pack("<H" if short else "<L", len(value)) + value


def binary(vr: str, text: str, *, explicit: bool) -> bytes:
    """Give length and value of numbers written as text; none where they are no such numbers."""
    layout = BINARY[vr]
    try:
        value = b"".join(struct.pack(layout, int(one)) for one in str(text).split("\\") if one)
    except (ValueError, struct.error):
        value = b""
    return struct.pack("<H" if explicit else "<L", len(value)) + value
