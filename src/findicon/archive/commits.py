"""One transaction for everybody who waits: many small instances a second, each of them durable."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from queue import Empty, SimpleQueue

from ..catalogue import Catalogue, InstanceRecord
from ..errors import CatalogueError, FindiconError

_LARGEST_BATCH = 512
_PATIENCE = 0.005  # seconds; about what a transaction takes
_Entry = tuple[InstanceRecord, "Future[None]"]


class Commits:
    """A thread that writes records into the catalogue, as many in one transaction as there are.

    A transaction costs about the same for one record as for ten, in processor time and in waiting for the disk. So it
    waits a moment for those who are about to come (`expect`), and what comes while it runs goes into the next one.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._waiting: SimpleQueue[_Entry | None] = SimpleQueue()
        self._lock = threading.Lock()
        self._expected = 0
        self._thread = threading.Thread(target=self._run, name="catalogue commits", daemon=True)
        self._thread.start()

    @contextmanager
    def expect(self) -> Iterator[None]:
        """Announce that a record is about to come; the block ends when it was committed, or will not be."""
        self._change_expected(1)
        try:
            yield
        finally:
            self._change_expected(-1)

    def commit(self, record: InstanceRecord) -> None:
        """Return when the record is durable.

        Raises
        ------
        CatalogueError
            It was not written.
        """
        done: Future[None] = Future()
        self._waiting.put((record, done))
        done.result()

    def close(self) -> None:
        """Write what waits, and end."""
        self._waiting.put(None)
        self._thread.join()

    def _change_expected(self, by: int) -> None:
        with self._lock:
            self._expected += by

    def _run(self) -> None:
        while (first := self._waiting.get()) is not None:
            batch = [first]
            try:
                is_open = self._gather(batch)
            finally:
                self._write(batch)
            if not is_open:
                return

    def _gather(self, batch: list[_Entry]) -> bool:
        """Add those who have come, and those who come within a moment; False once no more will."""
        until = time.monotonic() + _PATIENCE
        while len(batch) < _LARGEST_BATCH:
            is_awaited = len(batch) < self._expected
            try:
                entry = self._waiting.get(is_awaited, max(0.0, until - time.monotonic()) if is_awaited else None)
            except Empty:
                return True
            if entry is None:
                return False
            batch.append(entry)
        return True

    def _write(self, batch: list[_Entry]) -> None:
        try:
            if batch:
                self._catalogue.add([record for record, _ in batch])
        except FindiconError as exc:
            if len(batch) == 1:
                batch[0][1].set_exception(exc)
            else:  # one record that cannot be written is no reason to lose the others
                for entry in batch:
                    self._write([entry])
        except Exception as exc:  # noqa: BLE001 -- whoever waits would wait for ever
            for _, done in batch:
                done.set_exception(CatalogueError(f"The catalogue failed: {exc}"))
        else:
            for _, done in batch:
                done.set_result(None)
