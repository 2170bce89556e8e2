"""The rows that the benchmarks load in bulk are those that the writer makes of the same instances."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from findicon.catalogue import Catalogue, InstanceRecord
from findicon.icons import Facts
from findicon.query import Key

# Numbers of rows, and what depends on the instances, which the benchmarks leave out.
OWN = {"id", "parent", "source", "revision", "icon_wanted"}
FIRST, LAST = 0, 25  # ten patients


def test_made_up_rows_are_those_of_the_writer(new_database: Callable[[], str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(Path(__file__).parents[3])
    from benchmarks.archive_life import IN_LIFE, studies
    from benchmarks.archive_rows import fill

    with Catalogue(new_database()) as loaded, Catalogue(new_database()) as written:
        fill(loaded, FIRST, LAST, studies_each=IN_LIFE)
        for study in studies(FIRST, LAST, IN_LIFE):
            written.add(records(study))
        for table, key in (("patient", "key"), ("study", "study_instance_uid"), ("series", "series_instance_uid")):
            assert rows(loaded, table, key) == rows(written, table, key)
        assert loaded.counts() == written.counts()
        assert loaded.days() == written.days()
        for keyword in ("Modality", "StationName", "StudyDescription"):
            assert loaded.facet(keyword) == written.facet(keyword)


def records(study: Any) -> list[InstanceRecord]:
    found = []
    for series in study.series:
        for number in range(series.instances):
            uid = f"{series.attributes['SeriesInstanceUID']}.{number}"
            own = {"SOPInstanceUID": uid, "SOPClassUID": series.sop_class}
            values = {**study.attributes, **series.attributes, **own}
            attributes = {Key.named(name).tag: value for name, value in values.items()}
            found.append(InstanceRecord(attributes, Facts(uid), f"/{uid}", 1, 1.0, "1.2.840.10008.1.2.1"))
    return found


def rows(catalogue: Catalogue, table: str, key: str) -> dict[str, dict[str, Any]]:
    with catalogue.database.reading() as connection:
        cursor = connection.execute(f"SELECT * FROM {table}")
        names = [column[0] for column in cursor.description]
        found = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    return {row[key]: {name: value for name, value in row.items() if name not in OWN} for row in found}
