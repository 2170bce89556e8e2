"""What a key asks for, as a condition in SQL: its shape, which is compiled once, and the values bound to it.

A shape says which columns are compared and how, never with what: text from a request reaches the database bound to a
parameter or not at all. Criteria that SQL cannot express have no shape; then the answers are matched in Python.
"""

import operator
from collections.abc import Iterable
from typing import Any, TypeAlias

from sqlalchemy import BindParameter, ColumnElement, and_, bindparam, false, func, literal_column, or_

from ..query import criteria
from .columns import GROUP_NAMES, Column
from .schema import METADATA

Shape: TypeAlias = tuple[Any, ...]
Condition: TypeAlias = tuple[Shape, tuple[Any, ...]]

_NEVER: Condition = (("never",), ())
_WILDCARDS = frozenset("*?")


def condition(table: str, column: Column, wanted: criteria.Criterion) -> Condition | None:
    """Give the condition for one column; None when SQL cannot express it."""
    name = f"{table}.{column.name}"
    if isinstance(wanted, criteria.AnyOf | criteria.AllOf):
        parts = [part for one in wanted.criteria if (part := condition(table, column, one))]
        how = "any" if isinstance(wanted, criteria.AnyOf) else "all"
        return _joined(how, parts) if len(parts) == len(wanted.criteria) else None
    if isinstance(wanted, criteria.Empty):
        return _NEVER if column.kind == "number" else (("equal", name), ("",))
    if isinstance(wanted, criteria.Names):
        return _names(name, wanted.patterns) if column.is_folded else None
    if isinstance(wanted, criteria.Between):
        return _between(name, column.vr, wanted) if not column.is_multiple else None
    if isinstance(wanted, criteria.Numbers):
        return _numbers(name, column, wanted)
    if isinstance(wanted, criteria.Texts):
        return _texts(name, column, wanted)
    return None


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
        return _pattern(name, wanted.values[0])
    if len(wanted.values) == 1:
        return ("equal", name), wanted.values
    return ("in", name, len(wanted.values)), wanted.values


def _pattern(name: str, pattern: str) -> Condition:
    """Compare with a text with wildcards; what stands before the first one lets an index find the rows."""
    start = next((place for place, letter in enumerate(pattern) if letter in _WILDCARDS), len(pattern))
    prefix, rest = pattern[:start], pattern[start:]
    if not rest:
        return ("equal", name), (pattern,)
    end = _after(prefix)
    if not prefix or not end:
        return ("like", name), (pattern,)
    if rest == "*":
        return ("prefix", name), (prefix, end)
    return ("all", ("prefix", name), ("like", name)), (prefix, end, pattern)


def _after(prefix: str) -> str:
    """Give the first text behind all those with a prefix, in the order of code points; empty when there is none."""
    if not prefix:
        return ""
    last = ord(prefix[-1]) + 1
    if 0xD800 <= last <= 0xDFFF:
        last = 0xE000  # surrogates are no characters
    return prefix[:-1] + chr(last) if last <= 0x10FFFF else ""


def _names(name: str, patterns: tuple[str, ...]) -> Condition:
    if len(patterns) == 1:
        return _joined("any", [_group(f"{name}_{group}", patterns[0]) for group in GROUP_NAMES])
    given = zip(GROUP_NAMES, patterns, strict=False)
    return _joined("all", [_group(f"{name}_{group}", pattern) for group, pattern in given if pattern])


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
    if not whole:
        return _NEVER
    values: tuple[Any, ...] = tuple(whole if column.kind == "number" else (str(value) for value in whole))
    return (("equal", name), values) if len(values) == 1 else (("in", name, len(values)), values)


class Binds:
    """The parameters of one statement, in the order in which its shapes name values.

    Parameters
    ----------
    dialect
        ``sqlite`` or ``postgresql``.
    """

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.names: list[tuple[str, bool]] = []
        """Each parameter's name, and whether its value is a text with wildcards."""

    def next(self, *, pattern: bool = False) -> BindParameter[Any]:
        """Make the parameter for the next value."""
        name = f"value_{len(self.names)}"
        self.names.append((name, pattern))
        return bindparam(name)


def bound(names: Iterable[tuple[str, bool]], values: Iterable[Any], dialect: str) -> dict[str, Any]:
    """Give the values of a statement's parameters; wildcards become those of the database."""
    translate = _TRANSLATED[dialect]
    return {name: translate(value) if pattern else value for (name, pattern), value in zip(names, values, strict=True)}


def _glob(pattern: str) -> str:
    return pattern.replace("[", "[[]")


def _like(pattern: str) -> str:
    return pattern.translate(_LIKE)


_LIKE = str.maketrans({"*": "%", "?": "_", "%": "\\%", "_": "\\_", "\\": "\\\\"})
_TRANSLATED = {"sqlite": _glob, "postgresql": _like}


def expression(shape: Shape, binds: Binds) -> ColumnElement[bool]:
    """Give a shape as an expression, with a parameter for each of its values."""
    how = shape[0]
    if how in {"any", "all"}:
        return (or_ if how == "any" else and_)(*(expression(part, binds) for part in shape[1:]))
    if how == "never":
        return false()
    table, _, name = shape[1].partition(".")
    column: ColumnElement[Any] = METADATA.tables[table].c[name]
    if how == "given":
        return column != literal_column("''")
    if how == "in":
        return column.in_([binds.next() for _ in range(shape[2])])
    if how == "prefix":
        return and_(column >= binds.next(), column < binds.next())
    if how == "like":
        return column.op("GLOB" if binds.dialect == "sqlite" else "LIKE", is_comparison=True)(binds.next(pattern=True))
    if how == "holds":
        place = func.instr if binds.dialect == "sqlite" else func.strpos
        return place(
            literal_column("'\\'").concat(column).concat(literal_column("'\\'")), binds.next()
        ) > literal_column("0")
    compared: ColumnElement[bool] = _COMPARED[how](column, binds.next())
    return compared


_COMPARED = {"equal": operator.eq, "from": operator.ge, "to": operator.le, "after": operator.gt, "before": operator.lt}
