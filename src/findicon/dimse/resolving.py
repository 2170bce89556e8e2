"""Whether a host has an address at all, for those who want to know before they need it."""

import socket

from ..errors import QueryError


def check_host(host: str) -> None:
    """Look a host's name up.

    Parameters
    ----------
    host
        A name or an IP address.

    Raises
    ------
    QueryError
        Nobody knows it by that name.
    """
    try:
        socket.getaddrinfo(host, None)
    except (OSError, UnicodeError) as error:
        raise QueryError(f"The host {host!r} is not known: {getattr(error, 'strerror', None) or error}") from error
