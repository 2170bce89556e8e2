"""Several processes that answer on one listening socket: more than one core, and a death is the loss of one of them."""

import multiprocessing
import signal
import sys
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager, suppress
from multiprocessing.connection import Connection, wait
from multiprocessing.context import SpawnProcess
from time import monotonic
from typing import Self, TypeAlias

from ..dimse import Limits, Listener
from ..errors import FindiconError, QueryError
from ..observe import log
from .places import Places, SharedPlaces

Build: TypeAlias = Callable[[Listener, Places], AbstractContextManager[object]]
"""Makes what serves on a listening socket; called in each process: a module's own function, or a partial of one."""

_SHORT_LIFE = 2.0  # seconds; who lives no longer is not replaced at once
_LONGEST_PAUSE = 30.0
_READY = "ready"


class Workers:
    """Processes that serve together; one that dies is replaced.

    Parameters
    ----------
    build
        Makes the server of a process, for `Server`'s arguments ``listener`` and ``places``.
    count
        How many processes.
    host, port
        Where to listen; port 0 takes a free one, `address` tells it.
    limits
        Counted over all of them.

    Raises
    ------
    QueryError
        The address cannot be listened on, or a process could not begin to serve; the text says why.
    """

    def __init__(
        self, build: Build, *, count: int, host: str = "127.0.0.1", port: int = 0, limits: Limits | None = None
    ) -> None:
        if sys.platform == "win32":
            raise QueryError("Several workers need a system on which processes inherit sockets: serve with one")
        self._build = build
        self._context = multiprocessing.get_context("spawn")
        self._places = SharedPlaces(limits or Limits(), self._context)
        self._listener = Listener(host, port)
        self.address = self._listener.address
        self._stopping = threading.Event()
        self._awake, self._waker = self._context.Pipe(duplex=False)
        self._workers: list[_Worker] = []
        try:
            self._workers = [self._start(number) for number in range(1, count + 1)]
            for worker in self._workers:
                worker.check()
        except BaseException:
            self._end()
            raise
        self._keeper = threading.Thread(target=self._keep, name="findicon-workers", daemon=True)
        self._keeper.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def processes(self) -> list[int]:
        """Process IDs."""
        return [worker.process_id for worker in self._workers]

    def stop(self, grace: float = 2.0) -> None:
        """End the processes: each ends as its server does; whoever takes much longer than `grace` is killed."""
        if not self._stopping.is_set():
            self._stopping.set()
            self._waker.send_bytes(b"stop")
            self._keeper.join()
            self._end(grace)

    def wait(self) -> None:
        """Wait until they are stopped from another thread."""
        self._keeper.join()

    def _start(self, number: int) -> "_Worker":
        return _Worker(self._context.Process, self._context.Pipe, self._build, self._listener, self._places, number)

    def _keep(self) -> None:
        while not self._stopping.is_set():
            wait([self._awake, *(worker.process.sentinel for worker in self._workers)])
            if self._stopping.is_set():
                break
            for index, worker in enumerate(self._workers):
                if not worker.process.is_alive():
                    self._workers[index] = self._replace(worker)

    def _replace(self, worker: "_Worker") -> "_Worker":
        log.error("a worker died and is replaced", worker=worker.process_id, code=worker.process.exitcode)
        worker.close()
        self._places.clear(worker.number)
        self._stopping.wait(worker.pause())
        return self._start(worker.number).after(worker)

    def _end(self, grace: float = 0.0) -> None:
        for worker in self._workers:
            worker.say_stop()
        for worker in self._workers:
            worker.join(2 * grace + 5.0)
            worker.close()
        for one in (self._listener, self._awake, self._waker):
            one.close()


class _Worker:
    """One process, seen from outside."""

    def __init__(
        self,
        process: Callable[..., SpawnProcess],
        pipe: Callable[[], tuple[Connection, Connection]],
        build: Build,
        listener: Listener,
        places: SharedPlaces,
        number: int,
    ) -> None:
        self.number = number
        self._began = monotonic()
        self._pause = 0.0
        self._pipe, far = pipe()
        self.process = process(
            target=_serve, args=(build, listener, places, number, far), name=f"findicon-worker-{number}", daemon=False
        )
        self.process.start()
        self.process_id = self.process.pid or 0
        far.close()

    def check(self) -> None:
        """Wait until it serves; raise QueryError when it cannot."""
        try:
            said = self._pipe.recv()
        except EOFError:
            said = f"Worker {self.number} ended before it served, exit code {self.process.exitcode}"
        if said != _READY:
            raise QueryError(said)

    def after(self, other: "_Worker") -> Self:
        """Remember the pause of the one that this one replaces."""
        self._pause = other.pause()
        return self

    def pause(self) -> float:
        """Give the seconds to wait before it is replaced: none, and ever more for those that die young."""
        if monotonic() - self._began > _SHORT_LIFE:
            return 0.0
        return min(_LONGEST_PAUSE, 2 * self._pause or 0.5)

    def say_stop(self) -> None:
        """Tell it to end."""
        with suppress(OSError):
            self._pipe.close()

    def join(self, seconds: float) -> None:
        """Wait for its end; kill it when that does not come."""
        self.process.join(seconds)
        if self.process.is_alive():
            log.error("a worker did not end and was killed", worker=self.process_id)
            self.process.kill()
            self.process.join()

    def close(self) -> None:
        """Forget it."""
        self.say_stop()
        with suppress(ValueError):
            self.process.close()


def _serve(build: Build, listener: Listener, places: SharedPlaces, number: int, pipe: Connection) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C reaches all of them: the parent says when to end
    places.owner = number
    try:
        with build(listener, places):
            pipe.send(_READY)
            with suppress(EOFError, OSError):  # its end is the word to stop, also when the parent was killed
                pipe.recv()
    except FindiconError as error:
        with suppress(OSError):
            pipe.send(str(error))
