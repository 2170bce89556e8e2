"""Orthanc in both roles: it asks, moves and stores; we ask, get, move and store."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest

from findicon.dimse import Address, Peer
from findicon.errors import PeerError
from findicon.query import Query
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryFinder, picture
from peers.programs import NO_DELAY, free_port, orthanc
from support.samples import instance, real_file, write

pytestmark = [pytest.mark.needs("orthanc"), pytest.mark.xdist_group("orthanc")]

STUDIES = 10


@pytest.fixture(scope="module")
def move_port() -> int:
    return free_port()


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory, move_port: int) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("orthanc")
    modalities = {"findicon": ("FINDICON", move_port)}
    with orthanc(folder, modalities=modalities, environment=NO_DELAY) as address:
        with Client(address) as client:
            for number in range(STUDIES):
                dataset = instance(
                    PatientID=f"P{number}",
                    PatientName=f"DOE^J{number}",
                    StudyInstanceUID=f"1.2.3.{number}",
                    SeriesInstanceUID=f"1.2.3.{number}.1",
                    SOPInstanceUID=f"1.2.3.{number}.1.1",
                )
                if number == 0:
                    dataset.IconImageSequence = [picture()]
                client.store(write(dataset, folder / "files"))
        yield address


@pytest.mark.parametrize("level", ["PATIENT", "STUDY"])
def test_find(archive: str, level: str) -> None:
    with Client(archive) as client:
        answers = [match.dataset for match in client.find(Query(level))]
    assert sorted(str(one.PatientName) for one in answers) == [f"DOE^J{number}" for number in range(STUDIES)]


def test_find_below(archive: str) -> None:
    with Client(archive) as client:
        (series,) = client.find(Query("SERIES", StudyInstanceUID="1.2.3.5"))
        (image,) = client.find(Query("IMAGE", StudyInstanceUID="1.2.3.5", SeriesInstanceUID="1.2.3.5.1"))
    assert series.dataset.Modality == "CT"
    assert image.dataset.SOPInstanceUID == "1.2.3.5.1.1"


def test_its_hollow_icon_is_none_with_a_reason(archive: str) -> None:
    with Client(archive) as client:
        (match,) = client.find(Query("STUDY", PatientID="P0", icon=True))
    assert len(match.dataset.IconImageSequence) == 1
    assert match.icon is None
    assert match.icon_problem


def test_no_answer_is_lost_in_two_thousand_queries(archive: str) -> None:
    with Client(archive) as client:
        found = sum(
            1
            for number in range(2000)
            for match in client.find(Query("STUDY", PatientID=f"P{number % STUDIES}", defaults=False))
            if str(match.dataset.PatientID) == f"P{number % STUDIES}"
        )
    assert found == 2000


def test_get(archive: str) -> None:
    kept = MemoryArchive()
    with Client(archive) as client:
        done = client.get(Query("SERIES", StudyInstanceUID="1.2.3.4", SeriesInstanceUID="1.2.3.4.1"), kept)
    assert (done.completed, done.failed) == (1, 0)
    assert list(kept.files) == ["1.2.3.4.1.1"]


def test_move_to_our_server(archive: str, move_port: int) -> None:
    kept = MemoryArchive()
    with Server(MemoryFinder(), ingest=kept, port=move_port), Client(archive) as client:
        done = client.move(Query("STUDY", StudyInstanceUID="1.2.3.6"), "FINDICON")
        with pytest.raises(PeerError):
            client.move(Query("STUDY", StudyInstanceUID="1.2.3.6"), "NOBODY")
    assert (done.completed, done.failed) == (1, 0)
    assert list(kept.files) == ["1.2.3.6.1.1"]
    assert kept.senders == ["ORTHANC"]


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm", "image_dfl.dcm"])
def test_store_compressed(archive: str, name: str) -> None:
    with Client(archive) as client:
        client.store(real_file(name))


def test_we_move_to_orthanc(archive: str, tmp_path: Path) -> None:
    held = MemoryArchive(
        instance(SOPInstanceUID="9.8.7", StudyInstanceUID="9.8", SeriesInstanceUID="9.8.1", PatientID="MOVED")
    )
    peers = [
        Peer("orthanc", Address.parse(archive)),
        Peer("asker", Address("ASKER", "127.0.0.1", 104), frozenset({"move"})),
    ]
    with Server(held, source=held, peers=peers) as server:
        with Client(server.address, calling_ae_title="ASKER") as client:
            done = client.move(Query("STUDY", StudyInstanceUID="9.8"), "ORTHANC")
    assert (done.completed, done.failed) == (1, 0)
    with Client(archive) as client:
        (match,) = client.find(Query("STUDY", PatientID="MOVED"))
    assert match.dataset.StudyInstanceUID == "9.8"


# Orthanc asks us


def rest(port: int, path: str, body: object = None) -> Any:
    """Ask Orthanc's web interface to do something."""
    data = None if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
    request = Request(f"http://127.0.0.1:{port}{path}", data=data)
    with urlopen(request, timeout=60) as answer:
        return json.loads(answer.read() or b"null")


def test_it_calls_us_with_every_verb(tmp_path: Path) -> None:
    held = MemoryArchive(
        *(instance(SOPInstanceUID=f"1.2.{n}", StudyInstanceUID="1.2", SeriesInstanceUID="1.2.0") for n in (1, 2))
    )
    port, web = free_port(), free_port()
    settings = {"HttpServerEnabled": True, "HttpPort": web, "RemoteAccessAllowed": False}
    with orthanc(tmp_path, modalities={"findicon": ("FINDICON", port)}, **settings) as address:
        peers = [Peer("orthanc", Address.parse(address), frozenset({"echo", "find", "move", "store"}))]
        with Server(held, source=held, ingest=held, peers=peers, port=port):
            rest(web, "/modalities/findicon/echo", {})
            query = rest(web, "/modalities/findicon/query", {"Level": "Study", "Query": {"PatientID": "P1"}})
            answers = rest(web, f"/queries/{query['ID']}/answers")
            moved = rest(web, f"/queries/{query['ID']}/retrieve", b"ORTHANC")
            kept = rest(web, "/instances")
            added = rest(web, "/instances", write(instance(SOPInstanceUID="9.9.9"), tmp_path / "more").read_bytes())
            stored = rest(web, "/modalities/findicon/store", [added["ID"]])
    assert len(answers) == 2
    assert len(kept) == 2
    assert moved["Description"] == "REST API"
    assert stored["FailedInstancesCount"] == 0
    assert held.dataset("9.9.9").PatientName == "DOE^JANE"
    assert held.senders == ["ORTHANC"]
