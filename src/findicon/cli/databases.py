"""Where a catalogue's database lies, as far as the command line has to know."""

import re
from pathlib import Path
from urllib.parse import unquote

from ..errors import QueryError


def file_of(url: str) -> Path | None:
    """Give the file of a catalogue; None when it lies in a database server."""
    scheme, separator, rest = url.partition("://")
    if not separator:
        return Path(url)
    return Path(unquote(rest.removeprefix("/").partition("?")[0])) if scheme == "sqlite" else None


def existing(url: str) -> str:
    """Give the URL back when there is a catalogue.

    Raises
    ------
    QueryError
        Its file does not exist; the sentence says how to make one.
    """
    path = file_of(url)
    if path is not None and not path.is_file():
        raise QueryError(f"There is no catalogue at {path} yet: make one with `findicon index PATH...`")
    return url


def without_password(url: str) -> str:
    """Give the URL as it may be shown."""
    return re.sub(r"(?<=://)([^:/@]*):[^@]*@", r"\1:***@", url)
