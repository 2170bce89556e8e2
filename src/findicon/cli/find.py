"""``findicon find``: ask an archive, and see pictures beside the answers."""

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from io import TextIOWrapper
from pathlib import Path
from typing import Annotated, TextIO

import typer
from rich.console import Console

from ..dimse import is_ae_title
from ..errors import AnswersCut, PeerError, QueryError, StorageError
from ..query import ICON_IMAGE_SEQUENCE, Cancel, Key, Level, Match, Query
from ..scu import Client
from ..show import png_of, print_table, write_csv, write_html, write_json, write_json_lines
from .complaints import DONE, FAILED, complain
from .keys import parse_keys
from .settings import load_settings
from .walk import ask, level_of_key, uid_of

_UNLIMITED = 10_000  # characters to a line of a table that goes into a file or a pipe: nothing is cut


class Format(StrEnum):
    """How answers are written."""

    TABLE = "table"
    JSON = "json"
    JSONL = "jsonl"
    CSV = "csv"
    HTML = "html"


class LevelName(StrEnum):
    """Query/Retrieve levels as flags spell them."""

    PATIENT = "patient"
    STUDY = "study"
    SERIES = "series"
    IMAGE = "image"


def find(
    peer: Annotated[
        str, typer.Argument(metavar="AET@host:port", help="Whom to ask: an address, or a peer in findicon.toml.")
    ],
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEYWORD=VALUE",
            help="What to look for: a DICOM keyword or ggggeeee, and a value. KEYWORD alone only shows it.",
        ),
    ] = None,
    level: Annotated[LevelName, typer.Option(case_sensitive=False, help="What to find.")] = LevelName.STUDY,
    icons: Annotated[
        bool | None,
        typer.Option(
            "--icons/--no-icons", help="Ask for pictures. Without either: in a terminal, in HTML and to save them."
        ),
    ] = None,
    written: Annotated[
        Format, typer.Option("--format", case_sensitive=False, help="How to write the answers.")
    ] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
    save_icons: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Save each picture there as PNG, named by UID.")
    ] = None,
    limit: Annotated[int | None, typer.Option(min=1, help="Take so many answers at most.")] = None,
    calling_ae_title: Annotated[str | None, typer.Option(metavar="AET", help="What to call ourselves.")] = None,
) -> int:
    """Ask an archive, and see pictures beside the answers.

    For example:

    findicon find PACS@10.0.0.5:104 'PatientName=DOE*' StudyDate=20240101- ReferringPhysicianName

    findicon find PACS@10.0.0.5:104 --level series RequestAttributesSequence.RequestedProcedureID=R17
    """
    settings = load_settings()
    title = calling_ae_title or settings.server.ae_title
    if not is_ae_title(title):
        raise QueryError(f"--calling-ae-title {title!r} is no AE title: 1 to 16 characters without backslash")
    asked = _Asked(Level(level), parse_keys(keys or []), written, output)
    if icons is None:
        icons = bool(save_icons) or written is Format.HTML or (written is Format.TABLE and asked.is_for_a_screen)
    asked.explain_lower_keys()
    with Client(settings.peer(peer), calling_ae_title=title) as client, _cancelling() as cancel:
        answers = _Answers(ask(client, asked.level, asked.keys, icon=icons, limit=limit, cancel=cancel), cancel)
        matches: Iterable[Match] = answers
        if save_icons is not None:
            matches = _saved(matches, save_icons, asked.level)
        asked.write(matches, with_icons=icons)
    return answers.conclude()


class _Asked:
    """What the command line asks, and where the answers go."""

    def __init__(self, level: Level, keys: list[Key], written: Format, output: Path | None) -> None:
        self.level = level
        self.keys = keys
        self._format = written
        self._output = output

    @property
    def is_for_a_screen(self) -> bool:
        """Whether somebody looks at the answers as they are printed."""
        return self._output is None and sys.stdout.isatty()

    def explain_lower_keys(self) -> None:
        """Say which keys belong to a level below the one asked: a peer may leave them unheeded (PS3.4 C.4.1.2.1)."""
        for key in self.keys:
            own = level_of_key(key)
            if key.values and self.level.depth < own.depth <= Level.SERIES.depth:
                instead = "; write ModalitiesInStudy" if key.keyword == "Modality" else ""
                complain(
                    f"{key.keyword} belongs to the {own} level, so the peer may not heed it at {self.level}{instead}"
                )

    def write(self, matches: Iterable[Match], *, with_icons: bool) -> None:
        """Write the answers as they are wanted."""
        if self._output is None:
            if self._format is not Format.TABLE and isinstance(sys.stdout, TextIOWrapper):
                sys.stdout.reconfigure(encoding="utf-8", newline="")  # what programs read does not depend on the locale
            self._write(matches, sys.stdout, with_icons=with_icons)
            return
        try:
            with self._output.open("w", encoding="utf-8", newline="") as stream:
                self._write(matches, stream, with_icons=with_icons)
        except OSError as error:
            raise StorageError(f"{self._output} cannot be written: {error.strerror}") from error

    def _write(self, matches: Iterable[Match], stream: TextIO, *, with_icons: bool) -> None:
        wanted = [key.keyword for key in self.keys if key.tag != ICON_IMAGE_SEQUENCE]
        if self._format is Format.TABLE:
            with _progress(matches) as counted:
                collected = list(counted)
            console = Console(file=stream, width=None if self.is_for_a_screen or with_icons else _UNLIMITED)
            if with_icons and not console.is_terminal:  # asked for in so many words: colours go into the pipe too
                console = Console(file=stream, force_terminal=True, color_system="truecolor")
            print_table(collected, console, level=self.level, wanted=wanted, pictures=with_icons)
        elif self._format is Format.JSON:
            write_json(matches, stream)
        elif self._format is Format.JSONL:
            write_json_lines(matches, stream)
        elif self._format is Format.CSV:
            keys = Query(self.level, keys=self.keys).keys.values()
            write_csv(matches, stream, [key.keyword for key in keys if key.vr != "SQ"])
        else:
            write_html(matches, stream, title=self._title(), level=self.level, wanted=wanted)

    def _title(self) -> str:
        asked = [(key.keyword, "\\".join(key.values)) for key in self.keys if key.values]
        keys = " ".join(f"{keyword}={value}" for keyword, value in asked)
        return f"{self.level.title()} level: {keys or 'everything'}"


class _Answers:
    """The answers as they come; what ends them too early is kept until they are printed."""

    def __init__(self, matches: Iterator[Match], cancel: Cancel) -> None:
        self._matches = matches
        self._cancel = cancel
        self._count = 0
        self._failure: PeerError | AnswersCut | None = None

    def __iter__(self) -> Iterator[Match]:
        try:
            for match in self._matches:
                self._count += 1
                yield match
        except (PeerError, AnswersCut) as error:
            if not self._count:
                raise
            self._failure = error

    def conclude(self) -> int:
        """Say how it ended, and give the exit code."""
        answers = "1 answer" if self._count == 1 else f"{self._count} answers"
        if self._failure is not None:
            return complain(f"{self._failure}; {answers} came before that", FAILED)
        if self._cancel():
            return complain(f"cancelled after {answers}", FAILED)
        if sys.stderr.isatty():
            complain(answers)
        return DONE


@contextmanager
def _cancelling() -> Iterator[Cancel]:
    """Make the first Ctrl-C end the query by a C-CANCEL; the second one ends the program as usual."""
    interrupted = False

    def note(_signal: int, _frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def _progress(matches: Iterable[Match]) -> Iterator[Iterable[Match]]:
    """Count answers on standard error while they come, where somebody is looking."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield matches
        return
    with console.status("asking") as status:

        def counted() -> Iterator[Match]:
            for number, match in enumerate(matches, 1):
                status.update(f"{number} answers")
                yield match

        yield counted()


def _saved(matches: Iterable[Match], folder: Path, level: Level) -> Iterator[Match]:
    """Save each answer's picture on its way."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for match in matches:
            if match.icon is not None:
                uid = uid_of(match.dataset, level)
                name = "".join(letter for letter in uid if letter.isalnum() or letter in ".-_") or "unnamed"
                (folder / f"{name}.png").write_bytes(png_of(match.icon))
            yield match
    except OSError as error:
        raise StorageError(f"{folder} cannot hold pictures: {error.strerror}") from error
