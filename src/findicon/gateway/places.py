"""Where instances and series are: learnt from the answers that pass, for those who later ask by one UID alone."""

import threading
from itertools import islice
from typing import TypeVar

from ..query import Level
from .answers import Subject

_MOST_INSTANCES = 30_000
_MOST_SERIES = 10_000
_Value = TypeVar("_Value")


class Places:
    """The UIDs above those of series and instances, and the SOP classes of the latter; the latest are remembered.

    Parameters
    ----------
    most_instances, most_series
        How many of them.
    """

    def __init__(self, most_instances: int = _MOST_INSTANCES, most_series: int = _MOST_SERIES) -> None:
        self._most_instances = most_instances
        self._most_series = most_series
        self._lock = threading.Lock()
        self._studies: dict[str, str] = {}  # by series
        self._series: dict[str, tuple[str, str]] = {}  # and SOP class, by instance
        self._latest = "", ""

    def learn(self, subject: Subject) -> None:
        """Remember where a series or an instance is."""
        entity, _, sop_class = subject
        level, uid, study, series = entity
        if level is Level.STUDY or not uid:
            return  # a study is its own place
        with self._lock:
            if series and self._studies.get(series) != study:
                _put(self._studies, series, study, self._most_series)
            if level is Level.IMAGE and self._series.get(uid) != (series, sop_class):
                if self._latest != (series, sop_class):
                    self._latest = series, sop_class  # which the instances of a series share: there are many
                _put(self._series, uid, self._latest, self._most_instances)

    def of(self, uid: str) -> tuple[str, str, str] | None:
        """Give the study's UID, the series' UID and the SOP class, the last one of instances only; None if unknown."""
        series, sop_class = self._series.get(uid, (uid, ""))
        study = self._studies.get(series)
        return (study, series, sop_class) if study else None


def _put(known: dict[str, _Value], uid: str, value: _Value, most: int) -> None:
    """Put one in; the oldest tenth goes when there are too many."""
    if len(known) >= most:
        for oldest in list(islice(known, max(1, most // 10))):
            del known[oldest]
    known[uid] = value
