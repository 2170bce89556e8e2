"""Whom a command line names, a DICOM peer or a DICOMweb server, and what it has us called."""

from collections.abc import Iterator
from contextlib import contextmanager

from ..dimse import is_ae_title
from ..errors import QueryError
from ..scu import Client, WebClient, is_web_address
from .settings import Settings


def calling_title(settings: Settings, given: str | None) -> str:
    """Give what we call ourselves: as ``--calling-ae-title`` says, else as [server] does.

    Raises
    ------
    QueryError
        What was given is no AE title.
    """
    if given is None:
        return settings.server.ae_title
    if not is_ae_title(given):
        raise QueryError(f"--calling-ae-title {given!r} is no AE title: 1 to 16 characters without backslash")
    return given


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
