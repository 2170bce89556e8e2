"""``findicon find``: ask an archive, and see pictures beside the answers."""

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ..errors import QueryError, StorageError
from ..query import Cancel, Finder, Key, Level, Match, uid_of
from ..show import png_of
from .answers import Answers, cancelling
from .arrivals import Arrivals
from .complaints import DONE, complain
from .completion import complete_keyword, complete_peer
from .connecting import calling_title, connected
from .descent import Complete, Descent
from .fallback import Fallback
from .keys import parse_keys
from .settings import load_settings
from .walk import ask, misplaced
from .writing import Format, Output


class LevelName(StrEnum):
    """Query/Retrieve levels as flags spell them."""

    PATIENT = "patient"
    STUDY = "study"
    SERIES = "series"
    IMAGE = "image"


def find(
    peer: Annotated[
        str,
        typer.Argument(
            metavar="AET@host:port",
            help="Whom to ask: an address, a peer in findicon.toml, or the http(s):// address of a DICOMweb service.",
            autocompletion=complete_peer,
        ),
    ],
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEYWORD=VALUE",
            help="What to look for: a DICOM keyword or ggggeeee, and a value. KEYWORD alone only shows it.",
            autocompletion=complete_keyword,
        ),
    ] = None,
    level: Annotated[
        LevelName | None, typer.Option(case_sensitive=False, help="What to find; studies unless told.")
    ] = None,
    icons: Annotated[
        bool | None,
        typer.Option(
            "--icons/--no-icons", help="Ask for pictures. Without either: in a terminal, in HTML and to save them."
        ),
    ] = None,
    fallback: Annotated[
        bool, typer.Option("--fallback", help="Where no picture comes, retrieve one image and make it here.")
    ] = False,
    tree: Annotated[
        bool, typer.Option("--tree", help="Show what is in each study, down to the images or to --level.")
    ] = False,
    watch: Annotated[
        float | None,
        typer.Option(min=0.1, metavar="SECONDS", help="Ask again and again, and show only what is new."),
    ] = None,
    written: Annotated[
        Format, typer.Option("--format", case_sensitive=False, help="How to write the answers.")
    ] = Format.TABLE,
    output: Annotated[Path | None, typer.Option(help="Write to this file instead of standard output.")] = None,
    save_icons: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Save each picture there as PNG, named by UID.")
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="Take so many answers at most; with --tree, so many studies.")
    ] = None,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long the peer may say nothing.")
    ] = 60.0,
    calling_ae_title: Annotated[str | None, typer.Option(metavar="AET", help="What to call ourselves.")] = None,
) -> int:
    """Ask an archive, and see pictures beside the answers.

    For example:

    findicon find PACS@10.0.0.5:104 'PatientName=DOE*' StudyDate=20240101- ReferringPhysicianName

    findicon find PACS@10.0.0.5:104 --level series RequestAttributesSequence.RequestedProcedureID=R17
    """
    settings = load_settings()
    title = calling_title(settings, calling_ae_title)
    asked_level = Level(level) if level else Level.IMAGE if tree else Level.STUDY
    _check_tree(tree=tree, level=asked_level, written=written, watch=watch, save_icons=save_icons)
    asked = parse_keys(keys or [])
    for sentence in misplaced(asked, asked_level):
        complain(sentence)
    if fallback and icons is False:
        raise QueryError("--fallback makes pictures: leave out --no-icons")
    is_for_a_screen = written is Format.TABLE and output is None and sys.stdout.isatty()
    is_drawn = written is Format.TABLE and (is_for_a_screen if icons is None else icons)
    if icons is None:
        icons = bool(save_icons) or fallback or written is Format.HTML or is_for_a_screen
    sink = Output(written, output, asked_level, asked, pictures=is_drawn)
    with connected(settings, peer, calling_ae_title=title, timeout=timeout) as client, cancelling() as cancel:
        made = Fallback(client, settings.icons, retrieves=fallback, cancel=cancel)
        finding = _Finding(client, asked_level, asked, icons, cancel, made.complete if icons else _as_they_are)
        if tree:
            code = finding.tree(sink, limit)
        elif watch is not None:
            code = finding.arrivals(sink, limit, watch, save_icons)
        else:
            code = finding.answers(sink, limit, save_icons)
    for sentence in made.complaints():
        complain(sentence)
    return code


def _check_tree(*, tree: bool, level: Level, written: Format, watch: float | None, save_icons: Path | None) -> None:
    """Refuse flags that a tree has no place for."""
    if not tree:
        return
    if level is Level.PATIENT:
        raise QueryError("--tree begins with studies: leave out --level patient")
    if written is not Format.TABLE:
        raise QueryError(f"--tree is drawn for people: leave out --format {written}")
    if watch is not None or save_icons is not None:
        raise QueryError(f"--tree goes without {'--watch' if watch is not None else '--save-icons'}")


def _as_they_are(matches: Iterable[Match], _level: Level) -> Iterable[Match]:
    return matches


@dataclass(frozen=True, slots=True)
class _Finding:
    """One question, and the ways in which it can be asked."""

    finder: Finder
    level: Level
    keys: list[Key]
    icon: bool
    cancel: Cancel
    complete: Complete

    def answers(self, sink: Output, limit: int | None, save_icons: Path | None) -> int:
        """Ask once."""
        found = ask(self.finder, self.level, self.keys, icon=self.icon, limit=limit, cancel=self.cancel)
        answers = Answers(found, self.cancel)
        sink.matches(_saved(self.complete(answers, self.level), save_icons, self.level))
        return answers.conclude()

    def tree(self, sink: Output, limit: int | None) -> int:
        """Ask for studies and for what is in them."""
        descent = Descent(self.finder, self.level, self.keys, self.icon, self.cancel, self.complete)
        branches = Answers(descent.branches(limit), self.cancel)
        sink.branches(branches)
        return branches.conclude("study", "studies")

    def arrivals(self, sink: Output, limit: int | None, seconds: float, save_icons: Path | None) -> int:
        """Ask again and again until Ctrl-C, or until so many new answers have come."""
        arrivals = Arrivals(self.finder, self.level, self.keys, self.icon, seconds, self.cancel)
        batches = (
            list(_saved(self.complete(batch, self.level), save_icons, self.level)) for batch in arrivals.batches()
        )
        sink.batches(_first(batches, limit))
        return DONE


def _first(batches: Iterable[list[Match]], limit: int | None) -> Iterator[list[Match]]:
    """Give batches until so many answers have come."""
    left = limit
    for batch in batches:
        yield batch[:left]
        if left is not None:
            left -= len(batch)
            if left <= 0:
                return


def _saved(matches: Iterable[Match], folder: Path | None, level: Level) -> Iterator[Match]:
    """Save each answer's picture on its way."""
    if folder is None:
        yield from matches
        return
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
