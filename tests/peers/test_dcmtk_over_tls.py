"""TLS with DCMTK in both roles, by the BCP 195 profile, with certificates on both sides."""

import subprocess
from pathlib import Path

import pydicom
import pytest

from findicon.dimse import Tls
from findicon.errors import PeerError
from findicon.scp import Server
from findicon.scu import Client
from integration.certificates import CERTIFICATES, CLIENT, SERVER
from integration.memory_finder import MemoryFinder, MemoryMatch, study
from peers.programs import storescp
from support.dcmtk import findscu
from support.samples import instance, write

pytestmark = pytest.mark.needs("dcmtk")

STUDY_KEYS = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName", "-k", "IconImageSequence")


def secured(name: str) -> tuple[str, ...]:
    return (
        "+tls",
        str(CERTIFICATES / f"{name}.key"),
        str(CERTIFICATES / f"{name}.pem"),
        "+cf",
        str(CERTIFICATES / "authority.pem"),
    )


@pytest.mark.parametrize("profile", ["+px", "+py"], ids=["BCP 195", "BCP 195 non-downgrading"])
def test_dcmtk_asks_us(tmp_path: Path, profile: str) -> None:
    with Server(MemoryFinder([MemoryMatch(study(n)) for n in range(50)]), tls=SERVER) as server:
        outcome = findscu(server.address.port, tmp_path, profile, *secured("client"), *STUDY_KEYS)
    assert "0x0000: Success" in outcome.log, outcome.log[-1000:]
    assert len(outcome.answers) == 50


def test_dcmtk_cancels_over_tls(tmp_path: Path) -> None:
    with Server(MemoryFinder([MemoryMatch(study(n)) for n in range(20)] * 1000), tls=SERVER) as server:
        outcome = findscu(server.address.port, tmp_path, "--cancel", "3", *secured("client"), *STUDY_KEYS)
    assert "0xfe00" in outcome.log.lower(), outcome.log[-1000:]
    assert 3 <= len(outcome.answers) < 20000


def test_a_stranger_does_not_come_in() -> None:
    with Server(MemoryFinder(), tls=SERVER) as server:
        call = ("echoscu", "-v", "127.0.0.1", str(server.address.port))
        plain = subprocess.run(call, capture_output=True, timeout=60, check=False)
        stranger = subprocess.run([*call, *secured("stranger")], capture_output=True, timeout=60, check=False)
        friend = subprocess.run([*call, *secured("client")], capture_output=True, timeout=60, check=False)
    assert (plain.returncode == 0, stranger.returncode == 0, friend.returncode == 0) == (False, False, True)


def test_we_call_dcmtk(tmp_path: Path) -> None:
    with storescp(tmp_path, *secured("server"), tls=CLIENT) as address:
        with Client(address, tls=CLIENT) as client:
            client.store(write(instance(SOPInstanceUID="1.2.3"), tmp_path / "files"))
        (path,) = (tmp_path / "received").iterdir()
        assert pydicom.dcmread(path).SOPInstanceUID == "1.2.3"
        with Client(address, timeout=5) as plain, pytest.raises(PeerError):
            plain.echo()
        no_certificate = Tls(authorities=CERTIFICATES / "authority.pem")
        with Client(address, tls=no_certificate) as nobody, pytest.raises(PeerError):
            nobody.echo()
