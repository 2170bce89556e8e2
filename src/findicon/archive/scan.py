"""One pass over a folder: what is new or changed goes to the workers, what they read goes into the catalogue."""

import os
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import chain
from pathlib import Path

from ..catalogue import Catalogue, Duplicate, Rows
from ..errors import StorageError
from .events import Event, Kind
from .paths import location_of, path_of, printable
from .reading import NotKept, read_files
from .walk import File, Unreadable, walk
from .workers import Task, Workers, WorkFailed

Report = Callable[[Event], None]
_Known = dict[str, tuple[int, float]]
_Read = list[Rows | NotKept]

# A task costs about a millisecond to hand over, a header a tenth of one to read.
_FILES_PER_TASK = 64
_SECONDS_PER_TASK = 120.0
_SECONDS_PER_FILE = 10.0
_TASKS_UNDER_WAY = 6  # for each worker
_ROWS_PER_TRANSACTION = 512
_FILES_PER_EVENT = 256


class Scan:
    """Brings the catalogue up to date with folders.

    Parameters
    ----------
    catalogue
        What is brought up to date.
    workers
        Who reads.
    tell
        Called with what happens.
    """

    def __init__(self, catalogue: Catalogue, workers: Workers, tell: Report) -> None:
        self._catalogue = catalogue
        self._workers = workers
        self._tell = tell
        self._under_way: deque[tuple[Sequence[File], Task[_Read]]] = deque()
        self._rows: list[Rows] = []
        self._changed: set[str] = set()
        self._unseen: list[str] = []
        self._duplicates: list[Duplicate] = []

    def run(self, roots: Sequence[str], *, may_be_gone: bool = False) -> None:
        """Look at everything below some places at once.

        Parameters
        ----------
        roots
            Absolute paths of folders and files, none below another.
        may_be_gone
            There may be nothing, and nothing known either.

        Raises
        ------
        StorageError
            There is nothing at one of `roots`, and the catalogue knows nothing there either.
        CatalogueError
            The catalogue cannot be read or written.
        """
        known: _Known = {}
        must_exist: dict[str, bool] = {}
        for root in roots:
            there = self._known(root)
            must_exist[root] = not there and not may_be_gone
            known.update(there)
        for chunk in _chunks(self._new_or_changed(must_exist, known)):
            while len(self._under_way) >= _TASKS_UNDER_WAY * self._workers.count:
                self._take()
            self._under_way.append((chunk, self._start(_SECONDS_PER_TASK, chunk)))
        while self._under_way:
            self._take()
        self._write()
        # Last, because a file that moved keeps its instance only when the catalogue has seen it at its new path.
        self._forget([location for location in known if not any(_lies_in(location, path) for path in self._unseen)])
        self._report_duplicates()

    def _report_duplicates(self) -> None:
        """Tell of files that share an instance, now that what moved has left its old place."""
        for one in self._duplicates:
            path, shown = path_of(one.path), path_of(one.shown)
            if os.path.lexists(path) and os.path.lexists(shown):
                reason = f"It has the SOP Instance UID of {printable(shown)}, which is shown: {one.sop_instance}"
                self._tell(Event(Kind.DUPLICATE, 1, printable(path), reason))
        self._duplicates = []

    def _known(self, root: str) -> _Known:
        """Give size and time of modification of every file that the catalogue knows at `root`, by location."""
        found: _Known = {}
        for start in {location_of(root), Path(root).as_uri()}:
            found.update(self._catalogue.files(start))
        return {location: seen for location, seen in found.items() if _lies_in(location, root)}

    def _new_or_changed(self, must_exist: Mapping[str, bool], known: _Known) -> Iterator[File]:
        """Give the files to read, and take out of `known` all that are there."""
        found = unchanged = 0
        for file in chain.from_iterable(_walk_or_nothing(root, must_exist[root]) for root in must_exist):
            found += 1
            if isinstance(file, Unreadable):
                self._unseen.append(file.path)
                self._fail(file.path, file.reason)
                continue
            seen = known.pop(location_of(file.path), None)
            if seen == (file.size, file.modified):
                unchanged += 1
            else:
                if seen is not None:
                    self._changed.add(location_of(file.path))
                yield file
            if found == _FILES_PER_EVENT:
                self._count(found, unchanged)
                found = unchanged = 0
        self._count(found, unchanged)

    def _count(self, found: int, unchanged: int) -> None:
        for kind, count in ((Kind.FOUND, found), (Kind.UNCHANGED, unchanged)):
            if count:
                self._tell(Event(kind, count))

    def _start(self, limit: float, files: Sequence[File]) -> Task[_Read]:
        return self._workers.start(limit, read_files, files)

    def _take(self) -> None:
        """Wait for the oldest task and keep what it read."""
        chunk, task = self._under_way.popleft()
        try:
            self._keep(task.result())
        except WorkFailed:  # one of the files did it; alone, it is found out
            tasks = [(file, self._start(_SECONDS_PER_FILE, [file])) for file in chunk]
            for file, alone in tasks:
                try:
                    self._keep(alone.result())
                except WorkFailed as exc:
                    self._keep([NotKept(file, Kind.FAILED, str(exc))])

    def _keep(self, read: _Read) -> None:
        for one in read:
            if isinstance(one, NotKept):
                self._refuse(one)
            else:
                self._rows.append(one)
        if len(self._rows) >= _ROWS_PER_TRANSACTION:
            self._write()

    def _write(self) -> None:
        if self._rows:
            self._duplicates += self._catalogue.add(self._rows, durable=False)
            self._tell(Event(Kind.INDEXED, len(self._rows)))
            self._rows = []

    def _refuse(self, one: NotKept) -> None:
        if one.kind is Kind.FAILED:
            self._fail(one.file.path, one.reason)
            return
        location = location_of(one.file.path)
        if location in self._changed:  # it was an instance, or a failure, once
            self._catalogue.remove([location])
        self._tell(Event(one.kind, 1, printable(one.file.path), one.reason))

    def _fail(self, path: str, reason: str) -> None:
        self._catalogue.fail(location_of(path), reason)
        self._tell(Event(Kind.FAILED, 1, printable(path), reason))

    def _forget(self, gone: Sequence[str]) -> None:
        if not gone:
            return
        self._catalogue.remove(gone)
        # A folder is among them when it could not be looked into the last time, and can be now.
        files = sum(not os.path.isdir(path_of(location)) for location in gone)  # noqa: PTH112
        if files:
            self._tell(Event(Kind.GONE, files))


def _walk_or_nothing(root: str, must_exist: bool) -> Iterator[File | Unreadable]:
    """Walk; a root that is gone is an empty one where the catalogue knows what was there."""
    try:
        yield from walk(root)
    except StorageError:
        if must_exist or os.path.lexists(root):
            raise


def _chunks(files: Iterable[File]) -> Iterator[list[File]]:
    chunk: list[File] = []
    for file in files:
        chunk.append(file)
        if len(chunk) == _FILES_PER_TASK:
            yield chunk
            chunk = []
    if chunk:
        yield chunk


def _lies_in(location: str, folder: str) -> bool:
    path = path_of(location)
    return path == folder or path.startswith(folder if folder.endswith(os.sep) else folder + os.sep)
