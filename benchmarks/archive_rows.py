"""A catalogue filled with made-up studies, a million of them in a few minutes: rows, without files and headers.

They are the rows that the catalogue's own writer makes of such instances (a test compares them), loaded in bulk. Only
the instances have none: a million studies have some hundred million of them.
"""

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Any

from benchmarks.archive_life import ONE_EACH, Study, studies
from findicon.catalogue import Catalogue
from findicon.catalogue.columns import column_name
from findicon.catalogue.rows import folded, patient_key
from findicon.catalogue.schema import METADATA
from findicon.catalogue.session import Session
from findicon.catalogue.studies import joined
from findicon.catalogue.totals import count

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
        _load(catalogue, rows)
    _finish(catalogue)


def _patient_row(number: int, study: Study) -> Row:
    counts = {f"number_of_patient_related_{what}": 0 for what in ("studies", "series", "instances")}
    values = _values({name: study.attributes[name] for name in _PATIENT})
    return {"id": number, "key": patient_key(values), **values, **counts}


def _count_in(patient: Row, study: Study) -> None:
    patient["number_of_patient_related_studies"] += 1
    patient["number_of_patient_related_series"] += len(study.series)
    patient["number_of_patient_related_instances"] += study.instances


def _study_row(study: Study, patient: int) -> Row:
    return {
        "id": study.number + 1,
        "parent": patient,
        **_values(study.attributes),
        "modalities_in_study": joined(series.attributes["Modality"] for series in study.series),
        "stations": joined(series.attributes["StationName"] for series in study.series),
        "sop_classes_in_study": joined(series.sop_class for series in study.series),
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
            found.update(folded(_column(name), attributes[name]))
    return found


_column = cache(column_name)


def _next_number(catalogue: Catalogue, table: str) -> int:
    with catalogue.database.reading() as connection:
        return int(connection.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}").fetchone()[0])


def _load(catalogue: Catalogue, rows: Mapping[str, Sequence[Row]]) -> None:
    def work(session: Session) -> None:
        for table, values in rows.items():
            if values:
                session.insert(METADATA.tables[table], list(values[0]), [tuple(row.values()) for row in values])
        count(session, (), rows["study"], {"patients": len(rows["patient"]), "icons": len(rows["icon"])})

    catalogue.database.change(work)


def _finish(catalogue: Catalogue) -> None:
    """Leave the database as it would be by itself in the end."""
    if catalogue.database.dialect.name != "postgresql":
        return
    with catalogue.database.reading() as connection:
        for table in ("patient", "study", "series"):  # the next row is numbered behind those that brought their numbers
            last = f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), (SELECT coalesce(max(id), 1) FROM {table}))"
            connection.execute(last)
        connection.execute("VACUUM (ANALYZE, PARALLEL 0)")
