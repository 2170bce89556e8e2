"""File names as text that a database, a log and a terminal can hold."""

import os
from pathlib import Path
from urllib.parse import unquote_to_bytes

_SCHEME = "file://"


def location_of(path: str) -> str:
    """Give the catalogue's name for a file: its path, or a file URI where the path is no valid text (RFC 8089).

    Linux file names are bytes; those that are not UTF-8 reach Python as lone surrogates, which no database takes.
    """
    return path if _is_text(path) else Path(path).as_uri()


def path_of(location: str) -> str:
    """Give the path that `location_of` was given."""
    if location.startswith(_SCHEME):
        return os.fsdecode(unquote_to_bytes(location[len(_SCHEME) :]))
    return location


def printable(text: str) -> str:
    """Give a path, or a sentence that holds one, as text that can be printed and stored."""
    if not _is_text(text):
        text = text.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")
    return text.replace("\0", "\\0")


def _is_text(path: str) -> bool:
    try:
        path.encode()
    except UnicodeEncodeError:
        return False
    return True
