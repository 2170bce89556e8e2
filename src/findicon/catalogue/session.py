"""One transaction on the driver's own connection, in statements that are compiled once.

To build and compile a statement takes ten times as long as SQLite needs to run it; a transaction that takes one
instance in runs a dozen of them.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Any, Self, TypeVar

from sqlalchemy import ClauseElement, ColumnElement, Connection, Table, bindparam
from sqlalchemy.engine.interfaces import Dialect

_T = TypeVar("_T")

Values = dict[str, Any]

# Statements are compiled for these numbers of values; one value more than needed costs less than a statement more.
_SIZES = (1, 8, 64, 512)
_WORTH_A_COPY = 8  # rows


@lru_cache(maxsize=512)
def prepared(statement: ClauseElement, dialect: Dialect) -> tuple[str, dict[str, Any]]:
    """Compile a statement once for each database; give its SQL and the values that it brings along."""
    compiled = statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    return str(compiled), dict(compiled.params)


class Session:
    """Runs statements inside a transaction.

    Parameters
    ----------
    driver
        The driver's connection, inside its transaction.
    dialect
        What statements are compiled for.
    """

    def __init__(self, driver: Any, dialect: Dialect) -> None:
        self._dialect = dialect
        self._driver = driver

    @classmethod
    def on(cls, connection: Connection) -> Self:
        """Run statements inside a transaction of SQLAlchemy's."""
        return cls(connection.connection.driver_connection, connection.dialect)

    @property
    def dialect(self) -> str:
        """``sqlite`` or ``postgresql``."""
        return self._dialect.name

    def run(self, statement: ClauseElement, **values: Any) -> Any:
        """Run a statement and give the driver's cursor, which has its rows."""
        sql, bound = prepared(statement, self._dialect)
        return self._driver.execute(sql, {**bound, **values})

    def run_many(self, statement: ClauseElement, rows: Sequence[Mapping[str, Any]]) -> None:
        """Run a statement for each of some rows of values; none, where there are none."""
        if not rows:
            return
        sql, _ = prepared(statement, self._dialect)
        self._driver.cursor().executemany(sql, rows)

    def insert(self, table: Table, names: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
        """Put new rows into a table, the quickest way that the database has.

        Parameters
        ----------
        table, names
            The table, and the columns that have values.
        rows
            Their values in that order.
        """
        columns = f"{table.name} ({', '.join(names)})"
        if self.dialect == "sqlite":
            self._driver.executemany(f"INSERT INTO {columns} VALUES ({', '.join('?' * len(names))})", rows)  # noqa: S608 -- our own names
            return
        with self._driver.cursor() as cursor:
            if len(rows) < _WORTH_A_COPY:
                cursor.executemany(f"INSERT INTO {columns} VALUES ({', '.join(['%s'] * len(names))})", rows)  # noqa: S608
                return
            with cursor.copy(f"COPY {columns} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def new_numbers(self, table: Table, count: int) -> Sequence[int]:
        """Give numbers that no row of a table has, for rows that bring theirs along."""
        if self.dialect == "sqlite":  # whoever writes is alone
            (last,) = self._driver.execute(f"SELECT coalesce(max(id), 0) FROM {table.name}").fetchone()  # noqa: S608
            return range(last + 1, last + 1 + count)
        sql = f"SELECT nextval(pg_get_serial_sequence('{table.name}', 'id')) FROM generate_series(1, %s)"  # noqa: S608
        return [number for (number,) in self._driver.execute(sql, (count,)).fetchall()]

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
