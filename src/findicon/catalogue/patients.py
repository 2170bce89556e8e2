"""The patient rows of the studies that one transaction touches."""

from collections import Counter, defaultdict
from collections.abc import Callable, Sequence
from functools import lru_cache

from sqlalchemy import ClauseElement, bindparam, delete, or_, select, update

from ..query import Level
from .rows import IDENTITY, level_values, patient_key
from .schema import PATIENT, STUDY
from .session import Session, Values, among
from .statements import insert_or, update_by_id

_NAMES = tuple(level_values({}, Level.PATIENT))
_COUNTS = {
    "number_of_patient_related_studies": None,
    "number_of_patient_related_series": "number_of_study_related_series",
    "number_of_patient_related_instances": "number_of_study_related_instances",
}


def settle_patients(
    session: Session,
    before: Sequence[Values],
    now: Sequence[Values],
    write_studies: Callable[[Sequence[Values]], None],
) -> int:
    """Give studies their patients, write the studies, and bring the patients in line with all of theirs.

    Parameters
    ----------
    session
        The transaction.
    before, now
        The touched studies as they were and as they are; new ones only in `now`, lost ones only in `before`.
    write_studies
        Writes the rows of `now`.

    Returns
    -------
    int
        How many patients there are more than before.
    """
    patients, made = _lock(session, {patient_key(study) for study in now}, {study["parent"] for study in before})
    by_key = {patient["key"]: number for number, patient in patients.items()}
    for study in now:
        study["parent"] = by_key[patient_key(study)]
    write_studies(now)
    change: dict[int, Counter[str]] = defaultdict(Counter)
    for sign, studies in ((-1, before), (1, now)):
        for study in studies:
            for name, source in _COUNTS.items():
                change[study["parent"]][name] += sign * (study[source] if source else 1)
    touched: dict[int, list[Values]] = defaultdict(list)
    for study in now:
        touched[study["parent"]].append(study)
    lost = 0
    for number in sorted(patients, key=lambda one: str(patients[one]["key"])):
        latest = next(session.rows(_LATEST, parent=number), None)
        if latest is None:
            session.run(_GONE, number=number)
            lost += 1
        else:
            _settle(session, patients[number], change[number], latest, touched[number])
    return made - lost


def _lock(session: Session, keys: set[str], numbers: set[int]) -> tuple[dict[int, Values], int]:
    """Take patients for this transaction by key, new ones made, and by number; tell how many were made."""
    make = insert_or(session.dialect, PATIENT, ("key",), ("key",), ())
    found: dict[int, Values] = {}
    made = 0
    missing = sorted(keys)
    while missing:
        for row in session.rows_among(_by_key, missing):
            found[row["id"]] = row
        missing = sorted(keys - {patient["key"] for patient in found.values()})
        for key in missing:  # none the second time, unless another transaction took one away in between
            made += session.run(make, key=key).rowcount
    for row in session.rows_among(_by_id, sorted(numbers - set(found))):
        found[row["id"]] = row
    return found, made


def _settle(session: Session, patient: Values, change: Counter[str], latest: Values, touched: Sequence[Values]) -> None:
    """Write a patient's counts and attributes, and mark the studies that name the patient differently."""
    values = {**latest, **{name: patient[name] + change[name] for name in _COUNTS}}
    if any(patient[name] != value for name, value in values.items()):
        session.run(update_by_id(PATIENT, tuple(values)), number=patient["id"], **values)
    wanted = {name: latest[name] for name in IDENTITY}
    if any(patient[name] != value for name, value in wanted.items()):
        session.run(_MARK_ALL, parent=patient["id"], **wanted)
        return
    for study in touched:
        differs = any(study[name] != value for name, value in wanted.items())
        if bool(study["conflict_with_patient"]) is not differs:
            session.run(_MARK, number=study["id"], differs=differs)


@lru_cache(maxsize=8)
def _by_key(count: int) -> ClauseElement:
    return select(PATIENT).where(among(PATIENT.c.key, count)).order_by(PATIENT.c.key).with_for_update()


@lru_cache(maxsize=8)
def _by_id(count: int) -> ClauseElement:
    return select(PATIENT).where(among(PATIENT.c.id, count)).order_by(PATIENT.c.key).with_for_update()


_LATEST = (
    select(*(STUDY.c[name] for name in _NAMES))
    .where(STUDY.c.parent == bindparam("parent"))
    .order_by(STUDY.c.study_date.desc(), STUDY.c.study_instance_uid.desc())
    .limit(bindparam("most", 1))
    .offset(bindparam("skipped", 0))
)
_GONE = delete(PATIENT).where(PATIENT.c.id == bindparam("number"))
_DIFFERS = or_(*(STUDY.c[name] != bindparam(name) for name in IDENTITY))
_MARK_ALL = update(STUDY).where(STUDY.c.parent == bindparam("parent")).values(conflict_with_patient=_DIFFERS)
_MARK = update(STUDY).where(STUDY.c.id == bindparam("number")).values(conflict_with_patient=bindparam("differs"))
