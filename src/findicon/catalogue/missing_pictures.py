"""Pictures of instances that have none yet, made while a query waits, for as long as it may wait."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as NotInTime

from ..observe import log
from ..query import IconSource, Level
from .plan import Row

_MAKERS = 4


class Spent:
    """How long one query may still wait for pictures.

    Parameters
    ----------
    budget
        Seconds, all in all.
    """

    def __init__(self, budget: float) -> None:
        self.left = budget


class Pictures:
    """Asks for the pictures that rows lack.

    Parameters
    ----------
    icons
        Makes and keeps them; however long that takes, the next query finds them ready.
    """

    def __init__(self, icons: IconSource) -> None:
        self._icons = icons
        self._makers = ThreadPoolExecutor(_MAKERS, thread_name_prefix="pictures")

    def complete(self, rows: Sequence[Row], uid_place: int, icon_place: int, spent: Spent) -> Iterator[Row]:
        """Give the rows, each with its picture where that was there or made in time.

        Parameters
        ----------
        rows
            They have the picture's item and the number of its row, None where nobody has tried yet.
        uid_place, icon_place
            Where a row has the SOP Instance UID and the item.
        spent
            What the query may still wait.
        """
        asked: dict[int, Future[bytes | None]] = {}
        if spent.left > 0:
            for place, row in enumerate(rows):
                if row[icon_place + 1] is None:
                    asked[place] = self._makers.submit(self._icons.icon, Level.IMAGE, row[uid_place])
        try:
            for place, row in enumerate(rows):
                if place in asked:
                    yield (*row[:icon_place], _in_time(asked[place], spent), *row[icon_place + 1 :])
                else:
                    yield row
        finally:
            for future in asked.values():
                future.cancel()


def _in_time(future: "Future[bytes | None]", spent: Spent) -> bytes | None:
    started = time.monotonic()
    try:
        return future.result(timeout=max(0.0, spent.left))
    except NotInTime:
        return None
    except Exception as error:  # noqa: BLE001 -- whatever goes wrong with a picture, the query is answered
        log.warning("no picture for an answer", reason=str(error))
        return None
    finally:
        spent.left -= time.monotonic() - started
