"""DCMTK's movescu and getscu before the gateway, Orthanc and dcmqrscp behind it: upstream sends to whom it knows."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from findicon.dimse import Peer
from findicon.scp import Server
from findicon.scu import Client
from peers.programs import dcmqrscp, orthanc, storescp
from support.gateways import Standing, gateway_before
from support.samples import write_series

STATION = "STATION"
COUNT = 5


@dataclass
class Setting:
    standing: Standing
    received: Path
    station: str

    def run(self, program: str, *arguments: str, address: str = "") -> str:
        """Run a program of DCMTK against the gateway."""
        title, _, place = (address or self.standing.address).partition("@")
        host, _, port = place.partition(":")
        command = [program, "-v", "-S", "-aet", "GATEWAY", "-aec", title, *arguments, host, port]
        done = subprocess.run(command, check=False, capture_output=True, text=True, cwd=self.received.parent)
        return done.stdout + done.stderr


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("orthanc", marks=[pytest.mark.needs("orthanc", "dcmtk"), pytest.mark.xdist_group("orthanc")]),
        pytest.param("dcmqrscp", marks=[pytest.mark.needs("dcmtk"), pytest.mark.xdist_group("dcmqrscp")]),
    ],
)
def setting(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Setting]:
    folder = tmp_path_factory.mktemp(request.param)
    files = write_series(folder / "files", COUNT, StudyInstanceUID="1.2.3", SeriesInstanceUID="1.2.3.1")
    with ExitStack() as stack:
        station = stack.enter_context(storescp(folder))
        port = int(station.rpartition(":")[2])
        if request.param == "orthanc":
            address = stack.enter_context(orthanc(folder, modalities={"station": (STATION, port)}))
        else:
            address = stack.enter_context(dcmqrscp(folder, movers={STATION: port}))
        with Client(address) as client:
            for path in files:
                client.store(path)
        standing = stack.enter_context(gateway_before(address, folder / "catalogue.sqlite"))
        yield Setting(standing, folder / "received", station)


def test_the_workstation_gets_it_from_the_archive(setting: Setting, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setting.standing.gateway, "open", None)  # nothing comes through here
    keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3"]
    said = setting.run("movescu", "-aem", STATION, *keys)
    assert "Received Final Move Response (Success)" in said, said
    assert len(list(setting.received.iterdir())) == COUNT


def test_a_destination_that_nobody_knows(setting: Setting) -> None:
    said = setting.run("movescu", "-aem", "NOBODY", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")
    assert "Move response with error status" in said, said


def test_a_destination_that_only_the_gateway_knows(setting: Setting) -> None:
    place = setting.station.partition("@")[2]
    peers = [Peer.at(f"OTHER@{place}", verbs=()), Peer.at("GATEWAY@127.0.0.1:104", verbs=("echo", "move"))]
    gateway = setting.standing.gateway
    for path in setting.received.iterdir():
        path.unlink()
    with Server(gateway, source=gateway, relay=gateway, peers=peers) as server:
        keys = ["-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3"]
        said = setting.run("movescu", "-aem", "OTHER", *keys, address=str(server.address))
    assert len(list(setting.received.iterdir())) == COUNT, said


def test_getscu_gets_it_through_the_gateway(setting: Setting, tmp_path: Path) -> None:
    said = setting.run("getscu", "-od", str(tmp_path), "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3")
    assert len(list(tmp_path.iterdir())) == COUNT, said
