"""Statements that several parts of the writing side share."""

from collections.abc import Iterator, Sequence
from typing import TypeVar

from sqlalchemy import Connection, Table, delete
from sqlalchemy.dialects import postgresql, sqlite

from ..query import Level
from .schema import ICON

_CHUNK = 500
_T = TypeVar("_T")


def insert(connection: Connection, table: Table) -> sqlite.Insert | postgresql.Insert:
    """Make an INSERT that can say what to do about rows that are there already."""
    return postgresql.insert(table) if connection.dialect.name == "postgresql" else sqlite.insert(table)


def drop_icons(connection: Connection, level: Level, uids: Sequence[str]) -> int:
    """Forget the pictures of this archive's entities that are no more, or no longer the same; give how many."""
    dropped = 0
    for chunk in chunks(uids):
        mine = (ICON.c.level == level.value, ICON.c.uid.in_(chunk), ICON.c.origin == "")
        dropped += connection.execute(delete(ICON).where(*mine)).rowcount
    return dropped


def chunks(values: Sequence[_T]) -> Iterator[Sequence[_T]]:
    """Give values in pieces that one statement can name."""
    for start in range(0, len(values), _CHUNK):
        yield values[start : start + _CHUNK]
