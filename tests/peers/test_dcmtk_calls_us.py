"""DCMTK's tools as SCU, our server as SCP: every verb, the transfer syntaxes, and what we refuse."""

import subprocess
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from findicon.dimse import Address, Peer
from findicon.errors import AnswersCut, CatalogueError, PeerError
from findicon.query import Cancel, Match, Query
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import ActingFinder, MemoryFinder, MemoryMatch, study
from peers.programs import storescp
from support.dcmtk import findscu
from support.samples import instance, real_file, write
from unit.pixels.making import (
    DEFLATED,
    EXPLICIT,
    HTJ2K,
    IMPLICIT,
    J2K_LOSSLESS,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_SV1,
    RLE,
    colour_scene,
    file_of,
    scene,
)

pytestmark = pytest.mark.needs("dcmtk")

STUDY_KEYS = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "PatientName", "-k", "StudyInstanceUID")
ICON_KEY = ("-k", "IconImageSequence")


def run(*command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False, errors="replace")


def output(done: subprocess.CompletedProcess[str]) -> str:
    return done.stdout + done.stderr


def test_echo() -> None:
    with Server(MemoryFinder()) as server:
        done = run("echoscu", "-v", "127.0.0.1", str(server.address.port))
    assert done.returncode == 0, output(done)
    assert "Received Echo Response (Success)" in output(done)


@pytest.mark.parametrize("syntax", ["-xe", "-xi", "-xd"])
def test_find_in_every_transfer_syntax(tmp_path: Path, syntax: str) -> None:
    finder = MemoryFinder([MemoryMatch(study(number)) for number in range(40)])
    with Server(finder) as server:
        outcome = findscu(server.address.port, tmp_path, syntax, *STUDY_KEYS, *ICON_KEY)
    assert "0x0000: Success" in outcome.log
    assert [str(answer.dataset.PatientName) for answer in outcome.answers] == [f"DOE^J{number}" for number in range(40)]
    assert [answer.dataset.IconImageSequence[0].PixelData[0] for answer in outcome.answers] == list(range(40))


@pytest.mark.parametrize("largest", ["4096", "16384", "131072"])
def test_answers_fit_the_length_that_the_peer_takes(tmp_path: Path, largest: str) -> None:
    finder = MemoryFinder([MemoryMatch(study(number)) for number in range(10)])
    with Server(finder) as server:
        outcome = findscu(server.address.port, tmp_path, "-pdu", largest, *STUDY_KEYS, *ICON_KEY)
    assert len(outcome.answers) == 10
    assert "0x0000: Success" in outcome.log


def test_a_warning_for_keys_that_are_not_supported(tmp_path: Path) -> None:
    with Server(MemoryFinder([MemoryMatch(study(1), all_keys_supported=False)])) as server:
        outcome = findscu(server.address.port, tmp_path, *STUDY_KEYS)
    assert "0xff01" in outcome.log.lower()
    assert len(outcome.answers) == 1


def test_findscu_cancels(tmp_path: Path) -> None:
    def forever(query: Query, cancel: Cancel) -> Iterator[Match]:
        match = MemoryMatch(study(1))
        while not cancel():
            yield match

    with Server(ActingFinder(forever)) as server:
        outcome = findscu(server.address.port, tmp_path, "--cancel", "5", *STUDY_KEYS)
    assert "0xfe00" in outcome.log.lower(), outcome.log[-2000:]
    assert len(outcome.answers) >= 5


@pytest.mark.parametrize(
    ("keys", "status", "comment"),
    [
        (("-S", "-k", "PatientName"), "0xa900", "Query/Retrieve Level is missing"),
        (("-S", "-k", "QueryRetrieveLevel=NOWHERE"), "0xa900", "'NOWHERE'"),
        (("-S", "-k", "QueryRetrieveLevel=PATIENT"), "0xa900", "has no PATIENT level"),
        (("-S", "-k", "QueryRetrieveLevel=SERIES", "-k", "StudyInstanceUID"), "0xa900", "StudyInstanceUID needs one"),
    ],
)
def test_a_wrong_question_gets_its_status(tmp_path: Path, keys: tuple[str, ...], status: str, comment: str) -> None:
    with Server(MemoryFinder()) as server:
        outcome = findscu(server.address.port, tmp_path, *keys)
        assert status in outcome.log.lower(), outcome.log
        assert comment in outcome.log
        assert findscu(server.address.port, tmp_path / "again", *STUDY_KEYS).exit_code == 0


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (AnswersCut(2), "0xa700"),
        (CatalogueError("broken"), "0xc002"),
        (PeerError("P", "down"), "0xc001"),
        (KeyError(), "0xc000"),
    ],
)
def test_what_the_finder_raises_comes_after_its_answers(tmp_path: Path, error: Exception, status: str) -> None:
    def fails(query: Query, cancel: Cancel) -> Iterator[Match]:
        yield MemoryMatch(study(1))
        yield MemoryMatch(study(2))
        raise error

    with Server(ActingFinder(fails)) as server:
        outcome = findscu(server.address.port, tmp_path, *STUDY_KEYS)
    assert len(outcome.answers) == 2
    assert status in outcome.log.lower()


def test_callers_that_are_not_named_are_rejected(tmp_path: Path) -> None:
    peer = Peer("main", Address("MAIN", "127.0.0.1", 104), frozenset({"echo"}))
    with Server(MemoryFinder(), peers=[peer]) as server:
        port = str(server.address.port)
        stranger = run("echoscu", "-v", "-aet", "STRANGER", "127.0.0.1", port)
        friend = run("echoscu", "-v", "-aet", "MAIN", "127.0.0.1", port)
        query = findscu(server.address.port, tmp_path, *STUDY_KEYS, calling="MAIN")
    assert stranger.returncode != 0
    assert "Calling AE Title Not Recognized" in output(stranger)
    assert friend.returncode == 0, output(friend)
    assert "No presentation context for: (unknown SOP class)" in query.log or "No Acceptable Presentation" in query.log


def test_store(tmp_path: Path) -> None:
    archive = MemoryArchive()
    files = [real_file(name) for name in ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "image_dfl.dcm")]
    with Server(archive, ingest=archive) as server:
        done = run("storescu", "-v", "-xw", "127.0.0.1", str(server.address.port), str(files[2]))
        assert done.returncode == 0, output(done)
        done = run("storescu", "-v", "127.0.0.1", str(server.address.port), *(str(one) for one in files[:2]))
        assert done.returncode == 0, output(done)
    kept = {uid: archive.dataset(uid) for uid in archive.files}
    for path in files[:3]:
        sent = pydicom.dcmread(path)
        assert kept[sent.SOPInstanceUID].file_meta.TransferSyntaxUID is not None
        assert kept[sent.SOPInstanceUID].PixelData == sent.PixelData
    assert set(archive.senders) == {"STORESCU"}


def archive_of_three() -> MemoryArchive:
    study_uid, series_uid = "1.2.3.4", "1.2.3.4.5"
    return MemoryArchive(
        *(
            instance(SOPInstanceUID=f"1.2.3.4.5.{n}", StudyInstanceUID=study_uid, SeriesInstanceUID=series_uid)
            for n in range(3)
        )
    )


RETRIEVE_KEYS = ("-S", "-k", "QueryRetrieveLevel=STUDY", "-k", "StudyInstanceUID=1.2.3.4")


def test_get(tmp_path: Path) -> None:
    archive = archive_of_three()
    with Server(archive, source=archive) as server:
        done = run("getscu", "-v", "-od", str(tmp_path), *RETRIEVE_KEYS, "127.0.0.1", str(server.address.port))
    assert done.returncode == 0, output(done)
    got = [pydicom.dcmread(path) for path in tmp_path.iterdir()]
    assert {one.SOPInstanceUID for one in got} == set(archive.files)
    assert all(one.PixelData == archive.dataset(one.SOPInstanceUID).PixelData for one in got)


def stored_in(syntax: str, colour: bool = False) -> tuple[MemoryArchive, np.ndarray]:
    """Give an archive of one image, two frames in that transfer syntax, and its values."""
    if colour:
        array = np.stack([colour_scene(40, 48), colour_scene(40, 48)[:, ::-1]])
    else:
        array = np.stack([scene(40, 48, 8, seed) for seed in range(2)])
    stream = file_of(array, syntax, StudyInstanceUID="1.2.3.4", SeriesInstanceUID="1.2.3.4.1")
    archive = MemoryArchive()
    archive.files["1.2.3.4"] = stream.getvalue()
    return archive, array


LOSSLESS = {
    "RLE": RLE,
    "JPEG lossless": JPEG_LOSSLESS,
    "JPEG lossless SV1": JPEG_SV1,
    "JPEG-LS": JPEG_LS,
    "JPEG 2000": J2K_LOSSLESS,
    "HTJ2K": HTJ2K,
    "Deflated": DEFLATED,
}


@pytest.mark.parametrize("colour", [False, True], ids=["gray", "colour"])
@pytest.mark.parametrize("name", LOSSLESS)
def test_get_decompresses_for_a_peer_that_takes_only_native_syntaxes(tmp_path: Path, name: str, colour: bool) -> None:
    archive, array = stored_in(LOSSLESS[name], colour)
    with Server(archive, source=archive) as server:
        done = run("getscu", "-v", "-od", str(tmp_path), *RETRIEVE_KEYS, "127.0.0.1", str(server.address.port))
    assert done.returncode == 0, output(done)
    (got,) = (pydicom.dcmread(path) for path in tmp_path.iterdir())
    assert got.file_meta.TransferSyntaxUID in {EXPLICIT, IMPLICIT}
    assert (got.SOPInstanceUID, got.NumberOfFrames) == ("1.2.3.4", 2)
    assert (pixel_array(got, raw=True) == array).all()


@pytest.mark.parametrize("syntax", ["+xi", "+xe", "+xd", "+xb"])
def test_move_decompresses_for_a_destination_that_takes_only_native_syntaxes(tmp_path: Path, syntax: str) -> None:
    archive, array = stored_in(JPEG_LS)
    with storescp(tmp_path, syntax) as address:
        destination = Peer("there", Address.parse(address))
        mover = Peer("mover", Address("FINDICON", "127.0.0.1", 104), frozenset({"move"}))
        with Server(archive, source=archive, peers=[destination, mover]) as server, Client(server.address) as client:
            done = client.move(Query("STUDY", StudyInstanceUID="1.2.3.4"), destination.address.ae_title)
    assert (done.completed, done.failed) == (1, 0)
    (got,) = (pydicom.dcmread(path) for path in (tmp_path / "received").iterdir())
    assert not got.file_meta.TransferSyntaxUID.is_encapsulated
    assert (pixel_array(got, raw=True) == array).all()


def test_an_image_that_cannot_be_decompressed_fails_alone(tmp_path: Path) -> None:
    archive, _ = stored_in(JPEG_LS)
    broken = pydicom.dcmread(BytesIO(archive.files["1.2.3.4"]))
    broken.SOPInstanceUID = broken.file_meta.MediaStorageSOPInstanceUID = "1.2.3.5"
    broken.NumberOfFrames = 3  # there are two
    archive.add(broken)
    with Server(archive, source=archive) as server:
        done = run("getscu", "-d", "-od", str(tmp_path), *RETRIEVE_KEYS, "127.0.0.1", str(server.address.port))
    assert "Failed Suboperations          : 1" in output(done)
    assert "Completed Suboperations       : 1" in output(done)
    (got,) = (pydicom.dcmread(path) for path in tmp_path.iterdir())
    assert got.SOPInstanceUID == "1.2.3.4"


def test_move_to_itself_and_to_strangers(tmp_path: Path) -> None:
    archive = archive_of_three()
    with Server(MemoryFinder()) as free:  # a port that movescu can listen on once this server has gone
        port = free.address.port
    peer = Peer("mover", Address("MOVESCU", "127.0.0.1", port), frozenset({"move"}))
    with Server(archive, source=archive, peers=[peer]) as server:
        call = ("movescu", "-v", "-aet", "MOVESCU", "+P", str(port), "-od", str(tmp_path), *RETRIEVE_KEYS)
        done = run(*call, "127.0.0.1", str(server.address.port))
        strange = run(*call, "-aem", "NOBODY", "127.0.0.1", str(server.address.port))
    assert done.returncode == 0, output(done)
    got = [pydicom.dcmread(path) for path in tmp_path.iterdir()]
    assert {one.SOPInstanceUID for one in got} == set(archive.files)
    assert strange.returncode != 0
    assert "MoveDestinationUnknown" in output(strange)


def test_storescu_of_a_file_made_to_order(tmp_path: Path) -> None:
    archive = MemoryArchive()
    path = write(instance(PatientName="Å^Ä", SpecificCharacterSet="ISO_IR 192"), tmp_path)
    with Server(archive, ingest=archive) as server:
        done = run("storescu", "-v", "127.0.0.1", str(server.address.port), str(path))
    assert done.returncode == 0, output(done)
    (kept,) = (archive.dataset(uid) for uid in archive.files)
    assert str(kept.PatientName) == "Å^Ä"
