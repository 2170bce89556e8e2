"""The client of the archive that a gateway stands before, from its address."""

from urllib.parse import urlsplit

from ..dimse import Address, Peer, check_host
from ..errors import QueryError
from ..scu import Upstream, WebClient

_SCHEMES = ("http", "https")


def upstream_at(
    address: str | Address | Peer, *, calling_ae_title: str = "FINDICON", fetches: int = 4, timeout: float = 60.0
) -> Upstream | WebClient:
    """Make the client of an archive, and see that its host is known.

    Parameters
    ----------
    address
        ``AET@host:port``, an Address or a Peer, or the ``http(s)://`` address of a DICOMweb service.
    calling_ae_title
        What we call ourselves.
    fetches
        How many associations are kept.
    timeout
        Seconds to wait for the next answer.

    Raises
    ------
    QueryError
        The address is none, or nobody knows its host.
    """
    if isinstance(address, str) and urlsplit(address).scheme in _SCHEMES:
        host = urlsplit(address).hostname
        if not host:
            raise QueryError(f"{address!r} names no host: write http://host:port/path")
        check_host(host)
        return WebClient(address, timeout=timeout)
    client = Upstream(address, associations=fetches, calling_ae_title=calling_ae_title, timeout=timeout)
    check_host(client.peer.address.host)
    return client
