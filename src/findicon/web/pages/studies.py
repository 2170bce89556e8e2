"""Pages of studies, the newest first: found again by place, not by number."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from ...query import Listed, Lister, Place, as_date
from ..services import Fields, Services, text
from .alternatives import Asked, query_of
from .question import ANY_DAY
from .survey import HALF, Survey

_MOMENT = r"(?:[01]\d|2[0-3])(?:[0-5]\d(?:(?:[0-5]\d|60)(?:\.\d{1,6})?)?)?"
_CURSOR = re.compile(rf"(\d{{8}})?~({_MOMENT})?~([0-9.]{{1,64}})?", re.ASCII)
_DATE, _TIME, _UID = 0x00080020, 0x00080030, 0x0020000D
# What is asked of an archive that does not list: pages of it are sorted here.
_UNSORTED = 500


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
        if found is None or not any(found.groups()) or (found[1] and not as_date(found[1])):
            return None
        return cls((found[1] or "", found[2] or "", found[3] or ""), upward)


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
    reached
        The place up to which was looked, where time ran out before the page was full; None where it did not.
    """

    studies: tuple[Fields, ...]
    newer: Cursor | None = None
    older: Cursor | None = None
    is_cut: bool = False
    reached: Place | None = None


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
        lister = self._services.lister
        if lister is None:
            return self._sorted_here(asked, size, cursor)
        if survey is not None and survey.is_complete:
            begin, end, total = _cut([one.place for one in survey.studies], size, cursor)
            return self._shown(survey.studies[begin:end], has_newer=begin > 0, has_older=end < total)
        upward = cursor is not None and cursor.upward
        studies, reached = self._listed(lister, asked, size + 1, cursor, survey)
        more, studies = len(studies) > size or reached is not None, list(studies[:size])
        if upward:
            studies.reverse()
        has_newer, has_older = (more, True) if upward else (cursor is not None, more)
        page = self._shown(studies, has_newer=has_newer, has_older=has_older)
        if reached is None:
            return page
        onward = Cursor(reached, upward=upward)
        newer, older = (onward, page.older) if upward else (page.newer, onward)
        return replace(page, reached=reached, newer=newer, older=older)

    @staticmethod
    def _listed(
        lister: Lister, asked: Asked, wanted: int, cursor: Cursor | None, survey: Survey | None
    ) -> tuple[Sequence[Listed], Place | None]:
        """Give some studies from a place on, and where looking ended before there were enough."""
        if cursor is None and survey is not None:
            return survey.studies[:wanted], survey.reached if len(survey.studies) < wanted else None
        queries = [query_of(one, asked.dates) for one in asked.alternatives()]
        place, upward = (None, False) if cursor is None else (cursor.place, cursor.upward)
        found = lister.listed(queries, most=wanted, seconds=HALF, place=place, upward=upward)
        return found.studies, found.reached

    def _shown(self, studies: Sequence[Listed], *, has_newer: bool, has_older: bool) -> Page:
        """Ask for all that a page shows of some studies."""
        if not studies:
            return Page(())
        uids = tuple(one.uid for one in studies)
        answers, is_cut = self._services.answers(query_of({"StudyInstanceUID": uids}, ANY_DAY, order=()))
        whole = {text(one, _UID): one for one in answers}
        return Page(
            tuple(whole[uid] for uid in uids if uid in whole),
            Cursor(studies[0].place, upward=True) if has_newer else None,
            Cursor(studies[-1].place) if has_older else None,
            is_cut,
        )

    def _sorted_here(self, asked: Asked, size: int, cursor: Cursor | None) -> Page:
        found: dict[str, Fields] = {}
        is_cut = False
        for alternative in asked.alternatives():
            query = query_of(alternative, asked.dates, limit=_UNSORTED + 1, order=())
            answers, cut = self._services.answers(query)
            found |= {text(answer, _UID): answer for answer in answers}
            is_cut |= cut
        ordered = sorted(found.values(), key=place_of, reverse=True)[:_UNSORTED]
        places = [place_of(one) for one in ordered]
        begin, end, total = _cut(places, size, cursor)
        return Page(
            tuple(ordered[begin:end]),
            Cursor(places[begin], upward=True) if 0 < begin < end else None,
            Cursor(places[end - 1]) if begin < end < total else None,
            is_cut or len(found) > _UNSORTED,
        )


def _cut(places: Iterable[Place], size: int, cursor: Cursor | None) -> tuple[int, int, int]:
    """Give where one page begins and ends among places that go down, and how many there are."""
    places = list(places)
    if cursor is None:
        begin = 0
    elif cursor.upward:
        begin = max(sum(place > cursor.place for place in places) - size, 0)
    else:
        begin = sum(place >= cursor.place for place in places)
    return begin, min(begin + size, len(places)), len(places)
