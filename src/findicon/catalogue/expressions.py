"""Shapes of conditions as SQL of one database, and their values as that database wants them."""

import operator
from collections.abc import Iterable
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    Select,
    and_,
    bindparam,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    true,
)

from .conditions import Shape, words
from .schema import METADATA, STUDY


class Binds:
    """The parameters of one statement, in the order in which its shapes name values.

    Parameters
    ----------
    dialect
        ``sqlite`` or ``postgresql``.
    """

    def __init__(self, dialect: str) -> None:
        self.dialect = dialect
        self.names: list[tuple[str, str]] = []
        """Each parameter's name, and what becomes of its value: ``plain``, ``pattern``, ``words`` or ``unused``."""

    def next(self, how: str = "plain") -> BindParameter[Any]:
        """Make the parameter for the next value."""
        name = f"value_{len(self.names)}"
        self.names.append((name, how))
        return bindparam(name)


def bound(names: Iterable[tuple[str, str]], values: Iterable[Any], dialect: str) -> dict[str, Any]:
    """Give the values of a statement's parameters; wildcards and words become those of the database."""
    found = {}
    for (name, how), value in zip(names, values, strict=True):
        if how != "unused":
            found[name] = value if how == "plain" else _TRANSLATED[dialect, how](value)
    return found


def _glob(pattern: str) -> str:
    return pattern.replace("[", "[[]")


def _like(pattern: str) -> str:
    return pattern.translate(_LIKE)


def _match(pattern: str) -> str:
    """Ask for every third three letters of each word, and for its last.

    The index has a list of rows for every three letters. Reading all lists of a word takes longer than comparing the
    few rows too many, which the pattern itself sorts out.
    """
    parts = [
        word[at : at + 3] for word in words(pattern) for at in sorted({*range(0, len(word) - 2, 3), len(word) - 3})
    ]
    return "(" + " AND ".join('"' + part.replace('"', '""') + '"' for part in dict.fromkeys(parts)) + ")"


_LIKE = str.maketrans({"*": "%", "?": "_", "%": "\\%", "_": "\\_", "\\": "\\\\"})
_TRANSLATED = {
    ("sqlite", "pattern"): _glob,
    ("sqlite", "words"): _match,
    ("postgresql", "pattern"): _like,
}


def expression(shape: Shape, binds: Binds) -> ColumnElement[bool]:
    """Give a shape as an expression, with a parameter for each of its values."""
    how = shape[0]
    if how in {"any", "all"}:
        return (or_ if how == "any" else and_)(*(expression(part, binds) for part in shape[1:]))
    if how == "never":
        return false()
    if how == "words":
        return _words(shape[1:], binds)
    of, _, name = shape[1].partition(".")
    values: ColumnElement[Any] = METADATA.tables[of].c[name]
    if how == "given":
        return values != literal_column("''")
    if how == "in":
        return values.in_([binds.next() for _ in range(shape[2])])
    if how == "prefix":
        return and_(values >= binds.next(), values < binds.next())
    if how == "like":
        return values.op("GLOB" if binds.dialect == "sqlite" else "LIKE", is_comparison=True)(binds.next("pattern"))
    if how == "holds":
        place = func.instr if binds.dialect == "sqlite" else func.strpos
        return place(
            literal_column("'\\'").concat(values).concat(literal_column("'\\'")), binds.next()
        ) > literal_column("0")
    compared: ColumnElement[bool] = _COMPARED[how](values, binds.next())
    return compared


_COMPARED = {"equal": operator.eq, "from": operator.ge, "to": operator.le, "after": operator.gt, "before": operator.lt}


def _words(names: tuple[str, ...], binds: Binds) -> ColumnElement[bool]:
    """Ask SQLite's index of words; PostgreSQL's serves the comparison with the pattern itself."""
    if binds.dialect != "sqlite":
        binds.next("unused")
        return true()
    named = names[0].partition(".")[0]
    columns = " ".join(name.partition(".")[2] for name in names)
    asked = literal_column(f"'{{{columns}}} : '").concat(binds.next("words"))
    found: Select[Any] = (
        select(literal_column("rowid")).select_from(_STUDY_WORDS).where(_STUDY_WORDS.c.study_words.op("MATCH")(asked))
    )
    if named == "patient":  # a patient has the name of a study
        found = select(STUDY.c.parent).where(STUDY.c.id.in_(found))
    return METADATA.tables[named].c.id.in_(found)


_STUDY_WORDS = table("study_words", column("study_words"))
