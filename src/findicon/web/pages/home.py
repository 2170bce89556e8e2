"""The first page: search line, facets, days, and studies as a grid or a table."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date
from itertools import islice
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response

from ...query import Key
from ..services import Services, fields, note
from . import shown
from .alternatives import NO_FILTERS, Asked, Filters, query_of
from .facets import Choice, Counted, count_facets
from .question import ANY_DAY, Dates, Question, read_dates, read_question
from .studies import Cursor, Page, StudyPages
from .survey import HALF, SECONDS, survey_of
from .templating import Templates

VIEWS = ("grid", "table")
_DAYS = 14
_MOST = 200
# What an address says stands in every link of its page, so that it has to have an end.
_LONGEST_TEXT = 500
_LONGEST_VALUE = 64
_MOST_MODALITIES = 20


@dataclass(frozen=True, slots=True)
class State:
    """What the address of the first page says."""

    text: str = ""
    filters: Filters = NO_FILTERS
    view: str = "grid"
    size: int = 60
    has_size: bool = False
    cursor: Cursor | None = None

    @classmethod
    def read(cls, request: Request, size: int) -> "State":
        """Read it; what is malformed is left out, so that an old link still shows something."""
        given = request.query_params
        cursor = None
        for name, upward in (("before", True), ("after", False)):
            if given.get(name):
                cursor = Cursor.read(given[name], upward=upward)
        asked = given.get("size", "")
        is_size = asked.isascii() and asked.isdigit() and int(asked) > 0
        view = given.get("view", "grid")
        return cls(
            given.get("q", "").strip()[:_LONGEST_TEXT],
            Filters(
                tuple(dict.fromkeys(one[:16] for one in given.getlist("modality") if one))[:_MOST_MODALITIES],
                _dates(given.get("from", ""), given.get("to", "")),
                given.get("description", "")[:_LONGEST_VALUE],
                given.get("station", "")[:_LONGEST_VALUE],
            ),
            view if view in VIEWS else "grid",
            min(int(asked), _MOST) if is_size else size,
            is_size,
            cursor,
        )

    def parameters(self) -> list[tuple[str, str]]:
        """Give the parameters that say this, without a place."""
        filters = self.filters
        found = [("q", self.text)]
        found += [("modality", one) for one in filters.modalities]
        found += [("from", _iso(filters.dates.first)), ("to", _iso(filters.dates.last))]
        found += [("description", filters.description), ("station", filters.station)]
        found += [("view", self.view if self.view != "grid" else ""), ("size", str(self.size) if self.has_size else "")]
        return [(name, value) for name, value in found if value]


def _dates(first: str, last: str) -> Dates:
    return Dates(read_dates(first).first, read_dates(last).last)


def _iso(day: date | None) -> str:
    return day.isoformat() if day else ""


@dataclass(frozen=True, slots=True)
class Link:
    """A link with what it says."""

    label: str
    address: str
    picture: str = ""
    count: str = ""


class Home:
    """Makes the first page.

    Parameters
    ----------
    services
        What the web is joined to.
    templates
        Makes pages.
    """

    def __init__(self, services: Services, templates: Templates) -> None:
        self._services = services
        self._templates = templates
        self._pages = StudyPages(services)
        services.warming.append(self.warm_up)

    def warm_up(self) -> None:
        """Make the page for nobody: what has to be read and compiled for it is there when somebody comes."""
        nobody: dict[str, Any] = {
            "type": "http",
            "method": "GET",
            "path": "/",
            "query_string": b"",
            "headers": [],
            "server": None,
        }
        if self._services.lister is not None:
            self._made(Request(nobody), State(size=self._services.settings.page_size))

    def page(self, request: Request) -> Response:
        """Make the first page."""
        state = State.read(request, self._services.settings.page_size)
        note(request, "page of studies", search=state.text, filters=lambda: str(state.parameters()))
        return self._made(request, state)

    def _made(self, request: Request, state: State) -> Response:
        settings = self._services.settings
        question = read_question(state.text)
        lister = self._services.lister
        asked = Asked(question, state.filters, simple=lister is None)
        links = _Links(self._services.prefix(request), state, question)
        must_ask = not asked and lister is None
        survey = None
        if asked and lister is not None:
            survey = survey_of(lister, asked, settings.most_counted, SECONDS if state.cursor is None else HALF)
        page = Page(()) if must_ask else self._pages.page(asked, state.size, state.cursor, survey)
        overview = self._services.overview if lister is not None else None
        days = overview.days() if overview is not None and not asked else {}
        counted = count_facets(self._services, survey, days, asked, date.today()) if overview is not None else None
        is_first = not asked and state.cursor is None
        return self._templates.page(
            request,
            "home.html",
            q=state.text,
            kept=[one for one in state.parameters() if one[0] != "q"],
            view=state.view,
            studies=[shown.study_of(found) for found in page.studies],
            newer=links.at(page.newer),
            older=links.at(page.older),
            counted=counted,
            chosen=len(links.chips()),
            chips=links.chips(),
            toggled=links.toggled,
            address=links.changed,
            days=self._days(links, days) if is_first else (),
            heading=_heading(counted, page, is_asked=bool(asked)),
            notices=_notices(question, page),
            is_asked=bool(asked),
            must_ask=must_ask,
            described=" and ".join(links.described()),
            understood=", ".join(links.understood()),
        )

    def _days(self, links: "_Links", days: Mapping[date, int]) -> list[Link]:
        """Give the latest days, each with a picture of its last study."""
        latest = list(islice(days.items(), _DAYS))
        return [self._day(links, day, count) for day, count in latest] if len(latest) > 1 else []

    def _day(self, links: "_Links", day: date, count: int) -> Link:
        found = self._services.first(
            query_of({}, Dates(day, day), returned=("StudyInstanceUID",), order=("-StudyTime",))
        )
        uid = shown.study_of(fields(found)).uid if found is not None else ""
        address = links.address([("from", day.isoformat()), ("to", day.isoformat())])
        studies = f"{count:,} {'study' if count == 1 else 'studies'}"
        return Link(day.isoformat(), address, f"{links.prefix}/studies/{uid}/picture", f"{day:%a} · {studies}")


class _Links:
    """Addresses of the first page in other states."""

    def __init__(self, prefix: str, state: State, question: Question) -> None:
        self.prefix = prefix
        self._state = state
        self._question = question

    def address(self, parameters: list[tuple[str, str]]) -> str:
        return f"{self.prefix}/" + (f"?{urlencode(parameters)}" if parameters else "")

    def at(self, cursor: Cursor | None) -> str:
        """Give the address of a page beside this one; empty for none."""
        if cursor is None:
            return ""
        return self.address([*self._state.parameters(), ("before" if cursor.upward else "after", str(cursor))])

    def changed(self, **parameters: str) -> str:
        """Give the address with other parameters, at the same place."""
        kept = [one for one in self._state.parameters() if one[0] not in parameters]
        cursor = self._state.cursor
        place = [("before" if cursor.upward else "after", str(cursor))] if cursor else []
        return self.address([*kept, *parameters.items(), *place])

    def toggled(self, choice: Choice) -> str:
        """Give the address with a choice made, or taken back."""
        kept = self._state.parameters()
        if len(choice.parameters) == 1 and choice.parameters[0][0] == "modality":
            kept = [one for one in kept if one not in choice.parameters]
        else:
            names = {name for name, _ in choice.parameters}
            kept = [one for one in kept if one[0] not in names]
        if not choice.is_chosen:
            kept += [one for one in choice.parameters if one[1]]
        return self.address(kept)

    def chips(self) -> list[Link]:
        """Give what is set beside the search line, each with the address without it."""
        filters, found = self._state.filters, []
        for modality in filters.modalities:
            others = tuple(one for one in filters.modalities if one != modality)
            found.append(self._chip(modality, replace(filters, modalities=others)))
        if filters.dates:
            found.append(self._chip(str(filters.dates), replace(filters, dates=ANY_DAY)))
        if filters.description:
            found.append(self._chip(filters.description, replace(filters, description="")))
        if filters.station:
            found.append(self._chip(filters.station, replace(filters, station="")))
        return found

    def _chip(self, label: str, filters: Filters) -> Link:
        return Link(label, self.address(replace(self._state, filters=filters, cursor=None).parameters()))

    def understood(self) -> list[str]:
        """Say what the search line was taken for."""
        question = self._question
        found = [f'"{word}"' for word in question.words]
        found += [f"{Key.named(name).keyword} {value}" for name, value in question.fields]
        found += list(question.modalities)
        found += [str(question.dates)] if question.dates else []
        return found

    def described(self) -> list[str]:
        """Say what is looked for."""
        return self.understood() + [chip.label for chip in self.chips()]


def _heading(counted: Counted | None, page: Page, *, is_asked: bool) -> str:
    if counted is not None:
        return f"{counted.total} {'study' if counted.total == '1' else 'studies'}"
    return f"{len(page.studies)} studies found" if is_asked else "Studies"


def _notices(question: Question, page: Page) -> list[str]:
    found = [f"{name} is no field that can be searched; it was left out." for name in question.unknown]
    if page.reached is not None:
        day = shown.date_text(page.reached[0]) or "those without a date"
        found.append(f"Studies were looked through as far as {day}, for as long as one look may take.")
    if page.is_cut:
        found.append("The archive has more that match than it gives: narrow the search to see the rest.")
    return found
