"""A catalogue filled with made-up studies, a million of them in a minute or two: rows, without files or headers."""

import random
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from findicon.catalogue import Catalogue
from findicon.query import name_groups, name_sounds

_CONSONANTS = "bcdfghjklmnprstvwz"
_VOWELS = "aeiou"
_MODALITIES = ("CT",) * 30 + ("MR",) * 25 + ("CR",) * 20 + ("US",) * 15 + ("NM",) * 3 + ("XA",) * 3 + ("PT", "MG", "OT")
_DESCRIPTIONS = ("CT CHEST", "CT ABDOMEN", "MR HEAD", "MR KNEE LEFT", "CHEST PA AND LATERAL", "US ABDOMEN", "FOLLOW UP")
_FIRST_DAY = date(2012, 1, 1)
_DAYS = 4000


def names(seed: int) -> Iterator[str]:
    """Give names, few of them often, as in life."""
    chance = random.Random(seed)
    family = [_word(chance, 2, 4) for _ in range(20000)]
    given = [_word(chance, 2, 3) for _ in range(3000)]
    while True:
        # The product of two chances makes the first names of the lists the common ones.
        last = family[int(len(family) * chance.random() * chance.random())]
        first = given[int(len(given) * chance.random() * chance.random())]
        yield f"{last}^{first}".upper()


def _word(chance: random.Random, least: int, most: int) -> str:
    return "".join(
        chance.choice(_CONSONANTS) + chance.choice(_VOWELS) + chance.choice(["", "", chance.choice(_CONSONANTS)])
        for _ in range(chance.randint(least, most))
    )


def fill(catalogue: Catalogue, first: int, last: int, *, icons: int = 0, item: bytes = b"") -> None:
    """Add the studies numbered from `first` up to `last`, each of its own patient and with two series.

    Parameters
    ----------
    catalogue
        Where to.
    first, last
        The numbers; the same number is the same study every time.
    icons
        How many of them get an icon, from the first.
    item
        The icon's item.
    """
    chance = random.Random(first)
    name = names(first)
    for start in range(first, last, 50_000):
        end = min(start + 50_000, last)
        rows: dict[str, list[dict[str, Any]]] = {"patient": [], "study": [], "series": []}
        for number in range(start, end):
            _study(number, next(name), chance, rows)
        rows["icon"] = [
            {"origin": "", "level": "STUDY", "uid": f"1.2.826.{number}", "rule": "third", "item": item}
            for number in range(start, min(end, first + icons))
        ]
        for table, values in rows.items():
            insert(catalogue, table, values)
    finish(catalogue)


def _study(number: int, name: str, chance: random.Random, rows: dict[str, list[dict[str, Any]]]) -> None:
    alphabetic, ideographic, phonetic = name_groups(name)
    modality = chance.choice(_MODALITIES)
    day = _FIRST_DAY + timedelta(days=chance.randrange(_DAYS))
    patient = {
        "patient_id": f"PID{number:08d}",
        "patient_name": name,
        "patient_name_alphabetic": alphabetic,
        "patient_name_ideographic": ideographic,
        "patient_name_phonetic": phonetic,
        "patient_name_sounds": "\\".join(name_sounds(name)),
        "patient_birth_date": f"19{chance.randrange(30, 99)}0{chance.randrange(1, 9)}15",
        "patient_sex": chance.choice("FM"),
    }
    counts = {
        "number_of_patient_related_studies": 1,
        "number_of_patient_related_series": 2,
        "number_of_patient_related_instances": 200,
    }
    rows["patient"].append({"id": number + 1, "key": f"PID{number:08d}\\", **patient, **counts})
    rows["study"].append(
        {
            "id": number + 1,
            "parent": number + 1,
            **patient,
            "study_instance_uid": f"1.2.826.{number}",
            "study_date": day.strftime("%Y%m%d"),
            "study_time": f"{chance.randrange(7, 20):02d}{chance.randrange(60):02d}{chance.randrange(60):02d}",
            "accession_number": f"A{number:09d}",
            "study_id": str(number % 10000),
            "study_description": chance.choice(_DESCRIPTIONS),
            "referring_physician_name": "HOUSE^GREGORY",
            "referring_physician_name_alphabetic": "house^gregory^",
            "modalities_in_study": modality,
            "sop_classes_in_study": "1.2.840.10008.5.1.4.1.1.2",
            "number_of_study_related_series": 2,
            "number_of_study_related_instances": 200,
            "source": "1",
        }
    )
    for series in (1, 2):
        rows["series"].append(
            {
                "id": 2 * number + series,
                "parent": number + 1,
                "series_instance_uid": f"1.2.826.{number}.{series}",
                "modality": modality,
                "series_number": str(series),
                "series_description": "AXIAL",
                "body_part_examined": "CHEST",
                "number_of_series_related_instances": 100,
                "source": "1",
            }
        )


def insert(catalogue: Catalogue, table: str, values: list[dict[str, Any]]) -> None:
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
        for name, table in (("patients", "patient"), ("studies", "study"), ("series", "series")):
            connection.exec_driver_sql(f"INSERT INTO tally (name, count) SELECT '{name}', count(*) FROM {table}")
            if connection.dialect.name == "postgresql":
                _after_numbers(connection, table)
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("ANALYZE")

    catalogue.database.write(work)
