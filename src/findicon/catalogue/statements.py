"""Statements that several parts of the writing side share."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, Table, bindparam, delete, update
from sqlalchemy.dialects import postgresql, sqlite

from ..query import Level
from .schema import ICON
from .session import Session, among

_T = TypeVar("_T")
_CHUNK = 500


@lru_cache(maxsize=64)
def insert_or(
    dialect: str,
    table: Table,
    key: tuple[str, ...],
    names: tuple[str, ...],
    changed: tuple[str, ...],
    add: bool = False,
) -> ClauseElement:
    """Make an INSERT that says what to do about a row that is there already.

    Parameters
    ----------
    dialect
        ``sqlite`` or ``postgresql``.
    table, names
        Into which table, with values for which columns.
    key
        The columns that make a row the same one.
    changed
        The columns that are then overwritten; where none, the row is left alone.
    add
        Add to what is there instead of overwriting it.
    """
    statement = postgresql.insert(table) if dialect == "postgresql" else sqlite.insert(table)
    statement = statement.values({name: bindparam(name) for name in names})
    if not changed:
        return statement.on_conflict_do_nothing(index_elements=key)
    new = statement.excluded
    changes = {name: table.c[name] + new[name] if add else new[name] for name in changed}
    return statement.on_conflict_do_update(index_elements=key, set_=changes)


def drop_icons(session: Session, level: Level, uids: Sequence[str]) -> int:
    """Forget the pictures of this archive's entities that are no more, or no longer the same; give how many."""
    return session.run_among(_drop_icons, uids, level=level.value, origin="")


@lru_cache(maxsize=8)
def _drop_icons(count: int) -> ClauseElement:
    mine = (ICON.c.level == bindparam("level"), among(ICON.c.uid, count), ICON.c.origin == bindparam("origin"))
    return delete(ICON).where(*mine)


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Give values in pieces that one statement can name."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]


@lru_cache(maxsize=64)
def update_by_id(table: Table, names: tuple[str, ...]) -> ClauseElement:
    """Make an UPDATE of some columns of the row whose `id` is bound to ``number``."""
    values: dict[str, Any] = {name: bindparam(name) for name in names}
    return update(table).where(table.c.id == bindparam("number")).values(values)
