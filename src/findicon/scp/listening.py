"""The listening socket."""

import socket

from ..errors import QueryError

_BACKLOG = 512


def listen(host: str, port: int) -> socket.socket:
    """Listen on an address, IPv4 or IPv6; ``::`` takes both.

    Raises
    ------
    QueryError
        The address is unknown, taken or not allowed.
    """
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0]
        both = family == socket.AF_INET6 and host == "::" and socket.has_dualstack_ipv6()
        return socket.create_server(address, family=family, backlog=_BACKLOG, dualstack_ipv6=both)
    except OSError as error:
        raise QueryError(f"Cannot listen on {host}, port {port}: {error.strerror or error}") from error


def wake_pair() -> tuple[socket.socket, socket.socket]:
    """Give two joined sockets: what is sent to the second wakes whoever selects on the first."""
    return socket.socketpair()
