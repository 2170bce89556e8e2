"""A catalogue on a PostgreSQL server, for when there is more than one machine (psycopg 3)."""

from collections.abc import Callable, Generator, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
from psycopg import errors
from psycopg_pool import ConnectionPool, PoolTimeout
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import SQLAlchemyError

from ..errors import CatalogueError
from .database import BATCH, FIRST_BATCH, Database, TryAgain, first_line

_READERS = 32
_CHANGERS = 4
_WAIT_SECONDS = 30.0
# Up to so many rows come in one journey.
_FEW = 64
# Any number that nobody else locks: "findicon" in a few digits.
_MIGRATING = 0x46494E44
_GOT_IN_THE_WAY = (errors.DeadlockDetected, errors.SerializationFailure, errors.UniqueViolation)


class PostgresqlDatabase(Database):
    """A database on a server.

    Parameters
    ----------
    url
        ``postgresql://USER:PASSWORD@HOST:PORT/NAME``, as psycopg takes it.
    """

    can_end_alone = True

    def __init__(self, url: str) -> None:
        self._name = _without_password(url)
        self._engine = create_engine(
            "postgresql+psycopg://", creator=lambda: _connected(url), pool_size=4, pool_pre_ping=True
        )
        self.dialect = self._engine.dialect
        self._readers = ConnectionPool(
            url,
            kwargs={"autocommit": True},
            min_size=1,
            max_size=_READERS,
            timeout=_WAIT_SECONDS,
            configure=_first_answers_first,
            open=False,
            name="catalogue",
        )
        self._changers = ConnectionPool(
            url,
            min_size=0,
            max_size=_CHANGERS,
            timeout=_WAIT_SECONDS,
            configure=_durable,
            check=ConnectionPool.check_connection,
            open=False,
            name="catalogue changes",
        )
        try:
            psycopg.connect(url).close()  # says at once what is wrong; the pool would only try again
            self._readers.open()
            self._changers.open()
        except psycopg.Error as error:
            raise CatalogueError(f"The catalogue {self._name} cannot be opened: {first_line(error)}") from error

    @contextmanager
    def reading(self) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """Lend a connection that reads."""
        try:
            with self._readers.connection() as connection:
                yield connection
        except (psycopg.Error, PoolTimeout) as error:
            raise CatalogueError(f"The catalogue {self._name} cannot be read: {first_line(error)}") from error

    @contextmanager
    def changing(self, *, durable: bool) -> Iterator["psycopg.Connection[tuple[Any, ...]]"]:
        """Open a transaction on a driver's connection; rows that two of them change are locked in one order."""
        try:
            with self._changers.connection() as connection:
                if not durable:
                    connection.execute("SET LOCAL synchronous_commit TO off")
                yield connection
        except (psycopg.Error, PoolTimeout) as error:
            if isinstance(error, _GOT_IN_THE_WAY):
                raise TryAgain from error
            raise CatalogueError(f"The catalogue {self._name} cannot be written: {first_line(error)}") from error

    def make_durable(self) -> None:
        """Commit something that is logged: the log is flushed up to it, with all that was committed before.

        A transaction that logged nothing is committed without waiting for the disk, even if it has a number.
        """
        with self.changing(durable=True) as connection:
            connection.execute("SELECT pg_logical_emit_message(true, 'findicon', '')")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open a transaction; rows that two of them change are locked in one order."""
        try:
            with self._engine.begin() as connection:
                yield connection
        except (SQLAlchemyError, psycopg.Error) as error:
            if isinstance(getattr(error, "orig", None) or error, _GOT_IN_THE_WAY):
                raise TryAgain from error
            raise CatalogueError(f"The catalogue {self._name} cannot be written: {first_line(error)}") from error

    def batches(self, sql: str, values: dict[str, Any], stop: Callable[[], bool]) -> Generator[list[tuple[Any, ...]]]:
        """Read rows, a few at first and then, through a cursor on the server, in larger batches.

        A cursor on the server takes five journeys there and a new plan each time. Most questions have a few answers,
        which one journey brings with the plan of the last time; so those are asked for first, and when there are more,
        all from the start.
        """
        limited = "most" in values
        few = sql if limited else f"{sql} LIMIT {_FEW + 1}"
        few_values = {**values, "most": min(values["most"], _FEW + 1)} if limited else values
        with self.reading() as connection:
            with connection.cursor(binary=True) as cursor:
                rows = cursor.execute(few, few_values, prepare=True).fetchall()
            if len(rows) <= _FEW:
                yield rows
            elif not stop():
                yield from _through_cursor(connection, sql, values)

    def rows_if_any(self, sql: str, table: str) -> list[tuple[Any, ...]]:
        """Read all rows of a table that may not be there; none when it is not."""
        with self.reading() as connection:
            there = connection.execute("SELECT to_regclass(%s)", (table,)).fetchone()
            return connection.execute(sql).fetchall() if there and there[0] else []

    def size(self) -> int:
        """Tell how many bytes the database takes on the server."""
        with self.reading() as connection:
            row = connection.execute("SELECT pg_database_size(current_database())").fetchone()
        return int(row[0]) if row else 0

    def alone(self, connection: Connection) -> None:
        """Keep every other process from migrating until this transaction ends."""
        connection.execute(text("SELECT pg_advisory_xact_lock(:number)"), {"number": _MIGRATING})

    def close(self) -> None:
        """Close every connection."""
        self._readers.close()
        self._changers.close()
        self._engine.dispose()


def _connected(url: str) -> "psycopg.Connection[Any]":
    connection = psycopg.connect(url)
    _durable(connection)
    return connection


def _durable(connection: "psycopg.Connection[Any]") -> None:
    """Have every commit wait for the disk, also where the server or the role would not."""
    connection.execute(
        "SELECT set_config('synchronous_commit', 'on', false) WHERE current_setting('synchronous_commit') = 'off'"
    )
    connection.commit()


def _first_answers_first(connection: "psycopg.Connection[Any]") -> None:
    """Have cursors planned for their first rows, which are looked at long before the last."""
    connection.execute("SET cursor_tuple_fraction = 0.001")


def _through_cursor(
    connection: "psycopg.Connection[tuple[Any, ...]]", sql: str, values: dict[str, Any]
) -> Generator[list[tuple[Any, ...]]]:
    size = FIRST_BATCH
    with connection.transaction(), connection.cursor(name="answers", binary=True) as cursor:
        cursor.execute(sql, values)
        while batch := cursor.fetchmany(size):
            yield batch
            if len(batch) < size:
                return
            size = BATCH


def _without_password(url: str) -> str:
    scheme, _, rest = url.partition("://")
    user, at, host = rest.rpartition("@")
    return f"{scheme}://{user.partition(':')[0]}{at}{host}"
