"""What a key asks for, as a condition in SQL: its shape, which is compiled once, and the values bound to it.

A shape says which columns are compared and how, never with what: text from a request reaches the database bound to a
parameter or not at all. Criteria that SQL cannot express have no shape; then the answers are matched in Python.
"""

import re
from collections.abc import Iterable
from typing import Any, TypeAlias

from ..query import criteria
from .columns import GROUP_NAMES, Column
from .sequences import written_value

Shape: TypeAlias = tuple[Any, ...]
Condition: TypeAlias = tuple[Shape, tuple[Any, ...]]

_NEVER: Condition = (("never",), ())
_ALWAYS: Condition = (("always",), ())
# Columns whose phonetic codes are indexed.
_SOUNDS = frozenset({"patient.patient_name_sounds", "study.patient_name_sounds"})
# Columns whose words are indexed, and how many letters of one that index needs.
_WORDS = frozenset(
    f"{table}.{column}"
    for table, columns in (
        ("patient", [f"patient_name_{group}" for group in GROUP_NAMES]),
        ("study", [*(f"patient_name_{group}" for group in GROUP_NAMES), "study_description"]),
    )
    for column in columns
)
_LEAST_LETTERS = 3
_LARGEST = 1 << 63
# Statements are compiled for these numbers of values.
_SIZES = (2, 4, 8, 16, 64, 256, 1024)


def condition(table: str, column: Column, wanted: criteria.Criterion) -> Condition | None:
    """Give the condition for one column; None when SQL cannot express it."""
    return condition_on(f"{table}.{column.name}", column, wanted)


def condition_on(name: str, column: Column, wanted: criteria.Criterion) -> Condition | None:
    """Give the condition for values as one column has them, kept under the name of another; None as `condition`."""
    if isinstance(wanted, criteria.AnyOf | criteria.AllOf):
        parts = [part for one in wanted.criteria if (part := condition_on(name, column, one))]
        how = "any" if isinstance(wanted, criteria.AnyOf) else "all"
        return _joined(how, parts) if len(parts) == len(wanted.criteria) else None
    if isinstance(wanted, criteria.Empty):
        return _NEVER if column.kind == "number" else (("equal", name), ("",))
    if isinstance(wanted, criteria.Names):
        return _names(name, wanted.patterns) if column.is_folded else None
    if isinstance(wanted, criteria.Sounds):
        return _sounds(name, wanted) if column.is_folded and not wanted.patterns else None
    if isinstance(wanted, criteria.Between):
        return _between(name, column.vr, wanted) if not column.is_multiple else None
    if isinstance(wanted, criteria.Numbers):
        return _numbers(name, column, wanted)
    if isinstance(wanted, criteria.Texts):
        return _texts(name, column, wanted)
    return None


def narrowing(table: str, column: Column, wanted: criteria.Criterion) -> Condition | None:
    """Give a condition that every match meets, for a criterion that SQL cannot express; None when there is none."""
    name = f"{table}.{column.name}"
    if isinstance(wanted, criteria.Sounds) and column.is_folded:
        return _sounds(name, wanted)
    if isinstance(wanted, criteria.Items) and column.kind == "sequence":
        written = [text for key, one in wanted.keys if (text := written_value(key.tag, one))]
        return _joined("all", [(("given", name), ()), *((("contains", name), (text,)) for text in written)])
    return None


def _sounds(name: str, wanted: criteria.Sounds) -> Condition:
    """Compare how a name sounds; words with wildcards at least occur in it somewhere."""
    sounds = f"{name}_sounds"
    parts: list[Condition] = [(("holds", sounds), (f"\\{code}\\",)) for code in wanted.codes]
    if wanted.codes and sounds in _SOUNDS:
        parts.insert(0, (("sounds", sounds), (wanted.codes,)))
    columns = [f"{name}_{group}" for group in GROUP_NAMES]
    for pattern in wanted.patterns:
        longest = max(re.split(r"[*?]+", pattern), key=len)
        if longest:
            parts.append(_joined("any", [(("like", column), (f"*{longest}*",)) for column in columns]))
    literal = _names(name, wanted.literal.patterns)
    return _joined("any", [literal, _joined("all", parts)]) if parts else _ALWAYS


def _joined(how: str, parts: Iterable[Condition]) -> Condition:
    shapes: list[Shape] = []
    values: list[Any] = []
    for part in parts:
        shapes.append(part[0])
        values += part[1]
    return (shapes[0] if len(shapes) == 1 else (how, *shapes)), tuple(values)


def _texts(name: str, column: Column, wanted: criteria.Texts) -> Condition | None:
    if column.is_multiple:
        if wanted.wild:
            return None
        return _joined("any", [(("holds", name), (f"\\{value}\\",)) for value in wanted.values])
    if wanted.wild:
        return _with_words((name,), wanted.values[0], _pattern(name, wanted.values[0]))
    if len(wanted.values) == 1:
        return ("equal", name), wanted.values
    return _among(name, wanted.values)


def _among(name: str, values: tuple[Any, ...]) -> Condition:
    """Compare with several values; the last one is repeated, so that few statements have to be compiled."""
    size = next((size for size in _SIZES if size >= len(values)), -(-len(values) // _SIZES[-1]) * _SIZES[-1])
    return ("in", name, size), (*values, *values[-1:] * (size - len(values)))


def _pattern(name: str, pattern: str) -> Condition:
    """Compare with a text with wildcards; what stands before the first one lets an index find the rows."""
    prefix = _prefix(pattern)
    rest = pattern[len(prefix) :]
    if not rest:
        return ("equal", name), (pattern,)
    end = _after(prefix)
    if not end:
        return ("like", name), (pattern,)
    if rest == "*":
        return ("prefix", name), (prefix, end)
    return ("all", ("prefix", name), ("like", name)), (prefix, end, pattern)


def _with_words(names: tuple[str, ...], pattern: str, exact: Condition) -> Condition:
    """Let the index of words find the rows, where it knows the columns and their beginning does not."""
    if not _WORDS.issuperset(names) or len(_prefix(pattern)) >= _LEAST_LETTERS or not words(pattern):
        return exact
    shape, values = exact
    return ("all", ("words", *names), shape), (pattern, *values)


def words(pattern: str) -> list[str]:
    """Give the parts of a text with wildcards that are long enough for the index of words."""
    return [part for part in re.split(r"[*?]+", pattern) if len(part) >= _LEAST_LETTERS]


def _prefix(pattern: str) -> str:
    return re.split(r"[*?]", pattern, maxsplit=1)[0]


def _after(prefix: str) -> str:
    """Give the first text behind all those with a prefix, in the order of code points; empty when there is none."""
    if not prefix:
        return ""
    last = ord(prefix[-1]) + 1
    if 0xD800 <= last <= 0xDFFF:
        last = 0xE000  # surrogates are no characters
    return prefix[:-1] + chr(last) if last <= 0x10FFFF else ""


def _names(name: str, patterns: tuple[str, ...]) -> Condition:
    columns = tuple(f"{name}_{group}" for group in GROUP_NAMES)
    if len(patterns) == 1:
        (pattern,) = patterns
        return _with_words(columns, pattern, _joined("any", [_group(column, pattern) for column in columns]))
    given = [(column, pattern) for column, pattern in zip(columns, patterns, strict=False) if pattern]
    return _joined("all", [_with_words((column,), pattern, _group(column, pattern)) for column, pattern in given])


def _group(name: str, pattern: str) -> Condition:
    shape, values = _pattern(name, pattern)
    return ("all", ("given", name), shape), values


def _between(name: str, vr: str, wanted: criteria.Between) -> Condition:
    low, high = (_shortest(wanted.low), wanted.high) if vr == "TM" else (wanted.low, wanted.high)
    if low and low == high:
        return ("equal", name), (low,)
    bounds: list[Condition] = [(("from", name), (low,)) if low else (("given", name), ())]
    if high:
        bounds.append((("to", name), (high,)))
    return _joined("all", bounds)


def _shortest(moment: str) -> str:
    """Write a first moment so that every time that does not come before it compares as text not less.

    Times are kept as short as they were given: 2230 comes before 223000 as text, but is the same moment.
    """
    time, _, fraction = moment.partition(".")
    fraction = fraction.rstrip("0")
    if fraction:
        return f"{time}.{fraction}"
    while len(time) > 2 and time.endswith("00"):
        time = time[:-2]
    return time


def combined(table: str, day: Column, time: Column, low: tuple[str, str], high: tuple[str, str]) -> Condition:
    """Compare a date and its time as one moment (PS3.4 C.2.2.2.5.4)."""
    days, times = f"{table}.{day.name}", f"{table}.{time.name}"
    parts: list[Condition] = []
    if low[0]:
        parts.append((("from", days), (low[0],)))
        parts.append((("any", ("after", days), ("from", times)), (low[0], _shortest(low[1]))))
    else:
        parts.append((("given", days), ()))
    if high[0]:
        parts.append((("to", days), (high[0],)))
        parts.append((("any", ("before", days), ("to", times)), (high[0], high[1])))
    return _joined("all", parts)


def _numbers(name: str, column: Column, wanted: criteria.Numbers) -> Condition | None:
    if column.vr == "DS" or column.is_multiple:
        return None
    whole = [int(value) for value in wanted.values if value == int(value)]
    if column.kind == "number":
        whole = [value for value in whole if 0 <= value < _LARGEST]
    if not whole:
        return _NEVER
    values: tuple[Any, ...] = tuple(whole if column.kind == "number" else (str(value) for value in whole))
    return (("equal", name), values) if len(values) == 1 else _among(name, values)
