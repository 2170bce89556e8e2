"""Where a catalogue's database lies, as far as the command line has to know."""

import re
from pathlib import Path
from urllib.parse import unquote

from ..errors import QueryError

_SQLITE = b"SQLite format 3\0"


def file_of(url: str) -> Path | None:
    """Give the file of a catalogue; None when it lies in a database server."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return Path(url)
    return Path(unquote(rest.removeprefix("/").partition("?")[0])) if scheme == "sqlite" else None


def usable(url: str) -> str:
    """Give the URL back when it can be a catalogue's; whether it can be opened shows when it is.

    Raises
    ------
    QueryError
        It is none, a folder, or a file of another kind.
    """
    scheme, separator, _ = url.partition("://")
    if separator and scheme.partition("+")[0] not in {"sqlite", "postgresql"}:
        raise QueryError(
            f"{without_password(url)!r} is no database: write a path, sqlite:///PATH or postgresql://USER@HOST/NAME"
        )
    path = file_of(url)
    if path is None:
        return url
    if path.is_dir():
        raise QueryError(f"{path} is a folder: a catalogue is a file in it, as in {path / 'catalogue.sqlite'}")
    if path.is_file() and not _may_be_sqlite(path):
        raise QueryError(f"{path} is no catalogue, and is left as it is")
    return url


def _may_be_sqlite(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(_SQLITE)) in {b"", _SQLITE}
    except OSError as error:
        raise QueryError(f"{path} cannot be read: {error.strerror}") from error


def existing(url: str) -> str:
    """Give the URL back when there is a catalogue.

    Raises
    ------
    QueryError
        Its file does not exist; the sentence says how to make one.
    """
    path = file_of(usable(url))
    if path is not None and not path.is_file():
        raise QueryError(f"There is no catalogue at {path} yet: make one with `findicon index PATH...`")
    return url


def without_password(url: str) -> str:
    """Give the URL as it may be shown."""
    return re.sub(r"(?<=://)([^:/@]*):[^@]*@", r"\1:***@", url)
