"""``findicon demo``: a small archive made from real images, served, queried and shown."""

import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from ..archive import index
from ..catalogue import Catalogue
from ..query import Level, Match, Query
from ..scu import Client
from ..show import print_table
from .consoles import picture_console
from .demo_files import build_archive
from .progress import Watching
from .serving import how_to_ask, serving
from .settings import ServerSettings, Settings
from .stopping import until_stopped, wait

_EVERY = 10
_PATIENCE_SECONDS = 60.0  # the demo shows all its pictures, however slow the machine


def demo(
    once: Annotated[bool, typer.Option("--once", help="End when everything is shown, instead of staying up.")] = False,
) -> int:
    """Make a small archive from real images, serve it, query it and show the answers with their pictures."""
    console = picture_console()
    with until_stopped(), tempfile.TemporaryDirectory(prefix="findicon-demo-") as folder:
        _run(Path(folder), console, once=once)
    return 0


def _run(folder: Path, console: Console, *, once: bool) -> None:
    images = folder / "images"
    own = ServerSettings(
        database=str(folder / "catalogue.sqlite"), storage=str(folder / "storage"), dicom_port=0, web_port=0
    )
    settings = Settings.model_construct(server=own)  # the demo is the same whatever the user has set
    with Console(stderr=True).status("copying real images, drawing the CT of a phantom"):
        count = build_archive(images)
    with Catalogue(settings.database) as catalogue:
        with Watching(Console(stderr=True)) as watching:
            summary = index([images], catalogue, report=watching.report)
        console.print(f"{count} files indexed, {summary.pictured} pictures made in {watching.seconds:.1f} s")
        with serving(settings, catalogue, picture_budget=_PATIENCE_SECONDS) as (server, web):
            with Client(server.address) as client:
                _show_all(client, console)
            console.print()
            console.print(Text(f"{server.address} answers; ask it from another terminal:", style="bold"))
            for line in how_to_ask(server.address):
                console.print(Text(f"  {line}"), soft_wrap=True)
            console.print(Text(f"and its pages are at {web.address}", style="bold"))
            if not once:
                console.print(Text("Ctrl-C ends it and removes everything it made.", style="dim"))
                wait()


def _show_all(client: Client, console: Console) -> None:
    studies = _ask(client, Query(Level.STUDY, icon=True))
    studies.matches.sort(key=_when, reverse=True)
    _show(console, studies, Level.STUDY, "every study, the newest first")
    largest = max(studies.matches, key=_number("NumberOfStudyRelatedInstances")).dataset
    series = _ask(client, Query(Level.SERIES, StudyInstanceUID=largest.StudyInstanceUID, icon=True))
    series.matches.sort(key=_number("SeriesNumber"))
    _show(console, series, Level.SERIES, f"of the study {largest.StudyDescription}")
    longest = max(series.matches, key=_number("NumberOfSeriesRelatedInstances")).dataset
    uids = {"StudyInstanceUID": longest.StudyInstanceUID, "SeriesInstanceUID": longest.SeriesInstanceUID}
    first = _ask(client, Query(Level.IMAGE, icon=True, **uids))
    images = _ask(client, Query(Level.IMAGE, icon=True, **uids))
    images.matches.sort(key=_number("InstanceNumber"))
    what = (
        f"every tenth image of the series {longest.SeriesDescription}; "
        f"the first time, when the pictures had to be made, it took {first.seconds * 1000:.0f} ms"
    )
    _show(console, images, Level.IMAGE, what, every=_EVERY)


def _number(keyword: str) -> Callable[[Match], int]:
    return lambda match: int(match.dataset.get(keyword) or 0)


def _when(match: Match) -> tuple[str, str]:
    return str(match.dataset.get("StudyDate") or ""), str(match.dataset.get("StudyTime") or "")


@dataclass(frozen=True)
class _Answers:
    matches: list[Match]
    seconds: float


def _ask(client: Client, query: Query) -> _Answers:
    began = perf_counter()
    return _Answers(list(client.find(query)), perf_counter() - began)


def _show(console: Console, answers: _Answers, level: Level, what: str, *, every: int = 1) -> None:
    count, pictures = len(answers.matches), sum(match.icon is not None for match in answers.matches)
    came = f"{count} answers, {pictures} pictures, {answers.seconds * 1000:.0f} ms"
    console.print()
    console.rule(Text(f"{level} level: {came}", style="bold"), align="left")
    console.print(Text(what, style="dim"))
    console.print()
    print_table(answers.matches[every - 1 :: every], console, level=level)
