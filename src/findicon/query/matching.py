"""What matches and what does not (PS3.4 C.2.2.2), in plain Python: the meaning that every other way to match has."""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import TypeAlias

from . import moments, names
from .criteria import (
    AllOf,
    AnyOf,
    Between,
    Criterion,
    Empty,
    Items,
    Moments,
    Names,
    Numbers,
    Sounds,
    Texts,
    Universal,
    criterion,
)
from .keys import Key
from .query import Options
from .values import split

Entity: TypeAlias = "Mapping[int, Value]"
Value: TypeAlias = "str | Sequence[Entity]"
"""Text, several values joined by backslashes, cleaned (`values.clean`); or a sequence's items."""

# Pairs that are matched as one moment when that was negotiated (PS3.4 C.2.2.2.5.4)
DATE_AND_TIME = {
    0x00080012: 0x00080013,  # Instance Creation
    0x00080020: 0x00080030,  # Study
    0x00080021: 0x00080031,  # Series
    0x00080022: 0x00080032,  # Acquisition
    0x00080023: 0x00080033,  # Content
    0x00100030: 0x00100032,  # Patient's Birth
    0x00400244: 0x00400245,  # Performed Procedure Step Start
    0x00400250: 0x00400251,  # Performed Procedure Step End
}


def matches(keys: Iterable[Key], entity: Entity, options: Options) -> bool:
    """Tell whether an entity matches every key of a question.

    Parameters
    ----------
    keys
        The keys; those of (0008,0005), (0008,0052) and such are not among them.
    entity
        The entity's attributes by tag; an absent one has no value.
    options
        What was negotiated: combined date and time, empty and multiple values.

    Raises
    ------
    QueryError
        A key's value cannot be matched with its VR.
    """
    return matcher({key.tag: (key.vr, criterion(key, options)) for key in keys}, options)(entity)


def matcher(criteria: Mapping[int, tuple[str, Criterion]], options: Options) -> Callable[[Entity], bool]:
    """Give the function that tells whether an entity matches all of these criteria, by tag with their VRs."""
    single = dict(criteria)
    pairs = []
    if options.combined_datetime:
        for date_tag, time_tag in DATE_AND_TIME.items():
            if not {date_tag, time_tag} <= set(single):
                continue
            pair = combined_range(single[date_tag][1], single[time_tag][1])
            if pair:
                pairs.append((date_tag, time_tag, *pair))
                del single[date_tag], single[time_tag]

    def match(entity: Entity) -> bool:
        return all(satisfies(one, vr, entity.get(tag, "")) for tag, (vr, one) in single.items()) and all(
            _moment_between(entity.get(date_tag, ""), entity.get(time_tag, ""), low, high)
            for date_tag, time_tag, low, high in pairs
        )

    return match


def combined_range(days: Criterion, times: Criterion) -> tuple[tuple[str, str], tuple[str, str]] | None:
    """Give the first and last moment, each date and time, of a pair whose ranges have the same form; else None."""
    if not isinstance(days, Between) or not isinstance(times, Between):
        return None
    if bool(days.low) != bool(times.low) or bool(days.high) != bool(times.high):
        return None
    return (days.low, times.low), (days.high, times.high)


def _moment_between(day: Value, time: Value, low: tuple[str, str], high: tuple[str, str]) -> bool:
    if not day or not isinstance(day, str) or not isinstance(time, str):
        return False
    moment = (day, moments.first_moment(time))
    return (not low[0] or moment >= low) and (not high[0] or moment <= high)


def satisfies(wanted: Criterion, vr: str, value: Value) -> bool:
    """Tell whether one attribute's value is what a criterion wants."""
    if isinstance(wanted, Universal):
        return True
    if isinstance(wanted, Empty):
        return not value
    if isinstance(wanted, AnyOf):
        return any(satisfies(one, vr, value) for one in wanted.criteria)
    if isinstance(wanted, AllOf):
        return all(satisfies(one, vr, value) for one in wanted.criteria)
    if isinstance(wanted, Items):
        return not isinstance(value, str) and any(item_satisfies(wanted, item) for item in value)
    return isinstance(value, str) and any(_satisfies(wanted, vr, one) for one in split(vr, value) if one)


def item_satisfies(wanted: Items, item: Entity) -> bool:
    """Tell whether one item of a sequence matches all keys of the request's item."""
    return all(satisfies(one, key.vr, item.get(key.tag, "")) for key, one in wanted.keys)


def _satisfies(wanted: Texts | Names | Sounds | Between | Moments | Numbers, vr: str, value: str) -> bool:
    if isinstance(wanted, Texts):
        return bool(expression(wanted.values[0]).fullmatch(value)) if wanted.wild else value in wanted.values
    if isinstance(wanted, Names):
        return _names(wanted.patterns, names.groups(value))
    if isinstance(wanted, Sounds):
        return _names(wanted.literal.patterns, names.groups(value)) or _sounds(wanted, value)
    if isinstance(wanted, Between):
        start = moments.first_moment(value) if vr == "TM" else value
        return bool(start) and (not wanted.low or start >= wanted.low) and (not wanted.high or start <= wanted.high)
    if isinstance(wanted, Moments):
        stretch = moments.date_time(value)
        return stretch is not None and _within(stretch[0], wanted)
    try:
        return Decimal(value) in wanted.values
    except InvalidOperation:
        return False


def _within(moment: datetime, wanted: Moments) -> bool:
    return (wanted.low is None or moment >= wanted.low) and (wanted.high is None or moment <= wanted.high)


def _names(patterns: tuple[str, ...], groups: tuple[str, str, str]) -> bool:
    if len(patterns) == 1:
        return any(group and expression(patterns[0]).fullmatch(group) for group in groups)
    return all(
        not pattern or (group and expression(pattern).fullmatch(group))
        for pattern, group in zip(patterns, groups, strict=False)
    )


def _sounds(wanted: Sounds, value: str) -> bool:
    words = names.words(value)
    return set(wanted.codes) <= {names.sound(word) for word in words} and all(
        any(expression(pattern).fullmatch(word) for word in words) for pattern in wanted.patterns
    )


@lru_cache(maxsize=1024)
def expression(pattern: str) -> re.Pattern[str]:
    """Give the regular expression of a text with wildcards: ``*`` any characters or none, ``?`` any one character."""
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.compile("".join(parts), re.DOTALL)
