"""The catalogue as it grows, on both databases: answers leave through the SCP, to our client and to findscu."""

import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import numpy as np

from benchmarks.archive_rows import fill
from benchmarks.catalogue_questions import questions
from benchmarks.exchange_peers import AE_TITLE, module
from benchmarks.plot import curves
from benchmarks.report import Row
from findicon.catalogue import Catalogue
from findicon.icons import Icon
from findicon.pixels import Picture
from findicon.query import Query
from findicon.scu import Client

SIZES = (1_000, 10_000, 100_000, 1_000_000)
ICONS = 100_000
ROUNDS = 20
REPEATS = 100
ASKED = 11
INGESTING = 8
SECONDS = 10.0
LIMITS = {"name infix": 15.0}
PLOT = Path(__file__).with_name("catalogue.svg")


def run() -> list[Row]:
    """Measure the questions at each size, then a very long answer, then questions while others write."""
    rows: list[Row] = []
    series: dict[str, dict[float, float]] = {}
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        databases = {"SQLite": str(folder / "catalogue.sqlite")}
        server = stack.enter_context(_postgresql())
        if server:
            databases["PostgreSQL"] = server
        for name, url in databases.items():
            figures = _growing(url)
            for kind, points in figures.items():
                series[f"{kind}, {name}"] = points
            rows += _flat(name, figures)
            rows += _broad(name, url)
            rows += _many(name, url)
            rows += _while_ingesting(name, url)
    title = "A query that 1 to 10 studies match, to findscu on an open association"
    PLOT.write_text(curves(title, "studies in the catalogue", "milliseconds", series), encoding="utf-8")
    return rows


@contextmanager
def _postgresql() -> Iterator[str | None]:
    """Run a PostgreSQL server as the tests do, with its usual care for durability, where there is one."""
    sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))
    from contract.postgresql_server import running_server  # noqa: PLC0415 -- the tests, found by the line above
    from support.needs import missing  # noqa: PLC0415

    if missing("postgresql"):
        yield None
        return
    with running_server("-c", "shared_buffers=1GB", "-c", "maintenance_work_mem=512MB", fsync=True) as server:
        yield server.database()


def _growing(url: str) -> dict[str, dict[float, float]]:
    """Give the milliseconds of each kind of question at each size, the median of some questions."""
    figures: dict[str, dict[float, float]] = {}
    item = _item()
    before = 0
    for size in SIZES:
        with Catalogue(url) as catalogue:
            fill(catalogue, before, size, icons=max(0, min(ICONS, size) - before), item=item)
            asked = questions(catalogue, size)
        before = size
        with _served(url) as (_, port, _):
            for kind, queries in asked.items():
                figures.setdefault(kind, {})[size] = statistics.median(_findscu(port, one) for one in queries[:ASKED])
    return figures


@contextmanager
def _served(url: str) -> Iterator[tuple[Client, int, int]]:
    with module("catalogue_server", url) as (port, process), Client(f"{AE_TITLE}@127.0.0.1:{port}") as client:
        yield client, port, process


def _median(client: Client, queries: list[Query]) -> float:
    taken = []
    for _ in range(ROUNDS):
        for query in queries:
            began = time.perf_counter()
            for _match in client.find(query):
                pass
            taken.append(time.perf_counter() - began)
    return 1000 * statistics.median(taken)


def _findscu(port: int, query: Query) -> float:
    """Give the mean milliseconds of one question more to a findscu that asks again and again."""

    def seconds(repeats: int) -> float:
        keys = [part for key in query.keys.values() for part in ("-k", f"{key.keyword}={''.join(key.values)}")]
        command = ["findscu", "-q", "-S", "-aec", AE_TITLE, "--repeat", str(repeats), "-k", "QueryRetrieveLevel=STUDY"]
        began = time.perf_counter()
        subprocess.run([*command, *keys, "127.0.0.1", str(port)], check=True, capture_output=True)
        return time.perf_counter() - began

    return 1000 * (seconds(REPEATS + 1) - seconds(1)) / REPEATS


def _flat(name: str, figures: dict[str, dict[float, float]]) -> list[Row]:
    rows: list[Row] = []
    small, large = 10_000, SIZES[-1]
    for kind, points in figures.items():
        limit = LIMITS.get(kind, 2.0)
        rows.append(
            Row(
                case=f"{large:,} studies, {name}, to findscu: {kind}",
                ours=f"{points[large]:.2f} ms",
                peer=f"itself at {small:,} {points[small]:.2f} ms",
                ratio=points[small] / points[large],
                goal=f"< {limit:g} ms, >= 0.5",
                met=points[large] < limit and points[small] / points[large] >= 0.5,
            )
        )
    return rows


def _broad(name: str, url: str) -> list[Row]:
    asked = {
        "all studies since 2015": Query("STUDY", icon=True, StudyDate="20150101-"),
        "a name infix of two letters": Query("STUDY", icon=True, PatientName="*ab*"),
        "all CT studies": Query("STUDY", icon=True, ModalitiesInStudy="CT"),
    }
    rows = []
    with _served(url) as (client, _, _):
        for kind, query in asked.items():
            firsts = []
            for _ in range(5):
                began = time.perf_counter()
                with client.find(query) as matches:
                    next(matches)
                    firsts.append(time.perf_counter() - began)
            first = f"{1000 * statistics.median(firsts):.1f} ms to the first answer"
            rows.append(Row(case=f"{SIZES[-1]:,} studies, {name}: {kind}", ours=first, peer="", ratio=None, goal=""))
    return rows


def _many(name: str, url: str) -> list[Row]:
    """Take 100,000 answers with icons in one query, and look at the server's memory meanwhile."""
    query = Query("STUDY", icon=True, limit=ICONS, PatientID="PID000*")
    with _served(url) as (client, _, process):
        list(client.find(Query("STUDY", icon=True, PatientID="PID00000001")))
        idle = largest = _memory(process)
        count, began, first = 0, time.perf_counter(), 0.0
        for _match in client.find(query):
            first = first or time.perf_counter() - began
            count += 1
            if count % 1000 == 0:
                largest = max(largest, _memory(process))
        whole = time.perf_counter() - began
    more = (largest - idle) / 1024
    return [
        Row(
            case=f"{count:,} answers with icons in one query, {name}",
            ours=f"{1000 * first:.1f} ms to the first, {whole:.1f} s to the last",
            peer="",
            ratio=None,
            goal="first < 50 ms",
            met=first < 0.05 and count == ICONS,
        ),
        Row(
            case=f"memory while answering {count:,} matches, {name}",
            ours=f"{more:.0f} MB more",
            peer=f"the same process idle {idle / 1024:.0f} MB",
            ratio=None,
            goal="< 40 MB more",
            met=more < 40,
        ),
    ]


def _memory(process: int) -> int:
    """Give the kilobytes that are a process's own: not the files that it has mapped."""
    for line in Path(f"/proc/{process}/status").read_text(encoding="ascii").splitlines():
        if line.startswith("RssAnon:"):
            return int(line.split()[1])
    raise RuntimeError("the system does not tell what memory a process has")


def _while_ingesting(name: str, url: str) -> list[Row]:
    query = Query("STUDY", icon=True, PatientID="PID0000001?")
    with _served(url) as (client, _, _), ExitStack() as stack:
        alone = _median(client, [query])
        command = [sys.executable, "-m", "benchmarks.catalogue_crowd", url]
        writers = [
            stack.enter_context(
                subprocess.Popen([*command, str(number), str(SECONDS)], stdout=subprocess.PIPE, text=True)
            )
            for number in range(INGESTING)
        ]
        taken, short = [], 0
        while any(writer.poll() is None for writer in writers):
            began = time.perf_counter()
            short += sum(1 for _ in client.find(query)) != 10
            taken.append(time.perf_counter() - began)
        added = sum(int(writer.communicate()[0] or 0) for writer in writers)
        failed = sum(writer.returncode != 0 for writer in writers)
    taken.sort()
    median, slow = 1000 * statistics.median(taken), 1000 * taken[int(len(taken) * 0.99)]
    return [
        Row(
            case=f"a query while {INGESTING} processes ingest {added / SECONDS:.0f} instances/s, {name}",
            ours=f"{median:.1f} ms, p99 {slow:.1f} ms; {failed} failed, {short} answers short",
            peer=f"itself with nobody else {alone:.2f} ms",
            ratio=alone / median,
            goal="none failed, none short",
            met=not failed and not short,
        )
    ]


def _item() -> bytes:
    gradient = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    return Icon.from_picture(Picture(gradient)).encoded()
