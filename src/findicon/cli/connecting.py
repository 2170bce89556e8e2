"""Whom a command line names: a DICOM peer or a DICOMweb server."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..scu import Client, WebClient, is_web_address
from .settings import Settings


@contextmanager
def connected(settings: Settings, name: str, *, calling_ae_title: str, timeout: float) -> Iterator[Client | WebClient]:
    """Give a client while the block runs.

    Parameters
    ----------
    settings
        The peers that have names.
    name
        ``AET@host:port``, a peer in findicon.toml, or a DICOMweb service's root, ``https://host/dicom-web``.
    calling_ae_title
        What to call ourselves.
    timeout
        Seconds that the peer may say nothing.

    Raises
    ------
    QueryError
        The name is none of these.
    """
    if is_web_address(name):
        with WebClient(name, timeout=timeout, tls=settings.tls.tls(), thumbnail_size=settings.icons.size) as web:
            yield web
    else:
        with Client(settings.peer(name), calling_ae_title=calling_ae_title, timeout=timeout) as client:
            yield client
