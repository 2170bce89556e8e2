"""The newest studies of a large archive are looked at beside the readers, not while they wait."""

import threading
from pathlib import Path

from pydicom.dataset import Dataset

from findicon.errors import CatalogueError
from findicon.query import Level, Progress, Query
from findicon.web.metrics import Metrics
from findicon.web.pages.newest import NewestStudies
from findicon.web.services import Services
from findicon.web.settings import WebSettings
from support.samples import instance
from unit.web.shelf import Shelf


class Slow(Shelf):
    """A shelf that answers searches only when it may."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.may_answer = threading.Event()

    def find(self, query: Query, *more: object) -> object:  # type: ignore[override]
        assert self.may_answer.wait(60)
        return super().find(query)

    def progress(self) -> Progress:
        return Progress()


def newest_of(shelf: Shelf, clock: list[float]) -> NewestStudies:
    unused: object = None
    settings = WebSettings(most_counted=2)
    services = Services(shelf, shelf, shelf, None, shelf, settings, unused, Metrics(shelf))  # type: ignore[arg-type]
    return NewestStudies(services, shelf, lambda: clock[0])


def studies(count: int, begin: int = 0) -> list[Dataset]:
    return [instance(StudyInstanceUID=f"1.2.{begin + number}") for number in range(count)]


def test_counts_wait_for_nobody_and_the_first_who_needs_studies_waits_once(tmp_path: Path) -> None:
    shelf, clock = Slow(tmp_path), [0.0]
    shelf.add(*studies(5))
    newest = newest_of(shelf, clock)
    before = newest.look(only_counts=True)
    assert (before.total, len(before.studies), sum(before.days.values())) == (5, 0, 5)
    shelf.may_answer.set()
    assert len(newest.look().studies) == 3, "one more than are counted"


def test_who_comes_later_gets_what_was_seen_before_with_todays_counts(tmp_path: Path) -> None:
    shelf, clock = Slow(tmp_path), [0.0]
    shelf.may_answer.set()
    shelf.add(*studies(5))
    newest = newest_of(shelf, clock)
    seen = newest.look().studies
    shelf.may_answer.clear()
    shelf.add(*studies(2, begin=10))
    clock[0] += 10
    after = newest.look()
    assert after.studies == seen
    assert (after.total, sum(after.days.values())) == (7, 7)
    shelf.may_answer.set()
    newest.end()
    assert newest.look().studies is not seen


def test_a_look_that_fails_is_none(tmp_path: Path) -> None:
    shelf, clock = Shelf(tmp_path), [0.0]
    shelf.add(*studies(5))
    newest = newest_of(shelf, clock)
    assert len(newest.look().studies) == 3
    shelf.failure = CatalogueError("gone")
    clock[0] += 100
    assert len(newest.look().studies) == 3
    newest.end()
    assert shelf.counts()[Level.STUDY] == newest.look().total == 5
