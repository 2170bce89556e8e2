"""A walk over a folder: every file once, nothing opened, no end that a link could loop into."""

import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass

from ..errors import StorageError


@dataclass(frozen=True, slots=True)
class File:
    """A file as the walk saw it.

    Parameters
    ----------
    path
        Absolute; links in it are kept as the user laid them.
    size
        In bytes.
    modified
        Seconds since the epoch, as the file system keeps it.
    """

    path: str
    size: int
    modified: float


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A folder or an entry that the walk could not look at."""

    path: str
    reason: str


def walk(root: str) -> Iterator[File | Unreadable]:
    """Give every regular file under a folder, or the one file that `root` is.

    Links are followed; a folder that several of them lead to is visited once, so a loop ends. Hidden files count,
    and pipes, sockets and devices do not.

    Raises
    ------
    StorageError
        There is no such file or folder, or it is neither.
    """
    try:
        found = os.stat(root)  # noqa: PTH116 -- a plain string in, because a walk makes millions of them
    except OSError as exc:
        raise StorageError(f"{root} cannot be read: {exc.strerror}") from exc
    if stat.S_ISREG(found.st_mode):
        yield File(root, found.st_size, found.st_mtime)
    elif stat.S_ISDIR(found.st_mode):
        yield from _walk_folders(root, found)
    else:
        raise StorageError(f"{root} is neither a file nor a folder")


def _walk_folders(root: str, found: os.stat_result) -> Iterator[File | Unreadable]:
    visited = {(found.st_dev, found.st_ino)}
    waiting = [root]
    while waiting:
        folder = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                for entry in entries:
                    yield from _look_at(entry, waiting, visited)
        except OSError as exc:
            yield Unreadable(folder, exc.strerror or str(exc))


def _look_at(
    entry: "os.DirEntry[str]", waiting: list[str], visited: set[tuple[int, int]]
) -> Iterator[File | Unreadable]:
    try:
        found = entry.stat()
    except FileNotFoundError:
        if entry.is_symlink():
            yield Unreadable(entry.path, "the link leads nowhere")
        return  # deleted since the folder was listed
    except OSError as exc:
        yield Unreadable(entry.path, exc.strerror or str(exc))
        return
    if stat.S_ISREG(found.st_mode):
        yield File(entry.path, found.st_size, found.st_mtime)
    elif stat.S_ISDIR(found.st_mode):
        if not found.st_ino:  # Windows does not tell it while listing
            found = os.stat(entry.path)  # noqa: PTH116
        identity = (found.st_dev, found.st_ino)
        if identity not in visited:
            visited.add(identity)
            waiting.append(entry.path)
