"""``findicon index``: folders of DICOM files into the catalogue, with their pictures."""

import json
import sys
from dataclasses import asdict
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from ..archive import index as index_paths
from ..catalogue import Catalogue
from ..errors import QueryError
from .complaints import DONE, WRONG_QUESTION, complain
from .databases import usable
from .failures import failed_lines
from .progress import Watching
from .settings import load_settings


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
    as_json: Annotated[bool, typer.Option("--json", help="Write the summary as JSON, with every failure.")] = False,
) -> int:
    """Bring the catalogue up to date with folders of DICOM files, which are read and never written."""
    missing = next((path for path in paths if not path.exists()), None)
    if missing is not None:  # a share that is not mounted is no reason to forget what lies on it
        raise QueryError(f"{missing} does not exist: nothing was read, and nothing forgotten")
    settings = load_settings(server={"database": database, "workers": workers})
    console = Console(stderr=True)
    with Catalogue(usable(settings.database)) as catalogue, Watching(console, is_shown=not as_json) as watching:
        summary = index_paths(
            paths, catalogue, workers=settings.server.workers, icons=icons.value, report=watching.report
        )
    failures = [{"path": event.subject, "reason": event.reason} for event in watching.failures]
    code = DONE
    if summary.found and summary.found == summary.skipped + summary.failed:
        code = complain(f"there is no DICOM file in {', '.join(map(str, paths))}", WRONG_QUESTION)
    duplicates = [{"path": event.subject, "reason": event.reason} for event in watching.duplicates]
    if as_json:
        said = asdict(summary) | {"failures": failures, "duplicates": duplicates}
        print(json.dumps(said, ensure_ascii=False))  # noqa: T201
        return code
    print(_sentence(asdict(summary), watching.seconds))  # noqa: T201
    for line in failed_lines([(one["path"], one["reason"]) for one in failures], "unreadable"):
        print(line, file=sys.stderr)  # noqa: T201
    for one in duplicates:
        print(f"{one['path']}: {one['reason']}", file=sys.stderr)  # noqa: T201
    return code


def _sentence(counts: dict[str, int], seconds: float) -> str:
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
    return f"{counts['found']} files: {files}" + (f"; pictures: {made}" if made else "") + f"; {seconds:.1f} s"
