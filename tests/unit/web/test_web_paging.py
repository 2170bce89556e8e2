"""Pages of studies: every study once, in order, whatever the size of a page and however many share a moment."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import islice

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.query import (
    Cancel,
    EncodedMatch,
    Level,
    Listed,
    Listing,
    Match,
    Options,
    Place,
    Query,
    encode,
    matches,
    never,
    tag_of,
)
from findicon.web.metrics import Metrics
from findicon.web.pages.alternatives import NO_FILTERS, Asked, Filters
from findicon.web.pages.question import Dates, read_question
from findicon.web.pages.studies import Cursor, StudyPages, place_of
from findicon.web.services import Services, text
from findicon.web.settings import WebSettings
from unit.web.shelf import part_of


class Rows:
    """A Finder over studies of a few attributes."""

    options = Options(relational=True)

    def __init__(self, rows: list[dict[str, str]]) -> None:
        self.rows = [{tag_of(name): value for name, value in row.items()} for row in rows]

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        for row in islice(self.found(query), query.limit):
            answer = Dataset()
            for tag in query.keys:
                keyword_value = row.get(tag, "")
                answer.add_new(tag, query.keys[tag].vr, keyword_value or None)
            yield EncodedMatch(encode(answer, ExplicitVRLittleEndian), ExplicitVRLittleEndian)

    def found(self, query: Query) -> Iterator[dict[int, str]]:
        return (row for row in self.rows if matches(query.keys.values(), row, query.options))


class Ordered(Rows):
    """One that lists them, some at a time where `step` says so: then time has run out."""

    step: int | None = None

    def listed(
        self, queries: Sequence[Query], *, most: int, seconds: float, place: Place | None = None, upward: bool = False
    ) -> Listing:
        every = part_of(map(listed_of, self.rows), len(self.rows), place, upward=upward).studies[: self.step]
        found = {listed_of(row) for query in queries for row in self.found(query)}.intersection(every)
        listing = part_of(found, most, place, upward=upward)
        is_cut = self.step is not None and len(every) == self.step and len(listing.studies) < most
        return replace(listing, reached=every[-1].place if is_cut else None)


def listed_of(row: dict[int, str]) -> Listed:
    return Listed(*(row.get(tag_of(name), "") for name in ("StudyDate", "StudyTime", "StudyInstanceUID")))


def pages_over(finder: Rows) -> StudyPages:
    unused: object = None
    parts = (unused, unused, None, None, WebSettings(), unused, Metrics())
    return StudyPages(Services(finder, *parts))  # type: ignore[arg-type]


def row(uid: int, day: str = "", time: str = "", name: str = "DOE", description: str = "") -> dict[str, str]:
    return {
        "StudyInstanceUID": f"1.2.{uid}",
        "StudyDate": day,
        "StudyTime": time,
        "PatientName": name,
        "StudyDescription": description,
    }


ROWS = st.lists(
    st.tuples(
        st.sampled_from(["", "20240101", "20240102", "20231231"]), st.sampled_from(["", "10", "1000", "100000", "2359"])
    ),
    max_size=25,
)


def walked(pages: StudyPages, asked: Asked, size: int) -> tuple[list[str], list[list[str]]]:
    """Walk from the newest to the oldest page; give all UIDs, and those of each page."""
    found: list[list[str]] = []
    cursor = None
    for _ in range(60):
        page = pages.page(asked, size, cursor)
        found.append([text(one, 0x0020000D) for one in page.studies])
        if page.older is None:
            break
        cursor = Cursor.read(str(page.older), upward=False)
        assert cursor == page.older
    return [uid for one in found for uid in one], found


@given(rows=ROWS, size=st.integers(1, 7), sorts=st.booleans())
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_study_is_on_one_page(rows: list[tuple[str, str]], size: int, sorts: bool) -> None:
    finder = (Ordered if sorts else Rows)([row(number, *values) for number, values in enumerate(rows)])
    pages = pages_over(finder)
    asked = Asked(read_question(""), NO_FILTERS, simple=not sorts)
    uids, by_page = walked(pages, asked, size)
    expected = sorted(((day, time, f"1.2.{n}") for n, (day, time) in enumerate(rows)), reverse=True)
    assert uids == [uid for _, _, uid in expected]
    # and back again
    page = pages.page(asked, size)
    trail = [page]
    while page.older is not None:
        page = pages.page(asked, size, page.older)
        trail.append(page)
    for _ in trail[1:]:
        assert page.newer is not None
        page = pages.page(asked, size, page.newer)
    assert [place_of(one) for one in page.studies][: len(by_page[0])] == expected[: len(page.studies)]
    assert page.newer is None


def test_many_of_one_moment_are_turned_over_too() -> None:
    finder = Ordered([row(number, "20240101", "1000") for number in range(230)])
    uids, _ = walked(pages_over(finder), Asked(read_question(""), NO_FILTERS), 50)
    assert len(uids) == len(set(uids)) == 230


def test_a_study_that_answers_twice_is_shown_once() -> None:
    finder = Ordered([row(1, "20240101", name="CHEST^JANE", description="Chest"), row(2, "20240102", name="CHEST")])
    page = pages_over(finder).page(Asked(read_question("chest"), NO_FILTERS), 10)
    assert [text(one, 0x0020000D) for one in page.studies] == ["1.2.2", "1.2.1"]


@pytest.mark.parametrize("size", [1, 2, 5])
def test_days_bound_every_page(size: int) -> None:
    from datetime import date

    finder = Ordered([row(number, f"202401{number:02d}") for number in range(1, 20)] + [row(99)])
    asked = Asked(read_question(""), Filters(dates=Dates(date(2024, 1, 5), date(2024, 1, 9))))
    uids, _ = walked(pages_over(finder), asked, size)
    assert uids == [f"1.2.{number}" for number in (9, 8, 7, 6, 5)]


@pytest.mark.parametrize("value", ["", "x", "20240101", "2024~~1.2", "20240101~10:00~1.2", "~~;drop", "~~"])
def test_a_malformed_cursor_is_none(value: str) -> None:
    assert Cursor.read(value, upward=False) is None


def test_the_level_of_the_question_is_studies() -> None:
    asked: list[Query] = []

    class Noting(Ordered):
        def found(self, query: Query) -> Iterator[dict[int, str]]:
            asked.append(query)
            return super().found(query)

    pages_over(Noting([row(1)])).page(Asked(read_question("doe"), NO_FILTERS), 10)
    assert {query.level for query in asked} == {Level.STUDY}
    assert [str(query.keys[0x0020000D].values) for query in asked][-1] == "('1.2.1',)", "asked back for what is shown"


@pytest.mark.parametrize("step", [1, 3, 7])
def test_where_time_runs_out_the_next_page_goes_on(step: int) -> None:
    """Pages that could not be filled in time lead on, and every study is on one of them."""
    finder = Ordered(
        [row(number, f"202401{number:02d}", name="ROE" if number % 5 else "DOE") for number in range(1, 26)]
    )
    finder.step = step
    pages, asked, cursor = pages_over(finder), Asked(read_question("doe"), NO_FILTERS), None
    uids = []
    for _ in range(60):
        page = pages.page(asked, 2, cursor)
        uids += [text(one, 0x0020000D) for one in page.studies]
        if page.older is None:
            break
        assert page.reached is None or page.older.place == page.reached
        cursor = Cursor.read(str(page.older), upward=False)
    assert uids == [f"1.2.{number}" for number in (25, 20, 15, 10, 5)]


@pytest.mark.parametrize(
    ("value", "is_place"),
    [
        ("20240131~101500.5~1.2", True),
        ("~~1.2", True),
        ("20240131~~1.2", True),
        ("20241399~~1.2", False),
        ("00000000~~1.2", False),
        ("20240131~99~1.2", False),
        ("20240131~10.15~1.2", False),
        ("20240131~1015~", True),
        ("x", False),
    ],
)
def test_what_is_no_place_is_none(value: str, is_place: bool) -> None:
    assert (Cursor.read(value, upward=False) is not None) is is_place


@pytest.mark.parametrize("day", ["00010101", "99991231"])
@pytest.mark.parametrize("upward", [False, True])
def test_the_first_and_the_last_day_that_there_is(day: str, upward: bool) -> None:
    rows = [{"StudyDate": day, "StudyTime": "", "StudyInstanceUID": f"1.{number}"} for number in range(3)]
    cursor = Cursor((day, "", "1.1"), upward=upward)
    found = pages_over(Ordered(rows)).page(Asked(read_question(""), NO_FILTERS), 10, cursor)
    assert [text(one, 0x0020000D) for one in found.studies] == ["1.2" if upward else "1.0"]
