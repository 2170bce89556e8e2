"""Upstream's answers read in a thread of their own, so that waiting for a picture holds up no answer behind it."""

import threading
from collections import deque
from collections.abc import Callable, Iterator

from ..query import Cancel, Match

_PATIENCE = 5.0  # seconds: a peer stops when it is cancelled, a web server does not
_MOST = 1000  # answers that wait to be given on; upstream waits when there are more


class Ahead:
    """What has come, and whether more will.

    Parameters
    ----------
    ask
        Asks the question, in the other thread; its Cancel is True once nobody wants the answers.
    happened
        Set whenever something came.
    """

    def __init__(self, ask: Callable[[Cancel], Iterator[Match]], happened: threading.Event) -> None:
        self._ask = ask
        self._happened = happened
        self._come: deque[Match] = deque()
        self._room = threading.Semaphore(_MOST)
        self._error: BaseException | None = None
        self._is_over = False
        self._is_unwanted = False
        self._thread = threading.Thread(target=self._read, name="answers", daemon=True)
        self._thread.start()

    def take(self) -> list[Match]:
        """Give what has come since the last time, without waiting."""
        come = self._come
        taken = [come.popleft() for _ in range(len(come))]
        if taken:
            self._room.release(len(taken))
        return taken

    @property
    def is_over(self) -> bool:
        """Whether all has come, and been taken; raises what asking raised, after the last answer."""
        if not self._is_over or self._come:
            return False
        if self._error is not None:
            raise self._error
        return True

    def close(self) -> None:
        """Want no more answers: the query is cancelled upstream."""
        self._is_unwanted = True
        self._room.release()
        self._thread.join(_PATIENCE)

    def _read(self) -> None:
        try:
            matches = self._ask(lambda: self._is_unwanted)
            try:
                for match in matches:
                    self._room.acquire()
                    if self._is_unwanted:
                        break
                    self._come.append(match)
                    if not self._happened.is_set():
                        self._happened.set()
            finally:
                close = getattr(matches, "close", None)
                if close is not None:
                    close()
        except BaseException as error:  # noqa: BLE001  it is raised again where the answers are taken
            self._error = error
        finally:
            self._is_over = True
            self._happened.set()
