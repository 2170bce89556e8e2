"""``findicon status``: what the catalogue holds, and what still waits."""

import json
from typing import Annotated, Any

import typer

from ..catalogue import Catalogue
from ..query import Level
from .databases import existing, size_on_disk, without_password
from .failures import failed_lines
from .settings import load_settings

_NAMES = {Level.PATIENT: "patients", Level.STUDY: "studies", Level.SERIES: "series", Level.IMAGE: "images"}
_UNITS = ("bytes", "kB", "MB", "GB", "TB")


def status(
    database: Annotated[
        str | None, typer.Option(metavar="URL", help="Path or URL of the catalogue's database.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write it as JSON, with every failure.")] = False,
) -> int:
    """Tell what the catalogue holds, and what still waits."""
    settings = load_settings(server={"database": database})
    with Catalogue(existing(settings.database)) as catalogue:
        counts = {_NAMES[level]: number for level, number in catalogue.counts().items()}
        progress = catalogue.progress()
        failures = [(failure.path, failure.reason) for failure in catalogue.failures()]
    told: dict[str, Any] = {
        "database": without_password(settings.database),
        "bytes": size_on_disk(settings.database),
        **counts,
        "icons_made": progress.icons_made,
        "icons_waiting": progress.icons_waiting,
        "failures": [{"subject": subject, "reason": reason} for subject, reason in failures],
    }
    if as_json:
        print(json.dumps(told, ensure_ascii=False))  # noqa: T201
        return 0
    size = f" ({_readable(told['bytes'])})" if told["bytes"] else ""
    print(f"{told['database']}{size}")  # noqa: T201
    print("  ".join(f"{name}: {number}" for name, number in counts.items()))  # noqa: T201
    print(f"pictures: {progress.icons_made} made, {progress.icons_waiting} waiting")  # noqa: T201
    for line in failed_lines(failures, "failed"):
        print(line)  # noqa: T201
    return 0


def _readable(size: float) -> str:
    for unit in _UNITS[:-1]:
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} {_UNITS[-1]}"
