"""A gateway before a real or a scripted archive, for tests that ask through it."""

import os
import re
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from pydicom.dataset import Dataset

from findicon.catalogue import Catalogue
from findicon.dimse import Tls
from findicon.gateway import Gateway, GatewaySettings
from findicon.query import Match, Query
from findicon.scp import Server
from findicon.scu import Client, Upstream

PATIENT = {"budget": 60.0, "retries": (0.1, 0.1), "forgotten_after": 0.0}
"""Settings under which a query waits for every picture."""

# A pool of spawned processes needs a main module that it can import.
_PROGRAM = "from findicon.cli import main\n\nif __name__ == '__main__':\n    main()\n"


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


class Running:
    """A gateway that runs.

    Attributes
    ----------
    address, web
        Where it answers over DIMSE and over HTTP.
    """

    def __init__(self, address: str, web: str, tls: Tls | None) -> None:
        self.address = address
        self.web = web
        self._tls = tls

    def ask(self, query: Query) -> list[Match]:
        with Client(self.address, tls=self._tls) as client:
            return list(client.find(query))

    def pictures(self, query: Query) -> int:
        return sum(match.icon is not None for match in self.ask(query))

    def figure(self, name: str) -> dict[str, float]:
        """Give a figure by its labels, as /metrics tells it."""
        with urllib.request.urlopen(f"{self.web}/metrics") as answer:
            text = answer.read().decode()
        found = re.findall(rf"^{name}(?:{{(.*)}})? (\S+)$", text, re.MULTILINE)
        return {labels: float(value) for labels, value in found}


@contextmanager
def gateway_process(folder: Path, settings: str, *arguments: str, tls: Tls | None = None) -> Iterator[Running]:
    """Run `findicon gateway` in a folder of its own; with a Tls it is called by TLS."""
    folder.mkdir()
    (folder / "findicon_program.py").write_text(_PROGRAM)
    (folder / "findicon.toml").write_text(settings)
    environment = os.environ | {
        "XDG_CONFIG_HOME": str(folder / "config"),
        "XDG_DATA_HOME": str(folder / "data"),
        "PYTHONUNBUFFERED": "1",
    }
    command = [sys.executable, "findicon_program.py", "gateway", "--dicom-port", "0", "--web-port", "0", *arguments]
    with subprocess.Popen(command, cwd=folder, env=environment, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        log = []
        try:
            for line in process.stderr:
                log.append(line)
                if web := re.search(r" web=(\S+)", line):
                    break
            addresses = re.findall(r" address=(\S+@\S+)", "".join(log))
            assert web, "".join(log)
            yield Running(addresses[0], web[1], tls)
        finally:
            process.terminate()
            process.communicate()
