"""One transaction for everybody who waits: many small instances a second, each of them durable."""

import threading
from concurrent.futures import Future
from queue import SimpleQueue

from ..catalogue import Catalogue, InstanceRecord
from ..errors import CatalogueError, FindiconError

_LARGEST_BATCH = 512


class Commits:
    """A thread that writes records into the catalogue; what arrives during one transaction goes into the next.

    A commit waits for the disk. Whoever stores at the same time waits for the same write, so eight associations
    together pay for one; a single one pays nothing for it.
    """

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._waiting: SimpleQueue[tuple[InstanceRecord, Future[None]] | None] = SimpleQueue()
        self._thread = threading.Thread(target=self._run, name="catalogue commits", daemon=True)
        self._thread.start()

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

    def _run(self) -> None:
        is_open = True
        while is_open:
            batch = []
            entry = self._waiting.get()
            while entry is not None:
                batch.append(entry)
                if self._waiting.empty() or len(batch) == _LARGEST_BATCH:
                    break
                entry = self._waiting.get()
            is_open = entry is not None
            self._write(batch)

    def _write(self, batch: list[tuple[InstanceRecord, Future[None]]]) -> None:
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
