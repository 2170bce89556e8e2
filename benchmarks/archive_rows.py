"""A catalogue filled with made-up studies, a million of them in a few minutes: rows, without files and headers.

They are the rows that the catalogue's own writer makes of such instances (a test compares them), loaded in bulk. Only
the instances have none: a million studies have some hundred million of them.
"""

from collections.abc import Iterator, Mapping, Sequence
from functools import cache, lru_cache
from typing import Any

from benchmarks.archive_life import ONE_EACH, Study, studies
from findicon.catalogue import Catalogue
from findicon.catalogue.columns import column_name
from findicon.catalogue.migrations.versions import v0008_facets
from findicon.query import name_groups, name_sounds

_PIECE = 25_000
_NAMES = ("PatientName", "ReferringPhysicianName")
# The attributes that a patient has; a study has them as well.
_PATIENT = ("PatientID", "PatientName", "PatientBirthDate", "PatientSex", "IssuerOfPatientID")

Row = dict[str, Any]


def fill(
    catalogue: Catalogue,
    first: int,
    last: int,
    *,
    icons: int = 0,
    pictures: Sequence[tuple[bytes, bytes | None]] = (),
    studies_each: Sequence[int] = ONE_EACH,
) -> None:
    """Add the studies numbered from `first` up to `last`; the same number is the same study every time.

    Parameters
    ----------
    catalogue
        Where to.
    first, last
        The numbers, both of them where a patient begins.
    icons
        How many of them get an icon, from the first.
    pictures
        The icons' items and previews, by turns.
    studies_each
        How many studies one patient after the other has, again and again.
    """
    row_of_series = _next_number(catalogue, "series")
    row_of_patient = _next_number(catalogue, "patient")
    for start in range(first, last, _PIECE):
        end = min(start + _PIECE, last)
        rows: dict[str, list[Row]] = {"patient": [], "study": [], "series": [], "icon": []}
        for study in studies(start, end, studies_each):
            if not rows["patient"] or rows["patient"][-1]["patient_id"] != study.attributes["PatientID"]:
                rows["patient"].append(_patient_row(row_of_patient, study))
                row_of_patient += 1
            rows["study"].append(_study_row(study, row_of_patient - 1))
            rows["series"] += _series_rows(study, row_of_series)
            row_of_series += len(study.series)
            if study.number < first + icons:
                rows["icon"].append(_icon_row(study, *pictures[study.number % len(pictures)]))
            _count_in(rows["patient"][-1], study)
        for table, values in rows.items():
            insert(catalogue, table, values)
    finish(catalogue)


def _patient_row(number: int, study: Study) -> Row:
    counts = {f"number_of_patient_related_{what}": 0 for what in ("studies", "series", "instances")}
    values = _values({name: study.attributes[name] for name in _PATIENT})
    key = f"{values['patient_id']}\\{values['issuer_of_patient_id']}"
    return {"id": number, "key": key, **values, **counts}


def _count_in(patient: Row, study: Study) -> None:
    patient["number_of_patient_related_studies"] += 1
    patient["number_of_patient_related_series"] += len(study.series)
    patient["number_of_patient_related_instances"] += study.instances


def _study_row(study: Study, patient: int) -> Row:
    return {
        "id": study.number + 1,
        "parent": patient,
        **_values(study.attributes),
        "modalities_in_study": _joined(series.attributes["Modality"] for series in study.series),
        "stations": _joined(series.attributes.get("StationName", "") for series in study.series),
        "sop_classes_in_study": _joined(series.sop_class for series in study.series),
        "number_of_study_related_series": len(study.series),
        "number_of_study_related_instances": study.instances,
        "source": "1",
        "revision": 1,
    }


def _series_rows(study: Study, number: int) -> list[Row]:
    return [
        {
            "id": number + place,
            "parent": study.number + 1,
            **_values(series.attributes),
            "number_of_series_related_instances": series.instances,
            "source": "1",
            "revision": 1,
        }
        for place, series in enumerate(study.series)
    ]


def _icon_row(study: Study, item: bytes, preview: bytes | None) -> Row:
    uid = study.attributes["StudyInstanceUID"]
    picture = {"rule": "third", "source": f"{uid}.1.1 1", "item": item, "preview": preview}
    return {"origin": "", "level": "STUDY", "uid": uid, **picture}


def _values(attributes: Mapping[str, str]) -> Row:
    found: Row = {_column(name): text for name, text in attributes.items()}
    for name in _NAMES:
        if name in attributes:
            found.update(_folded(_column(name), attributes[name]))
    return found


_column = cache(column_name)


@lru_cache(maxsize=1024)
def _folded(column: str, name: str) -> Row:
    groups = zip(("alphabetic", "ideographic", "phonetic"), name_groups(name), strict=True)
    found = {f"{column}_{group}": value for group, value in groups}
    return {**found, f"{column}_sounds": "\\".join(name_sounds(name))}


def _joined(values: Iterator[str]) -> str:
    return "\\".join(sorted(set(values)))


def _next_number(catalogue: Catalogue, table: str) -> int:
    with catalogue.database.reading() as connection:
        return int(connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0])


def insert(catalogue: Catalogue, table: str, values: list[Row]) -> None:
    """Insert rows the quickest way that the database has."""
    if not values:
        return
    columns = list(values[0])

    def work(connection: Any) -> None:
        driver = connection.connection.driver_connection
        rows = (tuple(row.values()) for row in values)
        if catalogue.database.dialect.name == "postgresql":
            with driver.cursor().copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)
        else:
            driver.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join('?' * len(columns))})", rows
            )

    catalogue.database.write(work)


def _after_numbers(connection: Any, table: str) -> None:
    """Have PostgreSQL number the next row behind those that brought their numbers along."""
    last = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
    connection.exec_driver_sql(last)


def finish(catalogue: Catalogue) -> None:
    """Bring the kept totals in line, and let the database look at what it has, as it does by itself in the end."""

    def work(connection: Any) -> None:
        connection.exec_driver_sql("DELETE FROM day")
        connection.exec_driver_sql("INSERT INTO day SELECT study_date, count(*) FROM study GROUP BY study_date")
        connection.exec_driver_sql("DELETE FROM tally")
        for name, table in (("patients", "patient"), ("studies", "study"), ("series", "series"), ("icons", "icon")):
            connection.exec_driver_sql(f"INSERT INTO tally (name, count) SELECT '{name}', count(*) FROM {table}")
            if connection.dialect.name == "postgresql" and table != "icon":
                _after_numbers(connection, table)
        instances = "SELECT 'instances', sum(number_of_study_related_instances) FROM study"
        connection.exec_driver_sql(f"INSERT INTO tally (name, count) {instances}")
        v0008_facets.count(connection)

    catalogue.database.write(work)
    if catalogue.database.dialect.name == "postgresql":
        with catalogue.database.reading() as connection:
            connection.execute("VACUUM (ANALYZE, PARALLEL 0)")
