"""``findicon check``: a judge of peers' icons."""

import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from ..check import Finding, Measurement, Report, Verdict
from ..check import check as judge
from ..errors import QueryError
from ..query import Level
from ..scu import is_web_address
from .complaints import DONE, FAILED
from .completion import complete_keyword, complete_peer
from .connecting import calling_title
from .keys import parse_keys
from .settings import load_settings

_IN_A_FILE = 120  # characters to a line where nobody's terminal says how many
_STYLES = {Verdict.FAIL: "bold red", Verdict.UNKNOWN: "yellow", Verdict.NOT_SUPPORTED: "blue", Verdict.PASS: "green"}
_CELLS = {Verdict.FAIL: "FAIL", Verdict.UNKNOWN: "?", Verdict.NOT_SUPPORTED: "none", Verdict.PASS: "pass"}


def check(
    peer: Annotated[
        str,
        typer.Argument(
            metavar="AET@host:port",
            help="Whom to judge: an address, or a peer in findicon.toml.",
            autocompletion=complete_peer,
        ),
    ],
    keys: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEYWORD=VALUE",
            help="Which studies to look at, as in PatientID=TEST; by default whatever the peer answers first.",
            autocompletion=complete_keyword,
        ),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Write every finding and measurement as JSON.")] = False,
    timeout: Annotated[
        float, typer.Option(min=0.1, metavar="SECONDS", help="How long the peer may say nothing.")
    ] = 60.0,
    calling_ae_title: Annotated[str | None, typer.Option(metavar="AET", help="What to call ourselves.")] = None,
) -> int:
    """Judge whether a peer's icons are correct DICOM; ends with 1 when something is not, or nothing could be judged."""
    settings = load_settings()
    title = calling_title(settings, calling_ae_title)
    if is_web_address(peer):
        raise QueryError(f"{peer} is a DICOMweb address: check judges answers to C-FIND, so write AET@host:port")
    with _progress() as told:
        report = judge(
            settings.peer(peer), report=told, keys=parse_keys(keys or []), calling_ae_title=title, timeout=timeout
        )
    if as_json:
        print(report.to_json())  # noqa: T201
    else:
        _print(report, Console(width=None if sys.stdout.isatty() else _IN_A_FILE))
    return DONE if report.passed else FAILED


@contextmanager
def _progress() -> Iterator[Callable[[str], object]]:
    """Say on standard error what is being asked, where somebody is looking."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield lambda _: None
        return
    with console.status("asking") as status:
        yield status.update


def _print(report: Report, console: Console) -> None:
    tables = [_matrix(report), _remarks(report.findings), _measurements(report.measurements)]
    for table in tables:
        if table.row_count:
            console.print(table)
            console.print()
    console.print(Text(f"{report.peer}: {report.verdict}", style="bold" if report.passed else "bold red"))


def _matrix(report: Report) -> Table:
    """Lay every rule against every level."""
    made = _table()
    made.add_column("Rule")
    made.add_column("Standard")
    for level in report.support:
        made.add_column(level)
    verdicts: dict[tuple[str, str], dict[Level, Verdict]] = {}
    for finding in report.findings:
        levels = verdicts.setdefault((finding.rule, finding.section), {})
        worst = min(finding.verdict, levels.get(finding.level, Verdict.PASS), key=list(_STYLES).index)
        levels[finding.level] = worst
    for (rule, section), levels in verdicts.items():
        cells = [Text(_CELLS[levels[one]], _STYLES[levels[one]]) if one in levels else "" for one in report.support]
        made.add_row(rule, section, *cells)
    return made


def _remarks(findings: Sequence[Finding]) -> Table:
    """Say what was seen of all that did not pass, the worst first."""
    made = _table()
    made.add_column("Verdict", no_wrap=True)
    made.add_column("Level", no_wrap=True)
    made.add_column("What was seen", ratio=1)
    for verdict, style in _STYLES.items():
        for one in findings:
            if one.verdict is verdict and verdict is not Verdict.PASS:
                what = Text.assemble((f"{one.rule}: ", "bold"), one.detail, (f" ({one.section})", "dim"))
                made.add_row(Text(verdict, style), one.level, what)
    return made


def _table() -> Table:
    return Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="bold underline")


def _measurements(measurements: Sequence[Measurement]) -> Table:
    made = _table()
    made.add_column("Level")
    made.add_column("(0088,0200)")
    for heading in ("Answers", "Icons", "Largest", "ms", "Bytes", "of icons"):
        made.add_column(heading, justify="right")
    for one in measurements:
        largest = f"{one.largest[1]} x {one.largest[0]}" if one.largest else ""
        numbers = (one.answers, one.icons, largest, f"{one.seconds * 1000:.1f}", one.bytes, one.icon_bytes)
        made.add_row(one.level, one.asked, *map(str, numbers))
    return made
