"""An association that is established, on either side: messages in, messages out, release and abort (PS3.7, PS3.8)."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import NamedTuple, Protocol

from ..errors import PeerAborted, PeerError, PeerTimeout
from ..observe import log
from . import pdus
from .commands import LARGEST, Command, decode_command
from .limits import Limits
from .negotiation import Context, Negotiated
from .pdus import MalformedError, Value
from .transport import Transport, TransportClosedError, TransportTimeoutError

_LOST = (TransportClosedError, TransportTimeoutError, MalformedError)
_BEFORE = {pdus.ASSOCIATE_RQ, pdus.ASSOCIATE_AC, pdus.ASSOCIATE_RJ}  # have their place before it is established
_LARGEST_SENT = 1 << 18  # bytes of a PDU to a peer that knows no limit
_WRITE = 1 << 18  # bytes of a data set that are written at once
_NO_TIME = 0.0


class Received(NamedTuple):
    """A command set that came in, and the presentation context it came on."""

    context: Context
    command: Command


class Sink(Protocol):
    """Whatever takes a data set piece by piece."""

    def write(self, data: memoryview, /) -> object:
        """Take the next piece; the view is valid during the call only."""
        ...


class Association:
    """An established association; one thread at a time may use it.

    Parameters
    ----------
    transport
        Its connection.
    negotiated
        What both sides agreed on.
    peer
        The other side for messages to people, as ``AET@host:port``.

    Attributes
    ----------
    is_open
        Whether messages can still be exchanged.
    """

    def __init__(self, transport: Transport, negotiated: Negotiated, limits: Limits, peer: str) -> None:
        self.transport = transport
        self.contexts: Mapping[int, Context] = negotiated.contexts
        self.options = negotiated.options
        self.refused = negotiated.refused
        self.peer = peer
        self.is_open = True
        self.limits = limits
        self.largest = min(negotiated.largest or _LARGEST_SENT, _LARGEST_SENT)
        self._values: list[Value] = []  # of the current PDU, the next one last
        self._command = bytearray()
        self._command_context = 0
        self._message_began = _NO_TIME
        self._message_size = 0
        self._last: tuple[bytes, Command] = (b"", Command({0x0100: b"\0\0"}))

    # Receiving

    def receive(self, patience: float) -> Received | None:
        """Wait for the next command set.

        Parameters
        ----------
        patience
            Seconds until its first byte has to be there.

        Returns
        -------
        Received or None
            None when the peer released the association, which is then closed.

        Raises
        ------
        PeerTimeout, PeerAborted
            The association is over; it has been aborted where the peer had not done so.
        """
        try:
            while True:
                if not self._values and not self._next_pdu(patience):
                    return None
                received = self._command_part(self._values.pop())
                if received is not None:
                    return received
        except _LOST as error:
            raise self.lost(error) from error

    def receive_answer(self, patience: float) -> Received:
        """Wait for the next command set, as `receive` does, when a release would be no answer."""
        received = self.receive(patience)
        if received is None:
            raise PeerAborted(self.peer, "released the association instead of answering")
        return received

    def receive_now(self) -> Received | None:
        """Give a command set that has arrived whole; None, without waiting, when there is none yet.

        Raises
        ------
        PeerAborted
            The association is over.
        """
        try:
            while True:
                if not self._values and not self._pdu_now():
                    return None
                received = self._command_part(self._values.pop())
                if received is not None:
                    return received
        except _LOST as error:
            raise self.lost(error) from error

    def wait(self, seconds: float) -> bool:
        """Wait until something has arrived; tell whether it has."""
        return self.has_more() or self.transport.wait(seconds)

    def has_more(self) -> bool:
        """Tell whether the next PDU is at hand whole, so that `receive` will hardly wait."""
        try:
            return bool(self._values) or self._is_whole_pdu_buffered()
        except MalformedError:
            return True  # `receive` says what is wrong with it

    def read_data(self, context: Context, limit: int) -> bytes:
        """Read the data set that follows a command set.

        Parameters
        ----------
        limit
            Most bytes it may have.

        Raises
        ------
        PeerTimeout, PeerAborted
            The association is over; a data set above the limit ends it too.
        """
        try:
            value = self._data_value(context)
            if value.control & pdus.LAST and len(value.data) <= limit:
                return bytes(value.data)
            whole = bytearray(value.data)
            while not value.control & pdus.LAST and len(whole) <= limit:
                value = self._data_value(context)
                whole += value.data
            if len(whole) > limit:
                raise MalformedError(f"a data set of more than {limit} bytes", pdus.NOT_SPECIFIED)
            return bytes(whole)
        except _LOST as error:
            raise self.lost(error) from error

    def read_data_into(self, sink: Sink | None, context: Context, limit: int | None) -> int:
        """Pass the data set that follows a command set on, piece by piece; give its size.

        Parameters
        ----------
        sink
            None throws the data set away. When its `write` raises, the rest has still to be read.
        """
        size = 0
        try:
            while True:
                value = self._data_value(context)
                size += len(value.data)
                if limit is not None and size > limit:
                    raise MalformedError(f"a data set of more than {limit} bytes", pdus.NOT_SPECIFIED)
                last = value.control & pdus.LAST
                if sink is not None:
                    sink.write(value.data)
                if last:
                    return size
        except _LOST as error:
            raise self.lost(error) from error

    def _command_part(self, value: Value) -> Received | None:
        if not value.control & pdus.COMMAND:
            raise MalformedError("a data set without its command", pdus.UNEXPECTED_PARAMETER)
        if value.context_id not in self.contexts:
            raise MalformedError(f"presentation context {value.context_id} is not accepted")
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
                return None
            data = bytes(self._command)
            self._command.clear()
        last, command = self._last
        if data != last:  # the pending answers to a query carry the same bytes thousands of times
            command = decode_command(data)
            self._last = (data, command)
        if not command.has_data:
            self._message_began = _NO_TIME
        return Received(self.contexts[value.context_id], command)

    def _data_value(self, context: Context) -> Value:
        if not self._values and not self._next_pdu(self.limits.network):
            raise MalformedError("a release in the middle of a message", pdus.UNEXPECTED_PDU)
        value = self._values.pop()
        if value.control & pdus.COMMAND:
            raise MalformedError("a command set in the middle of a data set", pdus.UNEXPECTED_PARAMETER)
        if value.context_id != context.context_id:
            raise MalformedError("a data set on another presentation context than its command")
        if value.control & pdus.LAST:
            self._message_began = _NO_TIME
        return value

    def _next_pdu(self, patience: float) -> bool:
        """Wait for the next P-DATA PDU; False when the peer released instead."""
        began = now = monotonic()
        if self._message_began:
            # within a message: each PDU has its time, and the message as a whole a least mean rate
            slow = self._message_began + self.limits.network + self._message_size / self.limits.slowest
            self.transport.need(pdus.HEADER.size, min(now + self.limits.network, slow))
        else:
            self.transport.need(pdus.HEADER.size, now + patience)
            began = monotonic()
        kind, length = self._checked_header()
        self.transport.need(pdus.HEADER.size + length, began + self.limits.network)
        return self._take_pdu(kind, length)

    def _pdu_now(self) -> bool:
        while not self._is_whole_pdu_buffered():
            if not self.transport.fill(pdus.HEADER.size + self.limits.pdu):
                return False
        if not self._take_pdu(*self._checked_header()):
            raise MalformedError("a release in the middle of an operation", pdus.UNEXPECTED_PDU)
        return True

    def _is_whole_pdu_buffered(self) -> bool:
        buffered = len(self.transport.buffered())
        return buffered >= pdus.HEADER.size and buffered >= pdus.HEADER.size + self._checked_header()[1]

    def _checked_header(self) -> tuple[int, int]:
        kind, length = pdus.HEADER.unpack_from(self.transport.buffered())
        if kind in _BEFORE:
            raise MalformedError(f"a PDU of type {kind:02X} on an established association", pdus.UNEXPECTED_PDU)
        pdus.check_length(kind, length, self.limits.pdu)
        return kind, length

    def _take_pdu(self, kind: int, length: int) -> bool:
        self.transport.take(pdus.HEADER.size)
        body = self.transport.take(length)
        if kind == pdus.P_DATA:
            if not self._message_began:
                self._message_began, self._message_size = monotonic(), 0
            self._message_size += length
            self._values = pdus.data_values(body)
            self._values.reverse()
            return True
        if kind == pdus.ABORT:
            self._close_now()
            raise PeerAborted(self.peer, _abort_text(body[2], body[3]))
        if kind == pdus.RELEASE_RQ:
            if self._message_began:
                raise MalformedError("a release in the middle of a message", pdus.UNEXPECTED_PDU)
            self._end(pdus.release_reply())
            return False
        raise MalformedError("an answer to a release that nobody asked for", pdus.UNEXPECTED_PDU)

    # Sending

    def send(self, context: Context, command: bytes, data: bytes | None = None) -> None:
        """Send a message whose data set, if it has one, is at hand.

        Raises
        ------
        PeerTimeout, PeerAborted
            The association is over.
        """
        parts = list(pdus.data_pdus(context.context_id, command, pdus.COMMAND, self.largest))
        if data is not None:
            parts += pdus.data_pdus(context.context_id, data, 0, self.largest)
        self.write(b"".join(parts))

    def send_stream(self, context: Context, command: bytes, read: Callable[[int], bytes]) -> None:
        """Send a message whose data set is read piece by piece, in constant memory.

        Parameters
        ----------
        read
            Gives at most that many bytes, none at the end; it may give fewer before.
        """
        self.send(context, command)
        room = (self.largest - 6) & ~1
        pieces = max(1, _WRITE // room)
        piece = _whole(read, room * pieces)
        while True:
            following = _whole(read, room * pieces) if len(piece) == room * pieces else b""
            if len(piece) % 2:  # fragments have even lengths; files with deflated data sets need not (PS3.5 A.5)
                piece += b"\0"
            parts: list[bytes | memoryview] = []
            view = memoryview(piece)
            for start in range(0, len(piece) or 1, room):
                part = view[start : start + room]
                last = pdus.LAST if not following and start + room >= len(piece) else 0
                parts += (pdus.data_header(context.context_id, len(part), last), part)
            self.write(b"".join(parts))
            if not following:
                return
            piece = following

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write whole PDUs."""
        try:
            self.transport.send(data, self.limits.network, self.limits.slowest)
        except _LOST as error:
            raise self.lost(error) from error

    # Ending

    def release(self) -> None:
        """Release the association in order (PS3.8 7.2): ask, let what still comes pass, answer a collision."""
        if not self.is_open:
            return
        deadline = monotonic() + self.limits.network
        try:
            self.transport.send(pdus.release_request(), self.limits.network, self.limits.slowest)
            while True:
                self.transport.need(pdus.HEADER.size, deadline)
                kind, length = self._checked_header()
                self.transport.need(pdus.HEADER.size + length, deadline)
                self.transport.take(pdus.HEADER.size + length)
                if kind == pdus.RELEASE_RQ:  # a collision: the requestor answers first (PS3.8 7.2.2.7)
                    self.transport.send(pdus.release_reply(), self.limits.network, self.limits.slowest)
                elif kind in {pdus.RELEASE_RP, pdus.ABORT}:
                    break
        except _LOST as error:
            log.debug("release unanswered", peer=self.peer, reason=str(error) or "timeout")
        self._close_now()

    def abort(self, source: int = pdus.BY_USER, reason: int = pdus.NOT_SPECIFIED) -> None:
        """Abort the association, if it is not over yet."""
        if self.is_open:
            self._end(pdus.abort(source, reason))

    def lost(self, error: Exception) -> PeerError:
        """End the association after `error` and give the exception that says so to the caller."""
        if isinstance(error, MalformedError):
            self.abort(pdus.BY_PROVIDER, error.reason)
            return PeerAborted(self.peer, f"aborted the association: received {error}")
        if isinstance(error, TransportTimeoutError):
            self.abort()
            return PeerTimeout(self.peer, "nothing came in time, the association was aborted")
        if self.is_open:  # the peer may still be there when it is this side that ends (Server.stop)
            with contextlib.suppress(TransportClosedError):
                self.transport.send_some(pdus.abort(pdus.BY_USER, pdus.NOT_SPECIFIED))
        self._close_now()
        return PeerAborted(self.peer, str(error))

    def _end(self, last_words: bytes) -> None:
        self.is_open = False
        try:
            self.transport.send_some(last_words)
        except TransportClosedError:
            self.transport.close()
            return
        self.transport.finish(self.limits.release)

    def _close_now(self) -> None:
        self.is_open = False
        self.transport.close()


def _abort_text(source: int, reason: int) -> str:
    if source == pdus.BY_PROVIDER:
        return f"aborted the association as provider: {pdus.ABORT_REASONS.get(reason, f'reason {reason}')}"
    return "aborted the association"


def _whole(read: Callable[[int], bytes], size: int) -> bytes:
    first = read(size)
    if len(first) == size or not first:
        return first
    parts, have = [first], len(first)
    while have < size:
        part = read(size - have)
        if not part:
            break
        parts.append(part)
        have += len(part)
    return b"".join(parts)


def context_for(association: Association, sop_classes: Iterable[str], *, scu: bool = True) -> Context | None:
    """Give the first accepted context for one of the SOP classes in which we may take that role."""
    for sop_class in sop_classes:
        for context in association.contexts.values():
            if context.abstract_syntax == sop_class and (context.scu if scu else context.scp):
                return context
    return None


def unexpected(association: Association, text: str) -> PeerError:
    """Abort an association for what has no place in the exchange; give the exception that says so."""
    return association.lost(MalformedError(text, pdus.UNEXPECTED_PDU))
