"""Pages of studies, the newest first: several queries merged, and a cursor instead of an offset."""

import heapq
import re
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, closing
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import islice
from typing import TypeAlias

from ...errors import AnswersCut
from ...query import Key, Options, as_date
from ..services import Fields, Services, fields, text
from .alternatives import Alternative, Asked, query_of
from .question import ANY_DAY, Dates
from .survey import Survey, singles

Place: TypeAlias = tuple[str, str, str]
"""Date, time and UID of a study: its place in the order, which goes down."""

_MOMENT = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_CURSOR = re.compile(rf"(\d{{8}})?~({_MOMENT})?~([0-9.]{{1,64}})", re.ASCII)
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
        if found is None or (found[1] and not as_date(found[1])):
            return None
        return cls((found[1] or "", found[2] or "", found[3]), upward)


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

    def page(self, asked: Asked, size: int, cursor: Cursor | None = None, survey: Survey | None = None) -> Page:
        """Give one page.

        Parameters
        ----------
        asked
            What is looked for.
        size
            How many studies it has at most.
        cursor
            Where it begins, or ends; None for the newest.
        survey
            What is known of all that the question finds; None when nobody looked.
        """
        if not self._services.settings.sorted_answers:
            return self._sorted_here(asked, size, cursor)
        if survey is not None and survey.is_complete:
            return self._known(survey, size, cursor)
        upward = cursor is not None and cursor.upward
        found, is_cut = self._take(asked, size + 1, cursor, survey)
        more, found = len(found) > size, found[:size]
        if upward:
            found.reverse()
        newer = older = None
        if found:
            first, last = Cursor(place_of(found[0]), upward=True), Cursor(place_of(found[-1]))
            newer = first if (more if upward else cursor is not None) else None
            older = last if (upward or more) else None
        return Page(tuple(found), newer, older, is_cut)

    def _take(
        self, asked: Asked, wanted: int, cursor: Cursor | None, survey: Survey | None
    ) -> tuple[list[Fields], bool]:
        with ExitStack() as stack:
            merging = _Merging(self._services, stack, wanted, cursor, survey)
            merged = merging.merged(asked)
            found = list(islice(merged, wanted))
            return found, merging.is_cut

    def _known(self, survey: Survey, size: int, cursor: Cursor | None) -> Page:
        """Give a page of studies of which all are known: only what it shows of them has to be asked."""
        page = _cut_out(survey.found, size, cursor)
        if not page.studies:
            return page
        uids = tuple(text(one, _UID) for one in page.studies)
        answers, _ = self._services.answers(query_of({"StudyInstanceUID": uids}, ANY_DAY, order=()))
        whole = {text(one, _UID): one for one in answers}
        return replace(page, studies=tuple(whole[uid] for uid in uids if uid in whole))

    def _sorted_here(self, asked: Asked, size: int, cursor: Cursor | None) -> Page:
        found: dict[str, Fields] = {}
        is_cut = False
        for alternative in asked.alternatives():
            query = query_of(alternative, asked.dates, limit=_UNSORTED + 1, order=())
            answers, cut = self._services.answers(query)
            found |= {text(answer, _UID): answer for answer in answers}
            is_cut |= cut
        is_cut |= len(found) > _UNSORTED
        return replace(_cut_out(found.values(), size, cursor, most=_UNSORTED), is_cut=is_cut)


def _cut_out(found: Iterable[Fields], size: int, cursor: Cursor | None, most: int | None = None) -> Page:
    """Sort studies, and give one page of them."""
    ordered = sorted(found, key=place_of, reverse=True)[:most]
    places = [place_of(one) for one in ordered]
    if cursor is None:
        begin = 0
    elif cursor.upward:
        begin = max(sum(place > cursor.place for place in places) - size, 0)
    else:
        begin = sum(place >= cursor.place for place in places)
    shown = ordered[begin : begin + size]
    end = begin + len(shown)
    return Page(
        tuple(shown),
        Cursor(places[begin], upward=True) if shown and begin else None,
        Cursor(places[end - 1]) if shown and end < len(places) else None,
    )


class _Merging:
    """Several streams of studies to one, without those that come twice."""

    def __init__(
        self, services: Services, stack: ExitStack, wanted: int, cursor: Cursor | None, survey: Survey | None
    ) -> None:
        self._services = services
        self._stack = stack
        self._wanted = wanted
        self._cursor = cursor
        self._survey = survey
        self._upward = cursor is not None and cursor.upward
        self.is_cut = False

    def merged(self, asked: Asked) -> Iterator[Fields]:
        alternatives = asked.alternatives() if self._survey is None else self._survey.alternatives
        streams = [self._placed(alternative, asked.dates) for alternative in alternatives]
        last: Place | None = None
        for place, found in heapq.merge(*streams, key=lambda one: one[0], reverse=not self._upward):
            if place != last:
                last = place
                yield found

    def _placed(self, alternative: Alternative, dates: Dates) -> Iterator[tuple[Place, Fields]]:
        """Give the studies of one query in order; those without a date are the oldest."""
        is_frequent = self._survey is not None and self._survey.newest.is_frequent(alternative)
        parts: list[Callable[[], Iterator[Fields]]]
        parts = [lambda: self._dated(alternative, dates, in_stretches=bool(alternative) and is_frequent)]
        if (self._cursor is not None or is_frequent) and not dates:
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

    def _dated(self, alternative: Alternative, dates: Dates, *, in_stretches: bool) -> Iterator[Fields]:
        asked = self._beyond(dates)
        if asked is None:
            return
        dates, moment, options = asked
        if in_stretches and not dates:
            dates = Dates(date(1, 1, 1))
        for stretch in self._stretches(dates) if in_stretches else ():
            streams = (self._chunks(single, stretch, moment, options) for single in singles(alternative))
            yield from heapq.merge(*streams, key=place_of, reverse=not self._upward)
            moment = []
            end = stretch.last if self._upward else stretch.first
            if end in {None, date.min, date.max}:
                return  # there are no days behind it
            step = timedelta(days=1)
            dates = Dates(end + step, dates.last) if self._upward else Dates(dates.first, end - step)
        if dates.first is None or dates.last is None or dates.first <= dates.last:
            yield from self._chunks(alternative, dates, moment, options)

    def _stretches(self, dates: Dates) -> Iterator[Dates]:
        return self._survey.newest.stretches(dates, upward=self._upward) if self._survey is not None else iter(())

    def _beyond(self, dates: Dates) -> tuple[Dates, list[Key], Options] | None:
        """Narrow the days down to those behind the cursor; None when there are none."""
        cursor = self._cursor
        if cursor is None:
            return dates, [], Options()
        day, time, _ = cursor.place
        if not day:
            return (Dates(date(1, 1, 1)), [], Options()) if self._upward else None
        at = datetime.strptime(day, "%Y%m%d").date()
        bound = Dates(at) if self._upward else Dates(None, at)
        moment = [Key.named("StudyTime", f"{time}-" if self._upward else f"-{time}")] if time and not dates else []
        return dates.within(bound), moment, Options(combined_datetime=True)

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
