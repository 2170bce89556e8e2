"""Instances on their way to us, each for somebody who waits for it: by C-GET, or by a C-MOVE to our own SCP."""

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import BinaryIO, cast

from ..errors import StorageError
from .file_meta import file_meta


class Arrival:
    """An instance that somebody waits for."""

    def __init__(self) -> None:
        self._come = threading.Event()
        self._path: Path | None = None
        self.problem = ""

    def wait(self, seconds: float) -> Path | None:
        """Give the file once the instance is there whole; None when it does not come in time."""
        self._come.wait(seconds)
        return self._path

    def bring(self, path: Path) -> None:
        """Say that it is there."""
        self._path = path
        self._come.set()

    def leave(self) -> None:
        """Throw the file away, if it came."""
        if self._path is not None:
            with suppress(OSError):
                self._path.unlink(missing_ok=True)


class Arrivals:
    """An Ingest that takes only what somebody waits for, and keeps it as long as that.

    Parameters
    ----------
    folder
        Where the files lie.
    largest
        Bytes of a data set, at most.
    """

    def __init__(self, folder: Path, largest: int) -> None:
        self._folder = folder
        self._largest = largest
        self._lock = threading.Lock()
        self._waiting: dict[str, deque[Arrival]] = {}
        self._numbers = count()

    @contextmanager
    def expected(self, sop_instance: str) -> Iterator[Arrival]:
        """Wait for an instance within the block; its file is gone afterwards, unless it was renamed."""
        arrival = Arrival()
        with self._lock:
            self._waiting.setdefault(sop_instance, deque()).append(arrival)
        try:
            yield arrival
        finally:
            with self._lock:
                waiting = self._waiting[sop_instance]
                if arrival in waiting:
                    waiting.remove(arrival)
                if not waiting:
                    del self._waiting[sop_instance]
            arrival.leave()

    @contextmanager
    def receive(
        self,
        sop_class: str,
        sop_instance: str,
        transfer_syntax: str,
        sender: str,  # noqa: ARG002  as Ingest has it
    ) -> Iterator[BinaryIO]:
        """Take an instance in, for the one who waits for it longest.

        Raises
        ------
        StorageError
            Nobody waits for it, it is too large, or it cannot be written.
        """
        with self._lock:
            waiting = self._waiting.get(sop_instance)
            if not waiting:
                raise StorageError(f"Nobody here waits for {sop_instance}")
            arrival = waiting[0]
        path = self._folder / f"{next(self._numbers)}.dcm"
        try:
            with path.open("wb") as stream:
                stream.write(file_meta(sop_class, sop_instance, transfer_syntax))
                yield cast("BinaryIO", _Limited(stream, self._largest, arrival))
        except BaseException:
            path.unlink(missing_ok=True)
            raise
        self._hand_over(sop_instance, arrival, path)

    def _hand_over(self, sop_instance: str, arrival: Arrival, path: Path) -> None:
        with self._lock:
            waiting = self._waiting.get(sop_instance, deque())
            if arrival in waiting:
                waiting.remove(arrival)
                waiting.append(arrival)  # another one that comes is for another one who waits
                arrival.bring(path)
                return
        path.unlink(missing_ok=True)


class _Limited:
    """A file that takes a number of bytes."""

    def __init__(self, stream: BinaryIO, largest: int, arrival: Arrival) -> None:
        self._stream = stream
        self._left = largest
        self._largest = largest
        self._arrival = arrival

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            self._arrival.problem = f"The instance has more than {self._largest} bytes"
            raise StorageError(self._arrival.problem)
        return self._stream.write(data)
