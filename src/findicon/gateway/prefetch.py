"""Pictures made before anybody asks: a question asked again and again, its studies and series pictured."""

import re
import threading
from collections.abc import Sequence
from datetime import date, timedelta
from typing import Self

from ..errors import FindiconError, QueryError
from ..observe import log
from ..query import Key, Level, Query
from .gateway import Gateway

_DAY = re.compile(r"\b(today|yesterday)\b", re.IGNORECASE)
_MOST_WAITING = 1000
_PAUSE = 1.0  # seconds between two looks at how much waits


class Prefetch:
    """A thread that keeps the pictures of a question's answers in the cache.

    Parameters
    ----------
    gateway
        Who makes them.
    keys
        The question, as in ``StudyDate=today``; the words ``today`` and ``yesterday`` stand for what they are when it
        is asked.
    interval
        Seconds between two rounds.

    Raises
    ------
    QueryError
        A key that is none; the sentence says which.
    """

    def __init__(self, gateway: Gateway, keys: Sequence[str], *, interval: float = 600.0) -> None:
        self._gateway = gateway
        self._keys = tuple(keys)
        self._interval = interval
        self._stopped = threading.Event()
        self.question()
        self._thread = threading.Thread(target=self._run, name="prefetch", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End it."""
        self._stopped.set()
        self._thread.join()

    def question(self) -> Query:
        """Make the question of this moment."""
        keys = []
        for text in self._keys:
            name, equals, value = text.partition("=")
            if not equals or not value:
                raise QueryError(f"{text!r} asks for nothing ahead: write KEY=VALUE, as in StudyDate=today")
            keys.append(Key.named(name.strip(), _DAY.sub(_day, value.strip())))
        return Query(Level.STUDY, keys=keys, defaults=False, icon=True)

    def round(self) -> int:
        """Have the pictures made that are missing; give how many studies there are.

        Raises
        ------
        PeerError
            Upstream cannot be asked.
        """
        stop = self._stopped.is_set
        studies = list(self._gateway.warm(self.question(), stop))
        for study in studies:
            while self._gateway.waiting > _MOST_WAITING and not self._stopped.wait(_PAUSE):
                pass
            if stop():
                break
            query = Query(Level.SERIES, defaults=False, icon=True, StudyInstanceUID=study)
            for _ in self._gateway.warm(query, stop):
                pass
        return len(studies)

    def _run(self) -> None:
        while not self._stopped.is_set():
            try:
                log.info("looked ahead", upstream=self._gateway.name, studies=self.round())
            except FindiconError as error:
                log.warning("cannot look ahead", upstream=self._gateway.name, reason=str(error))
            self._stopped.wait(self._interval)


def _day(word: re.Match[str]) -> str:
    day = date.today() - timedelta(days=word[1].lower() == "yesterday")
    return day.strftime("%Y%m%d")
