"""The database behind a catalogue: one writer, many readers, and errors in our own words."""

import sqlite3
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from sqlalchemy import ClauseElement, Connection, create_engine, event
from sqlalchemy.dialects import sqlite
from sqlalchemy.engine.interfaces import Dialect
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.pool import QueuePool

from ..errors import CatalogueError

# How long a writer waits for another process's transaction.
_BUSY_SECONDS = 60.0
_PAGE_SIZE = 8192  # an icon's item and its row fit into one page
_MAPPED_BYTES = 1 << 30
_READERS_KEPT = 64
# The first answer shall leave soon, the others shall not cost a call each.
FIRST_BATCH, BATCH = 16, 256


class Database:
    """What every database of a catalogue can do; `open_database` makes the right one.

    Attributes
    ----------
    dialect
        SQLAlchemy's name for the kind of database: what statements are compiled for.
    """

    dialect: Dialect

    def __init__(self) -> None:
        self._prepared: dict[ClauseElement, tuple[str, dict[str, Any]]] = {}

    def prepare(self, statement: ClauseElement) -> tuple[str, dict[str, Any]]:
        """Give a statement in this database's SQL, and the values bound in it; compiled once for each statement."""
        found = self._prepared.get(statement)
        if found is None:
            compiled = statement.compile(dialect=self.dialect, compile_kwargs={"render_postcompile": True})
            found = self._prepared[statement] = (str(compiled), dict(compiled.params))
        return found

    def rows(self, statement: ClauseElement, **values: Any) -> list[tuple[Any, ...]]:
        """Read all rows of a statement that has few."""
        sql, bound = self.prepare(statement)
        with self.reading() as connection:
            return list(connection.execute(sql, {**bound, **values}))

    def batches(self, sql: str, values: dict[str, Any]) -> Generator[list[tuple[Any, ...]]]:
        """Read rows as they come, a few at first and then in larger batches, never all at once."""
        raise NotImplementedError

    def rows_if_any(self, sql: str, table: str) -> list[tuple[Any, ...]]:
        """Read all rows of a table that may not be there; none when it is not."""
        raise NotImplementedError

    def alone(self, connection: Connection) -> None:
        """Keep every other process from migrating until this transaction ends."""
        raise NotImplementedError

    @contextmanager
    def reading(self) -> Iterator[Any]:
        """Lend a driver's connection for reading; it comes back when the block is left."""
        raise NotImplementedError
        yield

    @contextmanager
    def writing(self) -> Iterator[Connection]:
        """Open the one transaction that writes; it is durable once the block is left without an error."""
        raise NotImplementedError
        yield

    def close(self) -> None:
        """Close every connection."""
        raise NotImplementedError


class SqliteDatabase(Database):
    """A file. Readers see the last commit while one writer works (write-ahead log).

    Parameters
    ----------
    path
        The file; its folder is made when it is missing.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self.path = path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise CatalogueError(f"The catalogue's folder {path.parent} cannot be made: {error.strerror}") from error
        self._engine = create_engine("sqlite://", creator=self._open_writer, poolclass=QueuePool, pool_size=1)
        event.listen(self._engine, "begin", _begin_immediate)
        self.dialect = sqlite.dialect(paramstyle="named")
        self._writer = threading.Lock()
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
        connection = self._connect()
        for pragma in ("query_only=ON", f"mmap_size={_MAPPED_BYTES}", "cache_size=-8192", "temp_store=MEMORY"):
            connection.execute(f"PRAGMA {pragma}")
        return connection

    def batches(self, sql: str, values: dict[str, Any]) -> Generator[list[tuple[Any, ...]]]:
        """Read rows as they come, a few at first and then in larger batches, never all at once."""
        size = FIRST_BATCH
        with self.reading() as connection, closing(connection.execute(sql, values)) as cursor:
            while batch := cursor.fetchmany(size):
                yield batch
                if len(batch) < size:
                    return
                size = BATCH

    def rows_if_any(self, sql: str, table: str) -> list[tuple[Any, ...]]:
        """Read all rows of a table that may not be there; none when it is not."""
        with self.reading() as connection:
            there = connection.execute("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = ?", (table,))
            return connection.execute(sql).fetchall() if there.fetchone() else []

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
    def writing(self) -> Iterator[Connection]:
        """Begin IMMEDIATE: threads of this process wait for each other here, other processes in SQLite."""
        with self._writer:
            try:
                with self._engine.begin() as connection:
                    yield connection
            except (SQLAlchemyError, sqlite3.Error) as error:
                raise CatalogueError(f"The catalogue {self.path} cannot be written: {_cause(error)}") from error

    def close(self) -> None:
        """Close every connection; the last one brings the log back into the file."""
        with self._guard:
            self._closed = True
            idle, self._idle = self._idle, []
        for connection in idle:
            connection.close()
        with self._writer:
            self._engine.dispose()


def _begin_immediate(connection: Connection) -> None:
    connection.exec_driver_sql("BEGIN IMMEDIATE")


def _cause(error: BaseException) -> str:
    original = getattr(error, "orig", None) or error
    return str(original).strip().splitlines()[0] if str(original).strip() else type(original).__name__


def open_database(url: str) -> Database:
    """Open the database that a URL or a path names.

    Raises
    ------
    CatalogueError
        The URL is of no kind we know, or the database cannot be opened.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return SqliteDatabase(Path(url))
    if scheme == "sqlite":
        path = unquote(rest.partition("?")[0])
        path = path.removeprefix("/") if path.startswith("/") else path
        if not path or path == ":memory:":
            raise CatalogueError(
                f"{url!r} names no file; a catalogue is a file, as in sqlite:////var/lib/catalogue.sqlite"
            )
        return SqliteDatabase(Path(path))
    raise CatalogueError(f"{url!r} is neither a path nor sqlite:///PATH nor postgresql://USER@HOST/NAME")
