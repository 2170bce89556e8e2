"""Bytes to and from one peer: a socket that waits in `poll` only, and a buffer that PDUs are read out of in place.

TCP_NODELAY is on. Many peers leave Nagle's algorithm on, and then a delayed ACK of ours holds back the second write of
each of their messages for 40 ms; so TCP_QUICKACK is set before every wait, which is when the peer may be waiting for
our ACK (Linux leaves quick-ack mode by itself, so setting it once does not last).
"""

import contextlib
import mmap
import select
import socket
import ssl
from time import monotonic
from typing import Final

from .strangers import tls_stranger

_QUICKACK: Final[int | None] = getattr(socket, "TCP_QUICKACK", None)
_HAS_POLL = hasattr(select, "poll")
# What a non-blocking socket says, plain or TLS, when it would have to wait.
_WOULD_READ = (BlockingIOError, ssl.SSLWantReadError)
_WOULD_WRITE = (BlockingIOError, ssl.SSLWantWriteError)


class TransportClosedError(Exception):
    """The connection is gone."""


class TransportTimeoutError(Exception):
    """The peer sent or took nothing in time."""


class Transport:
    """One connection.

    Parameters
    ----------
    connection
        A connected socket, plain or TLS after its handshake; the transport owns it from now on.
    capacity
        Size of the receive buffer in bytes: the largest PDU, with its header, must fit.
    """

    def __init__(self, connection: socket.socket, capacity: int) -> None:
        self._socket = connection
        self._tls = connection if isinstance(connection, ssl.SSLSocket) else None
        self._quickack = _QUICKACK is not None and connection.family in {socket.AF_INET, socket.AF_INET6}
        connection.setblocking(False)
        if connection.family in {socket.AF_INET, socket.AF_INET6}:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # not a bytearray, which is real memory from the start: pages of this come into being when bytes arrive in them
        self._view = memoryview(mmap.mmap(-1, capacity))
        self._start = 0
        self._end = 0
        if _HAS_POLL:
            self._poll_in = select.poll()
            self._poll_in.register(connection, select.POLLIN)
            self._poll_out = select.poll()
            self._poll_out.register(connection, select.POLLOUT)

    def handshake(self, deadline: float) -> None:
        """Make the TLS handshake, where the connection is a TLS one; raises what `need` raises."""
        is_made = self._tls is None
        while not is_made:
            try:
                self._tls.do_handshake()  # type: ignore[union-attr]
                is_made = True
            except ssl.SSLWantReadError:
                self._wait(deadline)
            except ssl.SSLWantWriteError:
                if not self._poll(write=True, seconds=max(0.0, deadline - monotonic())):
                    raise TransportTimeoutError from None
            except (OSError, ValueError) as error:
                probably = tls_stranger(str(error))
                reason = f"{_reason(error)}{f' ({probably})' if probably else ''}"
                raise TransportClosedError(f"TLS handshake failed: {reason}") from error

    # Receiving

    def buffered(self) -> memoryview:
        """Give what has arrived and has not been taken; valid until the next `need` or `fill`."""
        return self._view[self._start : self._end]

    def take(self, count: int) -> memoryview:
        """Give the next `count` bytes, which must have arrived; valid until the next `need` or `fill`."""
        start = self._start
        self._start = start + count
        return self._view[start : start + count]

    def need(self, count: int, deadline: float) -> None:
        """Wait until `count` bytes have arrived.

        Raises
        ------
        TransportClosedError, TransportTimeoutError
            The connection ended, or `deadline` (on `time.monotonic`) passed; what has arrived stays.
        """
        while self._end - self._start < count:
            if not self.fill(count):
                self._wait(deadline)

    def fill(self, count: int = 1) -> bool:
        """Take in what has arrived, without waiting; tell whether that was anything.

        Parameters
        ----------
        count
            How many bytes the buffer must have room for, with those already in it.
        """
        if self._start == self._end:
            self._start = self._end = 0
        elif self._start + count > len(self._view) or self._end == len(self._view):
            kept = self._end - self._start
            self._view[:kept] = bytes(self._view[self._start : self._end])
            self._start, self._end = 0, kept
        if self._end == len(self._view):
            return False
        try:
            received = self._socket.recv_into(self._view[self._end :])
        except _WOULD_READ:
            return False
        except ssl.SSLWantWriteError:
            return False
        except (OSError, ValueError) as error:  # ValueError: TLS data on a connection closed under it
            raise TransportClosedError(_reason(error)) from error
        if not received:
            raise TransportClosedError("the connection was closed")
        self._end += received
        return True

    def wait(self, seconds: float) -> bool:
        """Wait until something can be read; tell whether it can."""
        if self._tls is not None and self._tls.pending():
            return True
        return self._poll(write=False, seconds=seconds)

    def _wait(self, deadline: float) -> None:
        seconds = deadline - monotonic()
        if seconds <= 0 or not self.wait(seconds):
            raise TransportTimeoutError

    def _poll(self, *, write: bool, seconds: float) -> bool:
        if self._quickack and not write:
            with contextlib.suppress(OSError):  # the connection may have ended: the read that follows says so
                self._socket.setsockopt(socket.IPPROTO_TCP, _QUICKACK, 1)  # type: ignore[arg-type]
        if not _HAS_POLL:
            sockets = [self._socket]
            ready = select.select([] if write else sockets, sockets if write else [], [], seconds)
            return bool(ready[0] or ready[1])
        return bool((self._poll_out if write else self._poll_in).poll(seconds * 1000))

    # Sending

    def send(self, data: bytes | bytearray | memoryview, patience: float, slowest: int) -> None:
        """Send all of `data`.

        Parameters
        ----------
        patience
            Seconds that the peer may take nothing, or take less than `slowest` bytes a second.

        Raises
        ------
        TransportClosedError, TransportTimeoutError
        """
        sent = self.send_some(data)
        if sent == len(data):
            return
        rest = memoryview(data)[sent:]
        deadline = monotonic() + patience + len(rest) / slowest
        while rest:
            seconds = min(patience, deadline - monotonic())
            if seconds <= 0 or not self._poll(write=True, seconds=seconds):
                raise TransportTimeoutError
            rest = rest[self.send_some(rest) :]

    def send_some(self, data: bytes | bytearray | memoryview) -> int:
        """Send what goes without waiting; give the number of bytes that went."""
        try:
            return self._socket.send(data)
        except _WOULD_WRITE:
            return 0
        except ssl.SSLWantReadError:
            return 0
        except (OSError, ValueError) as error:
            raise TransportClosedError(_reason(error)) from error

    # Ending

    def interrupt(self, *, now: bool = False) -> None:
        """End the connection from another thread: whoever reads from it sees it closed, with `now` who writes too."""
        with contextlib.suppress(OSError):  # not SSLSocket's, which would drop its state
            socket.socket.shutdown(self._socket, socket.SHUT_RDWR if now else socket.SHUT_RD)

    def finish(self, seconds: float) -> None:
        """Let the peer read our last words and close (the state Sta13 with ARTIM, PS3.8 9.2), then close.

        A socket that is closed with bytes unread sends a reset, and a reset takes our last PDU from the peer.
        """
        deadline = monotonic() + seconds
        try:
            if self._tls is not None:
                with contextlib.suppress(OSError, ValueError):  # says close_notify; waits for none
                    self._tls.unwrap()
            socket.socket.shutdown(self._socket, socket.SHUT_WR)
            while monotonic() < deadline:
                self._start = self._end = 0
                if not self.fill():
                    self._wait(deadline)
        except (OSError, TransportClosedError, TransportTimeoutError):
            pass
        finally:
            self.close()

    def close(self) -> None:
        """Close the connection now."""
        with contextlib.suppress(OSError):
            self._socket.close()


def _reason(error: Exception) -> str:
    if isinstance(error, ConnectionResetError | BrokenPipeError | ConnectionAbortedError):
        return "the connection was reset"
    return str(error) or type(error).__name__
