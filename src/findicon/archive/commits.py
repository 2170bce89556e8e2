"""One transaction for everybody who waits, one sync for many transactions; and nothing acknowledged depends on luck."""

import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from ..catalogue import Catalogue, Rows
from ..errors import CatalogueError, FindiconError, StorageError
from ..observe import log

_LARGEST_BATCH = 512
_PATIENCE = 0.005  # seconds; about what a transaction takes
_MOST_UNSYNCED = 256  # what a start after a loss of power has to look at, for each process
_UNSYNCED_SECONDS = 0.25


class _Entry:
    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.is_done = False
        self.error: FindiconError | None = None


class Commits:
    """Writes rows into the catalogue, as many in one transaction as there are.

    A transaction costs about the same for one instance as for ten. Whoever comes while nobody writes does so, for all
    who wait; it waits a moment itself for those who are about to come (`expect`).

    Parameters
    ----------
    catalogue
        Where to.
    sync_reminders
        Makes durable what reminds of the instances that are about to be committed; raises OSError.

    Notes
    -----
    A transaction survives the end of this process when `commit` returns, but a loss of power only when the catalogue
    was synced, which a thread does for many of them at once. Until then a reminder stands for the instance, synced once
    for all who share the transaction; `when_durable` tells when it may go.
    """

    def __init__(self, catalogue: Catalogue, sync_reminders: Callable[[], None]) -> None:
        self._catalogue = catalogue
        self._sync_reminders = sync_reminders
        self._waiting: deque[_Entry] = deque()
        self._turn = threading.Lock()
        self._changed = threading.Condition()
        self._expected = 0
        self._reminded = threading.Condition()  # another one: who syncs is not to be woken for each instance
        self._reminders: list[str] = []
        self._is_closed = False
        self._syncing = threading.Thread(target=self._sync_on_and_on, name="catalogue sync", daemon=True)
        self._syncing.start()

    @contextmanager
    def expect(self) -> Iterator[None]:
        """Announce that an instance is about to come; the block ends when it was committed, or will not be."""
        self._expect(1)
        try:
            yield
        finally:
            self._expect(-1)

    def commit(self, rows: Rows) -> None:
        """Return when the rows are in the catalogue.

        Raises
        ------
        CatalogueError, StorageError
            They were not written.
        """
        entry = _Entry(rows)
        with self._changed:
            self._waiting.append(entry)
            self._changed.notify_all()
        with self._turn:
            while not entry.is_done:  # a batch may be full before it comes to this one
                self._write(self._gathered())
        if entry.error is not None:
            raise entry.error

    def when_durable(self, reminder: str) -> None:
        """Have a file removed once all that was committed before survives a loss of power."""
        with self._reminded:
            self._reminders.append(reminder)
            if len(self._reminders) in (1, _MOST_UNSYNCED):
                self._reminded.notify_all()

    def close(self) -> None:
        """Sync what was committed, and end."""
        with self._reminded:
            self._is_closed = True
            self._reminded.notify_all()
        self._syncing.join()

    def _expect(self, more: int) -> None:
        with self._changed:
            self._expected += more
            if more < 0:
                self._changed.notify_all()

    def _gathered(self) -> list[_Entry]:
        """Take those who wait, after a moment for those who are about to come."""
        until = time.monotonic() + _PATIENCE
        with self._changed:
            while len(self._waiting) < min(self._expected, _LARGEST_BATCH):
                left = until - time.monotonic()
                if left <= 0 or not self._changed.wait(left):
                    break
            return [self._waiting.popleft() for _ in range(min(len(self._waiting), _LARGEST_BATCH))]

    def _write(self, batch: list[_Entry]) -> None:
        try:
            self._sync_reminders()
            self._catalogue.add([entry.rows for entry in batch], durable=False)
        except FindiconError as exc:
            if len(batch) > 1:  # one instance that cannot be written is no reason to lose the others
                for entry in batch:
                    self._write([entry])
                return
            batch[0].error = exc
        except OSError as exc:
            for entry in batch:
                entry.error = StorageError(f"The storage folder cannot be synced: {exc.strerror}")
        except Exception as exc:  # noqa: BLE001 -- whoever waits shall hear of it as of any other failure
            for entry in batch:
                entry.error = CatalogueError(f"The catalogue failed: {exc}")
        for entry in batch:
            entry.is_done = True

    def _sync_on_and_on(self) -> None:
        while True:
            with self._reminded:
                self._reminded.wait_for(lambda: self._reminders or self._is_closed)
                self._reminded.wait_for(
                    lambda: len(self._reminders) >= _MOST_UNSYNCED or self._is_closed, _UNSYNCED_SECONDS
                )
                reminders, self._reminders = self._reminders, []
                is_last = self._is_closed
            if reminders:
                self._sync(reminders)
            if is_last:
                return

    def _sync(self, reminders: list[str]) -> None:
        try:
            self._catalogue.make_durable()
        except CatalogueError as exc:  # what remembers the instances stays: the next start looks at it
            log.error("the catalogue cannot be synced", reason=str(exc))
            return
        for reminder in reminders:
            try:
                os.unlink(reminder)  # noqa: PTH108
            except FileNotFoundError:
                continue
            except OSError as exc:  # the next start takes it away
                log.error("a first name cannot be removed", file=reminder, reason=exc.strerror)
