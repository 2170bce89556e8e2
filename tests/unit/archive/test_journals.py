"""Journals of a process when the disk, the memory or the order of things fails."""

import errno
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pytest

from findicon.archive.journal import Record, records_in
from findicon.archive.journals import Journals
from findicon.errors import StorageError
from unit.archive.waiting import wait_for

ONE, TWO = Record("1.2.3", b"one" * 1000), Record("1.2.4", b"two")


def failing(number: int) -> Callable[..., None]:
    def fail(*_: object) -> None:
        raise OSError(number, os.strerror(number))

    return fail


@pytest.fixture(autouse=True)
def settled_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("findicon.archive.journals._UNSETTLED_SECONDS", 0.01)


@pytest.fixture
def victim(tmp_path: Path) -> Path:
    """A file of somebody else's, which gets the next number of a descriptor that is free."""
    path = tmp_path / "victim"
    path.write_bytes(b"v" * 4096)
    return path


def test_a_broken_journal_that_cannot_be_removed_is_never_written_again(
    tmp_path: Path, victim: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[int] = []

    def refused(_path: str) -> None:
        opened.append(os.open(victim, os.O_RDWR))
        failing(errno.EROFS)()

    journals = Journals(str(tmp_path), settle=lambda: None)
    with monkeypatch.context() as patched:
        patched.setattr("os.fdatasync", failing(errno.EIO))
        patched.setattr("os.unlink", refused)
        with journals.turn, pytest.raises(StorageError):
            journals.append([ONE])
        wait_for(lambda: not journals._full)
    journals.close()
    for descriptor in opened:
        os.close(descriptor)
    assert opened
    assert victim.read_bytes() == b"v" * 4096


def test_nothing_is_appended_after_the_end(tmp_path: Path, victim: Path) -> None:
    journals = Journals(str(tmp_path), settle=lambda: None)
    journals.close()
    opened = [os.open(victim, os.O_RDWR) for _ in range(8)]
    with journals.turn, pytest.raises(StorageError, match="closed"):
        journals.append([ONE])
    for descriptor in opened:
        os.close(descriptor)
    assert victim.read_bytes() == b"v" * 4096


def test_settling_goes_on_after_any_failure(tmp_path: Path) -> None:
    calls: list[int] = []

    def settle() -> None:
        calls.append(1)
        if len(calls) == 1:
            raise MemoryError

    journals = Journals(str(tmp_path), settle)
    with journals.turn:
        journals.append([ONE])
    wait_for(lambda: len(calls) > 1 or not journals._settling.is_alive())
    assert journals._settling.is_alive()
    journals.close()
    assert list(tmp_path.glob("*.journal")) == []


def test_a_journal_whose_name_is_not_durable_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sync = os.fsync

    def of_files(descriptor: int) -> None:
        if stat.S_ISDIR(os.fstat(descriptor).st_mode):
            failing(errno.EIO)()
        sync(descriptor)

    monkeypatch.setattr("os.fsync", of_files)
    journals = Journals(str(tmp_path), settle=lambda: None)
    descriptors = len(list(Path("/proc/self/fd").iterdir()))
    with journals.turn, pytest.raises(StorageError, match="Input/output"):
        journals.append([ONE])
    assert list(tmp_path.glob("*.journal")) == []
    assert len(list(Path("/proc/self/fd").iterdir())) == descriptors
    journals.close()


def test_a_journal_is_kept_for_the_next_start_once_a_sync_failed(tmp_path: Path) -> None:
    calls: list[int] = []

    def settle() -> None:
        calls.append(1)
        if len(calls) == 1:
            failing(errno.EIO)()

    journals = Journals(str(tmp_path), settle)
    with journals.turn:
        journals.append([ONE])
    wait_for(lambda: bool(calls))
    with journals.turn:
        journals.append([TWO])  # in another journal, which the next sync settles
    wait_for(lambda: len(calls) > 1)
    journals.close()
    assert [record for path in tmp_path.glob("*.journal") for record in records_in(str(path))] == [ONE]


def test_nothing_waits_for_journals_that_no_sync_will_settle(tmp_path: Path) -> None:
    journals = Journals(str(tmp_path), settle=failing(errno.EIO))
    for number in range(1, 5):
        with journals.turn:
            journals.append([ONE])
        wait_for(lambda number=number: len(journals._full) == number and not journals._unsettled())
    with journals.turn, pytest.raises(StorageError, match="nothing more is taken"):
        journals.append([ONE])
    journals.close()
    assert len(list(tmp_path.glob("*.journal"))) == 4


def test_nothing_is_written_before_there_is_something_to_keep(tmp_path: Path) -> None:
    journals = Journals(str(tmp_path), settle=lambda: None)
    assert list(tmp_path.iterdir()) == []
    journals.close()
