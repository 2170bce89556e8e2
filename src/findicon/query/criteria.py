"""What a key's value asks for (PS3.4 C.2.2.2), read once: matching in Python and SQL both start from here."""

import re
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import TypeAlias

from ..errors import QueryError
from .keys import BYTES_VRS, Key
from .moments import date_range, date_time_range, time_range
from .names import patterns, sound, words
from .query import Options
from .values import clean

WILDCARD_VRS = {"AE", "CS", "LO", "LT", "PN", "SH", "ST", "UC", "UR", "UT"}
MULTIPLE_VALUE_VRS = {"AE", "AS", "AT", "CS", "LO", "PN", "SH", "UC"}
NUMBER_VRS = {"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"}
# No stored text has them, and no database takes them.
_UNSTORABLE = re.compile("[\\0\ud800-\udfff]")
# Beyond every number that a value can hold.
_LARGEST_EXPONENT = 400
_UID = re.compile(r"[0-9.]+")


@dataclass(frozen=True, slots=True)
class Universal:
    """Every value, also none (PS3.4 C.2.2.2.3)."""


@dataclass(frozen=True, slots=True)
class Empty:
    """No value (PS3.4 C.2.2.2.7, Empty Value Matching)."""


@dataclass(frozen=True, slots=True)
class Texts:
    """One of some texts; `*` and `?` stand for others where `wild` says so (PS3.4 C.2.2.2.1, .2, .4)."""

    values: tuple[str, ...]
    wild: bool = False


@dataclass(frozen=True, slots=True)
class Names:
    """A person name: a pattern for any of its groups, or several for its groups in order (`names.patterns`)."""

    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sounds:
    """A person name that is meant, not spelled (PS3.4 C.2.2.2.1.1, fuzzy semantic matching).

    Either it matches `literal`; or each of `codes` is the phonetic code of one of its words, and each of `patterns`
    matches one of them, in any order.
    """

    literal: Names
    codes: tuple[str, ...]
    patterns: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Between:
    """A date or a time from `low` to `high`, both included, an open end empty (PS3.4 C.2.2.2.5)."""

    low: str
    high: str


@dataclass(frozen=True, slots=True)
class Moments:
    """A date-time from `low` to `high` in UTC, both included, an open end None."""

    low: datetime | None
    high: datetime | None


@dataclass(frozen=True, slots=True)
class Numbers:
    """One of some numbers, compared by value."""

    values: tuple[Decimal, ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """One of several."""

    criteria: "tuple[Criterion, ...]"


@dataclass(frozen=True, slots=True)
class AllOf:
    """Each of several, not necessarily by the same value (PS3.4 C.2.2.2.8, Multiple Value Matching)."""

    criteria: "tuple[Criterion, ...]"


@dataclass(frozen=True, slots=True)
class Items:
    """A sequence with an item that all keys match (PS3.4 C.2.2.2.6)."""

    keys: "tuple[tuple[Key, Criterion], ...]"


Criterion: TypeAlias = Universal | Empty | Texts | Names | Sounds | Between | Moments | Numbers | AnyOf | AllOf | Items


def criterion(key: Key, options: Options) -> Criterion:
    """Read what a key asks for.

    Raises
    ------
    QueryError
        Status A900 with the key's tag: a value that its VR cannot be matched with, such as a date that is none, a
        range of numbers or a wildcard in a UID.
    """
    if key.vr == "SQ":
        return _items(key, options)
    if not key.values:
        return Universal()
    if options.empty_value and key.values == ('""',):
        return Empty()
    asked = tuple(_criterion(key, value, options) for value in key.values if value.strip())
    if not asked or Universal() in asked:
        return Universal()
    if len(asked) == 1:
        return asked[0]
    if options.multiple_value and key.vr in MULTIPLE_VALUE_VRS:
        return AllOf(asked)
    texts = [one.values[0] for one in asked if isinstance(one, Texts) and not one.wild]
    return Texts(tuple(texts)) if len(texts) == len(asked) else AnyOf(asked)


def _items(key: Key, options: Options) -> Criterion:
    if key.is_universal:
        return Universal()
    if len(key.items) != 1:
        raise QueryError(f"{key.keyword} needs one item, not {len(key.items)}", offending_element=key.tag)
    return Items(tuple((inner, criterion(inner, options)) for inner in key.items[0]))


def _criterion(key: Key, value: str, options: Options) -> Criterion:
    value = _UNSTORABLE.sub("", value)
    value = value.strip() if key.vr not in {"LT", "ST", "UT"} else value.rstrip()
    if set(value) <= {"*"}:
        return Universal()  # also for VRs without wildcards: many send it for any UID or date
    found: Criterion | None
    if key.vr == "PN":
        found = _name(value, fuzzy=options.fuzzy_names)
    elif key.vr == "DA":
        found = _between(date_range(value))
    elif key.vr == "TM":
        found = _between(time_range(value))
    elif key.vr == "DT":
        moments = date_time_range(value)
        found = Moments(*moments) if moments else None
    elif key.vr in NUMBER_VRS:
        found = _number(value)
    elif key.vr == "UI":
        found = Texts((value,)) if _UID.fullmatch(value) else None
    elif key.vr in WILDCARD_VRS:
        # What is too long to be kept as it is matches nothing.
        found = Texts((clean(key.vr, value) or value,), wild="*" in value or "?" in value)
    elif key.vr in BYTES_VRS:
        found = None
    else:
        found = Texts((value,))
    if found is None:
        raise QueryError(_complaint(key, value), offending_element=key.tag)
    return found


def _name(value: str, *, fuzzy: bool) -> Criterion:
    wanted = patterns(value)
    if not wanted:
        return Universal()
    if not fuzzy:
        return Names(wanted)
    parts = words(value)
    with_wildcards = tuple(word for word in parts if set(word) & set("*?") and set(word) != {"*"})
    codes = tuple(sorted({sound(word) for word in parts if not set(word) & set("*?")}))
    return Sounds(Names(wanted), codes, with_wildcards) if codes or with_wildcards else Names(wanted)


def _between(bounds: tuple[str, str] | None) -> Between | None:
    return Between(*bounds) if bounds else None


def _number(value: str) -> Numbers | None:
    try:
        number = Decimal(value)
    except InvalidOperation:
        return None
    return Numbers((number,)) if number.is_finite() and abs(number.adjusted()) <= _LARGEST_EXPONENT else None


_WANTED = {
    "DA": "a date YYYYMMDD or a range of dates",
    "TM": "a time HHMMSS or a range of times",
    "DT": "a date-time or a range of date-times",
    "UI": "a UID; it has no wildcards",
}


def _complaint(key: Key, value: str) -> str:
    if key.vr in BYTES_VRS:
        return f"{key.keyword} cannot be matched, only asked for"
    return f"{key.keyword}: {value!r} is not {_WANTED.get(key.vr, 'a number; it has no ranges')}"
