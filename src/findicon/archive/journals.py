"""The journals of one process: one is written, full ones wait until what they stand for is durable elsewhere."""

import os
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress

from ..errors import CatalogueError, StorageError
from ..observe import log
from .disk import sync_folder
from .journal import SIZE, Journal, Record

_MOST = 4  # journals
_UNSETTLED_SECONDS = 1.0  # how long an instance is in a journal alone where few arrive
_PATIENCE = 30.0  # seconds that whoever stores waits for a journal


class Journals:
    """Journals that are written in turn.

    Parameters
    ----------
    folder
        Where they lie; it is synced when one is made.
    settle
        Makes files and rows durable, all that there are; a thread of this object calls it. Raises OSError or
        CatalogueError.

    Attributes
    ----------
    turn
        Held by whoever appends, until the files have their places and the rows are committed: what a journal stands
        for is not settled before.
    """

    LARGEST = SIZE
    """Bytes of records that can be appended together."""

    def __init__(self, folder: str, settle: Callable[[], None]) -> None:
        self.turn = threading.Lock()
        self._folder = folder
        self._settle = settle
        self._made = 0
        self._changed = threading.Condition()
        self._full: list[Journal] = []
        self._broken: set[Journal] = set()
        self._is_closed = False
        self._doubtful: set[Journal] = set()
        self._current: Journal | None = None  # made when something is to be kept: a full disk still answers queries
        self._free: list[Journal] = []
        self._settling = threading.Thread(target=self._settle_on_and_on, name="storage journals", daemon=True)
        self._settling.start()

    def append(self, records: Sequence[Record]) -> None:
        """Have records on the disk; whoever calls has the turn.

        Raises
        ------
        StorageError
            They are not.
        """
        if self._is_closed:  # associations may live longer than the storage that they came to
            raise StorageError("The storage is closed")
        size = sum(record.size for record in records)
        try:
            if self._current is None or not self._current.has_room(size):
                self._lay_aside()
                self._current = self._next()
            is_first = self._current.is_empty
            self._current.append(records)
        except BaseException as exc:
            if self._current is not None:  # what a failed sync left is not to be believed, whatever the next one says
                self._broken.add(self._current)
                self._lay_aside()
            if not isinstance(exc, OSError):
                raise
            raise StorageError(f"The journal of the storage folder cannot be written: {exc.strerror}") from exc
        if is_first:
            with self._changed:
                self._changed.notify_all()

    def close(self) -> None:
        """Settle everything; journals stay where that fails, and the next start looks at them."""
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()
        self._settling.join()
        for journal in self._free:
            _end(journal)
        for journal in self._full:
            journal.close()
        self._free, self._full = [], []

    def _make(self) -> Journal:
        self._made += 1
        journal = Journal(f"{self._folder}{os.sep}{self._made}.journal")
        try:
            sync_folder(self._folder)
        except BaseException:
            _end(journal)
            raise
        return journal

    def _lay_aside(self) -> None:
        """Have the current journal settled."""
        if self._current is not None:
            with self._changed:
                self._full.append(self._current)
                self._changed.notify_all()
            self._current = None

    def _next(self) -> Journal:
        with self._changed:
            if not self._free and len(self._full) < _MOST:
                return self._make()
            self._changed.wait_for(lambda: self._free or not self._unsettled(), _PATIENCE)
            if not self._free:
                raise StorageError("What was stored before cannot be made durable, so nothing more is taken")
            return self._free.pop()

    def _settle_on_and_on(self) -> None:
        while True:
            with self._changed:
                self._changed.wait_for(lambda: self._unsettled() or self._is_used() or self._is_closed)
                self._changed.wait_for(lambda: self._unsettled() or self._is_closed, _UNSETTLED_SECONDS)
                is_last = self._is_closed
            # Nobody is waited for unless journals are free: whoever has the turn may be waiting for one.
            if is_last:
                self._settle_full()
            if (is_last or not self._unsettled()) and self.turn.acquire(blocking=is_last):
                if self._is_used():
                    self._lay_aside()
                self.turn.release()
            is_settled = self._settle_full()
            if is_last:
                self._free_current()
                return
            if not is_settled:
                with self._changed:
                    self._changed.wait_for(lambda: self._is_closed, _UNSETTLED_SECONDS)

    def _is_used(self) -> bool:
        current = self._current
        return current is not None and not current.is_empty

    def _free_current(self) -> None:
        if self._current is not None:
            self._free.append(self._current)
            self._current = None

    def _settle_full(self) -> bool:
        with self._changed:
            full = self._unsettled()
        if not full:
            return True
        try:
            self._settle_once()
            for journal in full:
                self._clear(journal)
        except CatalogueError as exc:
            log.error("the catalogue cannot be synced", reason=str(exc))
            return False
        except OSError as exc:
            log.error("the storage folder cannot be synced", reason=exc.strerror)
            return False
        except Exception as exc:  # noqa: BLE001 -- without this thread nothing is taken any more, and nothing says why
            log.error("what was stored cannot be made durable", reason=repr(exc))
            return False
        return True

    def _settle_once(self) -> None:
        try:
            self._settle()
        except OSError:
            # The next sync would say that all is well, though the system may have forgotten what this one could not
            # write: all journals that there are stand for it until the next start writes it again.
            with self._changed:
                self._doubtful.update(self._full)
                if self._current is not None:
                    self._doubtful.add(self._current)
                self._changed.notify_all()
            raise

    def _unsettled(self) -> list[Journal]:
        return [journal for journal in self._full if journal not in self._doubtful]

    def _clear(self, journal: Journal) -> None:
        is_broken = journal in self._broken
        if is_broken:
            _end(journal)
        else:
            journal.clear()
        with self._changed:
            self._full.remove(journal)
            self._broken.discard(journal)
            if not is_broken:
                self._free.append(journal)
            self._changed.notify_all()


def _end(journal: Journal) -> None:
    """Close and remove a journal; where its name stays, the next start finds what it stands for in its place."""
    journal.close()
    with suppress(OSError):
        os.unlink(journal.path)  # noqa: PTH108
