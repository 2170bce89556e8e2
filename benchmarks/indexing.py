"""A folder into the catalogue with its pictures, and instances into the storage folder, beside how others do it.

The pydicom loop reads the same attributes into one SQLite table and makes a thumbnail and an icon of each series, as a
script would: one process, one transaction. findicon reads in one process for each core and writes in another, keeps
its tables normalised with the whole header beside them, and makes pictures of series and of studies. Both begin with
modules loaded; findicon's worker processes start within its time. dcmqridx gets 1,000 files: its time grows with the
square of their number (10,000 take minutes). Orthanc gets 2,000 native CT and MR files by storescu over the loopback,
which is the way to index with it.
"""

import io
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
import warnings
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from statistics import median

import numpy as np
import pydicom
from PIL import Image
from pydicom.datadict import keyword_for_tag
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from findicon.archive import index
from findicon.catalogue import ATTRIBUTES, Catalogue

from .archive_files import NATIVE, make_files
from .report import Row
from .storing import orthanc, store

FILES = 10_000
FILES_FOR_DCMQRIDX = 1_000
FILES_TO_STORE = 2_000
_RUNS = 3


def run() -> list[Row]:
    """Measure; peers that are not installed are named on standard error and left out."""
    with tempfile.TemporaryDirectory() as folder:
        work = Path(folder)
        paths = make_files(work / "files", FILES)
        few = work / "few"
        for path in paths[:FILES_FOR_DCMQRIDX]:
            few.mkdir(exist_ok=True)
            shutil.copy(path, few / f"{path.parent.name}-{path.name}")
        make_files(work / "native", FILES_TO_STORE, NATIVE)
        return _indexing(work, few)


def _indexing(work: Path, few: Path) -> list[Row]:
    ours, loops = [], []
    for number in range(_RUNS):  # by turns
        ours.append(_timed(lambda: _index(work / "files", work)))
        loops.append(_timed(lambda number=number: _pydicom_loop(work / "files", work / f"loop-{number}.sqlite")))
    seconds, loop = median(ours), median(loops)
    again = _timed(lambda: _index(work / "files", work, keep=True))
    figure = f"{seconds:.1f} s, {FILES / seconds:.0f} files/s"
    case = f"{FILES:,} files, headers and icons"
    rows: list[Row] = [
        _row(case, figure, f"pydicom loop {loop:.1f} s", loop / seconds, 5),
        {"case": f"{case}, nothing changed", "ours": f"{again:.2f} s", "peer": "", "ratio": None, "goal": ""},
    ]
    if _is_here("dcmqridx"):
        small = median(_timed(lambda: _index(few, work)) for _ in range(_RUNS))
        peer = _timed(lambda: _dcmqridx(few, work / "dcmqridx"))
        name = f"{FILES_FOR_DCMQRIDX:,} files (dcmqridx: headers only)"
        rows.append(_row(name, f"{small:.2f} s", f"DCMTK dcmqridx {peer:.1f} s", peer / small, 1))
    if _is_here("Orthanc") and _is_here("storescu"):
        with orthanc(work / "orthanc") as port:
            peer = _timed(lambda: store(work / "native", port))
        rate, theirs = FILES / seconds, FILES_TO_STORE / peer
        rows.append(_row(case, f"{rate:.0f} files/s", f"Orthanc by storescu {theirs:.0f} files/s", rate / theirs, 10))
    return rows


def _index(folder: Path, work: Path, *, keep: bool = False) -> None:
    database = work / "catalogue.sqlite"
    if not keep:
        for path in work.glob("catalogue.sqlite*"):
            path.unlink()
    with Catalogue(str(database)) as catalogue:
        index([folder], catalogue)


def _pydicom_loop(folder: Path, database: Path) -> None:
    keywords = [keyword_for_tag(tag) for tag in ATTRIBUTES]
    series = defaultdict(list)
    with sqlite3.connect(database) as connection, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        connection.execute(f"CREATE TABLE instance ({', '.join(keywords)}, path)")
        places = ", ".join("?" * (len(keywords) + 1))
        for path in folder.rglob("*.dcm"):
            dataset = pydicom.dcmread(path, stop_before_pixels=True)
            values = [str(dataset.get(keyword, "")) for keyword in keywords]
            connection.execute(f"INSERT INTO instance VALUES ({places})", [*values, str(path)])
            series[dataset.SeriesInstanceUID].append((int(dataset.InstanceNumber), path))
        connection.execute("CREATE TABLE icon (series, icon, preview)")
        for uid, images in series.items():
            path = sorted(images)[len(images) // 3][1]
            connection.execute("INSERT INTO icon VALUES (?, ?, ?)", [uid, *_icon(path)])
    connection.close()


def _icon(path: Path) -> tuple[bytes | None, bytes | None]:
    dataset = pydicom.dcmread(path)
    if "PixelData" not in dataset:
        return None, None
    array = dataset.pixel_array
    if dataset.SamplesPerPixel == 1:
        array = apply_voi_lut(apply_modality_lut(array, dataset), dataset).astype(float)
        array = (array - array.min()) / (np.ptp(array) or 1) * 255
    image = Image.fromarray(array.astype(np.uint8))
    image.thumbnail((256, 256))
    preview = io.BytesIO()
    image.save(preview, "JPEG")
    image.thumbnail((64, 64))
    return image.tobytes(), preview.getvalue()


def _dcmqridx(folder: Path, area: Path) -> None:
    area.mkdir()
    subprocess.run(["dcmqridx", area, *sorted(folder.iterdir())], check=True, capture_output=True)


def _row(case: str, figure: str, peer: str, ratio: float, goal: float) -> Row:
    return {"case": case, "ours": figure, "peer": peer, "ratio": ratio, "goal": f">= {goal:g}", "met": ratio >= goal}


def _timed(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def _is_here(program: str) -> bool:
    if shutil.which(program):
        return True
    print(f"{program} is not installed: its rows are left out", file=sys.stderr)
    return False
