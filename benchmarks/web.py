"""The web beside Orthanc with its DICOMweb plug-in: thumbnails, a page of pictures, searches, and very many studies."""

import http.client
import os
import statistics
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from benchmarks import web_images, web_peers
from benchmarks.catalogue_archives import archives
from benchmarks.report import Row
from benchmarks.web_chromium import Seen, chromium, first_screen, items, pictures
from benchmarks.web_load import Load, load

PICTURES = 200
STUDIES = 1_000
MANY = 1_000_000
SMALL = 16
SIZES = (1_000, 10_000, 100_000, MANY)  # each is built from the one before
LIMIT = 0.2
LISTED = 100  # Orthanc Explorer lists no more than that
ROUNDS = 5
JPEG, JSON = "image/jpeg", "application/dicom+json"
# What somebody types, or chooses, at a million studies, by how hard it is; the names are those of the archive.
SEARCHES = {
    "one letter": ("?q=a", "?q=x", "?q=1"),
    "two letters": ("?q=lo", "?q=ra", "?q=us", "?q=xq"),
    "a part of a word": ("?q=est", "?q=hes", "?q=ead"),
    "a name that some have": ("?q=bada", "?q=bata+lino", "?q=bada+ct+2018"),
    "a name that nobody has": ("?q=zzzzqq", "?q=follow+up", "?q=name:qx"),
    "words that everybody has": ("?q=chest", "?q=mr+head", "?q=abdomen", "?q=ct"),
    "short words together": ("?q=pt+li", "?q=lo+ra+ct+head", "?q=a+e+i+o"),
    "a word and days": ("?q=lo+2019", "?q=chest+2012-03", "?q=bada+since:2020", "?q=since:2020"),
    "a word and a modality": ("?q=lo+nm", "?q=knee+mr", "?modality=PT", "?modality=CT&modality=MR&q=li"),
    "numbers": ("?q=PID00012345", "?q=PID0001", "?q=00012345"),
    "fields that no list has": ("?q=referrer:lo", "?q=body:chest", "?q=series:axial", "?q=birth:1950", "?q=station:ct"),
    "choices": (
        "?station=CT1", "?modality=ZZ", "?description=CT+CHEST&modality=CT&from=2018-01-01&to=2018-12-31",
    ),
}  # fmt: skip
# Somewhere in the middle, and close to the end.
PLACES = ("20170605~101010~1.2.826.5000", "20080110~101010~1.2.826.5000")
TURNS = {
    "turning pages in the middle": tuple(
        f"{search or '?'}&{way}={PLACES[0]}"
        for search in ("", "?q=ct", "?q=bada", "?q=lo", "?q=pt+li")
        for way in ("after", "before")
    ),
    "turning pages at the end": tuple(f"{search}&after={PLACES[1]}" for search in ("?", "?q=ct", "?q=lo", "?q=chest")),
}


def run() -> list[Row]:
    """Measure thumbnails, the page with 200 pictures, QIDO of 1,000 studies, and pages at 1,000,000."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        return [*_with_pictures(folder / "pictures"), *_with_studies(folder / "studies"), *_with_many()]


@contextmanager
def _both(folder: Path, files: Sequence[Path]) -> Iterator[tuple[int, int]]:
    """Serve the same files with our web and with Orthanc; give both ports."""
    url = web_peers.indexed(folder / "files", folder / "catalogue.sqlite")
    with web_peers.ours(url) as ours, web_peers.orthanc(folder / "orthanc", files) as orthanc:
        yield ours, orthanc


def _with_pictures(folder: Path) -> list[Row]:
    files = web_images.write(folder / "files", PICTURES)
    with ExitStack() as stack:
        ours, orthanc = stack.enter_context(_both(folder, files))
        size = "viewport=256,256"
        instances = [_instance(number) for number in range(PICTURES)]
        rendered = load(orthanc, [f"{one}/rendered?{size}" for one in instances], accept=JPEG)
        again = load(orthanc, [f"{one}/rendered?{size}" for one in instances], accept=JPEG)
        cold = load(ours, [f"{one}/thumbnail?{size}" for one in instances], accept=JPEG)
        warm = _steady(ours, [f"{one}/thumbnail?{size}" for one in instances])
        studies = [f"/dicom-web/studies/{web_images.study_uid(number)}/thumbnail?{size}" for number in range(PICTURES)]
        of_studies = _steady(ours, studies)
        rows = [
            _thumbnails("of images, cold: none was made before", cold, rendered),
            _thumbnails("of images, warm", warm, again),
            _thumbnails("of studies, made at ingest", of_studies, again),
        ]
        browser = stack.enter_context(chromium())
        address = f"http://127.0.0.1:{ours}/?size={PICTURES}"
        first = pictures(browser, address, PICTURES, rounds=1)
        page = pictures(browser, address, PICTURES)
        screen = first_screen(browser, address)
        explorer = f"http://127.0.0.1:{orthanc}/app/explorer.html"
        listed = items(browser, f"{explorer}#find-studies", "#all-studies li", LISTED)
        few = pictures(browser, f"http://127.0.0.1:{ours}/?size={LISTED}", LISTED)
    beside = f"the same list in Orthanc Explorer, {listed.items} studies at most and no pictures: {_took(listed)}"
    return [
        *rows,
        _chromium(
            f"a page of {PICTURES} studies in Chromium, to its last picture, for the first time", first, listed, beside
        ),
        _chromium(f"a page of {PICTURES} studies in Chromium, to its last picture, later", page, listed, beside),
        _chromium("the same in a window of 1440 x 900, to the last picture in sight", screen, listed, beside),
        _chromium(f"a page of {LISTED} studies in Chromium, to its last picture", few, listed, beside),
    ]


def _instance(number: int) -> str:
    study, series, instance = (
        one(number) for one in (web_images.study_uid, web_images.series_uid, web_images.instance_uid)
    )
    return f"/dicom-web/studies/{study}/series/{series}/instances/{instance}"


def _steady(port: int, paths: Sequence[str]) -> Load:
    load(port, paths, accept=JPEG)
    return load(port, paths, accept=JPEG, count=10 * len(paths))


def _thumbnails(case: str, ours: Load, peer: Load) -> Row:
    return Row(
        case=f"thumbnails of 256 pixels a second, 4 connections, {case}",
        ours=f"{ours.rate:.0f}/s, {1000 * ours.median:.1f} ms each, {ours.size / 1024:.1f} kB",
        peer=f"Orthanc rendered: {peer.rate:.0f}/s, {1000 * peer.median:.1f} ms, {peer.size / 1024:.1f} kB",
        ratio=ours.rate / peer.rate,
        goal="> 1",
        met=ours.rate > peer.rate,
    )


def _took(seen: Seen) -> str:
    return f"{1000 * seen.seconds:.0f} ms, {seen.bytes / 1024:,.0f} kB"


def _chromium(case: str, ours: Seen, peer: Seen, beside: str) -> Row:
    return Row(
        case=case,
        ours=f"{_took(ours)}, {ours.items} pictures",
        peer=beside,
        ratio=peer.seconds / ours.seconds,
        goal="> 1",
        met=ours.seconds < peer.seconds,
    )


def _with_studies(folder: Path) -> list[Row]:
    files = web_images.write(folder / "files", STUDIES, SMALL)
    rows = []
    with _both(folder, files) as (ours, orthanc):
        path = f"/dicom-web/studies?limit={STUDIES}"
        for connections in (1, 4):
            own, peer = (
                load(port, [path], accept=JSON, count=count, connections=connections)
                for port, count in ((ours, 40), (orthanc, 12))
            )
            rows.append(
                Row(
                    case=f"QIDO of {STUDIES:,} studies, {connections} at once",
                    ours=f"{1000 * own.median:.0f} ms, {own.size / 1024:,.0f} kB",
                    peer=f"Orthanc {1000 * peer.median:.0f} ms, {peer.size / 1024:,.0f} kB",
                    ratio=peer.median / own.median,
                    goal="> 1",
                    met=own.median < peer.median,
                )
            )
    return rows


def _with_many() -> list[Row]:
    rows = []
    with archives() as (on_sqlite, *_):
        on_sqlite.build(SIZES)
        url = on_sqlite.url(MANY)
        for disk in (True, False):
            if disk:
                _forget(Path(url))
            with web_peers.ours(url) as port:
                rows += _all_pages(port, "read from the disk" if disk else "in the system's cache")
    return rows


def _forget(path: Path) -> None:
    """Have the system forget what it holds of a file."""
    file = os.open(path, os.O_RDONLY)
    os.fsync(file)
    os.posix_fadvise(file, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(file)


def _all_pages(port: int, where: str) -> list[Row]:
    at_start = _page(port, "")[0]
    first = Row(
        case=f"{MANY:,} studies, {where}: the first page, asked for when the server says that it listens",
        ours=f"{1000 * at_start:.0f} ms",
        peer="",
        ratio=None,
        goal="< 200 ms",
        met=at_start < LIMIT,
    )
    kinds = {**SEARCHES, **TURNS}
    return [first, *(_pages(port, f"{MANY:,} studies, {where}: {kind}", asked) for kind, asked in kinds.items())]


def _pages(port: int, case: str, queries: Sequence[str]) -> Row:
    """Ask for each page once, then again: all that a reader waits for the page itself."""
    taken = {query: _page(port, query) for query in queries}
    first = {query: one[0] for query, one in taken.items()}
    again = {query: statistics.median(one[1:]) for query, one in taken.items()}
    slowest = max(again, key=lambda query: again[query])
    first_slowest = max(first, key=lambda query: first[query])
    return Row(
        case=f"{case}, {len(queries)} pages",
        ours=f"never asked before {1000 * first[first_slowest]:.0f} ms (`/{first_slowest}`), again "
        f"{1000 * again[slowest]:.0f} ms (`/{slowest}`), the slowest of both",
        peer="",
        ratio=None,
        goal="< 200 ms, all",
        met=max(*again.values(), *first.values()) < LIMIT,
    )


def _page(port: int, query: str) -> list[float]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=120)
    taken = []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        connection.request("GET", f"/{query}")
        answer = connection.getresponse()
        answer.read()
        if answer.status != 200:
            raise RuntimeError(f"/{query}: {answer.status} {answer.reason}")
        taken.append(time.perf_counter() - began)
    connection.close()
    return taken
