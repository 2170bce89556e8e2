"""One write of the journal and one transaction for everybody who waits; and nothing acknowledged depends on luck."""

import os
from collections import deque

from ..catalogue import Catalogue, Rows
from ..errors import CatalogueError, FindiconError, StorageError
from .journal import Record
from .journals import Journals

_LARGEST_BATCH = 512
_FAILURES_OF_CATALOGUE = 2  # in a row, of which it says the same as of the whole batch


class Arrival:
    """An instance that is whole and understood, and is to be kept.

    Parameters
    ----------
    rows
        What the catalogue keeps of it.
    record
        What the journal keeps of it.
    incoming, place
        Its first name and the one that it is to get, where the journal has its bytes; none where it has its place.

    Attributes
    ----------
    is_first
        False where its place was taken: then the catalogue did not hear of it.
    """

    def __init__(self, rows: Rows, record: Record, incoming: str = "", place: str = "") -> None:
        self.rows = rows
        self.record = record
        self.incoming = incoming
        self.place = place
        self.is_first = True
        self.is_done = False
        self.error: FindiconError | None = None

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


class Commits:
    """Keeps instances: in the journal, in their places, in the catalogue, as many together as there are.

    A sync and a transaction cost about the same for one instance as for ten. Whoever comes while nobody writes does so,
    for all who wait. Nobody is waited for: who comes meanwhile makes the next batch, and others receive theirs.

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
        self._waiting: deque[Arrival] = deque()

    def commit(self, arrival: Arrival) -> bool:
        """Return when an instance survives a loss of power, has its place and is in the catalogue.

        Returns
        -------
        bool
            False where its place was taken, and the catalogue did not hear of it.

        Raises
        ------
        CatalogueError, StorageError
            It is not kept.
        """
        self._waiting.append(arrival)
        with self._journals.turn:
            while not arrival.is_done:  # a batch may be full before it comes to this one
                self._keep(self._gathered())
        if arrival.error is not None:
            raise arrival.error
        return arrival.is_first

    def _gathered(self) -> list[Arrival]:
        """Take those who wait."""
        batch: list[Arrival] = []
        room = Journals.LARGEST
        while self._waiting and len(batch) < _LARGEST_BATCH and self._waiting[0].record.size <= room:
            batch.append(self._waiting.popleft())
            room -= batch[-1].record.size
        return batch

    def _keep(self, batch: list[Arrival]) -> None:
        try:
            # What comes second never gets into the journal: the next start could not tell it from the first.
            first = _first(batch)
            if first:
                self._journals.append([arrival.record for arrival in first])
            self._catalogue_all([arrival for arrival in first if arrival.take_place()])
        except StorageError as exc:
            _fail(batch, exc)
        except BaseException as exc:  # of the thread that writes for all: the others shall not wait for ever
            _fail(batch, StorageError(f"Storing failed: {exc!r}"))
            raise
        finally:
            for arrival in batch:
                arrival.is_done = True

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
        arrival.error = error
