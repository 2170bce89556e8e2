"""An association that is established, on either side: messages in, messages out, release and abort (PS3.7, PS3.8)."""

import contextlib
from collections.abc import Callable, Iterable, Mapping
from time import monotonic
from typing import NamedTuple, Protocol

from ..errors import PeerAborted, PeerError, PeerTimeout
from ..observe import log
from . import pdus
from .commands import Command
from .inbox import AbortReceivedError, Inbox, Incoming
from .limits import Limits
from .negotiation import Context, Negotiated
from .pdus import MalformedError
from .transport import Transport, TransportClosedError, TransportTimeoutError

_LOST = (TransportClosedError, TransportTimeoutError, MalformedError, AbortReceivedError)
_LARGEST_SENT = 1 << 18  # bytes of a PDU to a peer that knows no limit
_LEAST_SENT = 8  # bytes of a PDU: the header of its value, and the two that an even fragment has at least
_RELEASE = 5  # times the time for a release: there may be a data set on its way that has to pass before the answer
_WRITE = 1 << 18  # bytes of a data set that are written at once


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
    has_heard
        Whether a message has come in; who takes the association over may set it back.
    """

    def __init__(self, transport: Transport, negotiated: Negotiated, limits: Limits, peer: str) -> None:
        self.transport = transport
        self.contexts: Mapping[int, Context] = negotiated.contexts
        self.options = negotiated.options
        self.refused = negotiated.refused
        self.peer = peer
        self.is_open = True
        self.has_heard = False
        self.limits = limits
        self.largest = min(negotiated.largest or _LARGEST_SENT, _LARGEST_SENT)
        self._inbox = Inbox(transport, limits)

    @property
    def has_room(self) -> bool:
        """Whether a PDU that the peer takes has room for any data."""
        return self.largest >= _LEAST_SENT

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
            incoming = self._inbox.command(patience)
            if incoming is not None:
                return self._received(incoming)
        except _LOST as error:
            raise self.lost(error) from error
        self._end(pdus.release_reply())
        return None

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
            incoming = self._inbox.command_now()
            return None if incoming is None else self._received(incoming)
        except _LOST as error:
            raise self.lost(error) from error

    def wait(self, seconds: float) -> bool:
        """Wait until something has arrived; tell whether it has."""
        try:
            return self._inbox.has_more() or self.transport.wait(seconds)
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
            piece, is_last = self._inbox.data(context.context_id)
            if is_last and len(piece) <= limit:
                return bytes(piece)
            whole = bytearray(piece)
            while not is_last and len(whole) <= limit:
                piece, is_last = self._inbox.data(context.context_id)
                whole += piece
            if len(whole) > limit:
                raise MalformedError(f"a data set of more than {limit} bytes", pdus.NOT_SPECIFIED)
            return bytes(whole)
        except _LOST as error:
            raise self.lost(error) from error

    def repeated(self, context: Context, limit: int) -> bytes | None:
        """Give the data set of the next message, when all of it is at hand and its command set is that of the last one.

        Parameters
        ----------
        limit
            Most bytes it may have.

        Returns
        -------
        bytes or None
            None leaves everything for `receive` and `read_data`.
        """
        return self._inbox.repeated(context.context_id, limit)

    def read_data_into(self, sink: Sink | None, context: Context, limit: int | None) -> int:
        """Pass the data set that follows a command set on, piece by piece; give its size.

        Parameters
        ----------
        sink
            None throws the data set away. When its `write` raises, the rest has still to be read.
        """
        size = 0
        is_last = False
        try:
            while not is_last:
                piece, is_last = self._inbox.data(context.context_id)
                size += len(piece)
                if limit is not None and size > limit:
                    raise MalformedError(f"a data set of more than {limit} bytes", pdus.NOT_SPECIFIED)
                if sink is not None:
                    sink.write(piece)
        except _LOST as error:
            raise self.lost(error) from error
        return size

    def _received(self, incoming: Incoming) -> Received:
        context = self.contexts.get(incoming.context_id)
        if context is None:
            raise MalformedError(f"a message on presentation context {incoming.context_id}, which is not accepted")
        self.has_heard = True
        return Received(context, incoming.command)

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
            Gives at most that many bytes, none at the end; it may give fewer before. When it raises, nothing has been
            sent, or the association is aborted: a message that has begun cannot be taken back.
        """
        room = (self.largest - 6) & ~1
        size = room * max(1, _WRITE // room)
        piece = _whole(read, size)
        self.send(context, command)
        while True:
            following = self._following(read, size) if len(piece) == size else b""
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

    def _following(self, read: Callable[[int], bytes], size: int) -> bytes:
        try:
            return _whole(read, size)
        except BaseException:
            self.abort()
            raise

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
        deadline = monotonic() + _RELEASE * self.limits.release
        try:
            self.transport.send(pdus.release_request(), self.limits.network, self.limits.slowest)
            while True:
                self.transport.need(pdus.HEADER.size, deadline)
                kind, length = self._inbox.header()
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
        if isinstance(error, AbortReceivedError):
            self._close_now()
            return PeerAborted(self.peer, str(error))
        said = self._last_words() if self.is_open else ""
        if said:
            self._close_now()
            return PeerAborted(self.peer, said)
        if self.is_open:  # the peer may still be there when it is this side that ends (Server.stop)
            with contextlib.suppress(TransportClosedError):
                self.transport.send_some(pdus.abort(pdus.BY_USER, pdus.NOT_SPECIFIED))
        self._close_now()
        return PeerAborted(self.peer, str(error))

    def _last_words(self) -> str:
        """Look whether a peer that is gone had said why: a write fails before its abort is read."""
        try:
            self._inbox.command_now()
        except AbortReceivedError as error:
            return str(error)
        except _LOST:
            pass
        return ""

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
