"""What a scan finds, and what the catalogue holds afterwards."""

import os
import shutil
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pytest

from findicon.archive.events import Event, Kind
from findicon.archive.scan import Scan
from findicon.archive.workers import Task, Workers
from findicon.catalogue import Catalogue
from findicon.errors import StorageError
from findicon.query import Level
from support.samples import instance, write, write_series
from unit.archive import tasks

Run = Callable[[Path], Counter[Kind]]


@pytest.fixture
def events() -> list[Event]:
    return []


@pytest.fixture
def scan(catalogue: Catalogue, workers: Workers, events: list[Event]) -> Run:
    def run(root: Path) -> Counter[Kind]:
        events.clear()
        Scan(catalogue, workers, events.append).run([str(root)])
        counts: Counter[Kind] = Counter()
        for event in events:
            counts[event.kind] += event.count
        return counts

    return run


def instances(catalogue: Catalogue) -> int:
    return catalogue.counts()[Level.IMAGE]


def location(catalogue: Catalogue, path: Path) -> str | None:
    found = catalogue.location(path.stem)
    return None if found is None else found.path


def test_a_folder_goes_into_the_catalogue(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    paths = write_series(tmp_path / "files", 5)
    assert scan(tmp_path / "files") == {Kind.FOUND: 5, Kind.INDEXED: 5}
    assert instances(catalogue) == 5
    assert location(catalogue, paths[2]) == str(paths[2])


def test_unchanged_files_are_not_read_again(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    paths = write_series(tmp_path / "files", 3)
    scan(tmp_path / "files")
    size = paths[0].stat()
    paths[0].write_bytes(b"x" * size.st_size)  # reading it would fail
    os.utime(paths[0], ns=(size.st_atime_ns, size.st_mtime_ns))
    assert scan(tmp_path / "files") == {Kind.FOUND: 3, Kind.UNCHANGED: 3}
    assert instances(catalogue) == 3


def test_a_changed_file_is_read_again(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    folder = tmp_path / "files"
    (path,) = write_series(folder, 1, PatientName="OLD")
    scan(folder)
    changed = instance(SOPInstanceUID="1.2.3", PatientName="NEW^NAME")
    changed.save_as(path, enforce_file_format=True)
    os.utime(path, (1, 1))
    assert scan(folder) == {Kind.FOUND: 1, Kind.INDEXED: 1}
    assert instances(catalogue) == 1
    assert catalogue.location("1.2.3").path == str(path)
    assert location(catalogue, path) is None


def test_files_that_went_away_are_forgotten(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    folder = tmp_path / "files"
    paths = write_series(folder, 4)
    scan(folder)
    paths[0].unlink()
    paths[3].unlink()
    assert scan(folder) == {Kind.FOUND: 2, Kind.UNCHANGED: 2, Kind.GONE: 2}
    assert instances(catalogue) == 2


def test_a_file_that_moved_keeps_its_instance(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    folder = tmp_path / "files"
    (path,) = write_series(folder, 1)
    scan(folder)
    moved = path.rename(folder / "zz.dcm")
    assert scan(folder) == {Kind.FOUND: 1, Kind.INDEXED: 1, Kind.GONE: 1}
    assert location(catalogue, path) == str(moved)
    assert instances(catalogue) == 1


def test_one_of_two_copies_may_go(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    folder = tmp_path / "files"
    (path,) = write_series(folder, 1)
    copy = Path(shutil.copy(path, folder / "0 copy.dcm"))
    scan(folder)
    assert instances(catalogue) == 1
    copy.unlink()
    scan(folder)
    assert location(catalogue, path) == str(path)
    assert scan(folder) == {Kind.FOUND: 1, Kind.UNCHANGED: 1}


def test_a_folder_that_went_away_whole_is_forgotten(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    write_series(tmp_path / "files", 2)
    scan(tmp_path / "files")
    shutil.rmtree(tmp_path / "files")
    assert scan(tmp_path / "files") == {Kind.GONE: 2}
    assert instances(catalogue) == 0


def test_a_folder_that_never_was_is_an_error(tmp_path: Path, scan: Run) -> None:
    with pytest.raises(StorageError, match="nowhere cannot be read: No such file"):
        scan(tmp_path / "nowhere")


def test_a_folder_that_cannot_be_looked_into_keeps_its_instances(
    tmp_path: Path, catalogue: Catalogue, scan: Run, events: list[Event]
) -> None:
    folder = tmp_path / "files"
    write_series(folder / "disk", 2)
    write_series(folder / "disk2", 1)
    scan(folder)
    (folder / "disk").rename(tmp_path / "unplugged")
    (folder / "disk").symlink_to(folder / "disk")  # as unreadable as a folder gets, for root too
    shutil.rmtree(folder / "disk2")
    assert scan(folder) == {Kind.FOUND: 1, Kind.FAILED: 1, Kind.GONE: 1}
    assert events[0].subject == str(folder / "disk")
    assert "symbolic links" in events[0].reason
    assert instances(catalogue) == 2
    (folder / "disk").unlink()
    (tmp_path / "unplugged").rename(folder / "disk")
    assert scan(folder) == {Kind.FOUND: 2, Kind.UNCHANGED: 2}
    assert catalogue.failures() == []


def test_a_neighbour_whose_name_begins_alike_is_left_alone(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    write_series(tmp_path / "a", 1)
    (other,) = write_series(tmp_path / "a b", 1)
    scan(tmp_path)
    shutil.rmtree(tmp_path / "a b")
    assert scan(tmp_path / "a") == {Kind.FOUND: 1, Kind.UNCHANGED: 1}
    assert location(catalogue, other) == str(other)


def test_what_cannot_be_read_is_told_and_recorded_and_tried_again(
    tmp_path: Path, catalogue: Catalogue, scan: Run, events: list[Event]
) -> None:
    folder = tmp_path / "files"
    (path,) = write_series(folder, 1)
    whole = path.read_bytes()
    path.write_bytes(whole[:600])
    for _ in range(2):
        assert scan(folder) == {Kind.FOUND: 1, Kind.FAILED: 1}
        (failed,) = [event for event in events if event.kind is Kind.FAILED]
        assert failed.subject == str(path)
        assert failed.reason.startswith("It ends inside")
        assert [(one.path, one.reason) for one in catalogue.failures()] == [(str(path), failed.reason)]
    path.write_bytes(whole)
    assert scan(folder) == {Kind.FOUND: 1, Kind.INDEXED: 1}
    assert catalogue.failures() == []


def test_what_is_no_dicom_is_told_and_is_no_failure(
    tmp_path: Path, catalogue: Catalogue, scan: Run, events: list[Event]
) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "notes.txt").write_text("notes")
    (tmp_path / "files" / "empty").touch()
    assert scan(tmp_path / "files") == {Kind.FOUND: 2, Kind.SKIPPED: 2}
    assert {event.reason for event in events if event.kind is Kind.SKIPPED} == {"It is not DICOM", "It is empty"}
    assert catalogue.failures() == []


def test_an_instance_overwritten_by_something_else_is_forgotten(
    tmp_path: Path, catalogue: Catalogue, scan: Run
) -> None:
    (path,) = write_series(tmp_path / "files", 1)
    scan(tmp_path / "files")
    path.write_text("notes")
    assert scan(tmp_path / "files") == {Kind.FOUND: 1, Kind.SKIPPED: 1}
    assert instances(catalogue) == 0


def test_names_that_are_no_text_are_indexed_and_noticed(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    (written,) = write_series(tmp_path, 1)
    odd = Path(os.fsdecode(os.fsencode(folder) + b"/\xff\xfe.dcm"))
    written.rename(odd)
    assert scan(folder) == {Kind.FOUND: 1, Kind.INDEXED: 1}
    assert scan(folder) == {Kind.FOUND: 1, Kind.UNCHANGED: 1}
    odd.unlink()
    assert scan(folder) == {Kind.GONE: 1}
    assert instances(catalogue) == 0


class Treacherous(Workers):
    """Workers in which files can hang and kill, and that have less patience."""

    def start(self, limit: float, function: object, *arguments: object) -> Task[object]:
        return super().start(1.5, tasks.treacherous_read, *arguments)


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("dies", "The worker process ended with exit code -9"),
        ("hangs", "It took longer than 1.5 s and was stopped"),
    ],
)
def test_a_file_that_takes_its_worker_along_is_found_out_among_many(
    tmp_path: Path, catalogue: Catalogue, what: str, reason: str
) -> None:
    paths = write_series(tmp_path / "files", 9)
    paths[4].with_suffix(f".{what}").touch()
    events: list[Event] = []
    with Treacherous(2) as workers:
        Scan(catalogue, workers, events.append).run([str(tmp_path / "files")])
    assert instances(catalogue) == 8
    assert [(one.path, one.reason) for one in catalogue.failures()] == [(str(paths[4]), reason)]
    assert [event.subject for event in events if event.kind is Kind.FAILED] == [str(paths[4])]


def test_files_that_vanish_between_listing_and_reading_are_no_failure(tmp_path: Path, catalogue: Catalogue) -> None:
    class Thievish(Workers):
        def start(self, limit: float, function: object, *arguments: object) -> Task[object]:
            paths[1].unlink(missing_ok=True)
            return super().start(limit, function, *arguments)

    paths = write_series(tmp_path / "files", 3)
    events: list[Event] = []
    with Thievish(1) as workers:
        Scan(catalogue, workers, events.append).run([str(tmp_path / "files")])
    assert instances(catalogue) == 2
    assert catalogue.failures() == []
    assert [event.subject for event in events if event.kind is Kind.GONE] == [str(paths[1])]


def test_thousands_of_files_are_indexed(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    template = write(instance(SOPInstanceUID="1.2.3.1000"), tmp_path).read_bytes()
    folder = tmp_path / "files"
    folder.mkdir()
    for number in range(2500):
        (folder / f"{number}").write_bytes(template.replace(b"1.2.3.1000", f"1.2.3.{1000 + number}".encode()))
    assert scan(folder) == {Kind.FOUND: 2500, Kind.INDEXED: 2500}
    assert instances(catalogue) == 2500


def test_two_files_of_one_instance_are_told_with_both_paths(
    tmp_path: Path, catalogue: Catalogue, scan: Run, events: list[Event]
) -> None:
    folder = tmp_path / "files"
    (path,) = write_series(folder, 1)
    copy = folder / "zz copy.dcm"
    shutil.copy(path, copy)
    assert scan(folder) == {Kind.FOUND: 2, Kind.INDEXED: 2, Kind.DUPLICATE: 1}
    (told,) = (event for event in events if event.kind is Kind.DUPLICATE)
    assert told.subject == str(copy)
    assert str(path) in told.reason
    assert path.stem in told.reason
    later = folder / "zzz later.dcm"
    shutil.copy(path, later)
    assert scan(folder) == {Kind.FOUND: 3, Kind.UNCHANGED: 2, Kind.INDEXED: 1, Kind.DUPLICATE: 1}
    assert instances(catalogue) == 1


def test_a_file_that_moved_is_no_duplicate(tmp_path: Path, catalogue: Catalogue, scan: Run) -> None:
    (path,) = write_series(tmp_path / "files", 1)
    scan(tmp_path)
    path.rename(tmp_path / "files" / "elsewhere.dcm")
    assert scan(tmp_path)[Kind.DUPLICATE] == 0
    assert instances(catalogue) == 1
