"""Which condition leads to the rows: SQLite knows the indexes, but not how many rows each of them gives.

It takes a condition for a date from a range of dates to be worth as much as one for a name, and looks at half the
archive. PostgreSQL counts its rows from time to time and decides for itself; there only days with a modality are
brought together here, for which it has an index.
"""

from collections.abc import Sequence
from datetime import date, timedelta

from .conditions import Condition, Shape

# Columns in which a value stands for a few rows at most: whoever compares with one needs no other help.
_FEW = frozenset(
    {
        "instance.sop_instance_uid",
        "patient.patient_id",
        "series.series_instance_uid",
        "study.accession_number",
        "study.patient_id",
        "study.study_date",
        "study.study_instance_uid",
    }
)
_DATE, _FEW_DAYS = "study.study_date", timedelta(days=31)
_BACKSLASH = "\\"
_MODALITIES = "study.modalities_in_study"
_LEADING = frozenset({"equal", "prefix", "words", "sounds"})


def led(conditions: Sequence[Condition]) -> list[Condition]:
    """Leave out or hold back conditions that would lead to more rows than another one does.

    Where one finds few rows by itself, the indexes of words and sounds are left alone: they give all rows with a common
    word before anything else is looked at. Where a name or a word leads, a long range of dates only filters.
    """
    if any(finds_few(one) for one in conditions):
        return [_without_words(one) for one in _with_modalities(conditions)]
    if any(_leads(shape) for shape, _ in conditions):
        return [(_held_back(shape), values) for shape, values in conditions]
    return list(conditions)


def finds_few(one: Condition) -> bool:
    """Tell whether a condition finds a few rows at most, by an index of its own."""
    shape, values = one
    if shape[0] in {"equal", "in"}:
        return shape[1] in _FEW
    if shape != ("all", ("from", _DATE), ("to", _DATE)):
        return False
    first, last = (date.fromisoformat(value) for value in values)
    return last - first <= _FEW_DAYS


def _with_modalities(conditions: Sequence[Condition]) -> Sequence[Condition]:
    """Ask for few days and for modalities in one condition, whose last value has every day with every modality."""
    days = next((one for one in conditions if _is_days(one)), None)
    modalities = next((one for one in conditions if _is_modalities(one[0])), None)
    if days is None or modalities is None:
        return conditions
    first, last = (date.fromisoformat(value) for value in (days[1][0], days[1][-1]))
    written = [(first + timedelta(days=number)).strftime("%Y%m%d") for number in range((last - first).days + 1)]
    both = tuple(f"{day}{value.strip(_BACKSLASH)}" for day in written for value in modalities[1])
    together: Condition = (("days with", days[0], modalities[0]), (*days[1], *modalities[1], both))
    return [together, *(one for one in conditions if one is not days and one is not modalities)]


def _is_days(one: Condition) -> bool:
    shape, values = one
    return finds_few(one) and (shape == ("equal", _DATE) or shape[0] == "all") and all(values)


def _is_modalities(shape: Shape) -> bool:
    if shape[0] == "any":
        return all(part == ("holds", _MODALITIES) for part in shape[1:])
    return shape == ("holds", _MODALITIES)


def _without_words(one: Condition) -> Condition:
    shape, values = one
    if shape[0] == "all" and shape[1][0] == "words":
        return (shape[2] if len(shape) == 3 else ("all", *shape[2:])), values[1:]
    return one


def _leads(shape: Shape) -> bool:
    """Tell whether a condition is one for a name or a word that an index finds."""
    if shape[0] in {"any", "all"}:
        parts = [_leads(part) for part in shape[1:]]
        return all(parts) if shape[0] == "any" else any(parts)
    return shape[0] in _LEADING and len(shape) > 1 and (shape[0] == "words" or "_name_" in shape[1])


def _held_back(shape: Shape) -> Shape:
    """Keep a condition on the study's date from leading."""
    if shape[0] in {"any", "all"}:
        return (shape[0], *(_held_back(part) for part in shape[1:]))
    if len(shape) > 1 and shape[1] == _DATE and shape[0] in {"from", "to", "after", "before", "given"}:
        return (f"{shape[0]}, held back", _DATE)
    return shape
