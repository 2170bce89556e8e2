"""The newest studies, looked at now and then: how frequent something is, and where to begin looking for it."""

import re
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache

from ...errors import FindiconError
from ...observe import log
from ...query import Key, Level, Options, Overview, Query, tag_of
from ..ports import Facets
from ..services import Fields, Services, text
from .alternatives import SHORTEST, Alternative, query_of
from .question import ANY_DAY, Dates

LIGHT = ("StudyDate", "StudyTime", "ModalitiesInStudy", "StudyDescription", "StudyInstanceUID")
"""What is asked of studies that are only counted."""
LIGHT_TAGS = frozenset(tag_of(name) for name in LIGHT)

_MANY = 20_000  # studies that are sorted as quickly as others are found day by day
_FEW_DAYS = 31
_IN_A_STRETCH = 5_000
_IN_ALL = 25_000
_SOME = 100
_DESCRIPTION = "StudyDescription"
_MOST_DESCRIPTIONS = 500  # as values of one key
_NUMBERS = {"AccessionNumber", "PatientID"}
_MOST_SERIES = 8000
_FRESH, _OLD = 5.0, 60.0
_STATION, _STUDY = 0x00081010, 0x0020000D
_MATCHED = {
    name: tag_of(name)
    for name in ("AccessionNumber", "ModalitiesInStudy", "StudyDescription", "PatientName", "PatientID")
}


@dataclass(frozen=True, slots=True)
class Newest:
    """The newest studies of an archive, and how many there are.

    Parameters
    ----------
    studies
        One more at most than are counted.
    stations
        Number of these studies by Station Name.
    days
        Number of studies by day, the newest first; those of the whole archive.
    total
        Number of studies of the whole archive.
    descriptions
        All descriptions of the whole archive; None where they are too many, or the archive does not tell.
    """

    studies: Sequence[Fields] = ()
    stations: Mapping[str, int] = field(default_factory=dict)
    days: Mapping[date, int] = field(default_factory=dict)
    total: int = 0
    descriptions: Sequence[str] | None = None
    _texts: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        studies: Sequence[Fields],
        stations: Mapping[str, int],
        days: Mapping[date, int],
        total: int,
        descriptions: Sequence[str] | None = None,
    ) -> "Newest":
        """Make one that can tell how frequent something is."""
        texts = {
            name: [
                "\\".join(str(one) for one in found[tag].values).lower() if tag in found else "" for found in studies
            ]
            for name, tag in _MATCHED.items()
        }
        return cls(studies, stations, days, total, descriptions, texts)

    def share(self, alternative: Alternative) -> float:
        """Guess how much of the archive something matches: as much of it as of these, as far as they tell."""
        if not self.studies:
            return 1.0
        places = set(range(len(self.studies)))
        station = 1.0
        for name, values in alternative.items():
            if name in self._texts:
                places &= self._places(name, values)
            elif name == "StationName":
                station = sum(self.stations.get(value, 0) for value in values) / len(self.studies)
        return min(len(places) / len(self.studies), station)

    def looked_through(self, alternative: Alternative) -> float:
        """Guess how many studies a database looks at that begins with the condition that fits the fewest."""
        if not self.studies:
            return 0.0
        shares = [
            len(self._places(name, values)) / len(self.studies)
            for name, values in alternative.items()
            if name in self._texts and _has_an_index(name, values)
        ]
        return min(shares, default=1.0) * self.total

    def is_frequent(self, alternative: Alternative) -> bool:
        """Tell whether it is found soonest where the archive is looked through day by day."""
        is_there = self.share(alternative) * _IN_ALL >= _SOME
        return is_there and self.looked_through(alternative) > _MANY

    def _places(self, name: str, values: Sequence[str]) -> set[int]:
        fits = _pattern(tuple(values)).fullmatch
        return {place for place, text in enumerate(self._texts[name]) if fits(text)}

    def described(self, alternative: Alternative) -> Alternative | None:
        """Give the same with whole descriptions instead of patterns, where all are known; None when none fits.

        Rare descriptions alone are left as patterns: an index finds their words, but not whole texts.
        """
        wanted = alternative.get(_DESCRIPTION, ())
        if self.descriptions is None or not any("*" in one or "?" in one for one in wanted):
            return alternative
        fits = _pattern(tuple(wanted)).fullmatch
        found = tuple(one for one in self.descriptions if fits(one.lower()))
        if not found:
            return None
        whole = {**alternative, _DESCRIPTION: found}
        return whole if "PatientName" in alternative or self.is_frequent(whole) else alternative

    def has_more(self, dates: Dates) -> bool:
        """Tell whether there are more studies than `stretches` leads through."""
        return sum(count for day, count in self.days.items() if _lies(day, dates)) > _IN_ALL

    def stretches(self, dates: Dates, *, upward: bool = False) -> Iterator[Dates]:
        """Give stretches of days to look through one after the other, of a few thousand studies each."""
        days = [day for day in self.days if _lies(day, dates)]
        if upward:
            days.reverse()
        looked_at = 0
        while days and looked_at < _IN_ALL:
            count = taken = 0
            while taken < len(days) and count < _IN_A_STRETCH and abs((days[taken] - days[0]).days) < _FEW_DAYS:
                count += self.days[days[taken]]
                taken += 1
            first, last = sorted((days[0], days[taken - 1]))
            yield Dates(first, last)
            days = days[taken:]
            looked_at += count


def _has_an_index(name: str, values: Sequence[str]) -> bool:
    """Tell whether a database finds what fits by an index; without one it looks at everything."""
    if name == "ModalitiesInStudy":
        return False
    if name in _NUMBERS:
        return True
    if not any("*" in value or "?" in value for value in values):
        return name != _DESCRIPTION
    is_beginning = name == "PatientName" and not any(value.startswith("*") for value in values)
    return is_beginning or all(max(map(len, value.split("*"))) >= SHORTEST for value in values)


@lru_cache(maxsize=1024)
def _pattern(values: tuple[str, ...]) -> re.Pattern[str]:
    """Give what fits any of some values, among several that stand between backslashes."""
    one = "|".join(re.escape(value.lower()).replace(r"\*", ".*").replace(r"\?", ".") for value in values)
    return re.compile(rf"(?:.*\\)?(?:{one})(?:\\.*)?", re.DOTALL)


def _lies(day: date, dates: Dates) -> bool:
    return (dates.first is None or day >= dates.first) and (dates.last is None or day <= dates.last)


class NewestStudies:
    """Looks at the newest studies, and remembers what it saw for a little while.

    Parameters
    ----------
    services
        What the web is joined to.
    overview
        Knows how much there is.
    clock
        Gives seconds.
    """

    def __init__(self, services: Services, overview: Overview, clock: Callable[[], float] = time.monotonic) -> None:
        self._services = services
        self._overview = overview
        self._clock = clock
        self._lock = threading.Lock()
        self._seen = Newest()
        self._counts: Mapping[Level, int] = {}
        self._looked_at = -_OLD
        self._looking: threading.Thread | None = None
        self._is_looking = False

    def look(self, *, only_counts: bool = False) -> Newest:
        """Give what there is: counts as they are now, the newest studies as they were some seconds ago.

        While studies come in they are looked at every few seconds, else once a minute. Of a large archive that takes
        a moment, and nobody waits for it but who comes while it is done for the first time.

        Parameters
        ----------
        only_counts
            Whether the studies themselves do not matter: then nobody waits.
        """
        with self._lock:
            age = self._clock() - self._looked_at
            counts = dict(self._overview.counts())
            total = counts.get(Level.STUDY, 0)
            has_changed = counts != self._counts
            is_old = age >= _OLD or (has_changed and age >= _FRESH)
            is_small = total <= self._services.settings.most_counted
            if is_old and is_small:
                self._seen = self._look(total)
                self._looked_at = self._clock()
            elif is_old or has_changed:
                self._seen = self._counted_anew(total)
            if is_old and not is_small and not self._is_looking:
                self._is_looking = True
                self._looking = threading.Thread(target=self._look_again, args=(total,), name="newest", daemon=True)
                self._looking.start()
            self._counts = counts
            seen = self._seen
        if only_counts or seen.studies or is_small:
            return seen
        self.end()
        return self._seen

    def end(self) -> None:
        """Wait for a look that is under way."""
        with self._lock:
            looking = self._looking
        if looking is not None:
            looking.join()

    def _look_again(self, total: int) -> None:
        try:
            seen = self._look(total)
            with self._lock:
                self._seen = seen
        except FindiconError as error:
            log.warning("the newest studies could not be looked at", reason=str(error))
        finally:
            with self._lock:
                self._looked_at = self._clock()  # also where it failed: nobody is helped by trying at once
                self._is_looking = False

    def _counted_anew(self, total: int) -> Newest:
        return replace(self._seen, days=self._overview.days(), total=total, descriptions=self._descriptions())

    def _look(self, total: int) -> Newest:
        query = query_of(
            {},
            ANY_DAY,
            returned=(*LIGHT, *_MATCHED),
            order=("-StudyDate",),
            limit=self._services.settings.most_counted + 1,
        )
        studies, _ = self._services.answers(query, LIGHT_TAGS | set(_MATCHED.values()))
        stations = stations_of(self._services, studies)
        return Newest.of(studies, stations, self._overview.days(), total, self._descriptions())

    def _descriptions(self) -> Sequence[str] | None:
        if not isinstance(self._overview, Facets):
            return None
        known = list(self._overview.facet(_DESCRIPTION, _MOST_DESCRIPTIONS + 1))
        return known if len(known) <= _MOST_DESCRIPTIONS else None


def stations_of(services: Services, studies: Sequence[Fields]) -> Counter[str]:
    """Count the studies of each station; it is an attribute of series."""
    uids = tuple(dict.fromkeys(text(found, _STUDY) for found in studies))
    if not uids:
        return Counter()
    keys = [Key.named("StationName"), Key(_STUDY, "UI", uids)]
    options = Options(relational=True)
    query = Query(Level.SERIES, keys=keys, defaults=False, options=options, limit=_MOST_SERIES)
    series, _ = services.answers(query, (_STATION, _STUDY))
    pairs = {(text(found, _STATION), text(found, _STUDY)) for found in series}
    return Counter(station for station, _ in pairs if station)
