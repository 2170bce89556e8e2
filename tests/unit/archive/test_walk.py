import os
from pathlib import Path

import pytest

from findicon.archive.walk import File, Unreadable, walk
from findicon.errors import StorageError


def paths(root: Path) -> list[str]:
    return sorted(os.path.relpath(found.path, root) for found in walk(str(root)))


def test_every_file_is_found_also_hidden_and_oddly_named_ones(tmp_path: Path) -> None:
    names = [".hidden", "no extension", "new\nline", "ünïcode ✓.dcm", "-dash", "a/b/c/deep.dcm", ".folder/inside"]
    for name in names:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    assert paths(tmp_path) == sorted(names)


def test_a_file_comes_with_size_and_time_of_modification(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(b"12345")
    os.utime(path, (1000, 2000.5))
    assert list(walk(str(tmp_path))) == [File(str(path), 5, 2000.5)]


def test_the_root_may_be_a_file(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(b"")
    assert [found.path for found in walk(str(path))] == [str(path)]


def test_a_loop_of_links_ends(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "up").symlink_to(tmp_path)
    (tmp_path / "a" / "self").symlink_to(tmp_path / "a")
    (tmp_path / "a" / "image.dcm").write_bytes(b"x")
    assert paths(tmp_path) == ["a/image.dcm"]


def test_a_link_to_itself_and_one_to_nowhere_are_told(tmp_path: Path) -> None:
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    (tmp_path / "broken").symlink_to(tmp_path / "gone")
    found = {Path(one.path).name: one for one in walk(str(tmp_path))}
    assert all(isinstance(one, Unreadable) for one in found.values())
    assert found["broken"].reason == "the link leads nowhere"
    assert "symbolic links" in found["loop"].reason


def test_links_to_files_and_folders_are_followed(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "image.dcm").write_bytes(b"x")
    root = tmp_path / "root"
    root.mkdir()
    (root / "folder").symlink_to(tmp_path / "elsewhere")
    (root / "file.dcm").symlink_to(tmp_path / "elsewhere" / "image.dcm")
    assert paths(root) == ["file.dcm", "folder/image.dcm"]


def test_pipes_are_passed_over(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    assert paths(tmp_path) == []


def test_what_is_not_there_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="nowhere"):
        list(walk(str(tmp_path / "nowhere")))


def test_a_pipe_is_no_root(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(StorageError, match="neither a file nor a folder"):
        list(walk(str(tmp_path / "pipe")))


def test_a_folder_that_may_not_be_read_is_told_and_the_rest_is_found(locked_folder: Path) -> None:
    found = sorted(walk(str(locked_folder)), key=lambda one: one.path)
    assert found[0] == Unreadable(str(locked_folder / "locked"), "Permission denied")
    assert [Path(one.path).name for one in found] == ["locked", "mine.dcm", "open.dcm"]
