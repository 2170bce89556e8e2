"""Whoever commits comes back when its own rows are in the catalogue, however many others wait."""

import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from contract.making import record
from findicon.archive.commits import Arrival, Commits
from findicon.archive.journal import Record
from findicon.archive.journals import Journals
from findicon.catalogue import Catalogue, Rows, rows_of
from findicon.errors import CatalogueError
from findicon.query import Level


@pytest.fixture
def journals(catalogue: Catalogue, tmp_path: Path) -> Iterator[Journals]:
    made = Journals(str(tmp_path), settle=catalogue.make_durable)
    yield made
    made.close()
    assert list(tmp_path.glob("*.journal")) == []


@pytest.fixture
def commits(catalogue: Catalogue, journals: Journals) -> Commits:
    return Commits(catalogue, journals)


def arrivals(count: int) -> list[Arrival]:
    def arrival(number: int) -> Arrival:
        return Arrival(lambda: (rows_of(record(number)), Record(f"1.2.{number}", b"")))

    return [arrival(number) for number in range(1, count + 1)]


def test_rows_behind_a_full_batch_are_written_before_their_sender_hears_of_it(
    catalogue: Catalogue, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("findicon.archive.commits._LARGEST_BATCH", 1)
    first, second = arrivals(2)
    commits._waiting.append(first)  # another sender, whose turn has not come yet
    assert commits.commit(second)
    assert catalogue.counts()[Level.STUDY] == 2


def test_whoever_waits_hears_of_it_when_the_one_that_writes_for_all_fails(
    catalogue: Catalogue, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    def without_memory(*_: object) -> None:
        raise MemoryError

    first, second, third = arrivals(3)
    commits._waiting.append(first)
    with monkeypatch.context() as patched:
        patched.setattr("os.fdatasync", without_memory)
        with pytest.raises(MemoryError):
            commits.commit(second)
    assert first.is_done
    assert "MemoryError" in str(first.error)
    assert commits.commit(third)
    assert catalogue.counts()[Level.STUDY] == 1


def test_a_catalogue_that_is_away_is_not_asked_for_every_instance(
    catalogue: Catalogue, commits: Commits, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def away(rows: Sequence[Rows], *, durable: bool = True) -> None:
        asked.append(len(rows))
        raise CatalogueError("The database is away")

    monkeypatch.setattr(catalogue, "add", away)
    waiting = arrivals(9)
    commits._waiting.extend(waiting[:-1])
    with pytest.raises(CatalogueError, match="away"):
        commits.commit(waiting[-1])
    assert asked == [9, 1, 1]
    assert {str(arrival.error) for arrival in waiting} == {"The database is away"}


def test_what_cannot_be_understood_fails_alone(catalogue: Catalogue, commits: Commits) -> None:
    def not_understood() -> tuple[Rows, Record]:
        raise ValueError("a date that is none")

    (first, last), odd = arrivals(2), Arrival(not_understood)
    commits._waiting.extend([first, odd])
    assert commits.commit(last)
    assert first.is_done
    assert first.error is None
    assert isinstance(odd.error, ValueError)
    assert catalogue.counts()[Level.STUDY] == 2


def test_whoever_waits_writes_when_the_one_before_has_done_its_part(
    catalogue: Catalogue, commits: Commits, journals: Journals, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("findicon.archive.commits._LARGEST_BATCH", 1)
    threads = [threading.Thread(target=commits.commit, args=(arrival,)) for arrival in arrivals(5)]
    with journals.turn:  # nobody gets further than to wait
        for thread in threads:
            thread.start()
        while len(commits._waiting) < len(threads):
            threads[0].join(0.01)
    for thread in threads:
        thread.join()
    assert catalogue.counts()[Level.STUDY] == 5
    assert not commits._is_written
