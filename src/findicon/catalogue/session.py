"""One transaction on the driver's own connection, in statements that are compiled once.

To build and compile a statement takes ten times as long as SQLite needs to run it; a transaction that takes one
instance in runs a dozen of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, ColumnElement, Connection, bindparam
from sqlalchemy.engine.interfaces import Dialect

_T = TypeVar("_T")

# Statements are compiled for these numbers of values; one value more than needed costs less than a statement more.
_SIZES = (1, 8, 64, 512)

Values = dict[str, Any]


@lru_cache(maxsize=512)
def _compiled(statement: ClauseElement, dialect: Dialect) -> tuple[str, dict[str, Any]]:
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return str(compiled), dict(compiled.params)


class Session:
    """Runs statements inside a transaction.

    Parameters
    ----------
    connection
        A connection inside its transaction.

    Attributes
    ----------
    connection
        The same, for statements that are rare.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._dialect = connection.dialect
        self._driver: Any = connection.connection.driver_connection

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._dialect.name

    def run(self, statement: ClauseElement, **values: Any) -> Any:
        """Run a statement and give the driver's cursor, which has its rows."""
        sql, bound = _compiled(statement, self._dialect)
        return self._driver.execute(sql, {**bound, **values})

    def run_many(self, statement: ClauseElement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement for each of some rows of values; none, where there are none."""
        if not rows:
            return
        sql, _ = _compiled(statement, self._dialect)
        self._driver.cursor().executemany(sql, rows)

    def rows(self, statement: ClauseElement, **values: Any) -> Iterator[Values]:
        """Run a statement and give its rows by column."""
        cursor = self.run(statement, **values)
        names = [column[0] for column in cursor.description]
        return (dict(zip(names, row, strict=True)) for row in cursor.fetchall())

    def rows_among(
        self, statement: Callable[[int], ClauseElement], values: Iterable[Any], **others: Any
    ) -> Iterator[Values]:
        """Run a statement for each piece of some values, and give all rows.

        Parameters
        ----------
        statement
            Gives the statement for a number of values, compared by `among`.
        values
            Any number of them, in the order in which rows shall be locked.
        others
            What else is bound.
        """
        for piece in _pieces(values):
            yield from self.rows(statement(len(piece)), **piece, **others)

    def run_among(self, statement: Callable[[int], ClauseElement], values: Iterable[Any], **others: Any) -> int:
        """Run a statement for each piece of some values, and tell how many rows it changed."""
        return sum(self.run(statement(len(piece)), **piece, **others).rowcount for piece in _pieces(values))


def among(column: ColumnElement[_T], count: int) -> ColumnElement[bool]:
    """Compare a column with a number of values that `Session.rows_among` binds."""
    return column.in_([bindparam(f"among_{number}") for number in range(count)])


def _pieces(values: Iterable[Any]) -> Iterator[dict[str, Any]]:
    listed = list(values)
    for start in range(0, len(listed), _SIZES[-1]):
        piece = listed[start : start + _SIZES[-1]]
        size = next(size for size in _SIZES if size >= len(piece))
        yield {f"among_{number}": piece[min(number, len(piece) - 1)] for number in range(size)}
