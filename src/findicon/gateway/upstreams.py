"""The client of the archive that a gateway stands before, from its address."""

from urllib.parse import urlsplit

from ..dimse import Address, Peer, Tls, check_host
from ..scu import Upstream, WebClient, is_web_address


def upstream_at(
    address: str | Address | Peer,
    *,
    calling_ae_title: str = "FINDICON",
    fetches: int = 4,
    timeout: float = 60.0,
    tls: Tls | None = None,
) -> Upstream | WebClient:
    """Make the client of an archive, and see that its host is known.

    Parameters
    ----------
    address
        ``AET@host:port``, an Address or a Peer, or the ``http(s)://`` address of a DICOMweb service, which may have a
        name and a password in it.
    calling_ae_title
        What we call ourselves.
    fetches
        How many associations are kept.
    timeout
        Seconds to wait for the next answer.
    tls
        For HTTPS: whom we trust, and our own certificate. A Peer has its own.

    Raises
    ------
    QueryError
        The address is none, or nobody knows its host.
    """
    if is_web_address(address):
        web = WebClient(address, timeout=timeout, tls=tls)
        check_host(urlsplit(web.address).hostname or "")
        return web
    client = Upstream(address, associations=fetches, calling_ae_title=calling_ae_title, timeout=timeout)
    check_host(client.peer.address.host)
    return client
