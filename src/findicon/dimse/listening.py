"""The listening socket, of one process or of several that share it."""

import selectors
import socket
import threading
from typing import TypeAlias

from ..errors import QueryError
from ..observe import log

Connection: TypeAlias = socket.socket
"""A connection as it was accepted, for `receive_proposal`."""

_BACKLOG = 512
_PAUSE = 0.1  # seconds after a call that could not be taken


class Listener:
    """Takes calls on an address. Processes that are spawned with it share the socket.

    Parameters
    ----------
    host, port
        IPv4 or IPv6; ``::`` takes both; port 0 takes a free one.

    Attributes
    ----------
    address
        Host and port that it listens on.

    Raises
    ------
    QueryError
        The address is unknown, taken or not allowed.
    """

    def __init__(self, host: str, port: int) -> None:
        self._socket = _listen(host, port)
        self._socket.setblocking(False)
        self._pair: tuple[socket.socket, socket.socket] | None = None
        self._selector: selectors.BaseSelector | None = None
        self._is_stopped: threading.Event | None = None
        self.address: tuple[str, int] = self._socket.getsockname()[:2]

    def open(self) -> None:
        """Be ready for `accept`, in the process that calls it."""
        self._socket.setblocking(False)  # inherited sockets come as their process likes them
        self._pair = socket.socketpair()
        self._is_stopped = threading.Event()
        self._selector = selectors.DefaultSelector()  # select itself knows no descriptors above 1023
        for one in (self._socket, self._pair[0]):
            self._selector.register(one, selectors.EVENT_READ)

    def accept(self) -> tuple[Connection, tuple[str, int]] | None:
        """Wait for a call; give its connection and where it comes from, None once `stop` was called."""
        assert self._selector is not None and self._is_stopped is not None, "open it first"  # noqa: PT018
        while True:
            self._selector.select()
            if self._is_stopped.is_set():
                return None
            try:
                connection, address = self._socket.accept()
            except BlockingIOError:
                continue  # another process took it
            except OSError as error:
                log.warning("a call could not be taken", reason=str(error))
                self._is_stopped.wait(_PAUSE)  # out of descriptors, as a rule: let some end
                continue
            return connection, (_plain(address[0]), address[1])

    def stop(self) -> None:
        """Let `accept` return, from another thread."""
        if self._pair is not None and self._is_stopped is not None:
            self._is_stopped.set()
            self._pair[1].send(b"\0")

    def close(self) -> None:
        """Close it in this process."""
        for one in (self._selector, self._socket, *(self._pair or ())):
            if one is not None:
                one.close()


def _listen(host: str, port: int) -> socket.socket:
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(address, family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        raise QueryError(f"Cannot listen on {host}, port {port}: {error.strerror or error}") from error


def _plain(host: str) -> str:
    """Write an IPv4 address that came in on an IPv6 socket as what it is."""
    return host.removeprefix("::ffff:") if host.startswith("::ffff:") and "." in host else host
