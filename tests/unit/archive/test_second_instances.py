"""Instances that arrive twice, or are refused, while processes are killed: what was acknowledged is found again."""

import copy
import errno
import os
import threading
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset

from findicon.archive import Storage
from findicon.archive.restoring import restore
from findicon.archive.storage_folder import StorageFolder
from findicon.catalogue import Catalogue, Rows
from findicon.errors import CatalogueError, StorageError
from support.samples import instance
from unit.archive.storing import Failing, is_killed, send

pytestmark = pytest.mark.usefixtures("never_settled")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "storage"


BLANK = {"Rows": 64, "Columns": 64, "BitsAllocated": 16, "PixelData": bytes(8192)}


@pytest.mark.parametrize(
    ("first", "change"),
    [
        (instance(), {"DataSetTrailingPadding": bytes(64)}),
        (instance(**BLANK), {"PixelData": bytes(2048) + bytes(range(1, 129)) * 32 + bytes(2048)}),
    ],
    ids=["more at its end", "pixels where the first has none"],
)
def test_a_second_data_set_never_replaces_the_first_that_looks_like_a_part_of_it(
    folder: Path, catalogue: Catalogue, first: Dataset, change: dict[str, bytes]
) -> None:
    second = copy.deepcopy(first)
    for keyword, value in change.items():
        setattr(second, keyword, value)
    storage = Storage(folder, catalogue)
    send(storage, first)
    place = Path(catalogue.location(first.SOPInstanceUID).path)
    before = place.read_bytes()
    send(storage, second)
    is_killed(storage)
    with Storage(folder, catalogue):
        assert place.read_bytes() == before
    assert len(list(folder.rglob("*.dcm"))) == 2


def test_what_a_journal_replaces_is_put_aside_and_reported(folder: Path, catalogue: Catalogue) -> None:
    """Two processes may each have journaled an instance before one of them found its place taken."""
    first = instance()
    storage = Storage(folder, catalogue)
    send(storage, first)
    place = Path(catalogue.location(first.SOPInstanceUID).path)
    before, longer = place.read_bytes(), place.read_bytes() + b"\xfc\xff\xfc\xffOB\0\0\0\0\0\0"
    found = restore(storage._folder, first.SOPInstanceUID, longer)
    assert found.is_new
    assert place.read_bytes() == longer
    assert Path(found.aside).read_bytes() == before
    storage.close()


def test_what_journals_put_aside_is_a_failure_of_the_catalogue(folder: Path, catalogue: Catalogue) -> None:
    first = instance()
    storage = Storage(folder, catalogue)
    send(storage, first)
    is_killed(storage)
    place = Path(catalogue.location(first.SOPInstanceUID).path)
    place.write_bytes(place.read_bytes().replace(b"CT", b"MR"))
    with Storage(folder, catalogue):
        (failure,) = catalogue.failures()
    assert Path(failure.path).parent.name == "conflicts"


def test_an_instance_that_another_sender_had_catalogued_is_not_taken_back(
    folder: Path, failing: Failing, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = instance()
    failing.spoiled = {dataset.SOPInstanceUID}
    is_asked, is_acknowledged = threading.Event(), threading.Event()
    ask = failing.files

    def slow(prefix: str = "") -> dict[str, tuple[int, float]]:
        found = ask(prefix)
        is_asked.set()
        is_acknowledged.wait()
        return found

    def be_refused(storage: Storage) -> None:
        with pytest.raises(CatalogueError):
            send(storage, dataset)

    monkeypatch.setattr(failing, "files", slow)
    with Storage(folder, failing) as storage:
        refused = threading.Thread(target=be_refused, args=(storage,))
        refused.start()
        is_asked.wait()
        failing.spoiled = set()
        send(storage, dataset)
        is_acknowledged.set()
        refused.join()
    assert Path(failing.location(dataset.SOPInstanceUID).path).exists()


def test_a_place_that_is_emptied_while_its_instance_arrives_again_is_filled(
    folder: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = instance()
    with Storage(folder, catalogue) as storage:
        send(storage, dataset)
        place = Path(catalogue.location(dataset.SOPInstanceUID).path)
        add = catalogue.add

        def emptied(records: list[Rows], *, durable: bool = True) -> None:
            add(records, durable=durable)
            monkeypatch.setattr(catalogue, "add", add)
            place.unlink()

        monkeypatch.setattr(catalogue, "add", emptied)
        send(storage, dataset)
        assert place.exists()


def test_a_file_that_was_taken_back_from_what_is_catalogued_returns_at_the_next_start(
    folder: Path, catalogue: Catalogue
) -> None:
    dataset = instance()
    storage = Storage(folder, catalogue)
    send(storage, dataset)
    place = Path(catalogue.location(dataset.SOPInstanceUID).path)
    before = place.read_bytes()
    storage.close()
    dead = StorageFolder(folder)
    place.rename(dead.incoming_path(dataset.SOPInstanceUID))
    os.close(dead._lock)
    with Storage(folder, catalogue):
        assert place.read_bytes() == before


def test_an_instance_whose_place_a_refused_one_has_is_found(folder: Path, failing: Failing) -> None:
    refused = instance(PatientName="REFUSED")
    kept = copy.deepcopy(refused)
    kept.PatientName = "KEPT"
    with Storage(folder, failing) as storage:
        failing.spoiled, failing.is_blind = {refused.SOPInstanceUID}, True
        with pytest.raises(CatalogueError):
            send(storage, refused)
        failing.spoiled, failing.is_blind = set(), False
        send(storage, kept)
        assert failing.location(kept.SOPInstanceUID) is not None
        (failure,) = failing.failures()
        assert pydicom.dcmread(failure.path).PatientName == "KEPT"


def test_one_instance_that_the_catalogue_refuses_does_not_keep_the_others_from_a_start(
    folder: Path, failing: Failing
) -> None:
    bad, good = instance(), instance()
    storage = Storage(folder, failing)
    send(storage, good)
    failing.spoiled = {bad.SOPInstanceUID}
    failing.is_blind = True
    with pytest.raises(CatalogueError):
        send(storage, bad)
    failing.is_blind = False
    is_killed(storage)
    failing.remove([failing.location(good.SOPInstanceUID).path])
    failing.is_away = True
    with pytest.raises(CatalogueError, match="away"):
        Storage(folder, failing)
    failing.is_away = False
    with Storage(folder, failing):
        assert failing.location(good.SOPInstanceUID) is not None
        (failure,) = failing.failures()
        assert "The database refuses it" in failure.reason
        assert Path(failure.path).exists()


def test_a_file_that_is_nothing_any_more_is_made_from_the_journal(folder: Path, catalogue: Catalogue) -> None:
    dataset = instance()
    storage = Storage(folder, catalogue)
    send(storage, dataset)
    place = Path(catalogue.location(dataset.SOPInstanceUID).path)
    before = place.read_bytes()
    catalogue.remove([str(place)])
    place.write_bytes(b"what was on the disk there before")
    is_killed(storage)
    with Storage(folder, catalogue):
        assert place.read_bytes() == before
        assert catalogue.location(dataset.SOPInstanceUID) is not None


def test_a_large_file_that_cannot_be_read_any_more_does_not_prevent_a_start(folder: Path, catalogue: Catalogue) -> None:
    dataset = instance(Rows=512, Columns=512, PixelData=bytes(1 << 19))
    storage = Storage(folder, catalogue)
    send(storage, dataset)
    place = Path(catalogue.location(dataset.SOPInstanceUID).path)
    catalogue.remove([str(place)])
    place.write_bytes(b"what was on the disk there before")
    is_killed(storage)
    with Storage(folder, catalogue):
        (failure,) = catalogue.failures()
    assert failure.path == str(place)


def test_a_start_writes_what_journals_hold_again(folder: Path, catalogue: Catalogue) -> None:
    """After a sync that failed, the system may show bytes that never reached the disk, and will not write them."""
    dataset = instance()
    storage = Storage(folder, catalogue)
    send(storage, dataset)
    place = Path(catalogue.location(dataset.SOPInstanceUID).path)
    before, found = place.read_bytes(), place.stat()
    is_killed(storage)
    with Storage(folder, catalogue):
        assert place.read_bytes() == before
        assert place.stat().st_ino != found.st_ino
        assert place.stat().st_mtime_ns == found.st_mtime_ns


def test_a_full_disk_does_not_prevent_a_start_where_everything_is_there(
    folder: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    dataset = instance()
    storage = Storage(folder, catalogue)
    send(storage, dataset)
    is_killed(storage)
    monkeypatch.setattr("findicon.archive.restoring._write", full)
    monkeypatch.setattr("os.pwritev", full)
    with Storage(folder, catalogue) as started:
        assert Path(catalogue.location(dataset.SOPInstanceUID).path).exists()
        with pytest.raises(StorageError, match="No space left"):
            send(started, instance())
