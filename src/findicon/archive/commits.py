"""One write of the journal and one transaction for everybody who waits; and nothing acknowledged depends on luck."""

import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from ..catalogue import Catalogue, Rows
from ..errors import CatalogueError, FindiconError, StorageError
from .journal import Record
from .journals import Journals

_LARGEST_BATCH = 512
_FAILURES_OF_CATALOGUE = 2  # in a row, of which it says the same as of the whole batch


class Arrival:
    """An instance that is whole, and is to be kept.

    Parameters
    ----------
    prepare
        Gives what the catalogue and the journal keep of it; called once, by whoever writes for all.
    incoming, place
        Its first name and the one that it is to get, where the journal has its bytes; none where it has its place.

    Attributes
    ----------
    is_first
        False where its place was taken: then the catalogue did not hear of it.
    is_named_once
        Whether its first name is gone.
    is_writer
        Whether its sender writes for all.
    """

    def __init__(self, prepare: Callable[[], tuple[Rows, Record]], incoming: str = "", place: str = "") -> None:
        self._prepare = prepare
        self.incoming = incoming
        self.place = place
        self.is_named_once = False
        self.is_writer = False
        self.prepared: tuple[Rows, Record] | None = None
        self._wake = threading.Lock()
        self.begin()

    @property
    def rows(self) -> Rows:
        """What the catalogue keeps of it, once it is prepared."""
        assert self.prepared is not None
        return self.prepared[0]

    @property
    def record(self) -> Record:
        """What the journal keeps of it, once it is prepared."""
        assert self.prepared is not None
        return self.prepared[1]

    def begin(self) -> None:
        """Be nothing yet but one that waits."""
        self.is_first = True
        self.is_done = False
        self.error: Exception | None = None
        self._wake.acquire(blocking=False)

    def wait(self) -> None:
        """Sleep until somebody calls `wake`."""
        self._wake.acquire()

    def wake(self) -> None:
        """End the sleep of its sender, or have the next one end at once."""
        self._wake.release()

    def prepare(self) -> bool:
        """Have it understood, unless it is; tell whether it is."""
        if self.prepared is None:
            try:
                self.prepared = self._prepare()
            except Exception as exc:  # noqa: BLE001 -- its sender hears of it, whatever it is
                self.error = exc
        return self.error is None

    def take_place(self) -> bool:
        """Link the file to its place; tell whether it is there now."""
        if not self.incoming:
            return True
        try:
            os.link(self.incoming, self.place)
        except FileExistsError:
            self.is_first = False
        except OSError as exc:
            self.error = StorageError(f"{self.place} cannot be made: {exc.strerror}")
        else:
            return True
        return False

    def drop_first_name(self) -> None:
        """Take the first name away from a file that has its place and its row."""
        if self.incoming:
            with suppress(OSError):  # the next start takes it away
                os.unlink(self.incoming)  # noqa: PTH108
                self.is_named_once = True


class Commits:
    """Keeps instances: in the journal, in their places, in the catalogue, as many together as there are.

    A sync and a transaction cost about the same for one instance as for ten. Whoever comes while nobody writes does so,
    for all who wait. Nobody is waited for: who comes meanwhile makes the next batch, and others receive theirs.

    Whoever writes does all that is to be done for a batch, also what each could do for itself. Threads of one
    interpreter that work at the same time take turns at every system call, and a turn costs more than most of the work.

    Parameters
    ----------
    catalogue
        Where rows go.
    journals
        What stands for files and rows until they are synced.
    """

    def __init__(self, catalogue: Catalogue, journals: Journals) -> None:
        self._catalogue = catalogue
        self._journals = journals
        self._guard = threading.Lock()
        self._is_written = False
        self._waiting: deque[Arrival] = deque()

    def commit(self, arrival: Arrival) -> bool:
        """Return when an instance survives a loss of power, has its place and is in the catalogue.

        Returns
        -------
        bool
            False where its place was taken, and the catalogue did not hear of it.

        Raises
        ------
        Exception
            It is not kept; CatalogueError, StorageError, or what its preparation raised.
        """
        arrival.begin()
        with self._guard:
            self._waiting.append(arrival)
            arrival.is_writer, self._is_written = not self._is_written, True
        try:
            if not arrival.is_writer:
                arrival.wait()
            while not arrival.is_done:  # a batch may be full before it comes to this one
                with self._journals.turn:
                    self._keep(arrival)
        finally:
            self._leave(arrival)
        if arrival.error is not None:
            raise arrival.error
        return arrival.is_first

    def _leave(self, arrival: Arrival) -> None:
        """Have the next one write, if it was this one's turn."""
        with self._guard:
            if not arrival.is_done and arrival in self._waiting:  # interrupted
                self._waiting.remove(arrival)
            if not arrival.is_writer:
                return
            arrival.is_writer = False
            self._is_written = bool(self._waiting)
            if self._waiting:
                self._waiting[0].is_writer = True
                self._waiting[0].wake()

    def _keep(self, own: Arrival) -> None:
        batch: list[Arrival] = []
        try:
            self._gather(batch)
            # What comes second never gets into the journal: the next start could not tell it from the first.
            first = _first([arrival for arrival in batch if arrival.error is None])
            if first:
                self._journals.append([arrival.record for arrival in first])
            self._catalogue_all([arrival for arrival in first if arrival.take_place()])
            for arrival in first:
                if arrival.is_first and arrival.error is None:
                    arrival.drop_first_name()
        except StorageError as exc:
            _fail(batch, exc)
        except BaseException as exc:  # of the thread that writes for all: the others shall not wait for ever
            _fail(batch, StorageError(f"Storing failed: {exc!r}"))
            raise
        finally:
            for arrival in batch:
                arrival.is_done = True
                if arrival is not own:
                    arrival.wake()

    def _gather(self, batch: list[Arrival]) -> None:
        """Take those who wait."""
        room = Journals.LARGEST
        while self._waiting and len(batch) < _LARGEST_BATCH:
            arrival = self._waiting[0]
            if arrival.prepare():
                if arrival.record.size > room:
                    break
                room -= arrival.record.size
            batch.append(self._waiting.popleft())

    def _catalogue_all(self, placed: list[Arrival]) -> None:
        try:
            if placed:
                self._catalogue.add([arrival.rows for arrival in placed], durable=False)
        except FindiconError as exc:
            if len(placed) > 1:  # one instance that cannot be written is no reason to lose the others
                self._catalogue_each(placed, str(exc))
                return
            placed[0].error = exc
        except Exception as exc:  # noqa: BLE001 -- whoever waits shall hear of it as of any other failure
            for arrival in placed:
                arrival.error = CatalogueError(f"The catalogue failed: {exc}")

    def _catalogue_each(self, placed: list[Arrival], reason: str) -> None:
        """Try them one by one, until it is the catalogue that fails and no instance: each try may take long then."""
        in_a_row = 0
        for number, arrival in enumerate(placed):
            self._catalogue_all([arrival])
            in_a_row = in_a_row + 1 if arrival.error is not None and str(arrival.error) == reason else 0
            if in_a_row == _FAILURES_OF_CATALOGUE:
                _fail(placed[number + 1 :], CatalogueError(reason))
                return


def _first(batch: list[Arrival]) -> list[Arrival]:
    """Take those whose place is not taken, by what is there or by one before them."""
    places: set[str] = set()
    for arrival in batch:
        arrival.is_first = not arrival.incoming or not (arrival.place in places or os.path.exists(arrival.place))  # noqa: PTH110
        places.add(arrival.place)
    return [arrival for arrival in batch if arrival.is_first]


def _fail(batch: list[Arrival], error: FindiconError) -> None:
    for arrival in batch:
        arrival.error = arrival.error or error
