"""The catalogue as it grows, on both databases: answers leave through the SCP, to our client and to findscu."""

import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks.catalogue_archives import ICONS, Archives, archives
from benchmarks.catalogue_questions import questions
from benchmarks.exchange_peers import AE_TITLE, module
from benchmarks.plot import curves
from benchmarks.report import Row
from findicon.catalogue import Catalogue
from findicon.query import Query
from findicon.scu import Client

SIZES = (1_000, 10_000, 100_000, 1_000_000)
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
    curve: dict[str, dict[float, float]] = {}
    with archives() as found:
        for archive in found:
            archive.build(SIZES)
            figures = _growing(archive)
            curve.update({f"{kind}, {archive.name}": points for kind, points in figures.items()})
            rows += _flat(archive.name, figures)
            rows += _broad(archive)
            rows += _many(archive)
            rows += _while_ingesting(archive)
    title = "A query that 1 to 10 studies match, to findscu on an open association"
    PLOT.write_text(curves(title, "studies in the catalogue", "milliseconds", curve), encoding="utf-8")
    return rows


def _growing(archive: Archives) -> dict[str, dict[float, float]]:
    """Give the milliseconds of each kind of question at each size, the median of some questions."""
    figures: dict[str, dict[float, float]] = {}
    for size in SIZES:
        with Catalogue(archive.url(size)) as catalogue:
            asked = questions(catalogue, size)
        with _served(archive.url(size)) as (_, port, _):
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


def _broad(archive: Archives) -> list[Row]:
    asked = {
        "all studies since 2020": Query("STUDY", icon=True, StudyDate="20200101-"),
        "a name infix of two letters": Query("STUDY", icon=True, PatientName="*ab*"),
        "all CT studies": Query("STUDY", icon=True, ModalitiesInStudy="CT"),
    }
    rows = []
    with _served(archive.url(SIZES[-1])) as (client, _, _):
        for kind, query in asked.items():
            firsts = []
            for _ in range(5):
                began = time.perf_counter()
                with client.find(query) as matches:
                    next(matches)
                    firsts.append(time.perf_counter() - began)
            first = f"{1000 * statistics.median(firsts):.1f} ms to the first answer"
            rows.append(
                Row(case=f"{SIZES[-1]:,} studies, {archive.name}: {kind}", ours=first, peer="", ratio=None, goal="")
            )
    return rows


def _many(archive: Archives) -> list[Row]:
    """Take 100,000 answers with icons in one query, and look at the server's memory meanwhile."""
    query = Query("STUDY", icon=True, AccessionNumber="A0000*")
    name = archive.name
    with _served(archive.url(SIZES[-1])) as (client, _, process):
        list(client.find(Query("STUDY", icon=True, AccessionNumber="A000000001")))
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


def _while_ingesting(archive: Archives) -> list[Row]:
    """Ask again and again while processes take instances in; no answer may fail, or miss one of what is there."""
    query, url, name = Query("STUDY", icon=True, PatientID="PID0000001?"), archive.scratch(SIZES[-1]), archive.name
    with _served(url) as (client, _, _), ExitStack() as stack:
        there = sum(1 for _ in client.find(query))
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
            short += sum(1 for _ in client.find(query)) != there
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
