"""Upstream's answers read in a thread of their own, so that waiting for a picture holds up no answer behind it."""

import threading
from collections import deque
from collections.abc import Iterator

from ..query import Match

_PATIENCE = 5.0  # seconds: a peer stops when it is cancelled, a web server does not
_MOST = 1000  # answers that wait to be given on; upstream waits when there are more


class Ahead:
    """What has come, and whether more will.

    Parameters
    ----------
    matches
        The answers; from here on only this thread reads them, and closes them at the end.
    happened
        Set whenever something came.

    Attributes
    ----------
    is_unwanted
        Whether nobody wants the answers any more: whoever makes them looks at it.
    """

    def __init__(self, matches: Iterator[Match], happened: threading.Event) -> None:
        self._matches = matches
        self._happened = happened
        self._come: deque[Match] = deque()
        self._taken = threading.Event()
        self._error: BaseException | None = None
        self._is_over = False
        self.is_unwanted = False
        self._thread = threading.Thread(target=self._read, name="answers", daemon=True)

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def take(self) -> list[Match]:
        """Give what has come since the last time, without waiting."""
        come = self._come
        taken = [come.popleft() for _ in range(len(come))]
        self._taken.set()
        return taken

    @property
    def is_over(self) -> bool:
        """Whether all has come, and been taken; raises what reading raised, after the last answer."""
        if not self._is_over or self._come:
            return False
        if self._error is not None:
            raise self._error
        return True

    def close(self) -> None:
        """Want no more answers: the query is cancelled upstream."""
        self.is_unwanted = True
        self._taken.set()
        if self._thread.ident is None:
            close_answers(self._matches)
        else:
            self._thread.join(_PATIENCE)

    def _read(self) -> None:
        try:
            for match in self._matches:
                self._wait_for_room()
                if self.is_unwanted:
                    break
                self._come.append(match)
                if not self._happened.is_set():
                    self._happened.set()
        except BaseException as error:  # noqa: BLE001  it is raised again where the answers are taken
            self._error = error
        finally:
            try:
                close_answers(self._matches)
            finally:
                self._is_over = True
                self._happened.set()

    def _wait_for_room(self) -> None:
        while len(self._come) >= _MOST and not self.is_unwanted:
            self._taken.clear()
            if len(self._come) >= _MOST and not self.is_unwanted:
                self._taken.wait()


def close_answers(matches: Iterator[Match]) -> None:
    """Leave answers, also in their middle: upstream's query is cancelled then."""
    close = getattr(matches, "close", None)
    if close is not None:
        close()
