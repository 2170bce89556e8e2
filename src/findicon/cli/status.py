"""``findicon status``: what the catalogue holds, and what still waits."""

import json
from typing import Annotated, Any

import typer

from ..catalogue import Catalogue, Conflict
from ..query import Level
from .databases import existing, without_password
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
        conflicts = catalogue.conflicts()
        size = catalogue.bytes_on_disk()
    told: dict[str, Any] = {
        "database": without_password(settings.database),
        "bytes": size,
        **counts,
        "icons_made": progress.icons_made,
        "icons_waiting": progress.icons_waiting,
        "failures": [{"subject": subject, "reason": reason} for subject, reason in failures],
        "conflicts": [_conflict(one) for one in conflicts],
    }
    if as_json:
        print(json.dumps(told, ensure_ascii=False))  # noqa: T201
        return 0
    print(f"{told['database']} ({_readable(size)})")  # noqa: T201
    print("  ".join(f"{name}: {number}" for name, number in counts.items()))  # noqa: T201
    print(f"pictures: {progress.icons_made} made, {progress.icons_waiting} waiting")  # noqa: T201
    for line in failed_lines(failures, "failed"):
        print(line)  # noqa: T201
    for line in failed_lines([_said(one) for one in conflicts], "conflicting patient data, kept as each study has it"):
        print(line)  # noqa: T201
    return 0


def _conflict(one: Conflict) -> dict[str, Any]:
    return {"study": one.study, "patient_id": one.patient_id, "within": one.within}


def _said(one: Conflict) -> tuple[str, str]:
    """Give a study and what disagrees with it, without the patient's data: a terminal's text is kept in many places."""
    return (
        f"study {one.study}",
        "instances that disagree" if one.within else "disagrees with the patient's latest study",
    )


def _readable(size: float) -> str:
    for unit in _UNITS[:-1]:
        if size < 1000:
            return f"{size:.0f} {unit}"
        size /= 1000
    return f"{size:.1f} {_UNITS[-1]}"
