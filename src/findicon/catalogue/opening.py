"""The database that a URL names."""

from pathlib import Path
from urllib.parse import unquote

from ..errors import CatalogueError
from .database import Database
from .sqlite import SqliteDatabase


def open_database(url: str) -> Database:
    """Open the database that a URL or a path names.

    Raises
    ------
    CatalogueError
        The URL is of no kind we know, its driver is not installed, or the database cannot be opened.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        return SqliteDatabase(Path(url))
    if scheme == "sqlite":
        path = unquote(rest.partition("?")[0]).removeprefix("/")
        if not path or path == ":memory:":
            raise CatalogueError(f"{url!r} names no file; a catalogue is one, as in sqlite:///catalogue.sqlite")
        return SqliteDatabase(Path(path))
    if scheme in {"postgresql", "postgres"}:
        try:
            from .postgresql import PostgresqlDatabase  # noqa: PLC0415 -- psycopg is an extra
        except ImportError as error:
            raise CatalogueError("PostgreSQL needs findicon[postgresql]: pip install 'findicon[postgresql]'") from error
        return PostgresqlDatabase(url)
    raise CatalogueError(f"{url!r} is neither a path nor sqlite:///PATH nor postgresql://USER@HOST/NAME")
