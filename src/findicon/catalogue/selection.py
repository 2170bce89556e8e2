"""What is selected to answer a question: a shape, compiled once for each database, and the values bound to it."""

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, FromClause, Select, and_, bindparam, exists, literal_column, select
from sqlalchemy.engine.interfaces import Dialect

from ..query import Level
from .conditions import Shape
from .expressions import Binds, bound, expression, joined_words
from .schema import HEADER, ICON, INSTANCE, METADATA, PATIENT, SERIES, STUDY, TABLES

_ABOVE = {
    "instance": (SERIES, SERIES.c.id == INSTANCE.c.parent),
    "series": (STUDY, STUDY.c.id == SERIES.c.parent),
    "study": (PATIENT, PATIENT.c.id == STUDY.c.parent),
}
_UNIQUE_KEYS = {
    Level.STUDY: STUDY.c.study_instance_uid,
    Level.SERIES: SERIES.c.series_instance_uid,
    Level.IMAGE: INSTANCE.c.sop_instance_uid,
}


class Selection(NamedTuple):
    """The shape of a statement: everything but the values.

    Attributes
    ----------
    level
        Whose table is selected from, joined with those above it as far as they are named.
    columns
        What a row has, as ``table.column``.
    conditions
        What has to hold for a row.
    below
        What has to hold for some row below it, by level from the top down (relational queries).
    order
        Columns to sort by, and whether each descends.
    icon
        Whether a row ends with the icon: its item, and the number of its row or None.
    below_leads
        Whether what is below is looked for first, because few of it match.
    limited
        Whether a limit and an offset are bound.
    """

    level: Level
    columns: tuple[str, ...]
    conditions: tuple[Shape, ...]
    below: tuple[tuple[Level, tuple[Shape, ...]], ...] = ()
    order: tuple[tuple[str, bool], ...] = ()
    icon: bool = False
    below_leads: bool = False
    limited: bool = False


@dataclass(frozen=True, slots=True)
class Statement:
    """A selection in the SQL of one database."""

    sql: str
    names: tuple[tuple[str, str], ...]
    dialect: str

    def bound(self, values: tuple[Any, ...], limit: int | None, offset: int) -> dict[str, Any]:
        """Give the parameters for these values."""
        found = bound(self.names, values, self.dialect)
        return found if limit is None else {**found, "most": limit, "skipped": offset}


@lru_cache(maxsize=1024)
def compiled(selection: Selection, dialect: Dialect) -> Statement:
    """Compile a selection for a database."""
    binds = Binds(dialect.name)
    statement = _selected(selection, binds)
    sql = str(statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    return Statement(sql, tuple(binds.names), dialect.name)


def _selected(selection: Selection, binds: Binds) -> Select[Any]:
    columns: list[ColumnElement[Any]] = [column_named(name) for name in selection.columns]
    source: FromClause = TABLES[selection.level]
    named = {name.partition(".")[0] for name in selection.columns}
    named |= {name.partition(".")[0] for name, _ in selection.order}
    named |= {table for shape in selection.conditions for table in tables_in(shape)}
    at = TABLES[selection.level].name
    while at in _ABOVE and (at not in {"study", "patient"} or "patient" in named):
        table, condition = _ABOVE[at]
        source = source.join(table, condition)
        at = table.name
    if "header" in named:
        source = source.join(HEADER, HEADER.c.instance == INSTANCE.c.id)
    conditions: list[ColumnElement[bool]] = []
    may_join = binds.dialect == "sqlite" and selection.level is not Level.PATIENT
    for shape in selection.conditions:
        if may_join and shape[0] == "all" and shape[1][0] == "words":
            source, more = joined_words(shape, source, binds)
            conditions += more
            may_join = False
        else:
            conditions.append(expression(shape, binds))
    if selection.below:
        conditions.append(row_below(selection.level, selection.below, binds, first=selection.below_leads))
    if selection.icon:
        uid = _UNIQUE_KEYS[selection.level]
        mine = and_(ICON.c.level == _literal(selection.level), ICON.c.uid == uid, ICON.c.origin == _literal(""))
        source = source.outerjoin(ICON, mine)
        columns += [ICON.c.item, ICON.c.id]
    statement = select(*columns).select_from(source).where(*conditions)
    for name, descending in selection.order:
        statement = statement.order_by(column_named(name).desc() if descending else column_named(name))
    if selection.limited:
        statement = statement.limit(bindparam("most")).offset(bindparam("skipped"))
    return statement


def row_below(
    above: Level, levels: tuple[tuple[Level, tuple[Shape, ...]], ...], binds: Binds, *, first: bool
) -> ColumnElement[bool]:
    """Ask for a row below that meets its conditions, and so on down."""
    (level, shapes), deeper = levels[0], levels[1:]
    table, number = TABLES[level], TABLES[above].c.id
    conditions = [expression(shape, binds) for shape in shapes]
    if deeper:
        conditions.append(row_below(level, deeper, binds, first=first))
    if first:
        return number.in_(select(table.c.parent).where(*conditions))
    return exists().where(table.c.parent == number, *conditions).correlate(TABLES[above])


def column_named(name: str) -> ColumnElement[Any]:
    """Give the column that ``table.column`` names."""
    table, _, column = name.partition(".")
    return METADATA.tables[table].c[column]


def tables_in(shape: Shape) -> set[str]:
    """Give the tables that a shape names."""
    if shape[0] in {"any", "all", "days with"}:
        return {table for part in shape[1:] for table in tables_in(part)}
    return {str(shape[1]).partition(".")[0]} if len(shape) > 1 else set()


def _literal(text: str) -> ColumnElement[str]:
    """Write a constant of ours into the statement, so that the database can plan with it."""
    return literal_column(f"'{text}'")
