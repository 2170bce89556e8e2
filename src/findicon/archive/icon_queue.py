"""Pictures made in the background, while the archive answers and takes instances in."""

import threading
import time
from typing import Self

from ..errors import CatalogueError, StorageError
from ..observe import log
from .events import Event, Kind
from .making import IconMaker


class IconQueue:
    """A thread that makes the pictures of series and studies that are missing or out of date.

    Parameters
    ----------
    maker
        What makes them.
    settle
        Seconds of quiet it waits for after instances arrived, so that a series is pictured once and not per instance.
    patience
        Seconds it waits at most while instances go on arriving.
    interval
        Seconds between looks when nobody woke it: other processes store and index, too.
    """

    def __init__(self, maker: IconMaker, *, settle: float = 1.0, patience: float = 15.0, interval: float = 5.0) -> None:
        self._maker = maker
        self._settle = settle
        self._patience = patience
        self._interval = interval
        self._woken = threading.Event()
        self._closed = threading.Event()
        self._thread = threading.Thread(target=self._run, name="icon queue", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def wake(self) -> None:
        """Tell it that instances arrived."""
        self._woken.set()

    def close(self) -> None:
        """End it; the picture it is about is finished first."""
        self._closed.set()
        self._woken.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._closed.is_set():
            try:
                self._maker.make_stale(_log, self._closed.is_set)
            except (CatalogueError, StorageError) as exc:
                log.error("pictures have to wait", reason=str(exc))
            if self._woken.wait(self._interval):
                self._wait_for_quiet()

    def _wait_for_quiet(self) -> None:
        until = time.monotonic() + self._patience
        while self._woken.is_set() and not self._closed.is_set() and time.monotonic() < until:
            self._woken.clear()
            self._woken.wait(self._settle)


def _log(event: Event) -> None:
    if event.kind is Kind.NO_PICTURE and event.reason:
        log.info("no picture", subject=event.subject, reason=event.reason)
