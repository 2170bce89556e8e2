"""``findicon gateway``: stand before archives that have no pictures, and give their answers with them."""

from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Annotated, NamedTuple

import typer

from ..archive import FileRenderer
from ..catalogue import Catalogue
from ..errors import QueryError
from ..gateway import Gateway, GatewayFigures, GatewaySettings, Prefetch, upstream_at
from ..icons import BurnedIn
from ..observe import Figures, configure, log
from ..scp import Branch, BranchServer, Server
from ..scu import is_web_address
from .databases import usable, without_password
from .serving import Parts, asking_hint, audit_file, certificate, dicom_server, renders, web_server
from .settings import Settings, load_settings
from .stopping import until_stopped, wait
from .upstreams import UpstreamSettings


def gateway(
    upstream: Annotated[
        str | None,
        typer.Option(metavar="PEER", help="The archive: AET@host:port, a peer's name, or an http(s) address."),
    ] = None,
    prefetch: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Make these studies' pictures ahead, as in StudyDate=today."),
    ] = None,
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Path or URL of the database that keeps the pictures.")
    ] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="The settings: a findicon.toml.")] = None,
    host: Annotated[
        str | None, typer.Option(metavar="H", help="Address to listen on; any but this machine's own needs peers.")
    ] = None,
    dicom_port: Annotated[int | None, typer.Option(metavar="N", help="Port to listen on; 0 takes a free one.")] = None,
    web_port: Annotated[
        int | None, typer.Option(metavar="N", help="Port for pages and DICOMweb, on this machine alone.")
    ] = None,
    ae_title: Annotated[str | None, typer.Option(metavar="AET", help="What to call ourselves.")] = None,
) -> int:
    """Answer like another archive, with the pictures that it does not have."""
    flags = {
        "database": database,
        "host": host,
        "dicom_port": dicom_port,
        "web_port": web_port,
        "ae_title": ae_title,
    }
    settings = load_settings(config, server=flags)
    upstreams = {"": UpstreamSettings(peer=upstream)} if upstream else settings.upstreams
    if not upstreams:
        raise QueryError("A gateway needs an archive to stand before: --upstream AET@host:port, or [upstreams.NAME]")
    with until_stopped(), ExitStack() as stack:
        configure("info", audit_file=audit_file(settings))
        catalogue = stack.enter_context(Catalogue(usable(settings.database)))
        render = stack.enter_context(FileRenderer(render=renders(settings)))
        figures = Figures()
        parts = _Common(settings, catalogue, render, GatewayFigures(figures))
        gateways: dict[str, Gateway] = {}
        for title, one in _by_title(settings, upstreams).items():
            gateways[title] = made = stack.enter_context(_gateway(parts, one, title))
            if prefetch or one.prefetch:
                stack.enter_context(Prefetch(made, prefetch or one.prefetch, interval=one.prefetch_seconds))
        server = stack.enter_context(_server(settings, gateways))
        first = next(iter(gateways.values()))
        web = stack.enter_context(web_server(settings, Parts(first, first, first, first, relay=first), figures))
        log.info(
            "gateway",
            upstreams=[one.name for one in gateways.values()],
            database=without_password(settings.database),
            web=web.address,
            **asking_hint(server.address, settings),
        )
        wait()
    return 0


def _by_title(settings: Settings, upstreams: dict[str, UpstreamSettings]) -> dict[str, UpstreamSettings]:
    """Give the upstreams by the AE title that is called for each."""
    titles: dict[str, UpstreamSettings] = {}
    for name, one in upstreams.items():
        title = one.called_ae_title or settings.server.ae_title
        if title in titles:
            raise QueryError(f"[upstreams.{name}] and another one are both called {title}: set called_ae_title")
        titles[title] = one
    return titles


class _Common(NamedTuple):
    """What all gateways of this process share."""

    settings: Settings
    catalogue: Catalogue
    render: FileRenderer
    figures: GatewayFigures


@contextmanager
def _gateway(common: _Common, one: UpstreamSettings, title: str) -> Iterator[Gateway]:
    """Give the gateway before an archive while the block runs; raise QueryError for an address that is none."""
    settings = common.settings
    address = one.peer if is_web_address(one.peer) else settings.peer(one.peer)
    client = upstream_at(address, calling_ae_title=title, fetches=one.fetches, tls=settings.tls.tls())
    with (
        closing(client),
        Gateway(
            client,
            common.catalogue,
            settings=GatewaySettings(
                budget=one.budget_ms / 1000,
                fetches=one.fetches,
                size=settings.icons.size,
                rule=settings.icons.rule,
                rules=settings.icons.rules,
                burned_in=BurnedIn(settings.icons.burned_in),
                cache_bytes=settings.icons.cache_bytes,
            ),
            destination=title,
            render=common.render,
            figures=common.figures,
        ) as made,
    ):
        yield made


def _server(settings: Settings, gateways: dict[str, Gateway]) -> Server:
    """Make the DICOM server: of one archive, whatever it is called, or of several, told apart by their titles."""
    if len(gateways) == 1:
        only = next(iter(gateways.values()))
        return dicom_server(settings, Parts(only, only, only, only, relay=only))
    own = settings.server
    return BranchServer(
        {title: Branch(one, one, one, one) for title, one in gateways.items()},
        host=own.host,
        port=own.dicom_port,
        peers=settings.named_peers(),
        limits=own.limits.exchange(),
        tls=certificate(settings),
    )
