"""From file to 128 px icon item, per transfer syntax, beside the ways people do it now.

The peer is pydicom with every plug-in that is not GPL (GDCM, Pillow, pylibjpeg's for JPEG 2000 and RLE, pyjpegls):
``dcmread``, ``pixel_array``, LUTs, Pillow's thumbnail. pydicom chooses the plug-in, as for everybody who does not; the
fastest of the others is named beside it. None of them decodes 12-bit JPEG Extended: there the frame is decoded whole
with imagecodecs in their place. The error is the mean absolute difference, in gray levels of 255, to a picture made at
full resolution: every pixel decoded and transformed in double precision, then averaged over areas.
"""

import math
import os
import shutil
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from contextlib import suppress
from multiprocessing import get_context
from pathlib import Path
from statistics import quantiles
from typing import NamedTuple

import data_store
import imagecodecs
import numpy as np
import pydicom
import simplejpeg
from PIL import Image
from pydicom.data import DATA_ROOT, get_testdata_file
from pydicom.dataset import Dataset
from pydicom.encaps import get_frame
from pydicom.pixels import apply_modality_lut, apply_voi_lut, get_decoder, pixel_array
from pydicom.uid import UID

from findicon.icons import Icon
from findicon.pixels import DEFAULT_LIMITS, render
from findicon.pixels.files import open_source
from findicon.pixels.frames import FrameFinder
from findicon.pixels.image import describe
from findicon.pixels.reading import header_of

from . import icon_images as images
from .report import Row

_SIZE = 128
_SECONDS = 4.0  # for a comparison, about
_WHOLE_DECODERS: dict[str, Callable[[bytes], np.ndarray]] = {
    images.JPEG_12: imagecodecs.jpeg8_decode,
    images.JPEG_LOSSLESS: imagecodecs.jpeg8_decode,
    images.JPEG_LS: imagecodecs.jpegls_decode,
    images.HTJ2K: imagecodecs.htj2k_decode,
}


class Case(NamedTuple):
    name: str
    modality: str
    syntax: str
    frames: int
    ratio: float
    error: float


CASES = (
    Case("CT native 0.5 MB", "CT", images.NATIVE, 1, 10, 2.0),
    Case("DX native 10 MB", "DX", images.NATIVE, 1, 25, 1.5),
    Case("MG native 27 MB", "MG", images.NATIVE, 1, 80, 1.5),
    Case("XA native, one of 100 frames", "XA", images.NATIVE, 100, 50, 1.0),
    Case("US JPEG (.50), one frame", "US", images.JPEG, 1, 20, 0.5),
    Case("US JPEG (.50), one of 60 frames", "US", images.JPEG, 60, 1000, 0.5),
    Case("DX JPEG 12 bit (.51)", "DX", images.JPEG_12, 1, 3, 0.5),
    Case("DX JPEG lossless (.70)", "DX", images.JPEG_LOSSLESS, 1, 3, 0.5),
    Case("DX RLE", "DX", images.RLE, 1, 3, 0.5),
    Case("DX JPEG-LS (.80)", "DX", images.JPEG_LS, 1, 2.5, 0.5),
    Case("CT JPEG 2000 (.90)", "CT", images.J2K, 1, 3, 2.5),
    Case("DX JPEG 2000 (.90)", "DX", images.J2K, 1, 50, 2.5),
    Case("MG JPEG 2000 (.90)", "MG", images.J2K, 1, 150, 2.5),
    Case("US JPEG 2000 (.90), one of 60 frames", "US", images.J2K, 60, 300, 2.0),
    Case("DX HTJ2K (.201)", "DX", images.HTJ2K, 1, 50, 2.5),
    Case("MG HTJ2K (.201)", "MG", images.HTJ2K, 1, 150, 2.5),
)


def run() -> list[Row]:
    """Measure every case; files are written to a temporary folder first."""
    rows: list[Row] = []
    with tempfile.TemporaryDirectory() as folder:
        for case in CASES:
            rows += _alone(_rows_of, case, Path(folder))
            if case.modality == "CT" and case.syntax == images.NATIVE:
                rows += _alone(_real_ct)
        rows += _alone(_slide_tile, Path(folder))
        rows += _peak_memory(Path(folder))
    rows += _alone(_mixed_files)
    return rows


def _alone(work: Callable[..., Iterator[Row]], *arguments: object) -> list[Row]:
    """Measure in a process of its own on one core, so that no case begins with the memory that another left."""
    with get_context("spawn").Pool(1) as pool:
        return pool.apply(_pinned, (work, *arguments))


def _pinned(work: Callable[..., Iterator[Row]], *arguments: object) -> list[Row]:
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    return list(work(*arguments))


def _rows_of(case: Case, folder: Path) -> Iterator[Row]:
    path = images.write(folder / "image.dcm", case.modality, case.syntax, case.frames)
    ours, peer = _times(lambda: _icon(path), lambda: naive(path))
    error = float(np.abs(render(path, _SIZE).array.astype(float) - reference(path)).mean())
    yield Row(
        case=f"{case.name}; error {error:.2f} (at most {case.error})",
        ours=_milliseconds(ours),
        peer=f"pydicom{_plugins(path, case.syntax)} {_milliseconds(peer)}",
        ratio=peer / ours,
        goal=f">= {case.ratio:g}",
        met=peer / ours >= case.ratio and error <= case.error,
    )
    dcmtk = _dcmtk(path, folder)
    if dcmtk is not None:
        yield Row(
            case=case.name,
            ours=_milliseconds(ours),
            peer=f"dcmj2pnm without its start-up {_milliseconds(dcmtk)}",
            ratio=dcmtk / ours,
            goal=">= 1",
            met=dcmtk >= ours,
        )
    path.unlink()


def _real_ct() -> Iterator[Row]:
    """Measure the file that the CT is made of as it is: signed, with padding, a window of 100 and a longer header."""
    path = Path(data_store.__file__).parent / "data" / "693_UNCR.dcm"
    ours, peer = _times(lambda: _icon(path), lambda: naive(path))
    yield Row(
        case="the same CT as its scanner wrote it",
        ours=_milliseconds(ours),
        peer=f"pydicom {_milliseconds(peer)}",
        ratio=peer / ours,
        goal="",
    )


def _icon(path: Path) -> bytes:
    return Icon.from_picture(render(path, _SIZE)).encoded()


def _plugins(path: Path, syntax: str) -> str:
    """Name the plug-in that pydicom chooses, and what the fastest other one takes."""
    if syntax == images.NATIVE:
        return ""
    if _needs_help(syntax):
        return ", imagecodecs whole"
    chosen, *others = _plugins_in_order(syntax)
    timed = []
    for other in others:
        with suppress(Exception):
            timed.append((min(_seconds(lambda other=other: naive(path, other)) for _ in range(3)), other))
    if not timed:
        return f", {chosen}"
    return f" ({min(timed)[1]} {_milliseconds(min(timed)[0])}), {chosen}"


def _plugins_in_order(syntax: str) -> list[str]:
    """Give pydicom's plug-ins for a transfer syntax in the order in which it tries them."""
    return list(get_decoder(UID(syntax))._available)


def _slide_tile(folder: Path) -> Iterator[Row]:
    """Measure one tile: finding and reading its stream, decoding that, and an icon of it."""
    path = images.write(folder / "slide.dcm", "SM", images.JPEG, 10_000)
    number = 5_000
    stream = images.encoded(images.frame_of("SM"), images.JPEG)
    tile, peer = _times(lambda: render(path, 240, frame=number), lambda: pixel_array(path, index=number - 1))
    shown = render(path, 240, frame=number).array.astype(int)
    same = bool(np.abs(shown - pixel_array(path, index=number - 1)).max() <= 1)  # two builds of libjpeg
    others: dict[str, Callable[[], object]] = {
        "the codec alone, from memory": lambda: simplejpeg.decode_jpeg(stream),
        "its JPEG stream found and read": lambda: _stream_of(path, number),
        "its 128 px icon": lambda: Icon.from_picture(render(path, _SIZE, frame=number)).encoded(),
    }
    assert _stream_of(path, number)[: len(stream)] == stream
    name = "one tile of a slide of 10,000 JPEG tiles"
    beside = f"pydicom pixel_array(path, index), {_plugins_in_order(images.JPEG)[0]} {_milliseconds(peer)}"
    yield Row(
        case=f"{name}, {'exact' if same else 'not exact'}",
        ours=_milliseconds(tile),
        peer=beside,
        ratio=peer / tile,
        goal=">= 20",
        met=peer / tile >= 20 and same,
    )
    for step, work in others.items():
        taken = quantiles([_seconds(work) for _ in range(1000)], n=4)[0]
        yield Row(case=f"{name}: {step}", ours=_milliseconds(taken), peer=beside, ratio=peer / taken, goal="")


def _stream_of(path: Path, number: int) -> bytes:
    source = open_source(path)
    try:
        header = header_of(source)
        return FrameFinder(header, describe(header, DEFAULT_LIMITS), DEFAULT_LIMITS).frame(number - 1).read()
    finally:
        source.close()


def _peak_memory(folder: Path) -> Iterator[Row]:
    """Measure how much a process that has made icons before grows by one more."""
    for case in CASES:
        if case.syntax not in {images.NATIVE, images.JPEG, images.J2K, images.HTJ2K}:
            continue
        path = images.write(folder / "image.dcm", case.modality, case.syntax, case.frames)
        done = subprocess.run([sys.executable, "-c", _GROWTH, str(path)], capture_output=True, text=True, check=True)
        grown = int(done.stdout) / 1024
        yield Row(
            case=f"peak memory above a warm process: {case.name}",
            ours=f"{grown:.1f} MB",
            peer=f"the file {path.stat().st_size / 1e6:.0f} MB",
            ratio=None,
            goal="< 16 MB",
            met=grown < 16,
        )
        path.unlink()


# Warm: every library loaded and small images made. Linux counts the peak of a process anew when it is told to.
_GROWTH = """
import re, sys
from pathlib import Path
from pydicom.data import get_testdata_file
from findicon.icons import Icon
from findicon.pixels import render

def kilobytes(name):
    return int(re.search(name + r":\\s+(\\d+)", Path("/proc/self/status").read_text()).group(1))

for name in ("CT_small.dcm", "examples_ybr_color.dcm", "examples_jpeg2k.dcm"):
    Icon.from_picture(render(get_testdata_file(name, download=False), 128))
Path("/proc/self/clear_refs").write_text("5")
before = kilobytes("VmRSS")
Icon.from_picture(render(sys.argv[1], 128))
print(kilobytes("VmHWM") - before)
"""


def _mixed_files() -> Iterator[Row]:
    """Make icons of every real image that pydicom decodes here, one after another."""
    paths = []
    for path in sorted(Path(data_store.__file__).parent.rglob("*.dcm")) + sorted(Path(DATA_ROOT).rglob("*.dcm")):
        with suppress(Exception), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            naive(path)
            render(path, _SIZE)
            paths.append(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        ours, peer = _times(lambda: [_icon(path) for path in paths], lambda: [naive(path) for path in paths])
    yield Row(
        case=f"mixed archive: {len(paths)} real images of pydicom and pydicom-data, one core",
        ours=f"{len(paths) / ours:.0f} icons/s",
        peer=f"pydicom, pixel_array {len(paths) / peer:.0f} icons/s",
        ratio=peer / ours,
        goal=">= 10",
        met=peer / ours >= 10,
    )


def naive(path: Path, plugin: str = "") -> Image.Image:
    """Make a thumbnail as everybody does."""
    dataset = pydicom.dcmread(path)
    array = _whole(dataset, plugin)
    if array.ndim == 2:
        array = apply_voi_lut(apply_modality_lut(array, dataset), dataset)
        low, high = float(array.min()), float(array.max())
        array = ((array - low) * (255 / max(high - low, 1))).astype(np.uint8)
    thumbnail = Image.fromarray(array)
    thumbnail.thumbnail((_SIZE, _SIZE))
    return thumbnail


def _needs_help(syntax: str) -> bool:
    """Whether pydicom has no decoder installed for a transfer syntax of ours."""
    if syntax not in _WHOLE_DECODERS:
        return False
    # In pydicom Pillow decodes 8-bit JPEG only, and GDCM no 12-bit JPEG Extended.
    unfit = {"pillow", "gdcm"} if syntax == images.JPEG_12 else {"pillow"}
    return not set(get_decoder(UID(syntax)).available_plugins) - unfit


def _whole(dataset: Dataset, plugin: str = "") -> np.ndarray:
    """Decode all frames as pydicom does, and give the one a third of the way."""
    count = int(dataset.get("NumberOfFrames", 1))
    syntax = str(dataset.file_meta.TransferSyntaxUID)
    if _needs_help(syntax):
        return _WHOLE_DECODERS[syntax](get_frame(dataset.PixelData, 0, number_of_frames=count))
    if plugin:
        dataset.pixel_array_options(decoding_plugin=plugin)
    array = dataset.pixel_array
    return array if count == 1 else array[count // 3]


def reference(path: Path) -> np.ndarray:
    """Decode, transform every pixel in double precision, then average over areas."""
    dataset = pydicom.dcmread(path)
    array = _whole(dataset).astype(np.float64)
    if array.ndim == 2:
        center, width = float(dataset.WindowCenter) - 0.5, float(dataset.WindowWidth) - 1
        units = array * float(dataset.RescaleSlope) + float(dataset.RescaleIntercept)
        array = np.clip((units - center) / width + 0.5, 0, 1) * 255
    scale = _SIZE / max(array.shape[:2])
    rows, columns = (max(round(side * scale), 1) for side in array.shape[:2])
    return np.round(np.einsum("ij,jk...->ik...", _shares(array.shape[0], rows), _across(array, columns)))


def _across(array: np.ndarray, columns: int) -> np.ndarray:
    return np.einsum("ij...,kj->ik...", array, _shares(array.shape[1], columns), optimize=True)


def _shares(source: int, target: int) -> np.ndarray:
    """Give how much of each source pixel lies in each target pixel."""
    edges = np.linspace(0, source, target + 1)
    begins = np.arange(source)
    covered = np.minimum(edges[1:, None], begins + 1) - np.maximum(edges[:-1, None], begins)
    return np.maximum(covered, 0) * (target / source)


def _dcmtk(path: Path, folder: Path) -> float | None:
    """Time DCMTK's converter on a file, less its time for a tiny one; None where it is missing or cannot read it."""
    program = shutil.which("dcmj2pnm")
    if program is None:
        return None
    tiny = get_testdata_file("CT_small.dcm", download=False)

    def converted(source: object) -> int:
        command = [program, "+on", "+Sxv", str(_SIZE), "+Wi", "1", str(source), str(folder / "icon.png")]
        return subprocess.run(command, capture_output=True, check=False).returncode

    if converted(path) != 0:
        return None
    # The difference of two starts of a process: as often the one as the other, and of each the least disturbed.
    with_image, without = math.inf, math.inf
    started = time.perf_counter()
    while time.perf_counter() - started < _SECONDS:
        with_image = min(with_image, _seconds(lambda: converted(path)))
        without = min(without, _seconds(lambda: converted(tiny)))
    return max(with_image - without, 1e-4)


def _times(first: Callable[[], object], second: Callable[[], object]) -> tuple[float, float]:
    """Give the first quartiles of both in seconds, run by turns, so that what else the machine does meets both.

    What it does only ever adds time: a median is of how busy a shared machine is.
    """
    times: tuple[list[float], list[float]] = ([], [])
    for work in (first, second):
        work()
    started = time.perf_counter()
    while len(times[1]) < 3 or time.perf_counter() - started < _SECONDS:
        for work, taken in zip((first, second), times, strict=True):
            for _ in range(5 if work is first else 1):
                taken.append(_seconds(work))
    return quantiles(times[0], n=4)[0], quantiles(times[1], n=4)[0]


def _seconds(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return time.perf_counter() - begun


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.3g} ms"
