"""What answers on the network, joined: an archive, the DICOM server and the web server before it."""

import shlex
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from ..archive import FileSource, IconMaker, IconQueue, Storage
from ..catalogue import Catalogue, CatalogueFinder
from ..dimse import Address, Listener, Tls
from ..errors import QueryError
from ..icons import BurnedIn
from ..observe import Figures, configure
from ..pixels import Limits as PixelLimits
from ..pixels import Picture, render
from ..query import Finder, IconSource, Ingest, InstanceSource, Overview, Relay
from ..scp import Places, Server, Workers, collect_seldom, is_loopback
from ..web import Renderer, Viewer, WebServer, WebSettings, create_app, render_view
from .choosing import choice_of
from .databases import file_of
from .folders import data_folder
from .settings import Settings


@dataclass(frozen=True, slots=True)
class Parts:
    """What a server is joined to: whoever finds, has pictures, has instances, takes them in and has them sent."""

    finder: Finder
    icons: IconSource
    source: InstanceSource
    ingest: Ingest
    overview: Overview | None = None
    relay: Relay | None = None
    renderer: Renderer | None = None


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
    with (
        IconMaker(catalogue, choice=choice_of(settings.icons), render=renders(settings)) as icons,
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
        view = partial(render_view, limits=_pixel_limits(settings))
        renderer = partial(icons.rendered, view)
        yield Parts(finder, icons, FileSource(catalogue), storage, catalogue, renderer=renderer)


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
        relay=parts.relay,
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
    tls = settings.tls.tls()
    return tls if tls is not None and tls.certificate is not None else None  # authorities alone are for calling


def renders(settings: Settings) -> Callable[..., Picture]:
    """Give what makes pictures within our limits; worker processes take it by its name."""
    return partial(render, limits=_pixel_limits(settings))


def _pixel_limits(settings: Settings) -> PixelLimits:
    return PixelLimits(pixels=settings.server.limits.pixels)


def web_server(settings: Settings, parts: Parts, figures: Figures | None = None) -> WebServer:
    """Make the web server before what it is joined to.

    Where it knows who asks, by name and password or by certificate, it listens where the DICOM server does; else on
    this machine alone, and others come through a proxy that asks.

    Parameters
    ----------
    figures
        What else ``/metrics`` shall tell.

    Raises
    ------
    QueryError
        Passwords would travel in the clear, or the settings are wrong.
    """
    own, web, tls = settings.server, settings.web, settings.tls
    asks = bool(web.users) or (tls.authorities is not None and tls.certificate is not None)
    host = own.host if asks or is_loopback(own.host) else "127.0.0.1"
    if web.users and not is_loopback(host) and tls.certificate is None:
        raise QueryError("Passwords of [web.users] would travel in the clear: [tls] needs certificate and key")
    app = create_app(
        parts.finder,
        parts.icons,
        parts.source,
        ingest=parts.ingest,
        overview=parts.overview,
        renderer=parts.renderer,
        figures=figures,
        settings=WebSettings(
            pixel_limits=_pixel_limits(settings),
            burned_in=BurnedIn(settings.icons.burned_in),
            public_url=web.public_url,
            allowed_hosts=(*WebSettings().allowed_hosts, *web.hosts),
            allowed_origins=web.origins,
            users=web.users,
            viewers=[Viewer(name, template) for name, template in web.viewers.items()],
        ),
    )
    return WebServer(
        app,
        host,
        own.web_port,
        certificate=tls.certificate,
        key=tls.key,
        authorities=tls.authorities if tls.certificate is not None else None,
        behind_proxy=bool(web.public_url),
    )


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
        collect_seldom()
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
        collect_seldom()
        yield


def audit_file(settings: Settings) -> Path:
    """Give the file that says who asked what, beside the database, where only its owner looks."""
    path = file_of(settings.database)
    folder = path.parent if path is not None else data_folder()
    folder.mkdir(parents=True, exist_ok=True)
    return folder / "audit.jsonl"


def asking_hint(address: Address, settings: Settings) -> dict[str, str]:
    """Give the command line that asks a server, for its log."""
    lines = how_to_ask(address, settings)
    return {"ask": lines[0]} if lines else {}


def how_to_ask(address: Address, settings: Settings | None = None) -> list[str]:
    """Give the command lines that ask a server, with DCMTK and with findicon.

    They name a peer that may ask, where peers are named, and this machine where the server listens on every address;
    of a server that talks TLS none.
    """
    if settings is not None and settings.tls.certificate is not None:
        return []
    host = {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(address.host, address.host)  # noqa: S104
    peers = settings.peers.values() if settings is not None else ()
    callers = [Address.parse(peer.address).ae_title for peer in peers if "find" in peer.verbs]
    if peers and not callers:
        return []
    as_whom = (
        (f"-aet {shlex.quote(callers[0])} ", f" --calling-ae-title {shlex.quote(callers[0])}") if callers else ("", "")
    )
    keys = "-k QueryRetrieveLevel=STUDY -k PatientName -k IconImageSequence"
    place = Address(address.ae_title, host, address.port)
    return [
        f"findscu -S {as_whom[0]}-aec {shlex.quote(address.ae_title)} {keys} {host} {address.port}",
        f"findicon find {shlex.quote(str(place))} 'PatientName=DOE*'{as_whom[1]}",
    ]
