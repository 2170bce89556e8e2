"""A gateway before a real or a scripted archive, for tests that ask through it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from findicon.catalogue import Catalogue
from findicon.gateway import Gateway, GatewaySettings
from findicon.query import Query
from findicon.scp import Server
from findicon.scu import Client, Upstream

PATIENT = {"budget": 60.0, "retries": (0.1, 0.1), "forgotten_after": 0.0}
"""Settings under which a query waits for every picture."""


@dataclass
class Standing:
    """A gateway that is served."""

    gateway: Gateway
    upstream: Upstream
    server: Server

    @property
    def address(self) -> str:
        return str(self.server.address)

    def ask(self, query: Query | Dataset) -> list[Dataset]:
        """Ask it; give the data sets."""
        with Client(self.address) as client:
            return [match.dataset for match in client.find(query)]


@contextmanager
def gateway_before(
    address: str,
    database: Path | str,
    *,
    port: int = 0,
    destination: str = "",
    client: dict[str, object] | None = None,
    settings: dict[str, object] | None = None,
    **more: object,
) -> Iterator[Standing]:
    """Put a gateway before an archive and serve it on 127.0.0.1.

    Parameters
    ----------
    database
        The catalogue that keeps its pictures.
    port
        Where to serve; upstream needs to know it for C-MOVE.
    destination
        Our AE title for C-MOVE.
    client, settings
        For Upstream and GatewaySettings.
    """
    made = GatewaySettings(**(PATIENT | (settings or {})))
    with ExitStack() as stack:
        upstream = stack.enter_context(Upstream(address, associations=made.fetches, **(client or {})))
        catalogue = stack.enter_context(Catalogue(str(database)))
        gateway = stack.enter_context(Gateway(upstream, catalogue, settings=made, destination=destination, **more))
        title = destination or "GATEWAY"
        server = stack.enter_context(
            Server(gateway, ae_title=title, port=port, source=gateway, ingest=gateway, relay=gateway)
        )
        yield Standing(gateway, upstream, server)
