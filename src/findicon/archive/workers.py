"""Processes that do what may hang, crash or eat memory: a codec in C can be stopped by killing its process only."""

import gc
import multiprocessing
import os
import signal
import sys
import threading
import time
import warnings
from collections.abc import Callable
from concurrent.futures import CancelledError, Future
from concurrent.futures.process import BrokenProcessPool
from multiprocessing.connection import wait
from multiprocessing.context import SpawnContext
from multiprocessing.synchronize import RLock
from typing import Any, Generic, TypeVar

from pebble import ProcessExpired, ProcessPool

from ..errors import FindiconError, StorageError

_Result = TypeVar("_Result")

# A worker is replaced after so many tasks, so that what a codec leaks does not add up.
_TASKS = 5_000
# A pool whose workers die between two tasks is broken (the out-of-memory killer does that) and is made anew.
_ATTEMPTS = 3
# A header is thousands of small objects without cycles, which the default (700) has looked through again and again.
_ALLOCATIONS = 50_000
_REST = 30.0  # seconds until it is tried again when no worker comes up
_HOW_TO_START = (
    "Worker processes end as soon as they start; a script that uses them must hold what it runs under "
    "if __name__ == '__main__':, because each of them imports it"
)
# Every codec and array library counts threads in its own variable; one process for each core is what we want.
_THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "OPJ_NUM_THREADS", "BLOSC_NTHREADS")


# pydicom imports these where they are installed, which takes a third of a worker's start; no worker decodes with the
# one or downloads with the other.
_UNUSED = ("gdcm", "requests")


class WorkFailed(FindiconError):
    """A task was not done; the text says why."""


class TookTooLong(WorkFailed):
    """A task was stopped at its time limit, and its worker killed."""


class WorkerDied(WorkFailed):
    """The worker's process ended in the middle of a task."""


class WorkersGone(StorageError):
    """There are no workers: they end as soon as they start."""


class WorkersClosed(WorkersGone):
    """The workers are closed, or were while the task waited."""


class Task(Generic[_Result]):
    """A task that was given to the workers."""

    def __init__(self, schedule: "Callable[[], Future[_Result]]", done: Callable[[], None], limit: float) -> None:
        self._schedule = schedule
        self._done = done
        self._limit = limit
        self._future = schedule()

    def result(self) -> _Result:
        """Wait for what the function returns, or raise what it raised.

        Raises
        ------
        WorkFailed
            The function did not come to its end.
        WorkersGone
            There is nobody to run it.
        """
        while True:
            try:
                result = self._future.result()
            except TimeoutError as exc:
                raise TookTooLong(f"It took longer than {self._limit:g} s and was stopped") from exc
            except ProcessExpired as exc:
                raise WorkerDied(f"The worker process ended with exit code {exc.exitcode}") from exc
            except CancelledError as exc:
                raise WorkersClosed("The workers were closed") from exc
            except BrokenProcessPool:
                self._future = self._schedule()
            else:
                self._done()
                return result


class Workers:
    """A few spawned processes, started when first needed and replaced when they are killed; safe between threads.

    Parameters
    ----------
    count
        How many; None for one per core.

    Notes
    -----
    Spawned, not forked: a fork copies the locks of other threads in whatever state they are in.
    """

    def __init__(self, count: int | None = None) -> None:
        self.count = count or os.cpu_count() or 1
        self._lock = threading.Lock()
        self._pool: ProcessPool | None = None
        self._under_way: set[Future[Any]] = set()
        self._closed = False
        self._broken = 0  # pools in a row of which no worker finished a task
        self._rests_until = 0.0

    def __enter__(self) -> "Workers":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def start(self, limit: float, function: Callable[..., _Result], *arguments: object) -> Task[_Result]:
        """Give a task to the workers and return at once.

        Parameters
        ----------
        limit
            Seconds it may run, from when a worker takes it up.
        function, *arguments
            A function that a spawned process can import; like its arguments it is pickled.

        Raises
        ------
        WorkersGone
            They end as soon as they start, or `close` was called.
        """
        return Task(lambda: self._schedule(limit, function, arguments), self._note_success, limit)

    def close(self) -> None:
        """Kill what runs, fail what waits, leave no process behind."""
        with self._lock:
            self._closed = True
            pool, self._pool = self._pool, None
            under_way = list(self._under_way)
        if pool is not None:
            _end(pool)
        for future in under_way:
            future.cancel()

    def _schedule(
        self, limit: float, function: Callable[..., _Result], arguments: tuple[object, ...]
    ) -> "Future[_Result]":
        broken = []
        with self._lock:
            if self._closed:
                raise WorkersClosed("The workers are closed")
            if self._pool is not None and not self._pool.active:
                broken.append(self._pool)
                self._pool = None
                self._broken += 1
                if self._broken >= _ATTEMPTS:
                    self._broken, self._rests_until = 0, time.monotonic() + _REST
            if time.monotonic() < self._rests_until:
                raise WorkersGone(_HOW_TO_START)
            if self._pool is None:
                self._pool = self._make_pool()
            try:
                future: Future[_Result] = self._pool.schedule(function, args=arguments, timeout=limit)
            except RuntimeError as exc:  # it broke this very moment
                future = Future()
                future.set_exception(BrokenProcessPool(str(exc)))
            self._under_way.add(future)
        future.add_done_callback(self._forget)
        for pool in broken:
            _end(pool)
        return future

    def _note_success(self) -> None:
        self._broken = 0

    def _make_pool(self) -> ProcessPool:
        return ProcessPool(max_workers=self.count, max_tasks=_TASKS, initializer=_prepare, context=_Context())

    def _forget(self, future: "Future[Any]") -> None:
        with self._lock:
            self._under_way.discard(future)


class _Context(SpawnContext):
    """Spawns, and keeps the locks of its pool as long as the pool: pebble gives them up before it ends the workers.

    A worker that was still starting would find its lock gone, and end with a traceback on standard error.
    """

    def __init__(self) -> None:
        super().__init__()
        self._locks: list[RLock] = []

    def RLock(self) -> RLock:  # noqa: N802 (the name is multiprocessing's)
        lock = super().RLock()
        self._locks.append(lock)
        return lock


def _end(pool: ProcessPool) -> None:
    pool.stop()  # type: ignore[no-untyped-call]
    pool.join()


def _prepare() -> None:
    """Set up a worker's process before its first task."""
    for variable in _THREADS:
        os.environ[variable] = "1"
    gc.set_threshold(_ALLOCATIONS)
    for name in _UNUSED:
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # who imports it is told that it is not there
    warnings.simplefilter("ignore")  # libraries warn of what is odd in a file; what is wrong comes back as a reason
    # pebble handles SIGTERM in Python, which waits for C code to return: the very thing that may never happen
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # a Ctrl-C goes to the whole group; who gave the work ends the workers
    threading.Thread(target=_end_with_parent, name="parent watch", daemon=True).start()


def _end_with_parent() -> None:
    """Leave nothing running when the process that asked for the work was killed."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        wait([parent.sentinel])
        os._exit(1)
