"""Shapes of conditions as SQL of one database, and their values as that database wants them."""

import operator
from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import (
    ARRAY,
    BindParameter,
    ColumnElement,
    FromClause,
    Select,
    Text,
    and_,
    bindparam,
    cast,
    column,
    false,
    func,
    literal_column,
    or_,
    select,
    table,
    true,
)
from sqlalchemy.sql.elements import UnaryExpression
from sqlalchemy.sql.operators import custom_op

from .conditions import Shape, words
from .schema import FACET, METADATA, STUDY


class Binds:
    """The parameters of one statement, in the order in which its shapes name values.

    Parameters
    ----------
    dialect
        ``sqlite`` or ``postgresql``.
    with_words
        Whether SQLite's index of words is asked where it knows some; without it words are compared row by row.
    """

    def __init__(self, dialect: str, *, with_words: bool = True) -> None:
        self.dialect = dialect
        self.with_words = with_words and dialect == "sqlite"
        self.names: list[tuple[str, str]] = []
        """Each parameter's name, and how its value is bound: plain, bare, pattern, words, codes or unused."""

    def next(self, how: str = "plain") -> BindParameter[Any]:
        """Make the parameter for the next value."""
        name = f"value_{len(self.names)}"
        self.names.append((name, how))
        return bindparam(name)

    def skip(self, shapes: Iterable[Shape]) -> None:
        """Take the values of shapes that are not asked for."""
        unused = Binds(self.dialect)
        for shape in shapes:
            expression(shape, unused)
        for _ in unused.names:
            self.next("unused")


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


def _all_of(codes: tuple[str, ...]) -> str:
    return " AND ".join('"' + code.replace('"', '""') + '"' for code in codes)


_LIKE = str.maketrans({"*": "%", "?": "_", "%": "\\%", "_": "\\_", "\\": "\\\\"})


def _bare(value: str) -> str:
    """Give one of several values without the backslashes around it."""
    return value.strip("\\")


_TRANSLATED: dict[tuple[str, str], Callable[[Any], Any]] = {
    ("sqlite", "bare"): _bare,
    ("postgresql", "bare"): _bare,
    ("sqlite", "pattern"): _glob,
    ("sqlite", "words"): _match,
    ("sqlite", "codes"): _all_of,
    ("postgresql", "pattern"): _like,
    ("postgresql", "codes"): list,
}


def expression(shape: Shape, binds: Binds) -> ColumnElement[bool]:
    """Give a shape as an expression, with a parameter for each of its values."""
    how = shape[0]
    if how in {"any", "all"}:
        return (or_ if how == "any" else and_)(*(expression(part, binds) for part in shape[1:]))
    if how in {"never", "always"}:
        return true() if how == "always" else false()
    if how == "words":
        return _words(shape[1:], binds)
    if how == "sounds":
        return _sounds(shape[1], binds)
    if how == "days with":
        return _days_with(shape[1:], binds)
    if how == "described":
        there = select(FACET.c.value).where(FACET.c.keyword == literal_column("'StudyDescription'"))
        return STUDY.c.study_description.in_(there.where(expression(shape[1], binds)))
    of, _, name = shape[1].partition(".")
    values: ColumnElement[Any] = METADATA.tables[of].c[name]
    how, _, held_back = how.partition(", ")
    if held_back and binds.dialect == "sqlite":
        values = values.concat(literal_column("''"))  # no index has that
    if how == "given":
        return values != literal_column("''")
    if how == "in":
        return values.in_([binds.next() for _ in range(shape[2])])
    if how == "prefix":
        return and_(values >= binds.next(), values < binds.next())
    if how == "like":
        return values.op("GLOB" if binds.dialect == "sqlite" else "LIKE", is_comparison=True)(binds.next("pattern"))
    if how == "contains":
        return _place(values, binds) > literal_column("0")
    if how == "holds":
        backslash: ColumnElement[str] = literal_column("'\\'")
        return _place(backslash.concat(values).concat(backslash), binds) > literal_column("0")
    compared: ColumnElement[bool] = _COMPARED[how](values, binds.next())
    return compared


_COMPARED = {"equal": operator.eq, "from": operator.ge, "to": operator.le, "after": operator.gt, "before": operator.lt}


def _place(values: ColumnElement[Any], binds: Binds) -> ColumnElement[int]:
    """Give the place of a text in another, from 1; 0 when it is not there."""
    place = func.instr if binds.dialect == "sqlite" else func.strpos
    return place(values, binds.next())


def _words(names: tuple[str, ...], binds: Binds) -> ColumnElement[bool]:
    """Ask SQLite's index of words; PostgreSQL's serves the comparison with the pattern itself."""
    if not binds.with_words:
        binds.next("unused")
        return true()
    return _in_index("study_words", _asked_words(names, binds), of=names[0].partition(".")[0])


def _asked_words(names: tuple[str, ...], binds: Binds) -> ColumnElement[Any]:
    columns = " ".join(name.partition(".")[2] for name in names)
    return literal_column(f"'{{{columns}}} : '").concat(binds.next("words"))


def ids_with_words(names: tuple[str, ...], binds: Binds) -> Select[Any]:
    """Give the numbers of the studies with words, out of SQLite's index of words alone."""
    index = table("study_words", column("study_words"))
    found: Select[Any] = select(literal_column("rowid").label("id")).select_from(index)
    return found.where(index.c.study_words.op("MATCH")(_asked_words(names, binds)))


def joined_words(shape: Shape, source: FromClause, binds: Binds) -> tuple[FromClause, list[ColumnElement[bool]]]:
    """Join studies with SQLite's index of words, which then gives them one by one.

    Looked up as a set, all rows with a common word would be gathered before the first is answered.

    Parameters
    ----------
    shape
        Words of a study and what else has to hold.
    source
        What is selected from, the study's table in it.
    binds
        Takes the values.
    """
    index = table("study_words", column("study_words"), column("rowid"))
    asked = index.c.study_words.op("MATCH")(_asked_words(shape[1][1:], binds))
    # The plus keeps SQLite from looking every study up in the index instead.
    source = source.join(index, STUDY.c.id == UnaryExpression(index.c.rowid, operator=custom_op("+")))
    return source, [asked, *(expression(part, binds) for part in shape[2:])]


def _sounds(name: str, binds: Binds) -> ColumnElement[bool]:
    """Ask the index of phonetic codes."""
    of, _, column_name = name.partition(".")
    codes = METADATA.tables[of].c[column_name]
    if binds.dialect == "sqlite":
        return _in_index("study_sounds", binds.next("codes"), of=of)
    listed = func.string_to_array(codes, literal_column("E'\\\\'"))
    return listed.op("@>", is_comparison=True)(cast(binds.next("codes"), ARRAY(Text)))


def _days_with(shapes: tuple[Shape, ...], binds: Binds) -> ColumnElement[bool]:
    """Ask PostgreSQL's index of days with modalities; SQLite looks at the modalities in its index of days."""
    if binds.dialect == "sqlite":
        both = and_(*(expression(shape, binds) for shape in shapes))
        binds.next("unused")
        return both
    binds.skip(shapes)
    return _DAYS_WITH_MODALITIES.op("&&", is_comparison=True)(cast(binds.next("codes"), ARRAY(Text)))


# Each modality of a study with the day before it, as the index has it: {20200131, 20200131CT, 20200131SR}.
_DAYS_WITH_MODALITIES: ColumnElement[Any] = literal_column(
    "string_to_array(study.study_date || "
    "replace('\\' || study.modalities_in_study, '\\', '\\' || study.study_date), '\\')"
)


def _in_index(name: str, asked: ColumnElement[Any], *, of: str) -> ColumnElement[bool]:
    """Look a study, or the study that gave a patient its name, up in one of SQLite's indexes."""
    index = table(name, column(name))
    found: Select[Any] = select(literal_column("rowid")).select_from(index).where(index.c[name].op("MATCH")(asked))
    if of == "patient":
        found = select(STUDY.c.parent).where(STUDY.c.id.in_(found))
    return METADATA.tables[of].c.id.in_(found)
