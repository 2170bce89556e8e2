"""What a catalogue needs of a database: statements in its SQL, readers, one writer, errors in our own words."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator
from contextlib import AbstractContextManager
from typing import Any, TypeVar

from sqlalchemy import ClauseElement, Connection
from sqlalchemy.engine.interfaces import Dialect

from ..errors import CatalogueError
from .session import Session, prepared

_T = TypeVar("_T")
_C = TypeVar("_C")

# The first answer shall leave soon, the others shall not cost a call each.
FIRST_BATCH, BATCH = 16, 256
_TRIES = 10


class TryAgain(Exception):
    """Two transactions got into each other's way; the same work done again will succeed."""


class Database(ABC):
    """What every database of a catalogue can do; `open_database` makes the right one.

    Attributes
    ----------
    dialect
        What statements are compiled for; its name is ``sqlite`` or ``postgresql``.
    can_end_alone
        Whether it can crash while this process lives on: then what was committed and is not durable may be lost, and
        nobody here would know.
    """

    dialect: Dialect
    can_end_alone = False

    def rows(self, statement: ClauseElement, **values: Any) -> list[tuple[Any, ...]]:
        """Read all rows of a statement that has few; raises CatalogueError."""
        sql, bound = prepared(statement, self.dialect)
        with self.reading() as connection:
            return list(connection.execute(sql, {**bound, **values}))

    def change(self, work: Callable[[Session], _T], *, durable: bool = True) -> _T:
        """Do work inside a transaction, in statements that are compiled once; it is done on return, or undone.

        Parameters
        ----------
        work
            Done again from the start when another transaction got in the way.
        durable
            False where it need not survive a loss of power, or the end of a database that can end alone, before
            `make_durable` is called; the end of this process it survives in any case.

        Raises
        ------
        CatalogueError
            The database cannot be written.
        """
        return self._until_done(
            lambda: self.changing(durable=durable), lambda driver: work(Session(driver, self.dialect))
        )

    def write(self, work: Callable[[Connection], _T]) -> _T:
        """Do work inside the one transaction that writes; it is durable on return, or undone by an error.

        Parameters
        ----------
        work
            Done again from the start when another transaction got in the way.

        Raises
        ------
        CatalogueError
            The database cannot be written.
        """
        return self._until_done(self.writing, work)

    @staticmethod
    def _until_done(begin: Callable[[], AbstractContextManager[_C]], work: Callable[[_C], _T]) -> _T:
        reason: BaseException | None = None
        for _ in range(_TRIES):
            try:
                with begin() as connection:
                    return work(connection)
            except TryAgain as error:
                reason = error.__cause__
        raise CatalogueError(f"The catalogue cannot be written: {reason}") from reason

    @abstractmethod
    def reading(self) -> AbstractContextManager[Any]:
        """Lend a driver's connection for reading; it comes back when the block is left."""

    @abstractmethod
    def changing(self, *, durable: bool) -> AbstractContextManager[Any]:
        """Lend a driver's connection inside a transaction that writes."""

    @abstractmethod
    def make_durable(self) -> None:
        """Have every change that was made before survive a loss of power; raises CatalogueError."""

    @abstractmethod
    def writing(self) -> AbstractContextManager[Connection]:
        """Open a transaction that writes."""

    @abstractmethod
    def batches(self, sql: str, values: dict[str, Any], stop: Callable[[], bool]) -> Generator[list[tuple[Any, ...]]]:
        """Read rows as they come, a few at first and then in larger batches, never all at once.

        Parameters
        ----------
        sql, values
            A statement and what is bound to it.
        stop
            Asked now and then while the database looks for rows; the rows end when it says so.
        """

    @abstractmethod
    def rows_if_any(self, sql: str, table: str) -> list[tuple[Any, ...]]:
        """Read all rows of a table that may not be there; none when it is not."""

    @abstractmethod
    def size(self) -> int:
        """Tell how many bytes the database takes on its disk."""

    @abstractmethod
    def alone(self, connection: Connection) -> None:
        """Keep every other process from migrating until this transaction ends."""

    @abstractmethod
    def close(self) -> None:
        """Close every connection."""


def first_line(error: BaseException) -> str:
    """Give what a driver says about an error, in one line."""
    text = str(getattr(error, "orig", None) or error).strip()
    return text.splitlines()[0] if text else type(error).__name__
