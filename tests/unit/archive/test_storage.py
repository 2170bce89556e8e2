"""What the storage folder keeps, refuses and survives."""

import errno
import io
import os
import threading
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pydicom
import pytest
from pydicom.uid import CTImageStorage, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, generate_uid

from findicon.archive import FileSource, Storage, index
from findicon.catalogue import Catalogue, Rows
from findicon.errors import CatalogueError, StorageError
from findicon.query import Level
from support.samples import instance
from unit.archive.storing import Failing, encoded, is_killed, send


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "storage"


@pytest.fixture
def storage(folder: Path, catalogue: Catalogue) -> Iterator[Storage]:
    with Storage(folder, catalogue) as made:
        yield made


def files(folder: Path) -> list[str]:
    """Every file of the storage folder but the locks and the journals."""
    found = [path for path in folder.rglob("*") if path.is_file() and path.name not in {"gate", "lock"}]
    return sorted(path.name for path in found if path.suffix != ".journal")


def test_an_instance_is_a_dicom_file_and_in_the_catalogue_when_the_block_is_left(
    storage: Storage, folder: Path, catalogue: Catalogue
) -> None:
    dataset = instance()
    send(storage, dataset, sender="MODALITY@192.0.2.1:104")
    uid = dataset.SOPInstanceUID
    assert files(folder) == [f"{uid}.dcm"]
    with FileSource(catalogue).open(uid) as file:
        read = pydicom.dcmread(file)
    assert read == dataset
    assert read.file_meta.MediaStorageSOPInstanceUID == uid
    assert read.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert read.file_meta.SendingApplicationEntityTitle == "MODALITY"
    found = catalogue.location(uid)
    path = Path(found.path)
    assert path.is_relative_to(folder)
    assert (found.size, found.modified) == (path.stat().st_size, path.stat().st_mtime)


def test_whoever_makes_pictures_is_told(folder: Path, catalogue: Catalogue) -> None:
    told = []
    with Storage(folder, catalogue, stored=lambda: told.append(catalogue.counts()[Level.IMAGE])) as storage:
        send(storage, instance())
        send(storage, instance())
    assert told == [1, 2]


def receive_half(storage: Storage, uid: str) -> None:
    with storage.receive(CTImageStorage, uid, ExplicitVRLittleEndian, "A") as stream:
        stream.write(b"half of it" * 1000)
        raise ConnectionError


def test_a_transfer_that_breaks_off_leaves_nothing(storage: Storage, folder: Path, catalogue: Catalogue) -> None:
    uid = generate_uid()
    with pytest.raises(ConnectionError):
        receive_half(storage, uid)
    assert files(folder) == []
    assert catalogue.location(uid) is None


@pytest.mark.parametrize("uid", ["../../evil", "/etc/passwd", "1.2/3", "", "1.2.3\n", "a" * 20])
def test_what_is_no_uid_is_refused_and_touches_no_file(storage: Storage, folder: Path, uid: str) -> None:
    for announced in ({"sop_instance": uid}, {"sop_class": uid}, {"transfer_syntax": uid}):
        with pytest.raises(StorageError, match="is no UID"):
            send(storage, instance(), **announced)
    assert files(folder) == []


def test_a_data_set_that_is_not_what_was_announced_is_refused(
    storage: Storage, folder: Path, catalogue: Catalogue
) -> None:
    dataset = instance()
    with pytest.raises(StorageError, match=f"announced as 1.2.3 of class {CTImageStorage}"):
        send(storage, dataset, sop_instance="1.2.3")
    with pytest.raises(StorageError, match="announced as"):
        send(storage, dataset, sop_class="1.2.840.10008.5.1.4.1.1.4")
    assert files(folder) == []
    assert catalogue.counts()[Level.IMAGE] == 0


@pytest.mark.parametrize("data", [b"", b"no data set at all", encoded(instance())[:300]])
def test_bytes_that_are_no_data_set_are_refused(storage: Storage, folder: Path, data: bytes) -> None:
    with pytest.raises(StorageError), storage.receive(CTImageStorage, "1.2.3", ExplicitVRLittleEndian, "A") as stream:
        stream.write(data)
    assert files(folder) == []


def test_an_instance_without_study_is_refused(storage: Storage, folder: Path) -> None:
    with pytest.raises(StorageError, match="no Study Instance UID"):
        send(storage, instance(StudyInstanceUID=None))
    assert files(folder) == []


def test_the_same_instance_again_is_fine_and_changes_nothing(
    storage: Storage, folder: Path, catalogue: Catalogue
) -> None:
    dataset = instance()
    send(storage, dataset, sender="ONE")
    before = catalogue.location(dataset.SOPInstanceUID)
    send(storage, dataset, sender="ANOTHER")
    assert files(folder) == [f"{dataset.SOPInstanceUID}.dcm"]
    assert catalogue.location(dataset.SOPInstanceUID) == before
    assert catalogue.failures() == []


def test_other_bytes_under_a_known_uid_are_put_aside_and_reported(
    storage: Storage, folder: Path, catalogue: Catalogue
) -> None:
    first = instance(PatientName="FIRST")
    send(storage, first)
    other = instance(PatientName="SECOND", SOPInstanceUID=first.SOPInstanceUID)
    send(storage, other)
    send(storage, other)
    with FileSource(catalogue).open(first.SOPInstanceUID) as file:
        assert pydicom.dcmread(file).PatientName == "FIRST"
    (aside,) = (folder / "conflicts").iterdir()
    assert pydicom.dcmread(aside).PatientName == "SECOND"
    (failure,) = catalogue.failures()
    assert failure.path == str(aside)
    assert f"Other bytes arrived under SOP Instance UID {first.SOPInstanceUID}" in failure.reason
    assert catalogue.counts()[Level.IMAGE] == 1


def test_many_senders_at_once_share_transactions(folder: Path, tmp_path: Path) -> None:
    class Counted(Catalogue):
        def __init__(self, url: str) -> None:
            super().__init__(url)
            self.batches: list[int] = []
            self.first_is_in, self.others_wait = threading.Event(), threading.Event()

        def add(self, records: list[Rows], *, durable: bool = True) -> None:
            self.batches.append(len(records))
            if len(self.batches) == 1:  # hold the first transaction until the others have come
                self.first_is_in.set()
                self.others_wait.wait()
            super().add(records, durable=durable)

    with Counted(str(tmp_path / "counted.sqlite")) as catalogue, Storage(folder, catalogue) as storage:
        threads = [threading.Thread(target=send, args=(storage, instance())) for _ in range(9)]
        threads[0].start()
        catalogue.first_is_in.wait()
        for thread in threads[1:]:
            thread.start()
        while len(storage._commits._waiting) < 8:
            threads[1].join(0.01)
        catalogue.others_wait.set()
        for thread in threads:
            thread.join()
        assert catalogue.batches == [1, 8]
        assert catalogue.counts()[Level.IMAGE] == 9


def test_what_the_catalogue_refuses_leaves_nothing(folder: Path, failing: Failing) -> None:
    good, bad = instance(), instance()
    failing.spoiled = {bad.SOPInstanceUID}
    with Storage(folder, failing) as storage:
        with pytest.raises(CatalogueError, match="refuses it"):
            send(storage, bad)
        send(storage, good)
    assert files(folder) == [f"{good.SOPInstanceUID}.dcm"]


def test_one_record_that_fails_does_not_fail_its_neighbours(folder: Path, failing: Failing) -> None:
    datasets = [instance() for _ in range(6)]
    failing.spoiled = {datasets[3].SOPInstanceUID}
    outcomes: dict[int, Exception | None] = {}

    def deliver(number: int) -> None:
        try:
            send(storage, datasets[number])
            outcomes[number] = None
        except CatalogueError as exc:
            outcomes[number] = exc

    with Storage(folder, failing) as storage:
        threads = [threading.Thread(target=deliver, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert [number for number, outcome in sorted(outcomes.items()) if outcome] == [3]
    assert failing.counts()[Level.IMAGE] == 5
    assert len(files(folder)) == 5


def test_what_the_catalogue_cannot_tell_about_is_settled_at_the_next_start(folder: Path, failing: Failing) -> None:
    dataset = instance()
    failing.spoiled = {dataset.SOPInstanceUID}
    with Storage(folder, failing) as storage:
        failing.is_blind = True
        with pytest.raises(CatalogueError):
            send(storage, dataset)
        assert len(files(folder)) == 2  # its place, and the name that says it is in doubt
    failing.spoiled, failing.is_blind = set(), False
    with Storage(folder, failing):
        assert files(folder) == [f"{dataset.SOPInstanceUID}.dcm"]
        assert failing.location(dataset.SOPInstanceUID) is not None


def test_a_start_clears_up_after_a_process_that_was_killed(folder: Path, catalogue: Catalogue) -> None:
    dead = Storage(folder, catalogue)
    placed, half = instance(**LARGE), instance(**LARGE)
    own = dead._folder
    for dataset in (placed, half):
        reception = dead.receive(dataset.SOPClassUID, dataset.SOPInstanceUID, ExplicitVRLittleEndian, "A")
        stream = reception.__enter__()
        stream.write(encoded(dataset)[: None if dataset is placed else 200])
        stream.flush()
    (incoming,) = own.own.glob(f"{placed.SOPInstanceUID}*")
    own.place(str(incoming), own.place_of(placed.SOPInstanceUID))
    is_killed(dead)  # killed after the file has its place, before the catalogue knows it
    with Storage(folder, catalogue):
        assert files(folder) == [f"{placed.SOPInstanceUID}.dcm"]
        assert catalogue.location(placed.SOPInstanceUID) is not None
        assert catalogue.location(half.SOPInstanceUID) is None


def receive_much(storage: Storage) -> None:
    with storage.receive(CTImageStorage, "1.2.3", ExplicitVRLittleEndian, "A") as stream:
        for _ in range(64):
            stream.write(b"x" * 65536)


def test_a_full_disk_is_an_error_of_the_storage(storage: Storage, folder: Path) -> None:
    import resource
    import signal

    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1 << 20, limits[1]))
    try:
        with pytest.raises(StorageError, match=r"cannot be written: File too large"):
            receive_much(storage)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert files(folder) == []


def test_a_folder_that_cannot_be_used_is_named(tmp_path: Path, catalogue: Catalogue) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(StorageError, match="file cannot be used"):
        Storage(tmp_path / "file", catalogue)


def test_a_deflated_data_set_is_kept_as_it_came(storage: Storage, catalogue: Catalogue) -> None:
    import zlib

    dataset = instance()
    compressor = zlib.compressobj(wbits=-15)
    data = compressor.compress(encoded(dataset)) + compressor.flush()
    with storage.receive(dataset.SOPClassUID, dataset.SOPInstanceUID, DeflatedExplicitVRLittleEndian, "A") as stream:
        stream.write(data + b"\0" * (len(data) % 2))
    with FileSource(catalogue).open(dataset.SOPInstanceUID) as file:
        assert pydicom.dcmread(io.BytesIO(file.read())).PatientName == dataset.PatientName


def test_two_storages_share_a_folder(folder: Path, catalogue: Catalogue) -> None:
    with Storage(folder, catalogue) as one, Storage(folder, catalogue) as two:
        dataset = instance()
        send(one, dataset)
        send(two, dataset)
        send(two, instance())
    assert len(files(folder)) == 2
    assert sorted(path.name for path in (folder / "incoming").iterdir()) == ["gate"]


LARGE = {"Rows": 512, "Columns": 512, "PixelData": bytes(512 * 512 * 2)}


@pytest.mark.usefixtures("never_settled")
@pytest.mark.parametrize("more", [{}, LARGE], ids=["small", "large"])
def test_a_row_that_was_lost_with_the_power_is_made_again_at_the_next_start(
    folder: Path, tmp_path: Path, more: dict[str, object]
) -> None:
    with Catalogue(str(tmp_path / "before.sqlite")):
        pass
    dataset = instance(**more)
    with Catalogue(str(tmp_path / "lost.sqlite")) as lost:
        storage = Storage(folder, lost)
        send(storage, dataset)
        assert lost.location(dataset.SOPInstanceUID) is not None, "whoever asks after the answer finds it"
        is_killed(storage)
        # What the log had of the transaction never reached the disk.
        with Catalogue(str(tmp_path / "before.sqlite")) as before, Storage(folder, before):
            assert before.location(dataset.SOPInstanceUID) is not None
            assert files(folder) == [f"{dataset.SOPInstanceUID}.dcm"]


@pytest.mark.usefixtures("never_settled")
@pytest.mark.parametrize("what_is_left", [None, 0, 300, "zeros"])
def test_a_file_that_was_lost_with_the_power_is_made_again_at_the_next_start(
    folder: Path, catalogue: Catalogue, what_is_left: int | str | None
) -> None:
    dataset = instance()
    storage = Storage(folder, catalogue)
    send(storage, dataset)
    place = Path(catalogue.location(dataset.SOPInstanceUID).path)
    whole = place.read_bytes()
    is_killed(storage)
    place.unlink()
    if what_is_left is not None:
        place.write_bytes(bytes(len(whole)) if what_is_left == "zeros" else whole[:what_is_left])
    with Storage(folder, catalogue):
        assert place.read_bytes() == whole
        assert catalogue.location(dataset.SOPInstanceUID).modified == place.stat().st_mtime
    assert sorted(path.name for path in (folder / "incoming").iterdir()) == ["gate"]


@pytest.mark.usefixtures("never_settled")
def test_a_journal_never_replaces_another_data_set(folder: Path, catalogue: Catalogue) -> None:
    first = instance(PatientName="FIRST")
    storage = Storage(folder, catalogue)
    send(storage, first)
    send(storage, instance(PatientName="SECOND", SOPInstanceUID=first.SOPInstanceUID))
    is_killed(storage)
    with Storage(folder, catalogue), FileSource(catalogue).open(first.SOPInstanceUID) as file:
        assert pydicom.dcmread(file).PatientName == "FIRST"
    (aside,) = (folder / "conflicts").iterdir()
    assert pydicom.dcmread(aside).PatientName == "SECOND"


def test_the_journal_is_synced_before_anything_else_happens_to_an_instance(
    storage: Storage, folder: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = instance()
    uid = dataset.SOPInstanceUID
    seen: list[tuple[list[str], object]] = []
    sync = os.fdatasync

    def noted(descriptor: int) -> None:
        assert encoded(dataset) in os.pread(descriptor, 1 << 23, 0)
        seen.append(([name for name in files(folder) if name == f"{uid}.dcm"], catalogue.location(uid)))
        sync(descriptor)

    monkeypatch.setattr("os.fdatasync", noted)
    send(storage, dataset)
    assert seen == [([], None)]


def test_a_large_instance_and_its_name_are_synced_before_it_is_acknowledged(
    storage: Storage, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    sync = os.fsync

    def noted(descriptor: int) -> None:
        sync(descriptor)
        synced.append(os.fstat(descriptor).st_ino)

    monkeypatch.setattr("os.fsync", noted)
    dataset = instance(**LARGE)
    send(storage, dataset)
    file = next(folder.rglob(f"{dataset.SOPInstanceUID}.dcm"))
    order = [file.stat().st_ino, file.parent.stat().st_ino]
    assert [one for one in synced if one in order] == order


def test_an_instance_that_the_journal_does_not_take_is_refused_and_leaves_nothing(
    storage: Storage, folder: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    dataset = instance()
    with monkeypatch.context() as patched:
        patched.setattr("os.fdatasync", _failing)
        with pytest.raises(StorageError, match="cannot be written: Input/output error"):
            send(storage, dataset)
    assert files(folder) == []
    assert catalogue.location(dataset.SOPInstanceUID) is None
    send(storage, dataset)
    assert catalogue.location(dataset.SOPInstanceUID) is not None


def _failing(_descriptor: int) -> None:
    raise OSError(errno.EIO, os.strerror(errno.EIO))


def test_more_than_all_journals_hold_is_kept(
    folder: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("findicon.archive.journal.SIZE", 4096)
    monkeypatch.setattr("findicon.archive.journals.Journals.LARGEST", 4096)
    datasets = [instance() for _ in range(30)]
    with Storage(folder, catalogue) as storage:
        for dataset in datasets:
            send(storage, dataset)
    assert files(folder) == sorted(f"{dataset.SOPInstanceUID}.dcm" for dataset in datasets)
    assert catalogue.counts()[Level.IMAGE] == 30
    assert sorted(path.name for path in (folder / "incoming").iterdir()) == ["gate"]


def test_nothing_more_is_taken_while_nothing_can_be_made_durable(
    folder: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("findicon.archive.journal.SIZE", 4096)
    monkeypatch.setattr("findicon.archive.journals.Journals.LARGEST", 4096)
    monkeypatch.setattr("findicon.archive.journals._PATIENCE", 0.05)
    datasets = [instance() for _ in range(30)]
    kept = []
    with monkeypatch.context() as patched:
        patched.setattr("findicon.archive.storage_folder.sync_file_system", _failing)
        patched.setattr("findicon.archive.storage.recover", lambda *_: None)
        storage = Storage(folder, catalogue)
        for dataset in datasets:
            with suppress(StorageError):
                send(storage, dataset)
                kept.append(dataset.SOPInstanceUID)
        storage.close()
    assert 0 < len(kept) < 30
    assert files(folder) == sorted(f"{uid}.dcm" for uid in kept)
    with Storage(folder, catalogue):
        assert files(folder) == sorted(f"{uid}.dcm" for uid in kept)


def test_a_lost_catalogue_is_made_again_from_the_storage_folder(
    folder: Path, tmp_path: Path, catalogue: Catalogue
) -> None:
    datasets = [instance(), instance()]
    with Storage(folder, catalogue) as storage:
        for dataset in datasets:
            send(storage, dataset)
    with Catalogue(str(tmp_path / "new.sqlite")) as new:
        index([folder / "instances"], new, workers=1, icons="later")
        for dataset in datasets:
            assert new.location(dataset.SOPInstanceUID) == catalogue.location(dataset.SOPInstanceUID)
        with Storage(folder, new) as storage:
            send(storage, datasets[0])
        assert new.counts()[Level.IMAGE] == 2
        assert index([folder / "instances"], new, workers=1, icons="later").unchanged == 2
