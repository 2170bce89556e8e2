"""Answers written as they are wanted: on the screen, into a pipe or a file."""

import sys
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from time import strftime
from typing import TextIO

from rich.console import Console
from rich.text import Text

from ..errors import FindiconError, StorageError
from ..query import ICON_IMAGE_SEQUENCE, Key, Level, Match, Query
from ..show import Branch, print_branches, print_table, write_csv, write_html, write_json, write_json_lines
from .answers import progress
from .consoles import picture_console
from .keys import paths_of

_UNLIMITED = 10_000  # characters to a line of a table that goes into a file or a pipe: nothing is cut


class Format(StrEnum):
    """How answers are written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    HTML = "html"


class Output:
    """Where answers go, and how.

    Parameters
    ----------
    written
        How.
    path
        The file; None for standard output.
    level, keys
        What is asked: the columns, and the title of a sheet.
    pictures
        Draw them in a table.
    """

    def __init__(
        self, written: Format, path: Path | None, level: Level, keys: Sequence[Key], *, pictures: bool
    ) -> None:
        self._format = written
        self._path = path
        self._level = level
        self._keys = keys
        self._pictures = pictures
        self._wanted = [path for key in keys if key.tag != ICON_IMAGE_SEQUENCE for path in paths_of(key)]

    def matches(self, matches: Iterable[Match]) -> None:
        """Write answers."""
        with self._stream() as stream:
            if self._format is Format.TABLE:
                with progress(matches) as counted:
                    collected = list(counted)
                self._table(collected, self._console(stream))
            elif stream.isatty():
                self._lines(matches, stream)
            else:
                with progress(matches) as counted:
                    self._lines(counted, stream)

    def batches(self, batches: Iterable[Sequence[Match]]) -> None:
        """Write answers that come in batches, each at once."""
        with self._stream() as stream:
            if self._format is not Format.TABLE:
                self._lines(_flushed(batches, stream), stream)
                return
            console = self._console(stream)
            for batch in batches:
                console.print(Text(strftime("%H:%M:%S"), style="dim"))
                self._table(batch, console)
                stream.flush()

    def branches(self, branches: Iterable[Branch]) -> None:
        """Write answers as trees, each as it is whole."""
        with self._stream() as stream:
            console = self._console(stream)
            print_branches(branches, console, wanted=self._wanted, pictures=self._pictures)

    @contextmanager
    def _stream(self) -> Iterator[TextIO]:
        if self._path is None:
            if self._format is not Format.TABLE and isinstance(sys.stdout, TextIOWrapper):
                sys.stdout.reconfigure(encoding="utf-8", newline="")  # what programs read does not depend on the locale
            yield sys.stdout
            return
        try:
            stream = self._path.open("w", encoding="utf-8", newline="")
        except OSError as error:
            raise StorageError(f"{self._path} cannot be written: {error.strerror}") from error
        try:
            with stream:
                yield stream
        except OSError as error:  # it could be opened, so the question was right
            raise FindiconError(f"{self._path} cannot be written: {error.strerror}") from error

    def _console(self, stream: TextIO) -> Console:
        """Give a console: what is for a screen keeps to its width, what goes elsewhere loses nothing."""
        is_screen = stream is sys.stdout and stream.isatty()
        if self._pictures and not is_screen:
            return picture_console(stream)
        return Console(file=stream, width=None if is_screen else _UNLIMITED)

    def _table(self, matches: Sequence[Match], console: Console) -> None:
        if matches:
            print_table(matches, console, level=self._level, wanted=self._wanted, pictures=self._pictures)

    def _lines(self, matches: Iterable[Match], stream: TextIO) -> None:
        if self._format is Format.JSON:
            write_json(matches, stream)
        elif self._format is Format.JSONL:
            write_json_lines(matches, stream)
        elif self._format is Format.CSV:
            asked = Query(self._level, keys=self._keys).keys.values()
            columns = [path for key in asked if key.vr != "SQ" or key.items for path in paths_of(key)]
            write_csv(matches, stream, columns)
        else:
            write_html(matches, stream, title=self._title(), level=self._level, wanted=self._wanted)

    def _title(self) -> str:
        asked = [f"{path}={value}" for key in self._keys for path, value in _conditions(key)]
        return f"{self._level.title()} level: {' '.join(asked) or 'everything'}"


def _conditions(key: Key) -> Iterator[tuple[str, str]]:
    """Give what a key asks for, one pair for each attribute inside a sequence."""
    if key.values:
        yield key.keyword, "\\".join(key.values)
    for one in (one for item in key.items for one in item):
        yield from ((f"{key.keyword}.{path}", value) for path, value in _conditions(one))


def _flushed(batches: Iterable[Sequence[Match]], stream: TextIO) -> Iterator[Match]:
    """Give the answers one by one, and send off what was written whenever a batch is over."""
    for batch in batches:
        yield from batch
        stream.flush()
