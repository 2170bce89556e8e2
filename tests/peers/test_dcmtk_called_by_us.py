"""Our client, DCMTK's dcmqrscp and storescp as SCP: every verb, and the answers to the last one."""

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.errors import PeerError
from findicon.query import Query
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryFinder
from peers.programs import NO_DELAY, dcmqrscp, free_port, storescp
from support.samples import instance, real_file, write

pytestmark = [pytest.mark.needs("dcmtk"), pytest.mark.xdist_group("dcmqrscp")]

STUDIES = 20


def fill(address: str, folder: Path, studies: int = STUDIES) -> None:
    with Client(address) as client:
        for number in range(studies):
            for image in (1, 2):
                dataset = instance(
                    PatientID=f"P{number}",
                    PatientName=f"DOE^J{number}",
                    StudyInstanceUID=f"1.2.3.{number}",
                    SeriesInstanceUID=f"1.2.3.{number}.1",
                    SOPInstanceUID=f"1.2.3.{number}.1.{image}",
                    InstanceNumber=image,
                )
                client.store(write(dataset, folder))


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("dcmqrscp")
    with dcmqrscp(folder) as address:
        fill(address, folder / "files")
        yield address


def test_find_deflated(tmp_path: Path) -> None:
    with dcmqrscp(tmp_path, "+xd", transfer_syntaxes=[DeflatedExplicitVRLittleEndian]) as address:
        fill(address, tmp_path / "files", studies=3)
        with Client(address, transfer_syntaxes=[DeflatedExplicitVRLittleEndian]) as client:
            found = [str(one.dataset.PatientName) for one in client.find(Query("STUDY"))]
    assert sorted(found) == ["DOE^J0", "DOE^J1", "DOE^J2"]


@pytest.mark.parametrize("syntax", [ExplicitVRLittleEndian, ImplicitVRLittleEndian])
def test_find_at_all_levels(archive: str, syntax: str) -> None:
    with Client(archive, transfer_syntaxes=[syntax]) as client:
        patients = list(client.find(Query("PATIENT")))
        studies = list(client.find(Query("STUDY")))
        series = list(client.find(Query("SERIES", StudyInstanceUID="1.2.3.7")))
        images = list(client.find(Query("IMAGE", StudyInstanceUID="1.2.3.7", SeriesInstanceUID="1.2.3.7.1")))
    assert {str(one.dataset.PatientID) for one in patients} == {f"P{number}" for number in range(STUDIES)}
    assert len(studies) == STUDIES
    assert [str(one.dataset.SeriesInstanceUID) for one in series] == ["1.2.3.7.1"]
    assert sorted(str(one.dataset.SOPInstanceUID) for one in images) == ["1.2.3.7.1.1", "1.2.3.7.1.2"]


def test_the_raw_query_goes_out_as_it_is(archive: str) -> None:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.PatientName = "DOE^J1*"
    identifier.StudyInstanceUID = ""
    with Client(archive) as client:
        found = [str(one.dataset.PatientName) for one in client.find(identifier)]
    assert sorted(found) == sorted(f"DOE^J{number}" for number in (1, *range(10, 20)))
    assert "SpecificCharacterSet" not in identifier


def test_a_wrong_question_raises_the_status(archive: str) -> None:
    identifier = Dataset()
    identifier.PatientName = "DOE*"
    with Client(archive) as client:
        with pytest.raises(PeerError) as caught:
            list(client.find(identifier))
        assert caught.value.status in range(0xA900, 0xD000)
        assert str(caught.value).startswith(archive)
        assert len(list(client.find(Query("STUDY")))) == STUDIES


def test_leaving_early_cancels_and_the_association_serves_on(archive: str) -> None:
    with Client(archive) as client:
        for _ in range(5):
            matches = client.find(Query("STUDY"))
            assert next(matches).dataset.StudyInstanceUID
            matches.close()
            assert len(list(client.find(Query("STUDY", limit=3)))) == 3
        client.echo()


def test_no_answer_is_lost_in_two_thousand_queries(tmp_path: Path) -> None:
    with dcmqrscp(tmp_path, environment=NO_DELAY) as address:
        fill(address, tmp_path / "files", studies=10)
        with Client(address) as client:
            found = sum(
                1
                for number in range(2000)
                for match in client.find(Query("STUDY", PatientID=f"P{number % 10}", defaults=False))
                if str(match.dataset.PatientID) == f"P{number % 10}"
            )
    assert found == 2000


def test_get_brings_what_was_stored(archive: str) -> None:
    kept = MemoryArchive()
    steps: list[int] = []
    with Client(archive) as client:
        done = client.get(
            Query("STUDY", StudyInstanceUID="1.2.3.4"), kept, progress=lambda _, remaining: steps.append(remaining)
        )
    assert (done.completed, done.failed, done.warnings) == (2, 0, 0)
    assert sorted(kept.files) == ["1.2.3.4.1.1", "1.2.3.4.1.2"]
    assert kept.dataset("1.2.3.4.1.1").PixelData == instance().PixelData
    assert steps == sorted(steps, reverse=True)


def test_move_sends_to_our_server(tmp_path: Path) -> None:
    port = free_port()
    kept = MemoryArchive()
    with dcmqrscp(tmp_path, movers={"FINDICON": port}) as address:
        fill(address, tmp_path / "files", studies=2)
        with Server(MemoryFinder(), ingest=kept, port=port), Client(address) as client:
            done = client.move(Query("SERIES", StudyInstanceUID="1.2.3.1", SeriesInstanceUID="1.2.3.1.1"), "FINDICON")
            with pytest.raises(PeerError) as caught:
                client.move(Query("STUDY", StudyInstanceUID="1.2.3.1"), "NOBODY")
    assert (done.completed, done.failed) == (2, 0)
    assert sorted(kept.files) == ["1.2.3.1.1.1", "1.2.3.1.1.2"]
    assert caught.value.status == 0xA801


@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "image_dfl.dcm"])
def test_store_as_it_is(tmp_path: Path, name: str) -> None:
    with storescp(tmp_path, "+xa") as address, Client(address) as client:
        client.store(real_file(name))
    (path,) = (tmp_path / "received").iterdir()
    sent, kept = pydicom.dcmread(real_file(name)), pydicom.dcmread(path)
    assert kept.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert kept.PixelData == sent.PixelData


def test_store_decompresses_for_a_peer_that_takes_only_native_syntaxes(tmp_path: Path) -> None:
    with storescp(tmp_path, "+xi") as address, Client(address) as client:
        client.store(real_file("MR_small_RLE.dcm"))
    (path,) = (tmp_path / "received").iterdir()
    kept = pydicom.dcmread(path)
    assert kept.file_meta.TransferSyntaxUID == ImplicitVRLittleEndian
    assert (kept.pixel_array == pydicom.dcmread(real_file("MR_small_RLE.dcm")).pixel_array).all()


def test_whoever_aborts_whenever_it_is_called_is_an_error(tmp_path: Path) -> None:
    with storescp(tmp_path, "--abort-during") as address, Client(address) as client:
        with pytest.raises(PeerError, match="aborted"):
            client.store(real_file("CT_small.dcm"))
        client.echo()
