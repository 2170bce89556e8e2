"""Command sets (PS3.7 6.3, 9.3, Annex E): Implicit VR Little Endian, encoded by hand and decoded strictly."""

from collections.abc import Mapping
from struct import Struct

from .pdus import MalformedError

# Element numbers of group 0000 (PS3.7 Table E.1-1)
AFFECTED_SOP_CLASS = 0x0002
REQUESTED_SOP_CLASS = 0x0003
COMMAND_FIELD = 0x0100
MESSAGE_ID = 0x0110
RESPONDED_TO = 0x0120
MOVE_DESTINATION = 0x0600
PRIORITY = 0x0700
DATA_SET_TYPE = 0x0800
STATUS = 0x0900
OFFENDING_ELEMENT = 0x0901
ERROR_COMMENT = 0x0902
AFFECTED_SOP_INSTANCE = 0x1000
REMAINING = 0x1020
COMPLETED = 0x1021
FAILED = 0x1022
WARNING = 0x1023
MOVE_ORIGINATOR = 0x1030
MOVE_ORIGINATOR_ID = 0x1031

# Command fields (PS3.7 Table E.1-1); a response is its request with the highest bit set
C_STORE = 0x0001
C_GET = 0x0010
C_FIND = 0x0020
C_MOVE = 0x0021
C_ECHO = 0x0030
C_CANCEL = 0x0FFF
RESPONSE = 0x8000

DATA_SET = 1
NO_DATA_SET = 0x0101
MEDIUM = 0
WARNING_STATUSES = range(0xB000, 0xC000)
LARGEST = 1 << 16  # bytes; a command set of the Standard has a few hundred

_LONGEST_COMMENT = 64
_MORE = b"..."
_HEAD = Struct("<HHI")
_SHORT = Struct("<HHIH")
_GROUP_LENGTH = Struct("<HHII")
_NUMBERS = {
    COMMAND_FIELD, MESSAGE_ID, RESPONDED_TO, PRIORITY, DATA_SET_TYPE, STATUS, REMAINING, COMPLETED, FAILED, WARNING,
    MOVE_ORIGINATOR_ID,
}  # fmt: skip
_UIDS = {AFFECTED_SOP_CLASS, REQUESTED_SOP_CLASS, AFFECTED_SOP_INSTANCE}
_PRIORITIES = {MEDIUM, 1, 2}
_PENDING = {0xFF00, 0xFF01}


class Command:
    """A command set that came in.

    Parameters
    ----------
    elements
        Values by element number, as they came.
    """

    __slots__ = ("elements", "field", "has_data", "is_pending", "status")

    def __init__(self, elements: dict[int, bytes]) -> None:
        self.elements = elements
        self.field = self.number(COMMAND_FIELD)
        self.status = self.number(STATUS, -1)
        self.is_pending = self.status in _PENDING
        self.has_data = self.number(DATA_SET_TYPE, NO_DATA_SET) != NO_DATA_SET

    @property
    def message_id(self) -> int:
        """Message ID of a request."""
        return self.number(MESSAGE_ID, 0)

    @property
    def priority(self) -> int:
        """Priority of a request, medium where it has none of the Standard's (PS3.7 E.1)."""
        asked = self.number(PRIORITY, MEDIUM)
        return asked if asked in _PRIORITIES else MEDIUM

    @property
    def responded_to(self) -> int:
        """Message ID of the request that a response, or a C-CANCEL, is about."""
        return self.number(RESPONDED_TO, 0)

    @property
    def error_comment(self) -> str:
        """Error Comment, for people; empty without one."""
        return self.text(ERROR_COMMENT)

    def number(self, element: int, default: int | None = None) -> int:
        """Give a US value; without one the default, and without a default MalformedError."""
        value = self.elements.get(element)
        if value is None or (not value and default is not None):
            if default is None:
                raise MalformedError(f"a command set without (0000,{element:04X})")
            return default
        if not value:
            raise MalformedError(f"an empty (0000,{element:04X})")
        return value[0] | value[1] << 8

    def text(self, element: int) -> str:
        """Give a UI, AE, LO or SH value without its padding; empty without one."""
        return peer_text(self.elements.get(element, b""))


def peer_text(data: bytes) -> str:
    """Give text of a peer without its padding; ``?`` for what would lie in a log, as a line end or an escape does."""
    text = data.decode("ascii", "replace").strip(" \0")
    return text if text.isprintable() else "".join(one if one.isprintable() else "?" for one in text)


def decode_command(data: bytes) -> Command:
    """Decode a command set.

    Raises
    ------
    MalformedError
        A length beyond the end, a number of another size than its VR has, an element that is not of group 0000, or one
        that comes twice.
    """
    elements: dict[int, bytes] = {}
    offset, end = 0, len(data)
    while offset < end:
        if end - offset < 8:
            raise MalformedError("a command set cut short")
        group, element, length = _HEAD.unpack_from(data, offset)
        offset += 8
        if group != 0:
            raise MalformedError(f"({group:04X},{element:04X}) in a command set")
        if length > end - offset:
            raise MalformedError(f"(0000,{element:04X}) with {length} bytes, {end - offset} are left")
        if element in elements:
            raise MalformedError(f"(0000,{element:04X}) twice in a command set")
        if element in _NUMBERS and length not in {0, 2}:
            raise MalformedError(f"(0000,{element:04X}) with {length} bytes")
        elements[element] = data[offset : offset + length]
        offset += length
    return Command(elements)


def encode_command(elements: Mapping[int, int | str]) -> bytes:
    """Encode a command set, its group length first and its elements in order.

    Parameters
    ----------
    elements
        Values by element number: numbers, or text that is cut to what its VR holds, an Error Comment after a word. An
        Offending Element is its tag.
    """
    parts = []
    for element in sorted(elements):
        value = elements[element]
        if element in _NUMBERS:
            parts.append(_SHORT.pack(0, element, 2, int(value)))
        elif element == OFFENDING_ELEMENT:
            tag = int(value)
            parts.append(_HEAD.pack(0, element, 4) + Struct("<HH").pack(tag >> 16, tag & 0xFFFF))
        else:
            text = _comment(str(value)) if element == ERROR_COMMENT else str(value).encode("ascii", "replace")[:64]
            text += (b"\0" if element in _UIDS else b" ") * (len(text) % 2)
            parts.append(_HEAD.pack(0, element, len(text)) + text)
    body = b"".join(parts)
    return _GROUP_LENGTH.pack(0, 0, 4, len(body)) + body


def _comment(text: str) -> bytes:
    """Give what LO holds of a sentence (PS3.5 6.2): no controls, no backslash, and whole words."""
    words = "".join(one if one.isprintable() and one != "\\" else " " for one in text).split()
    comment = " ".join(words).encode("ascii", "replace")
    if len(comment) <= _LONGEST_COMMENT:
        return comment
    cut = comment[: _LONGEST_COMMENT - len(_MORE) + 1]
    end = cut.rfind(b" ")
    return (cut[:end].rstrip(b" ,;:") if end > 0 else cut[:-1]) + _MORE
