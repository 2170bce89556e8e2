"""Protocol data units (PS3.8 9.3), but for the A-ASSOCIATE ones: whole lengths first, then their parts."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

ASSOCIATE_RQ = 0x01
ASSOCIATE_AC = 0x02
ASSOCIATE_RJ = 0x03
P_DATA = 0x04
RELEASE_RQ = 0x05
RELEASE_RP = 0x06
ABORT = 0x07
KINDS = range(ASSOCIATE_RQ, ABORT + 1)

HEADER = Struct(">BxI")  # type, reserved, length of what follows
VALUE_HEADER = Struct(">IBB")  # length, presentation context ID, message control header
DATA_HEADER = Struct(">BxIIBB")  # both, for a PDU of one value

# Message control header (PS3.8 E.2)
COMMAND = 0x01
LAST = 0x02

# Abort sources and the provider's reasons (PS3.8 Table 9-26)
BY_USER = 0
BY_PROVIDER = 2
NOT_SPECIFIED = 0
UNRECOGNIZED_PDU = 1
UNEXPECTED_PDU = 2
UNRECOGNIZED_PARAMETER = 4
UNEXPECTED_PARAMETER = 5
INVALID_PARAMETER = 6
ABORT_REASONS = {
    NOT_SPECIFIED: "reason not specified",
    UNRECOGNIZED_PDU: "unrecognized PDU",
    UNEXPECTED_PDU: "unexpected PDU",
    UNRECOGNIZED_PARAMETER: "unrecognized PDU parameter",
    UNEXPECTED_PARAMETER: "unexpected PDU parameter",
    INVALID_PARAMETER: "invalid PDU parameter value",
}
_FIXED_LENGTHS = {ASSOCIATE_RJ: 4, RELEASE_RQ: 4, RELEASE_RP: 4, ABORT: 4}


class MalformedError(Exception):
    """The peer sent what is no PDU or no message, or what has no place here.

    Parameters
    ----------
    text
        What is wrong.
    reason
        The provider's reason of the A-ABORT that answers it (PS3.8 Table 9-26).
    """

    def __init__(self, text: str, reason: int = INVALID_PARAMETER) -> None:
        super().__init__(text)
        self.reason = reason


class Value(NamedTuple):
    """One presentation data value (PS3.8 9.3.5.1); `data` is a view of the receive buffer."""

    context_id: int
    control: int
    data: memoryview


def check_length(kind: int, length: int, largest: int) -> None:
    """Check the length in a PDU's header before it is believed.

    Raises
    ------
    MalformedError
        A type that is none, or a length that the type does not have or that is above the limits.
    """
    if kind == P_DATA:
        if not 6 <= length <= largest:
            raise MalformedError(f"a P-DATA-TF PDU of {length} bytes, when {largest} are agreed")
    elif kind in _FIXED_LENGTHS:
        if length != _FIXED_LENGTHS[kind]:
            raise MalformedError(f"a PDU of type {kind:02X} with {length} bytes")
    elif kind in {ASSOCIATE_RQ, ASSOCIATE_AC}:
        if not 68 <= length <= largest:
            raise MalformedError(f"an A-ASSOCIATE PDU of {length} bytes")
    else:
        raise MalformedError(f"a PDU of unknown type {kind:02X}", UNRECOGNIZED_PDU)


def data_values(body: memoryview) -> list[Value]:
    """Take the presentation data values out of the body of a P-DATA-TF PDU.

    Raises
    ------
    MalformedError
        A value that is longer than the PDU or shorter than its own header.
    """
    values = []
    offset, end = 0, len(body)
    while offset < end:
        if end - offset < 6:
            raise MalformedError("a presentation data value cut short")
        length, context_id, control = VALUE_HEADER.unpack_from(body, offset)
        stop = offset + 4 + length
        if length < 2 or stop > end:
            raise MalformedError(f"a presentation data value of {length} bytes in a PDU of {end}")
        values.append(Value(context_id, control, body[offset + 6 : stop]))
        offset = stop
    return values


def data_pdus(context_id: int, data: bytes | memoryview, control: int, largest: int) -> Iterator[bytes | memoryview]:
    """Cut a command set or a data set into P-DATA-TF PDUs of one value each; gives the parts to write.

    Parameters
    ----------
    control
        COMMAND for a command set, 0 for a data set; LAST is added to the last one.
    largest
        The peer's maximum length (PS3.8 D.1): bytes of a PDU after its header.
    """
    room = (largest - 6) & ~1
    length = len(data)
    if length <= room:
        yield DATA_HEADER.pack(P_DATA, length + 6, length + 2, context_id, control | LAST)
        yield data
        return
    view = memoryview(data)
    for start in range(0, length, room):
        part = view[start : start + room]
        last = LAST if start + room >= length else 0
        yield DATA_HEADER.pack(P_DATA, len(part) + 6, len(part) + 2, context_id, control | last)
        yield part


def command_value(context_id: int, command: bytes) -> bytes:
    """Give a whole command set as a presentation data value, for `message_parts`."""
    return VALUE_HEADER.pack(len(command) + 2, context_id, COMMAND | LAST) + command


def message_parts(context_id: int, value: bytes, data: bytes, largest: int) -> tuple[bytes | memoryview, ...]:
    """Give a message in one PDU where it fits: peers read half as many of them (PS3.8 9.3.5, E.2).

    Parameters
    ----------
    value
        Its command set, as `command_value` gives it.
    data
        Its data set.
    largest
        The peer's maximum length.
    """
    length = len(data)
    whole = len(value) + VALUE_HEADER.size + length
    if whole <= largest:
        head = HEADER.pack(P_DATA, whole) + value + VALUE_HEADER.pack(length + 2, context_id, LAST)
        return head, data
    if len(value) <= largest:
        return (HEADER.pack(P_DATA, len(value)) + value, *data_pdus(context_id, data, 0, largest))
    command = value[VALUE_HEADER.size :]
    return (*data_pdus(context_id, command, COMMAND, largest), *data_pdus(context_id, data, 0, largest))


def command_pdu(context_id: int, command: bytes, largest: int) -> bytes:
    """Give the whole PDU, or PDUs, of a command set."""
    return b"".join(data_pdus(context_id, command, COMMAND, largest))


def data_header(context_id: int, length: int, control: int) -> bytes:
    """Give the head of a P-DATA-TF PDU with one value of `length` bytes."""
    return DATA_HEADER.pack(P_DATA, length + 6, length + 2, context_id, control)


def release_request() -> bytes:
    """Encode A-RELEASE-RQ."""
    return HEADER.pack(RELEASE_RQ, 4) + bytes(4)


def release_reply() -> bytes:
    """Encode A-RELEASE-RP."""
    return HEADER.pack(RELEASE_RP, 4) + bytes(4)


def abort(source: int, reason: int) -> bytes:
    """Encode A-ABORT."""
    return HEADER.pack(ABORT, 4) + bytes((0, 0, source, reason))


def reject(result: int, source: int, reason: int) -> bytes:
    """Encode A-ASSOCIATE-RJ (PS3.8 Table 9-21)."""
    return HEADER.pack(ASSOCIATE_RJ, 4) + bytes((0, result, source, reason))
