"""What comes in on an established association: PDUs to presentation data values, and those to command sets."""

from struct import error as StructError  # noqa: N812  it is an exception
from time import monotonic
from typing import NamedTuple

from . import pdus
from .commands import COMMAND_FIELD, LARGEST, Command, decode_command
from .limits import Limits
from .pdus import MalformedError, Value
from .transport import Transport, TransportTimeoutError

_BEFORE = {pdus.ASSOCIATE_RQ, pdus.ASSOCIATE_AC, pdus.ASSOCIATE_RJ}  # have their place before it is established
_NO_TIME = 0.0
_MOST_EMPTY = 100  # fragments of a message that hold nothing and are not its last: some send one, endless ones attack


class AbortReceivedError(Exception):
    """The peer aborted the association; the text says what it said."""


class Incoming(NamedTuple):
    """A command set that came in, and the ID of the presentation context it came on."""

    context_id: int
    command: Command


class Inbox:
    """Reads what a peer sends, and gives each thing when it is whole.

    Its methods raise MalformedError for what is no message, AbortReceivedError, and what the transport raises.
    """

    def __init__(self, transport: Transport, limits: Limits) -> None:
        self._transport = transport
        self._limits = limits
        self._values: list[Value] = []  # of the current PDU, the next one last
        self._command = bytearray()
        self._command_context = 0
        self._message_began = _NO_TIME
        self._message_size = 0
        self._empty = 0
        self._last: tuple[bytes, Command] = (b"", Command({COMMAND_FIELD: b"\0\0"}))

    def command(self, patience: float) -> Incoming | None:
        """Wait for the next command set; None for a release request.

        Parameters
        ----------
        patience
            Seconds until its first byte has to be there.
        """
        while self._values or self._next_pdu(patience):
            incoming = self._command_part(self._values.pop())
            if incoming is not None:
                return incoming
        return None

    def command_now(self) -> Incoming | None:
        """Give the next command set if it has arrived whole; never waits."""
        while self._values or self._pdu_now():
            incoming = self._command_part(self._values.pop())
            if incoming is not None:
                return incoming
        return None

    def data(self, context_id: int) -> tuple[memoryview, bool]:
        """Wait for the next piece of the data set that follows a command set; give it, and whether it is the last.

        The view is valid until the next call.
        """
        if not self._values and not self._next_pdu(self._limits.network):
            raise MalformedError("a release in the middle of a message", pdus.UNEXPECTED_PDU)
        value = self._values.pop()
        if value.control & pdus.COMMAND:
            raise MalformedError("a command set in the middle of a data set", pdus.UNEXPECTED_PARAMETER)
        if value.context_id != context_id:
            raise MalformedError("a data set on another presentation context than its command")
        is_last = bool(value.control & pdus.LAST)
        if is_last:
            self._message_began = _NO_TIME
        elif not value.data:
            self._count_empty()
        return value.data, is_last

    def repeated(self, context_id: int, limit: int) -> bytes | None:
        """Give the data set of the next message when it is at hand whole, with the command set of the last one.

        The answers to a query come by the thousand and differ in their data sets alone. None for whatever is not as
        simple as that, which is for `command` and `data`.
        """
        if self._values or self._command:
            return None
        view, command = self._transport.buffered(), self._last[0]
        start = pdus.DATA_HEADER.size + len(command)
        try:
            kind, length, size, context, control = pdus.DATA_HEADER.unpack_from(view)
            if (kind, size, context, control) != (pdus.P_DATA, len(command) + 2, context_id, pdus.COMMAND | pdus.LAST):
                return None
            if length == size + 4:  # the data set has a PDU of its own
                start += pdus.HEADER.size
                kind, second = pdus.HEADER.unpack_from(view, start - pdus.HEADER.size)
                is_whole = kind == pdus.P_DATA and second <= self._limits.pdu
                end = start + second
            else:
                is_whole, end = length <= self._limits.pdu, pdus.HEADER.size + length
            size, context, control = pdus.VALUE_HEADER.unpack_from(view, start)
        except StructError:
            return None  # not all of it is there
        start += pdus.VALUE_HEADER.size
        if (size, context, control) != (end - start + 2, context_id, pdus.LAST) or end - start > limit:
            return None
        if not is_whole or not start <= end <= len(view) or view[pdus.DATA_HEADER.size :][: len(command)] != command:
            return None
        return bytes(self._transport.take(end)[start:])

    def has_more(self) -> bool:
        """Tell whether the next PDU is at hand whole, so that nobody has to wait for it."""
        return bool(self._values) or self._whole_pdu() is not None

    def header(self) -> tuple[int, int]:
        """Give type and length of the PDU whose header is at hand, after checking them."""
        kind, length = pdus.HEADER.unpack_from(self._transport.buffered())
        if kind in _BEFORE:
            raise MalformedError(f"a PDU of type {kind:02X} on an established association", pdus.UNEXPECTED_PDU)
        pdus.check_length(kind, length, self._limits.pdu)
        return kind, length

    def _command_part(self, value: Value) -> Incoming | None:
        if not value.control & pdus.COMMAND:
            raise MalformedError("a data set without its command", pdus.UNEXPECTED_PARAMETER)
        if value.control & pdus.LAST and not self._command:
            data = bytes(value.data)
        else:
            if self._command and value.context_id != self._command_context:
                raise MalformedError("a command set on two presentation contexts")
            self._command_context = value.context_id
            self._command += value.data
            if len(self._command) > LARGEST:
                raise MalformedError(f"a command set of more than {LARGEST} bytes")
            if not value.control & pdus.LAST:
                if not value.data:
                    self._count_empty()
                return None
            data = bytes(self._command)
            self._command.clear()
        last, command = self._last
        if data != last:  # the pending answers to a query carry the same bytes thousands of times
            command = decode_command(data)
            self._last = (data, command)
        if not command.has_data:
            self._message_began = _NO_TIME
        return Incoming(value.context_id, command)

    def _count_empty(self) -> None:
        self._empty += 1
        if self._empty > _MOST_EMPTY:
            raise MalformedError(f"a message with more than {_MOST_EMPTY} empty fragments")

    def _next_pdu(self, patience: float) -> bool:
        """Wait for the next P-DATA PDU; False when a release request came instead."""
        pdu = self._whole_pdu()
        if pdu is not None:  # nobody has to wait, so no time is looked at
            return self._take_pdu(*pdu)
        began = monotonic()
        if self._message_began:
            # within a message: each PDU has its time, and the message as a whole a least mean rate
            slow = self._message_began + self._limits.network + self._message_size / self._limits.slowest
            if began > slow:
                raise TransportTimeoutError
            self._transport.need(pdus.HEADER.size, min(began + self._limits.network, slow))
        else:
            self._transport.need(pdus.HEADER.size, began + patience)
            began = monotonic()
        kind, length = self.header()
        self._transport.need(pdus.HEADER.size + length, began + self._limits.network)
        return self._take_pdu(kind, length)

    def _pdu_now(self) -> bool:
        pdu = self._whole_pdu()
        while pdu is None:
            if not self._transport.fill(pdus.HEADER.size + self._limits.pdu):
                return False
            pdu = self._whole_pdu()
        if not self._take_pdu(*pdu):
            raise MalformedError("a release in the middle of an operation", pdus.UNEXPECTED_PDU)
        return True

    def _whole_pdu(self) -> tuple[int, int] | None:
        """Give type and length of the next PDU when all of it is at hand."""
        buffered = len(self._transport.buffered())
        if buffered < pdus.HEADER.size:
            return None
        kind, length = self.header()
        return (kind, length) if buffered >= pdus.HEADER.size + length else None

    def _take_pdu(self, kind: int, length: int) -> bool:
        self._transport.take(pdus.HEADER.size)
        body = self._transport.take(length)
        if kind == pdus.P_DATA:
            if not self._message_began:
                self._message_began, self._message_size, self._empty = monotonic(), 0, 0
            self._message_size += length
            self._values = pdus.data_values(body)
            self._values.reverse()
            return True
        if kind == pdus.ABORT:
            raise AbortReceivedError(_abort_text(body[2], body[3]))
        if kind == pdus.RELEASE_RP:
            raise MalformedError("an answer to a release that nobody asked for", pdus.UNEXPECTED_PDU)
        if self._message_began:
            raise MalformedError("a release in the middle of a message", pdus.UNEXPECTED_PDU)
        return False


def _abort_text(source: int, reason: int) -> str:
    if source == pdus.BY_PROVIDER:
        return f"aborted the association as provider: {pdus.ABORT_REASONS.get(reason, f'reason {reason}')}"
    return "aborted the association"
