import errno
import os
from pathlib import Path

import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from findicon.archive.file_meta import file_meta
from findicon.archive.restoring import is_part
from findicon.archive.storage_folder import StorageFolder, same_data_set
from findicon.errors import StorageError

UID = "1.2.840.99"


def arrived(folder: StorageFolder, data: bytes, *, sender: str = "MODALITY", uid: str = UID) -> str:
    path = Path(folder.incoming_path(uid))
    path.write_bytes(file_meta(CTImageStorage, uid, ExplicitVRLittleEndian, sender, ("1.2", "TEST")) + data)
    return str(path)


@pytest.fixture
def folder(tmp_path: Path) -> StorageFolder:
    made = StorageFolder(tmp_path / "storage")
    yield made
    made.close()


def test_a_file_that_is_placed_has_its_final_name(folder: StorageFolder) -> None:
    incoming = arrived(folder, b"data")
    place = Path(folder.place_of(UID))
    assert folder.place(incoming, str(place))
    assert place.read_bytes() == Path(incoming).read_bytes()
    assert place.name == f"{UID}.dcm"


def test_files_are_spread_over_folders(folder: StorageFolder) -> None:
    parents = {Path(folder.place_of(f"1.2.{number}")).parent.name for number in range(200)}
    assert len(parents) > 100
    assert all(len(name) == 2 for name in parents)


@pytest.mark.parametrize("uid", [".", "..", "...", "1..2"])
def test_dots_do_not_leave_the_folder(folder: StorageFolder, uid: str) -> None:
    assert Path(folder.place_of(uid)).resolve().is_relative_to(folder.root / "instances")
    assert Path(folder.incoming_path(uid)).resolve().parent == folder.own.resolve()


def test_what_is_there_is_never_replaced(folder: StorageFolder) -> None:
    place = folder.place_of(UID)
    folder.place(arrived(folder, b"first"), place)
    assert not folder.place(arrived(folder, b"second"), place)
    assert Path(place).read_bytes().endswith(b"first")


def test_what_is_put_aside_is_kept_once(folder: StorageFolder) -> None:
    paths = {folder.put_aside(arrived(folder, b"second", sender=sender), UID) for sender in ("ONE", "TWO")}
    assert len(paths) == 1
    assert Path(paths.pop()).read_bytes().endswith(b"second")
    assert Path(folder.put_aside(arrived(folder, b"third"), UID)).read_bytes().endswith(b"third")


def test_the_sender_makes_no_difference_to_the_data_set(folder: StorageFolder) -> None:
    one, two = arrived(folder, b"data", sender="ONE"), arrived(folder, b"data", sender="ANOTHER")
    assert Path(one).read_bytes() != Path(two).read_bytes()
    assert same_data_set(one, two)
    assert not same_data_set(one, arrived(folder, b"datum"))
    assert not same_data_set(one, arrived(folder, b"data and more"))


def test_what_a_living_process_receives_is_left_alone(tmp_path: Path, folder: StorageFolder) -> None:
    arrived(folder, b"half of it")
    other = StorageFolder(folder.root)
    assert list(other.left_behind()) == []
    other.close()
    assert len(list(folder.own.glob("*.part"))) == 1


def test_what_a_dead_process_left_is_found_once_and_its_folder_cleared(tmp_path: Path) -> None:
    dead = StorageFolder(tmp_path)
    incoming = arrived(dead, b"half of it")
    os.close(dead._lock)  # as the kernel does when a process is killed
    living = StorageFolder(tmp_path)
    (found,) = living.left_behind()
    assert found.arrivals == {incoming: UID}
    assert dead.own.exists()  # its files are still there, so it is looked at again
    Path(incoming).unlink()
    assert list(living.left_behind()) == []
    assert not dead.own.exists()
    living.close()
    assert sorted(path.name for path in (tmp_path / "incoming").iterdir()) == ["gate"]


def test_a_folder_that_cannot_be_made_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="cannot be used"):
        StorageFolder(tmp_path / "file")


def test_blocks_of_zeros_and_an_early_end_are_what_a_loss_of_power_leaves() -> None:
    data = bytes(range(256)) * 8
    assert is_part(b"", data)
    assert is_part(data[:700], data)
    assert is_part(bytes(512) + data[512:1024] + bytes(1024), data)
    assert not is_part(data + b"more", data)
    assert not is_part(data[:512] + data[::-1][:512], data)


def test_what_a_failed_start_looked_at_is_looked_at_again(tmp_path: Path) -> None:
    dead = StorageFolder(tmp_path)
    arrived(dead, b"half of it")
    os.close(dead._lock)
    living = StorageFolder(tmp_path)
    looking = living.left_behind()
    next(looking)
    with pytest.raises(KeyError):
        looking.throw(KeyError())
    assert len(list(living.left_behind())) == 1
    living.close()


def test_a_file_system_without_hard_links_is_told_at_the_start(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def without_links(*_: object) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr("os.link", without_links)
    with pytest.raises(StorageError, match="needs a file system with hard links: Operation not permitted"):
        StorageFolder(tmp_path / "storage")
    monkeypatch.undo()
    assert list((tmp_path / "storage" / "incoming").iterdir()) == [tmp_path / "storage" / "incoming" / "gate"]
    StorageFolder(tmp_path / "storage").close()
