"""``findicon index``: folders of DICOM files into the catalogue, with their pictures."""

import json
import sys
from contextlib import closing
from dataclasses import asdict
from enum import StrEnum
from itertools import chain
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..archive import Event, Summary, follow
from ..archive import index as index_paths
from ..catalogue import Catalogue
from ..errors import QueryError
from .choosing import choice_of
from .complaints import DONE, WRONG_QUESTION, complain
from .databases import usable
from .failures import failed_lines
from .progress import Watching
from .settings import Settings, load_settings
from .stopping import until_stopped


class Icons(StrEnum):
    """When pictures are made."""

    NOW = "now"
    LATER = "later"


def index(
    paths: Annotated[list[Path], typer.Argument(metavar="PATH", help="Folders, and files.")],
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Path or URL of the catalogue's database.")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="How many processes read and render; one per core unless given.")
    ] = None,
    icons: Annotated[
        Icons, typer.Option(case_sensitive=False, help="Make pictures now, or leave them to `findicon serve`.")
    ] = Icons.NOW,
    is_followed: Annotated[
        bool, typer.Option("--follow", help="Then watch the folders and take in what changes, until Ctrl-C.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON, with every failure.")] = False,
) -> int:
    """Bring the catalogue up to date with folders of DICOM files, which are read and never written."""
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:  # a share that is not mounted is no reason to forget what lies on it
        raise QueryError(f"{missing} does not exist: nothing was read, and nothing forgotten")
    other = next((path for path in paths if not path.is_dir()), None)
    if is_followed and other is not None:
        raise QueryError(f"{other} is no folder: --follow watches folders")
    settings = load_settings(server={"database": database, "workers": workers})
    console = Console(stderr=True)
    with Catalogue(usable(settings.database)) as catalogue:
        if is_followed:
            with until_stopped():
                _follow(paths, catalogue, console, settings, icons=icons, as_json=as_json)
            return DONE
        with Watching(console, is_shown=not as_json) as watching:
            summary = index_paths(
                paths,
                catalogue,
                workers=settings.server.workers,
                icons=icons.value,
                choice=choice_of(settings.icons),
                report=watching.report,
            )
    code = DONE
    if summary.found and summary.found == summary.skipped + summary.failed:
        code = complain(f"there is no DICOM file in {', '.join(map(str, paths))}", WRONG_QUESTION)
    _tell(summary, watching, watching.seconds, as_json=as_json)
    return code


def _follow(
    paths: list[Path], catalogue: Catalogue, console: Console, settings: Settings, *, icons: Icons, as_json: bool
) -> None:
    """Tell what each pass came to; the first has bars, for the others it is not known when they begin."""
    watching = Watching(console, is_shown=not as_json)

    def report(event: Event) -> None:
        watching.report(event)

    workers, choice = settings.server.workers, choice_of(settings.icons)
    passes = follow(paths, catalogue, workers=workers, icons=icons.value, choice=choice, report=report)
    with closing(passes) as summaries:
        with watching:
            first = next(summaries)
        seconds: float | None = watching.seconds
        for summary in chain([first], summaries):
            _tell(summary, watching, seconds, as_json=as_json)
            watching, seconds = Watching(console, is_shown=False), None


def _tell(summary: Summary, watching: Watching, seconds: float | None, *, as_json: bool) -> None:
    """Print what a run came to, and on standard error what could not be read."""
    failures = [{"path": event.subject, "reason": event.reason} for event in watching.failures]
    duplicates = [{"path": event.subject, "reason": event.reason} for event in watching.duplicates]
    if as_json:
        said = asdict(summary) | {"failures": failures, "duplicates": duplicates}
        print(json.dumps(said, ensure_ascii=False), flush=True)  # noqa: T201
        return
    print(_sentence(asdict(summary), seconds), flush=True)  # noqa: T201
    for line in failed_lines([(one["path"], one["reason"]) for one in failures], "unreadable"):
        print(line, file=sys.stderr)  # noqa: T201
    for one in duplicates:
        print(f"{one['path']}: {one['reason']}", file=sys.stderr)  # noqa: T201


def _sentence(counts: dict[str, int], seconds: float | None) -> str:
    """Say what a run came to."""
    said = [
        (counts["indexed"], "indexed"),
        (counts["unchanged"], "unchanged"),
        (counts["skipped"], "not DICOM"),
        (counts["failed"], "unreadable"),
        (counts["duplicate"], "with the UID of another"),
        (counts["gone"], "gone"),
    ]
    files = ", ".join(f"{number} {what}" for number, what in said if number) or "nothing to do"
    pictures = [(counts["pictured"], "made"), (counts["no_picture"], "not to be had")]
    made = ", ".join(f"{number} {what}" for number, what in pictures if number)
    took = "" if seconds is None else f"; {seconds:.1f} s"
    return f"{counts['found']} files: {files}" + (f"; pictures: {made}" if made else "") + took
