"""Many processes and threads at one catalogue."""

from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from contract.making import record
from contract.processes import add_and_remove, add_in_disorder, add_one, shared_records
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.query import Level, Query

# Numbers of rows, and how often something changed, are not what a catalogue says.
NOT_SAID = {"id", "parent", "revision", "instance"}


def rows(catalogue: Catalogue) -> dict[str, list[tuple[Any, ...]]]:
    """Give everything that the tables say, in an order of its own."""
    found = {}
    for table in ("patient", "study", "series", "instance", "file", "day", "tally"):
        with catalogue.database.reading() as connection:
            cursor = connection.execute(f"SELECT * FROM {table}")
            places = [place for place, column in enumerate(cursor.description) if column[0] not in NOT_SAID]
            found[table] = sorted(tuple(row[place] for place in places) for row in cursor)
    return found


def test_processes_that_bring_the_same_studies_end_in_the_same_rows(new_database: Callable[[], str]) -> None:
    alone, together = new_database(), new_database()
    with Catalogue(alone) as catalogue:
        catalogue.add(shared_records())
        expected = rows(catalogue)
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(add_in_disorder, [together] * 4, range(4)))
    with Catalogue(together) as catalogue:
        assert rows(catalogue) == expected


def test_processes_may_open_a_new_catalogue_at_once(blank_database: Callable[[], str]) -> None:
    url = blank_database()
    with ProcessPoolExecutor(3, mp_context=get_context("spawn")) as pool:
        list(pool.map(add_one, [url] * 3, range(3)))
    with Catalogue(url) as catalogue:
        assert catalogue.counts()[Level.IMAGE] == 3


def test_counts_hold_while_files_come_and_go(new_database: Callable[[], str]) -> None:
    url = new_database()
    with ProcessPoolExecutor(4, mp_context=get_context("spawn")) as pool:
        list(pool.map(add_and_remove, [url] * 4, range(1, 5)))
    with Catalogue(url) as catalogue:
        assert dict(catalogue.counts()) == {Level.PATIENT: 1, Level.STUDY: 40, Level.SERIES: 40, Level.IMAGE: 80}
        finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")
        (patient,) = finder.find(Query("PATIENT", NumberOfPatientRelatedInstances=""))
        assert patient.dataset.NumberOfPatientRelatedInstances == 80


def test_answers_are_whole_while_others_write(catalogue: Catalogue) -> None:
    catalogue.add([record(number, StudyDescription="THERE") for number in range(50)])
    finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")

    def write(number: int) -> None:
        catalogue.add([record(1000 + number, StudyDescription="NEW")])
        catalogue.remove([f"/files/{1000 + number}/1/1.dcm"])

    def ask(number: int) -> int:
        return len(list(finder.find(Query("STUDY", StudyDescription="THERE"))))

    with ThreadPoolExecutor(8) as pool:
        writing = [pool.submit(write, number) for number in range(40)]
        assert set(pool.map(ask, range(40))) == {50}
        for future in writing:
            future.result()
    assert catalogue.counts()[Level.STUDY] == 50


def test_a_reader_sees_one_state_to_the_end(catalogue: Catalogue) -> None:
    catalogue.add([record(number) for number in range(100)])
    answers = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON").find(Query("STUDY"))
    next(answers)
    catalogue.remove([f"/files/{number}/1/1.dcm" for number in range(100)])
    assert len(list(answers)) == 99


def test_what_sqlite_commits_is_on_the_disk(tmp_path: Path) -> None:
    with Catalogue(str(tmp_path / "catalogue.sqlite")) as catalogue:
        modes = catalogue.database.write(
            lambda connection: [
                connection.exec_driver_sql(f"PRAGMA {name}").scalar() for name in ("journal_mode", "synchronous")
            ]
        )
    assert modes == ["wal", 2]
