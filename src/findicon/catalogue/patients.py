"""The patient rows of the studies that one transaction touches."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence

from sqlalchemy import Connection, delete, or_, select, update

from ..query import Level
from .rows import IDENTITY, Values, level_values, patient_key
from .schema import PATIENT, STUDY
from .statements import chunks, insert

_NAMES = tuple(level_values({}, Level.PATIENT))
_COUNTS = {
    "number_of_patient_related_studies": None,
    "number_of_patient_related_series": "number_of_study_related_series",
    "number_of_patient_related_instances": "number_of_study_related_instances",
}


def settle_patients(
    connection: Connection,
    before: Sequence[Values],
    now: Sequence[Values],
    write_studies: Callable[[Sequence[Values]], None],
) -> int:
    """Give studies their patients, write the studies, and bring the patients in line with all of theirs.

    Parameters
    ----------
    connection
        A connection inside its transaction.
    before, now
        The touched studies as they were and as they are; new ones only in `now`, lost ones only in `before`.
    write_studies
        Writes the rows of `now`.

    Returns
    -------
    int
        How many patients there are more than before.
    """
    patients, made = _lock(connection, {patient_key(study) for study in now}, {study["parent"] for study in before})
    by_key = {patient["key"]: number for number, patient in patients.items()}
    for study in now:
        study["parent"] = by_key[patient_key(study)]
    write_studies(now)
    change: dict[int, Counter[str]] = defaultdict(Counter)
    for sign, studies in ((-1, before), (1, now)):
        for study in studies:
            for name, source in _COUNTS.items():
                change[study["parent"]][name] += sign * (study[source] if source else 1)
    lost = 0
    for number in sorted(patients, key=lambda one: str(patients[one]["key"])):
        patient = patients[number]
        for name in _COUNTS:
            patient[name] += change[number][name]
        latest = connection.execute(
            select(*(STUDY.c[name] for name in _NAMES))
            .where(STUDY.c.parent == number)
            .order_by(STUDY.c.study_date.desc(), STUDY.c.study_instance_uid.desc())
            .limit(1)
        ).mappings()
        row = latest.first()
        if row is None:
            connection.execute(delete(PATIENT).where(PATIENT.c.id == number))
            lost += 1
            continue
        _settle(connection, patient, dict(row), [study["id"] for study in now if study["parent"] == number])
    return made - lost


def _lock(connection: Connection, keys: set[str], numbers: set[int]) -> tuple[dict[int, Values], int]:
    """Take patients for this transaction by key, new ones made, and by number; tell how many were made."""
    statement = insert(connection, PATIENT).on_conflict_do_nothing(index_elements=[PATIENT.c.key])
    wanted = select(PATIENT).order_by(PATIENT.c.key).with_for_update()
    found: dict[int, Values] = {}
    made = 0
    missing = sorted(keys)
    while missing:  # again when another transaction took a patient away in between
        for chunk in chunks(missing):
            there = set(connection.scalars(select(PATIENT.c.key).where(PATIENT.c.key.in_(chunk))))
            new = [{"key": key} for key in chunk if key not in there]
            if new:
                made += len(connection.scalars(statement.returning(PATIENT.c.id), new).all())
            for row in connection.execute(wanted.where(PATIENT.c.key.in_(chunk))).mappings():
                found[row["id"]] = dict(row)
        missing = sorted(set(missing) - {patient["key"] for patient in found.values()})
    for part in chunks(sorted(numbers - set(found))):
        for row in connection.execute(wanted.where(PATIENT.c.id.in_(part))).mappings():
            found[row["id"]] = dict(row)
    return found, made


def _settle(connection: Connection, patient: Values, latest: Values, touched: Sequence[int]) -> None:
    """Write a patient's counts and attributes, and mark the studies that name the patient differently."""
    changed = any(patient[name] != latest[name] for name in IDENTITY)
    values = {**latest, **{name: patient[name] for name in _COUNTS}}
    connection.execute(update(PATIENT).where(PATIENT.c.id == patient["id"]).values(**values))
    differs = or_(*(STUDY.c[name] != latest[name] for name in IDENTITY))
    statement = update(STUDY).where(STUDY.c.parent == patient["id"], STUDY.c.conflict_with_patient != differs)
    if not changed:
        statement = statement.where(STUDY.c.id.in_(touched))
    connection.execute(statement.values(conflict_with_patient=differs))
