"""Where instances and series are: learnt from the answers that pass, for those who later ask by one UID alone."""

import threading
from collections import OrderedDict

from ..query import Level
from .answers import Subject

_MOST = 200_000


class Places:
    """The UIDs above those of series and instances, and the SOP classes of the latter; the latest are remembered."""

    def __init__(self, most: int = _MOST) -> None:
        self._most = most
        self._lock = threading.Lock()
        self._places: OrderedDict[str, tuple[str, str, str]] = OrderedDict()

    def learn(self, subject: Subject) -> None:
        """Remember where a series or an instance is."""
        entity = subject.entity
        if entity.level is Level.STUDY:
            return  # it is its own place
        place = (entity.study, entity.series, subject.sop_class)
        if not entity.uid or self._places.get(entity.uid) == place:
            return
        with self._lock:
            self._places[entity.uid] = place
            if len(self._places) > self._most:
                self._places.popitem(last=False)

    def of(self, uid: str) -> tuple[str, str, str] | None:
        """Give the study's UID, the series' UID and the SOP class, the last two of instances only; None if unknown."""
        return self._places.get(uid)
