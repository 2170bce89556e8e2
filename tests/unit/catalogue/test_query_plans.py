"""The databases find what the catalogue asks by an index: no question of every day reads a whole table."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Select

from contract.databases import ON_POSTGRESQL
from contract.making import record
from findicon.catalogue import Catalogue, CatalogueFinder, listing, readings
from findicon.catalogue.plan import matched, plan
from findicon.catalogue.selection import compiled
from findicon.query import Model, Options, Query

RELATIONAL = Options(relational=True)
FUZZY = Options(fuzzy_names=True)
TOGETHER = Options(combined_datetime=True)


@pytest.fixture(scope="module")
def one(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Catalogue]:
    path: Path = tmp_path_factory.mktemp("plans") / "catalogue.sqlite"
    with Catalogue(str(path)) as made:
        yield made


def steps(catalogue: Catalogue, sql: str, values: dict[str, Any]) -> list[str]:
    with catalogue.database.reading() as connection:
        return [row[3] for row in connection.execute(f"EXPLAIN QUERY PLAN {sql}", values)]


def whole_tables(found: list[str]) -> list[str]:
    """Give the steps that read a whole table, not an index of it; SQLite's word tables are indexes."""
    return [step for step in found if step.startswith("SCAN ") and "INDEX" not in step]


QUESTIONS = {
    "PatientID": Query("STUDY", icon=True, PatientID="1"),
    "StudyInstanceUID": Query("STUDY", icon=True, StudyInstanceUID="1.2\\1.3"),
    "accession number": Query("STUDY", AccessionNumber="A1"),
    "accession number, prefix": Query("STUDY", AccessionNumber="A1*"),
    "study ID": Query("STUDY", StudyID="1"),
    "date and modality": Query("STUDY", icon=True, StudyDate="20200101", ModalitiesInStudy="CT"),
    "dates": Query("STUDY", StudyDate="20200101-20200131"),
    "date and time": Query("STUDY", StudyDate="20200101", StudyTime="08-10"),
    "date and time as one": Query("STUDY", StudyDate="20200101-20200102", StudyTime="08-10", options=TOGETHER),
    "birth date": Query("STUDY", PatientBirthDate="19700101"),
    "name": Query("STUDY", PatientName="DOE^JOHN"),
    "name prefix": Query("STUDY", icon=True, PatientName="DOE*"),
    "name infix": Query("STUDY", icon=True, PatientName="*DOE*"),
    "name in its ideographic group": Query("STUDY", PatientName="=山*"),
    "name prefix and years": Query("STUDY", PatientName="DOE*", StudyDate="20100101-20201231"),
    "name that sounds so": Query("STUDY", PatientName="Doe John", options=FUZZY),
    "referring physician": Query("STUDY", ReferringPhysicianName="HOUSE*"),
    "description infix": Query("STUDY", StudyDescription="*CHEST*"),
    "the newest": Query("STUDY", order=["-StudyDate", "-StudyTime"], limit=50),
    "patient by ID": Query("PATIENT", PatientID="1"),
    "patient by name": Query("PATIENT", PatientName="DOE*"),
    "patient by infix": Query("PATIENT", PatientName="*DOE*"),
    "series of a study": Query("SERIES", icon=True, StudyInstanceUID="1.2", Modality="CT"),
    "images of a series": Query("IMAGE", icon=True, StudyInstanceUID="1.2", SeriesInstanceUID="1.2.3"),
    "images, Patient Root": Query(
        "IMAGE", model=Model.PATIENT_ROOT, PatientID="1", StudyInstanceUID="1.2", SeriesInstanceUID="1.2.3"
    ),
    "images of a study": Query("IMAGE", StudyInstanceUID="1.2", options=RELATIONAL),
    "one image": Query("IMAGE", SOPInstanceUID="1.2.3.4", options=RELATIONAL),
    "series of a patient": Query("SERIES", PatientID="1", options=RELATIONAL),
    "study of a series": Query("STUDY", SeriesInstanceUID="1.2.3", options=RELATIONAL),
    "study of an image": Query("STUDY", SOPInstanceUID="1.2.3.4", options=RELATIONAL),
    "study by date and a series' modality": Query("STUDY", StudyDate="20200101", Modality="CT", options=RELATIONAL),
}


@pytest.mark.parametrize("query", QUESTIONS.values(), ids=QUESTIONS)
def test_a_question_is_answered_by_an_index(one: Catalogue, query: Query) -> None:
    made = plan(query, "FINDICON")
    statement = compiled(made.selection, one.database.dialect)
    found = steps(one, statement.sql, statement.bound(made.values, None, 0))
    assert whole_tables([step for step in found if "VIRTUAL TABLE" not in step]) == []
    assert "USE TEMP B-TREE FOR ORDER BY" not in found, "nothing is sorted as a whole before the first answer"


READINGS = {name: value for name, value in vars(readings).items() if isinstance(value, Select)}
READINGS |= {f"WANTED {level}": statement for level, statement in readings.WANTED.items()}
READINGS |= {f"WAITING {number}": statement for number, statement in enumerate(readings.WAITING)}


@pytest.mark.parametrize("name", [name for name in READINGS if name not in {"TOTALS", "DAYS"}])
def test_what_is_read_beside_is_found_by_an_index(one: Catalogue, name: str) -> None:
    compiled_ = READINGS[name].compile(dialect=one.database.dialect, compile_kwargs={"render_postcompile": True})
    values = {"uid": "1", "most": 1, "low": "a", "high": "b", "level": "STUDY", "origin": ""}
    assert whole_tables(steps(one, str(compiled_), {**compiled_.params, **values})) == []


def test_dates_lead_where_they_are_few(one: Catalogue) -> None:
    made = plan(Query("STUDY", StudyDate="20200101-20200107", StudyDescription="*CHEST*"), "FINDICON")
    statement = compiled(made.selection, one.database.dialect)
    (first, *_) = steps(one, statement.sql, statement.bound(made.values, None, 0))
    assert "study_by_date" in first


LISTS = {
    "everything": {},
    "a name and a description": {"PatientName": "lo*", "StudyDescription": "*lo*\\*LO*"},
    "a word and a modality": {"PatientName": "*DOE*", "ModalitiesInStudy": "CT\\MR"},
    "a number and days": {"AccessionNumber": "A1*", "StudyDate": "20200101-20231231"},
}


@pytest.mark.parametrize("upward", [False, True])
@pytest.mark.parametrize("asked", LISTS.values(), ids=LISTS)
def test_a_list_is_looked_through_without_a_row(one: Catalogue, asked: dict[str, str], upward: bool) -> None:
    found = matched(Query("STUDY", defaults=False, **asked))
    statement = listing._stretch((listing._shapes_of(found),), upward, one.database.dialect)
    values = statement.bound(tuple(listing._values_of(found)), 10, 0)
    values |= listing._named("from", ("2", "", "")) | listing._named("to", ("1", "", ""))
    (first, *others) = steps(one, statement.sql, values)
    assert "USING COVERING INDEX study_by_date" in first
    assert not [step for step in others if "study" in step or "SORT" in step or "ORDER BY" in step], others


@pytest.mark.parametrize("asked", list(LISTS.values())[1:], ids=list(LISTS)[1:])
def test_how_many_a_condition_finds_is_counted_without_a_row(one: Catalogue, asked: dict[str, str]) -> None:
    leading = [
        found for found in matched(Query("STUDY", defaults=False, **asked)).conditions if listing._leads(found[0])
    ]
    assert leading
    for shape, values in leading:
        counted = listing._counted(shape, one.database.dialect)
        found = steps(one, counted.sql, counted.bound(values, 10, 0))
        read = [step for step in found if step.split()[1] in {"study", "series", "study_words"}]
        assert read
        # SQLite looks at the row of an index of an expression all the same; there are 3,000 of them at most.
        known = ("COVERING INDEX", "VIRTUAL TABLE", "series_by_modality")
        assert all(any(one in step for one in known) for step in read), found


def test_what_leads_to_few_studies_is_read_first(one: Catalogue) -> None:
    found = matched(Query("STUDY", defaults=False, PatientName="*DOE*", StudyDate="20200101-20231231"))
    (shape, values), *_ = [one for one in found.conditions if listing._leads(one[0])]
    statement = listing._few(shape, listing._shapes_of(found), one.database.dialect)
    bound = statement.bound((*values, *listing._values_of(found)), 10, 0)
    assert [step for step in steps(one, statement.sql, bound) if "study USING INTEGER PRIMARY KEY" in step]


DAYS_AND_MODALITIES = [
    Query("STUDY", StudyDate="20200101", ModalitiesInStudy="CT"),
    Query("STUDY", StudyDate="20200131-20200201", ModalitiesInStudy="CT\\MR"),
]


@pytest.mark.parametrize("new_database", [pytest.param("postgresql", marks=ON_POSTGRESQL)], indirect=True)
def test_postgresql_finds_a_day_with_a_modality_by_an_index(new_database: Callable[[], str]) -> None:
    with Catalogue(new_database()) as catalogue:
        for query in DAYS_AND_MODALITIES:
            made = plan(query, "FINDICON")
            statement = compiled(made.selection, catalogue.database.dialect)
            with catalogue.database.reading() as connection:
                connection.execute("SET enable_seqscan = off")  # of a table without rows nothing is better
                rows = connection.execute(f"EXPLAIN {statement.sql}", statement.bound(made.values, None, 0))
                assert "study_by_day_with_modality" in str(rows.fetchall()), query


def test_days_with_modalities_are_those_and_no_others(catalogue: Catalogue) -> None:
    days = {1: ("20200131", "CT"), 2: ("20200131", "MR"), 3: ("20200201", "CT"), 4: ("", "CT"), 5: ("20200202", "CT")}
    catalogue.add([record(study, StudyDate=day, Modality=modality) for study, (day, modality) in days.items()])
    catalogue.add([record(2, 2, StudyDate="20200131", Modality="SR")])
    finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")

    def found(day: str, modalities: str) -> set[str]:
        query = Query("STUDY", StudyDate=day, ModalitiesInStudy=modalities)
        return {str(match.dataset.StudyInstanceUID) for match in finder.find(query)}

    assert found("20200131", "CT") == {"1.2.1"}
    assert found("20200131-20200201", "CT") == {"1.2.1", "1.2.3"}
    assert found("20200131-20200201", "CT\\SR") == {"1.2.1", "1.2.2", "1.2.3"}
    assert found("20200131", "C") == set()
    assert found("20200202-20200201", "CT") == set()
