"""A catalogue in one file: SQLite with a write-ahead log, one writer and many readers."""

import os
import sqlite3
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, create_engine, event
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ..errors import CatalogueError
from .database import BATCH, FIRST_BATCH, Database, first_line

# How long a writer waits for another process's transaction.
_BUSY_SECONDS = 60.0
_PAGE_SIZE = 8192  # an icon's item and its row fit into one page
_MAPPED_BYTES = 1 << 30
_READERS_KEPT = 64
# How many instructions of SQLite pass between two looks whether the asker still wants answers: a few milliseconds.
_INSTRUCTIONS = 100_000


class SqliteDatabase(Database):
    """A file. Readers see the last commit while one writer works (write-ahead log).

    Parameters
    ----------
    path
        The file; its folder is made when it is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogueError(f"The catalogue's folder {path.parent} cannot be made: {error.strerror}") from error
        self._engine = create_engine(
            "sqlite://", creator=self._open_writer, paramstyle="named", poolclass=QueuePool, pool_size=1
        )
        event.listen(self._engine, "begin", _begin_immediate)
        self.dialect = self._engine.dialect
        self._writer = threading.Lock()
        self._changer: sqlite3.Connection | None = None
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        self._guard = threading.Lock()

    def _connect(self) -> sqlite3.Connection:
        # A reader may be closed by another thread than the one that opened it.
        return sqlite3.connect(self.path, timeout=_BUSY_SECONDS, isolation_level=None, check_same_thread=False)

    def _open_writer(self) -> sqlite3.Connection:
        connection = self._connect()
        for pragma in (
            f"page_size={_PAGE_SIZE}",  # only a new file takes it
            "journal_mode=WAL",
            "synchronous=FULL",
            "cache_size=-65536",
            "temp_store=MEMORY",
            "journal_size_limit=67108864",
        ):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _open_reader(self) -> sqlite3.Connection:
        connection = self._connect_unchanging() if self._is_read_only() else self._connect()
        for pragma in ("query_only=ON", f"mmap_size={_MAPPED_BYTES}", "cache_size=-8192", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def _connect_unchanging(self) -> sqlite3.Connection:
        uri = f"{self.path.absolute().as_uri()}?immutable=1"
        return sqlite3.connect(uri, uri=True, isolation_level=None, check_same_thread=False)

    def _is_read_only(self) -> bool:
        """Tell whether nobody writes: readers then cannot make the shared memory that the log wants, and need none."""
        as_who = {"effective_ids": True} if os.access in os.supports_effective_ids else {}
        may_write = os.access(self.path.parent, os.W_OK, **as_who)
        return not may_write and self.path.exists() and not self.path.with_name(f"{self.path.name}-wal").exists()

    def batches(self, sql: str, values: dict[str, Any], stop: Callable[[], bool]) -> Generator[list[tuple[Any, ...]]]:
        """Read rows as they come, a few at first and then in larger batches, never all at once."""
        size = FIRST_BATCH
        with self.reading() as connection:
            connection.set_progress_handler(stop, _INSTRUCTIONS)
            try:
                with closing(connection.execute(sql, values)) as cursor:
                    while batch := cursor.fetchmany(size):
                        yield batch
                        if len(batch) < size:
                            return
                        size = BATCH
            except sqlite3.OperationalError:
                if not stop():
                    raise
            finally:
                connection.set_progress_handler(None, 0)

    def rows_if_any(self, sql: str, table: str) -> list[tuple[Any, ...]]:
        """Read all rows of a table that may not be there; none when it is not."""
        with self.reading() as connection:
            there = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
            return connection.execute(sql).fetchall() if there.fetchone() else []

    def size(self) -> int:
        """Tell how many bytes the file takes, with its log."""
        places = [self.path.with_name(self.path.name + suffix) for suffix in ("", "-wal", "-shm")]
        return sum(place.stat().st_size for place in places if place.exists())

    def alone(self, connection: Connection) -> None:
        """Do nothing: a transaction that writes is alone."""

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """Lend a connection that only reads."""
        with self._guard:
            if self._closed:
                raise CatalogueError("The catalogue is closed")
            connection = self._idle.pop() if self._idle else None
        try:
            if connection is None:
                connection = self._open_reader()
            yield connection
        except sqlite3.Error as error:
            raise CatalogueError(f"The catalogue {self.path} cannot be read: {error}") from error
        finally:
            if connection is not None:
                self._take_back(connection)

    def _take_back(self, connection: sqlite3.Connection) -> None:
        with self._guard:
            keep = not self._closed and len(self._idle) < _READERS_KEPT
            if keep:
                self._idle.append(connection)
        if not keep:
            connection.close()

    @contextmanager
    def changing(self, *, durable: bool) -> Iterator[sqlite3.Connection]:
        """Begin IMMEDIATE, as `writing` does, on a connection that is kept.

        With synchronous=NORMAL a commit is in the log when it returns, and the log is synced with the next commit of a
        durable transaction or when it goes into the file: what is lost by a loss of power is the last transactions,
        never the file's consistency (sqlite.org/pragma.html#pragma_synchronous).
        """
        with self._writer:
            try:
                if self._changer is None:
                    self._changer = self._open_writer()
                connection = self._changer
                connection.execute(f"PRAGMA synchronous={'FULL' if durable else 'NORMAL'}")
                connection.execute("BEGIN IMMEDIATE")
                try:
                    yield connection
                    connection.execute("COMMIT")
                except BaseException:
                    if connection.in_transaction:
                        connection.execute("ROLLBACK")
                    raise
            except sqlite3.Error as error:
                raise CatalogueError(f"The catalogue {self.path} cannot be written: {first_line(error)}") from error

    def make_durable(self) -> None:
        """Write a page that says what it said before: the commit syncs the log with all that is in it."""
        with self.changing(durable=True) as connection:
            (number,) = connection.execute("PRAGMA user_version").fetchone()
            connection.execute(f"PRAGMA user_version={int(number)}")

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Begin IMMEDIATE: threads of this process wait for each other here, other processes in SQLite."""
        with self._writer:
            try:
                with self._engine.begin() as connection:
                    yield connection
            except (SQLAlchemyError, sqlite3.Error) as error:
                raise CatalogueError(f"The catalogue {self.path} cannot be written: {first_line(error)}") from error

    def close(self) -> None:
        """Close every connection; the last one brings the log back into the file."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        with self._writer:
            if self._changer is not None:
                self._changer.close()
                self._changer = None
            self._engine.dispose()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")
