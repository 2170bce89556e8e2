import multiprocessing
from pathlib import Path

import pytest

from findicon.archive import Event, Kind, Summary, index
from findicon.catalogue import Catalogue
from findicon.errors import StorageError
from findicon.query import Level
from support.samples import write_series


def test_a_folder_is_indexed_with_its_pictures(tmp_path: Path, catalogue: Catalogue) -> None:
    folder = tmp_path / "files"
    write_series(folder / "a", 3)
    write_series(folder / "b", 2)
    (folder / "notes.txt").write_text("notes")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    children = set(multiprocessing.active_children())
    events: list[Event] = []
    summary = index([folder], catalogue, workers=1, report=events.append)
    assert summary == Summary(found=6, indexed=5, skipped=1, pictured=4)
    assert sum(event.count for event in events if event.kind is Kind.WAITING) == 4
    assert catalogue.progress().icons_made == 4
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before
    assert set(multiprocessing.active_children()) == children


def test_again_there_is_nothing_to_do_and_no_process_is_started(tmp_path: Path, catalogue: Catalogue) -> None:
    write_series(tmp_path / "files", 3)
    index([tmp_path / "files"], catalogue, workers=1)
    assert index([tmp_path / "files"], catalogue, workers=1) == Summary(found=3, unchanged=3)


def test_pictures_may_wait(tmp_path: Path, catalogue: Catalogue) -> None:
    write_series(tmp_path / "files", 3)
    assert index([tmp_path / "files"], catalogue, workers=1, icons="later") == Summary(found=3, indexed=3)
    assert catalogue.progress().icons_waiting == 2


def test_a_folder_named_twice_and_inside_another_is_read_once(
    tmp_path: Path, catalogue: Catalogue, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_series(tmp_path / "files" / "inner", 2)
    monkeypatch.chdir(tmp_path)
    paths = ["files", tmp_path / "files", "files/inner", "./files/"]
    assert index(paths, catalogue, workers=1, icons="later") == Summary(found=2, indexed=2)


def test_a_single_file_is_indexed(tmp_path: Path, catalogue: Catalogue) -> None:
    paths = write_series(tmp_path / "files", 2)
    assert index([paths[0]], catalogue, workers=1, icons="later") == Summary(found=1, indexed=1)
    assert catalogue.counts()[Level.IMAGE] == 1


def test_a_path_that_does_not_exist_is_named(tmp_path: Path, catalogue: Catalogue) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        index([tmp_path / "nowhere"], catalogue)
