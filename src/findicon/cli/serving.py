"""What answers on the network, joined: an archive, the DICOM server and the web server before it."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from ..archive import Choice, FileSource, IconMaker, IconQueue, Storage
from ..catalogue import Catalogue, CatalogueFinder
from ..dimse import Address, Listener, Tls
from ..errors import QueryError
from ..icons import BurnedIn
from ..observe import configure
from ..pixels import Limits as PixelLimits
from ..pixels import Picture, render
from ..query import Finder, IconSource, Ingest, InstanceSource, Overview
from ..scp import Places, Server, Workers, is_loopback
from ..web import WebServer, WebSettings, create_app
from .databases import file_of
from .folders import data_folder
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """What a server is joined to: whoever finds, has pictures, has instances and takes them in."""

    finder: Finder
    icons: IconSource
    source: InstanceSource
    ingest: Ingest
    overview: Overview | None = None


class Listening(Protocol):
    """A DICOM server, of one process or several."""

    @property
    def address(self) -> Address:
        """Where it listens, and as whom."""
        ...


@contextmanager
def archive(settings: Settings, catalogue: Catalogue, *, picture_budget: float = 2.0) -> Iterator[Parts]:
    """Give an archive over a catalogue while the block runs.

    Parameters
    ----------
    settings
        Who we are, which pictures, where instances are stored.
    catalogue
        What is served.
    picture_budget
        Seconds that one query may spend on pictures that are made for it.
    """
    choice = Choice(settings.icons.size, settings.icons.rule, settings.icons.rules)
    with (
        IconMaker(catalogue, choice=choice, render=renders(settings)) as icons,
        IconQueue(icons) as queue,
        Storage(settings.storage, catalogue, stored=queue.wake) as storage,
    ):
        icons.warm_up()
        finder = CatalogueFinder(
            catalogue,
            retrieve_ae_title=settings.server.ae_title,
            icons=icons,
            limit=settings.server.limits.matches,
            picture_budget=picture_budget,
        )
        yield Parts(finder, icons, FileSource(catalogue), storage, catalogue)


def dicom_server(
    settings: Settings, parts: Parts, *, listener: Listener | None = None, places: Places | None = None
) -> Server:
    """Make the DICOM server before what it is joined to.

    Parameters
    ----------
    listener, places
        Where several processes answer together.

    Raises
    ------
    QueryError
        The address can be reached by others and no peers are named, or it cannot be listened on.
    """
    return Server(
        parts.finder,
        ae_title=settings.server.ae_title,
        host=settings.server.host,
        port=settings.server.dicom_port,
        peers=settings.named_peers(),
        limits=settings.server.limits.exchange(),
        source=parts.source,
        ingest=parts.ingest,
        tls=certificate(settings),
        listener=listener,
        places=places,
    )


def certificate(settings: Settings) -> Tls | None:
    """Give what we are called with; None where we are called without TLS.

    Raises
    ------
    QueryError
        A peer is to talk TLS with us, and there is no certificate: a listener without TLS is not what was meant.
    """
    needs = next((name for name, peer in settings.peers.items() if peer.tls), None)
    if needs is not None and settings.tls.certificate is None:
        raise QueryError(
            f"Peer {needs} talks TLS, but [tls] has no certificate to be called with: set certificate and key"
        )
    return settings.tls.tls()


def renders(settings: Settings) -> Callable[..., Picture]:
    """Give what makes pictures within our limits; worker processes take it by its name."""
    return partial(render, limits=PixelLimits(pixels=settings.server.limits.pixels))


def web_server(settings: Settings, parts: Parts) -> WebServer:
    """Make the web server before what it is joined to.

    It asks nobody who he is, so it listens on this machine alone: others come through a proxy that asks.
    """
    own = settings.server
    host = own.host if is_loopback(own.host) else "127.0.0.1"
    app = create_app(
        parts.finder,
        parts.icons,
        parts.source,
        ingest=parts.ingest,
        overview=parts.overview,
        settings=WebSettings(burned_in=BurnedIn(settings.icons.burned_in)),
    )
    return WebServer(app, host, own.web_port, certificate=settings.tls.certificate, key=settings.tls.key)


@contextmanager
def serving(
    settings: Settings, catalogue: Catalogue, *, picture_budget: float = 2.0
) -> Iterator[tuple[Listening, WebServer]]:
    """Serve a catalogue over DICOM and HTTP while the block runs.

    Raises
    ------
    QueryError
        An address can be reached by others and no peers are named, or it cannot be listened on.
    """
    with (
        archive(settings, catalogue, picture_budget=picture_budget) as parts,
        _dicom(settings, parts) as server,
        web_server(settings, parts) as web,
    ):
        yield server, web


@contextmanager
def _dicom(settings: Settings, parts: Parts) -> Iterator[Listening]:
    count = settings.server.workers or 1
    if count == 1:
        with dicom_server(settings, parts) as server:
            yield server
        return
    certificate(settings)  # here, not in each worker
    build = partial(worker, settings)
    own = settings.server
    with Workers(build, count=count, host=own.host, port=own.dicom_port, limits=own.limits.exchange()) as workers:
        yield _Together(Address(own.ae_title, *workers.address))


@dataclass(frozen=True, slots=True)
class _Together:
    """Several processes that answer on one socket."""

    address: Address


@contextmanager
def worker(settings: Settings, listener: Listener, places: Places) -> Iterator[None]:
    """Be one of several processes that answer on one socket."""
    configure("info", audit_file=audit_file(settings))
    with (
        Catalogue(settings.database) as catalogue,
        archive(settings, catalogue) as parts,
        dicom_server(settings, parts, listener=listener, places=places),
    ):
        yield


def audit_file(settings: Settings) -> Path:
    """Give the file that says who asked what, beside the database, where only its owner looks."""
    path = file_of(settings.database)
    folder = path.parent if path is not None else data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "audit.jsonl"


def how_to_ask(address: Address) -> list[str]:
    """Give the command lines that ask a server, with DCMTK and with findicon."""
    keys = "-k QueryRetrieveLevel=STUDY -k PatientName -k IconImageSequence"
    return [
        f"findscu -S -aec {address.ae_title} {keys} {address.host} {address.port}",
        f"findicon find {address} 'PatientName=DOE*'",
    ]
