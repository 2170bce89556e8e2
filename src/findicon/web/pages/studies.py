"""Pages of studies, the newest first: several queries merged, and a cursor instead of an offset."""

import heapq
import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import TypeAlias

from ...errors import AnswersCut
from ...query import Key, Options
from ..services import Fields, Services, fields, text
from .alternatives import Alternative, Asked, query_of
from .question import ANY_DAY, Dates

Place: TypeAlias = tuple[str, str, str]
"""Date, time and UID of a study: its place in the order, which goes down."""

_CURSOR = re.compile(r"(\d{8})?~([0-9.]{0,16})~([0-9.]{1,64})", re.ASCII)
_DATE, _TIME, _UID = 0x00080020, 0x00080030, 0x0020000D
_EXTRA = 33  # beside those of a page: the one that shows that there are more, and some of the same moment
_LARGEST = 4000
# What is asked of an archive that does not sort: pages of it are sorted here.
_UNSORTED = 500
_UPWARD = ("StudyDate", "StudyTime", "StudyInstanceUID")
_DOWNWARD = ("-StudyDate", "-StudyTime", "-StudyInstanceUID")


@dataclass(frozen=True, slots=True)
class Cursor:
    """Where a page begins or ends: behind a study, or before it.

    Parameters
    ----------
    place
        Of that study.
    upward
        Whether what is newer is wanted.
    """

    place: Place
    upward: bool = False

    def __str__(self) -> str:
        """Give it as it stands in an address."""
        return "~".join(self.place)

    @classmethod
    def read(cls, value: str, *, upward: bool) -> "Cursor | None":
        """Read one out of an address; None for what is none."""
        found = _CURSOR.fullmatch(value)
        return cls((found[1] or "", found[2], found[3]), upward) if found else None


@dataclass(frozen=True, slots=True)
class Page:
    """One page of studies.

    Parameters
    ----------
    studies
        The newest first.
    newer, older
        Where the pages beside it are; None where there is none.
    is_cut
        Whether a limit of the archive keeps the rest from us.
    """

    studies: tuple[Fields, ...]
    newer: Cursor | None = None
    older: Cursor | None = None
    is_cut: bool = False


def place_of(found: Fields) -> Place:
    """Give the place of a study in the order."""
    return text(found, _DATE), text(found, _TIME), text(found, _UID)


class StudyPages:
    """Gives pages of studies.

    Parameters
    ----------
    services
        What the web is joined to.
    """

    def __init__(self, services: Services) -> None:
        self._services = services

    def page(self, asked: Asked, size: int, cursor: Cursor | None = None) -> Page:
        """Give one page.

        Parameters
        ----------
        asked
            What is looked for.
        size
            How many studies it has at most.
        cursor
            Where it begins, or ends; None for the newest.
        """
        if not self._services.settings.sorted_answers:
            return self._sorted_here(asked, size, cursor)
        upward = cursor is not None and cursor.upward
        found, is_cut = self._take(asked, size + 1, cursor)
        more, found = len(found) > size, found[:size]
        if upward:
            found.reverse()
        newer = older = None
        if found:
            first, last = Cursor(place_of(found[0]), upward=True), Cursor(place_of(found[-1]))
            newer = first if (more if upward else cursor is not None) else None
            older = last if (upward or more) else None
        return Page(tuple(found), newer, older, is_cut)

    def _take(self, asked: Asked, wanted: int, cursor: Cursor | None) -> tuple[list[Fields], bool]:
        with ExitStack() as stack:
            merging = _Merging(self._services, stack, wanted, cursor)
            merged = merging.merged(asked)
            found = list(islice(merged, wanted))
            return found, merging.is_cut

    def _sorted_here(self, asked: Asked, size: int, cursor: Cursor | None) -> Page:
        found: dict[str, Fields] = {}
        is_cut = False
        for alternative in asked.alternatives():
            query = query_of(alternative, asked.dates, limit=_UNSORTED + 1, order=())
            with closing(self._services.find(query)) as matches:
                try:
                    for match in islice(matches, _UNSORTED + 1):
                        answer = fields(match)
                        found[text(answer, _UID)] = answer
                except AnswersCut:
                    is_cut = True
        ordered = sorted(found.values(), key=place_of, reverse=True)
        is_cut |= len(ordered) > _UNSORTED
        ordered = ordered[:_UNSORTED]
        places = [place_of(one) for one in ordered]
        if cursor is None:
            begin = 0
        elif cursor.upward:
            begin = max(sum(place > cursor.place for place in places) - size, 0)
        else:
            begin = sum(place >= cursor.place for place in places)
        shown = ordered[begin : begin + size]
        return Page(
            tuple(shown),
            Cursor(places[begin], upward=True) if shown and begin else None,
            Cursor(places[begin + len(shown) - 1]) if shown and begin + len(shown) < len(places) else None,
            is_cut,
        )


class _Merging:
    """Several streams of studies to one, without those that come twice."""

    def __init__(self, services: Services, stack: ExitStack, wanted: int, cursor: Cursor | None) -> None:
        self._services = services
        self._stack = stack
        self._wanted = wanted
        self._cursor = cursor
        self._upward = cursor is not None and cursor.upward
        self.is_cut = False

    def merged(self, asked: Asked) -> Iterator[Fields]:
        streams = [self._placed(alternative, asked.dates) for alternative in asked.alternatives()]
        last: Place | None = None
        for place, found in heapq.merge(*streams, key=lambda one: one[0], reverse=not self._upward):
            if place != last:
                last = place
                yield found

    def _placed(self, alternative: Alternative, dates: Dates) -> Iterator[tuple[Place, Fields]]:
        """Give the studies of one query in order; those without a date are the oldest."""
        parts: list[Callable[[], Iterator[Fields]]] = [lambda: self._dated(alternative, dates)]
        if self._cursor is not None and not dates:
            # A range of days leaves out what has none, so that it takes a query of its own.
            parts.append(lambda: self._undated(alternative))
            if self._upward:
                parts.reverse()
        for part in parts:
            for found in part():
                place = place_of(found)
                if self._is_beyond(place):
                    yield place, found

    def _is_beyond(self, place: Place) -> bool:
        if self._cursor is None:
            return True
        return place > self._cursor.place if self._upward else place < self._cursor.place

    def _dated(self, alternative: Alternative, dates: Dates) -> Iterator[Fields]:
        cursor = self._cursor
        if cursor is None:
            yield from self._chunks(alternative, dates, [], Options())
            return
        day, time, _ = cursor.place
        if not day:
            if self._upward:
                yield from self._chunks(alternative, Dates(date(1, 1, 1)), [], Options())
            return
        at = datetime.strptime(day, "%Y%m%d").date()
        bound = Dates(at) if self._upward else Dates(None, at)
        moment = [Key.named("StudyTime", f"{time}-" if self._upward else f"-{time}")] if time and not dates else []
        yield from self._chunks(alternative, dates.within(bound), moment, Options(combined_datetime=True))

    def _undated(self, alternative: Alternative) -> Iterator[Fields]:
        if self._upward and self._cursor is not None and self._cursor.place[0]:
            return  # what is newer than a day has one
        nothing = [Key.named("StudyDate", '""')]
        yield from self._chunks(alternative, ANY_DAY, nothing, Options(empty_value=True))

    def _chunks(self, alternative: Alternative, dates: Dates, extra: list[Key], options: Options) -> Iterator[Fields]:
        """Ask for a page and a little more, and again for more where that was not enough."""
        limit, offset = self._wanted + _EXTRA, 0
        while True:
            query = query_of(
                alternative,
                dates,
                order=_UPWARD if self._upward else _DOWNWARD,
                limit=limit,
                offset=offset,
                extra=extra,
                options=options,
            )
            given = 0
            matches = self._stack.enter_context(closing(self._services.find(query)))
            try:
                for match in matches:
                    given += 1
                    yield fields(match)
            except AnswersCut:
                self.is_cut = True
                return
            if given < limit:
                return
            offset += given
            limit = min(limit * 4, _LARGEST)
