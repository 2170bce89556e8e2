"""The folder that received instances lie in, and how a file gets its final place there without ever being half there.

::

    instances/3f/1.2.840….dcm      final, spread over 256 folders by a hash of the SOP Instance UID
    incoming/<owner>/….part        still arriving; the owner is one process, which holds its lock file
    incoming/<owner>/….journal     small instances that have their place, but are not synced there yet
    conflicts/1.2.840….<hash>.dcm  other bytes under a SOP Instance UID that was there first

A file gets its final place by a hard link, which unlike a rename never replaces what is there, and its first name goes
when the catalogue knows it. So what a process left behind when it was killed stands in its own incoming folder: a name
alone never became an instance, one whose file has its final place too may be missing in the catalogue, and what a
journal holds may be missing in either. Nobody has to compare ten million files with a database to find that out.
"""

import hashlib
import os
import secrets
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import BinaryIO

from ..errors import StorageError
from .disk import sync_file_system, sync_folder
from .file_meta import start_of_data_set

if sys.platform != "win32":
    import fcntl

_FOLDERS = 256  # ten million files are 40,000 in each, which file systems with indexed folders take lightly
_BLOCK = 1 << 20
HEAD = 144
"""Bytes that tell where the data set of a file begins."""


@dataclass(frozen=True, slots=True)
class LeftBehind:
    """What is in the incoming folder of a process that is no more.

    Parameters
    ----------
    journals
        Paths of its journals.
    arrivals
        SOP Instance UIDs of files that were still arriving, or had just arrived, by path.
    """

    journals: Sequence[str]
    arrivals: Mapping[str, str]


class StorageFolder:
    """The files of one storage folder, shared by all processes that serve it.

    Parameters
    ----------
    folder
        Made when it is not there.

    Raises
    ------
    StorageError
        The folder cannot be made or written, or this system has no file locks.
    """

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        if sys.platform == "win32":
            raise StorageError("A storage folder needs the file locks of POSIX systems")
        self.root = Path(folder).absolute()
        self._instances = self.root / "instances"
        self._incoming = self.root / "incoming"
        self._conflicts = self.root / "conflicts"
        self._lock = self._opened = -1
        try:
            is_new = not self.root.exists()
            for path in (self._instances, self._incoming, self._conflicts):
                path.mkdir(mode=0o700, parents=True, exist_ok=True)
            for number in range(_FOLDERS):  # now, so that no instance has to wait for its folder to be durable
                (self._instances / f"{number:02x}").mkdir(exist_ok=True)
            sync_folder(str(self._instances))
            sync_folder(str(self.root))
            if is_new:
                sync_folder(str(self.root.parent))
            self._opened = os.open(self.root, os.O_RDONLY | os.O_CLOEXEC)
            self.own = self._claim()
            # Text from here on: for a small instance, paths as objects would cost as much as its row.
            self._folders = [f"{self._instances}{os.sep}{number:02x}{os.sep}" for number in range(_FOLDERS)]
            self._arrivals, self._numbers = f"{self.own}{os.sep}", count()
        except OSError as exc:
            self._close_root()
            raise StorageError(f"The storage folder {self.root} cannot be used: {exc.strerror}") from exc
        except StorageError:
            self._close_root()
            raise

    def close(self) -> None:
        """Give the incoming folder back; it is gone when nothing is left in it."""
        if self._lock < 0:
            return
        self._release(self.own, self._lock)
        self._lock = -1
        self._close_root()

    def _close_root(self) -> None:
        if self._opened >= 0:
            os.close(self._opened)
        self._opened = -1

    def place_of(self, sop_instance: str) -> str:
        """Give where an instance lies, or would."""
        spread = hashlib.sha256(sop_instance.encode("ascii")).digest()[0]
        return f"{self._folders[spread]}{sop_instance}.dcm"

    def incoming_path(self, sop_instance: str) -> str:
        """Give a path for a file that is about to arrive; no other has it."""
        return f"{self._arrivals}{sop_instance}.{next(self._numbers)}.part"

    def place(self, incoming: str, place: str) -> bool:
        """Give a large file, which is whole and synced, its final place, durably.

        Returns
        -------
        bool
            False where that place is taken already.
        """
        try:
            os.link(incoming, place)
        except FileExistsError:
            is_first = False
            with open(place, "rb") as file:  # noqa: PTH123 -- whoever was first may not have got so far
                os.fsync(file.fileno())
        else:
            is_first = True
        sync_folder(place.rpartition(os.sep)[0])
        return is_first

    def sync(self) -> None:
        """Make every file and every name durable; raises OSError."""
        sync_file_system(self._opened)

    def put_aside(self, incoming: str, sop_instance: str) -> str:
        """Keep a file whose place other bytes have taken; the same bytes are kept once."""
        with open(incoming, "rb") as file:  # noqa: PTH123
            _pass_head(file)
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            os.fsync(file.fileno())
        path = self._conflicts / f"{sop_instance}.{digest[:16]}.dcm"
        if not path.exists():
            os.link(incoming, path)
        sync_folder(str(self._conflicts))
        return str(path)

    def left_behind(self) -> Iterator[LeftBehind]:
        """Give what processes left in their incoming folders when they were killed, folder by folder.

        Each folder is claimed while its files are looked at, so no two processes clear up the same one, and removed
        after that: whoever takes them removes them.
        """
        for folder in sorted(self._incoming.iterdir()):
            with self._gate():
                lock = _lock(folder / "lock") if folder.is_dir() and folder != self.own else -1
            if lock < 0:
                continue  # its owner lives
            arrivals = {str(path): path.name.rsplit(".", 2)[0] for path in sorted(folder.glob("*.part"))}
            journals = [str(path) for path in sorted(folder.glob("*.journal"))]
            try:
                if arrivals or journals:
                    yield LeftBehind(journals, arrivals)
            finally:
                self._release(folder, lock)

    def _claim(self) -> Path:
        own = self._incoming / f"{os.getpid()}-{secrets.token_hex(4)}"
        with self._gate():
            own.mkdir()
            self._lock = _lock(own / "lock")
        self._try_a_link(own)
        sync_folder(str(self._incoming))
        return own

    def _try_a_link(self, own: Path) -> None:
        """Find out now, and not with the first instance, whether files here can have two names."""
        try:
            os.link(own / "lock", own / "link")
        except OSError as exc:
            self._release(own, self._lock)
            raise StorageError(
                f"The storage folder {self.root} needs a file system with hard links: {exc.strerror}"
            ) from exc
        (own / "link").unlink()

    def _gate(self) -> "_Gate":
        """Hold back other processes between making a folder and locking it."""
        return _Gate(self._incoming / "gate")

    @staticmethod
    def _release(folder: Path, lock: int) -> None:
        try:
            (folder / "lock").unlink()
            folder.rmdir()
        except OSError:
            pass  # files are left in it: the next start looks at them
        os.close(lock)


class _Gate:
    """A lock that is waited for; the kernel opens it when its holder dies."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def __enter__(self) -> None:
        self._file = self._path.open("ab")
        fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        self._file.close()


def same_data_set(path: str, other: str) -> bool:
    """Tell whether two files hold the same data set; their File Meta Information may name different senders.

    Raises
    ------
    StorageError
        One of them does not begin with File Meta Information.
    """
    with open(path, "rb") as one, open(other, "rb") as two:  # noqa: PTH123
        _pass_head(one)
        _pass_head(two)
        while True:
            block = one.read(_BLOCK)
            if block != two.read(_BLOCK):
                return False
            if not block:
                return True


def _pass_head(file: BinaryIO) -> None:
    file.seek(start_of_data_set(file.read(HEAD)))


def _lock(path: Path) -> int:
    """Lock a file without waiting; give its descriptor, or -1 where somebody holds it or its folder is gone."""
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    except FileNotFoundError:
        return -1
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return -1
    return descriptor
