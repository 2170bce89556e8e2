"""Shrinking by area average: every source pixel counts by the share of the target pixel that it covers."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Prepare = Callable[[NDArray[Any]], NDArray[Any]]
# A target pixel is made of at least so many blocks in each direction, so that a block that lies across the border of
# two target pixels is a small part of both.
_BLOCKS = 4
# Rows are taken in bands of about so many pixels, which stay in the processor's cache from one step to the next.
_BAND_PIXELS = 1 << 18
# What sums of cells fit into: cells of 1 and 2 bytes in integers, wider ones in floats.
_SUMS: dict[str, np.dtype[Any]] = {
    "u1": np.dtype(np.uint16), "i1": np.dtype(np.int16), "u2": np.dtype(np.uint32), "i2": np.dtype(np.int32),
    "f4": np.dtype(np.float32),
}  # fmt: skip
_MOST_SUMMED = 128
# Target pixels whose shares are multiplied at a time: of all at once nearly every share would be nothing.
_TARGETS_TOGETHER = 16


class Extent(NamedTuple):
    """Where decoded pixels lie on the frame they were decoded from.

    Parameters
    ----------
    rows, columns
        How many of them the frame is high and wide: not whole numbers where a decoder rounded up.
    shift
        Where the first one begins, in both directions: before 0 where pixels stand for the top left of their areas.
    """

    rows: float
    columns: float
    shift: float = 0.0


def fitting_size(rows: int, columns: int, size: int, vertical: float = 1.0) -> tuple[int, int]:
    """Give (rows, columns) of a picture with square pixels whose longer side is at most `size`.

    Parameters
    ----------
    rows, columns
        Of the image.
    size
        Of the longer side, in pixels; smaller images stay as small as they are.
    vertical
        Height of the image's pixels over their width.
    """
    # The coarser direction decides, so that no direction is magnified.
    height, width = (rows, columns / vertical) if vertical >= 1 else (rows * vertical, float(columns))
    scale = min(size / max(height, width), 1.0)
    return max(round(height * scale), 1), max(round(width * scale), 1)


def shrink(
    pixels: NDArray[Any],
    rows: int,
    columns: int,
    prepare: Prepare | None = None,
    extent: Extent | None = None,
    most: float | None = None,
) -> Floats:
    """Average `pixels` over areas.

    Parameters
    ----------
    pixels
        (rows, columns), any type of number.
    rows, columns
        Of the result; not more than `pixels` has.
    prepare
        Applied to each band of rows before it is averaged, for transforms that do not commute with averaging.
    extent
        Where the pixels lie, unless they fill the frame from edge to edge.
    most
        What no prepared value is larger than, whatever its sign, if that is known: narrower sums are faster.

    Returns
    -------
    numpy.ndarray
        float32, (rows, columns).
    """
    return _averages(pixels, rows, columns, prepare, extent, most)[0]


def shrink_colour(pixels: NDArray[Any], rows: int, columns: int, extent: Extent | None = None) -> Floats:
    """Average each sample of (rows, columns, samples) over areas; float32."""
    return np.stack(_averages(pixels, rows, columns, None, extent, None), axis=2)


def _averages(
    pixels: NDArray[Any],
    rows: int,
    columns: int,
    prepare: Prepare | None,
    extent: Extent | None,
    most: float | None,
) -> list[Floats]:
    """Average over areas; give one plane for each sample."""
    source_rows, source_columns = pixels.shape[:2]
    rows, columns = min(rows, source_rows), min(columns, source_columns)
    fills = extent is None or extent == (source_rows, source_columns, 0.0)
    extent = extent or Extent(source_rows, source_columns)
    down, across = _block(source_rows, rows, fills), _block(source_columns, columns, fills)
    band = max(_BAND_PIXELS // (source_columns * down), 1) * down
    bands = []
    for start in range(0, source_rows, band):
        piece = pixels[start : start + band]
        bands.append(_row_sums(piece if prepare is None else prepare(piece), down, most))
    sums = bands[0] if len(bands) == 1 else np.concatenate(bands)
    planes = []
    for plane in (sums,) if sums.ndim == 2 else np.moveaxis(sums, 2, 0):
        averages = _means(plane, down, across)
        if not fills or averages.shape[0] != rows:
            shares = _shares(source_rows, down, rows, extent.rows, extent.shift)
            averages = np.concatenate([share @ averages[taken] for taken, share in shares])
        if not fills or averages.shape[1] != columns:
            shares = _shares(source_columns, across, columns, extent.columns, extent.shift)
            averages = np.concatenate([averages[:, taken] @ share.T for taken, share in shares], axis=1)
        planes.append(averages)
    return planes


def _block(source: int, target: int, fills: bool) -> int:
    """Give how many pixels to average as a block before the shares of target pixels are taken."""
    block = source // target if fills and source % target == 0 else max(source // (target * _BLOCKS), 1)
    return min(block, _MOST_SUMMED)


def _row_sums(cells: NDArray[Any], down: int, most: float | None) -> Floats:
    """Sum each `down` rows; what is left at the end counts as if it were as many."""
    rows = cells.shape[0]
    whole = rows - rows % down
    # Row upon row, because that is how they lie in memory: several times faster than a sum over an axis.
    first, sums_in = cells[0:whole:down], _sums_in(cells.dtype, None if most is None else most * down)
    if down > 1 and sums_in == cells.dtype:
        sums, summed = first + cells[1:whole:down], 2
    else:
        sums, summed = first.astype(sums_in, copy=down > 1), 1
    for row in range(summed, down):
        sums += cells[row:whole:down]
    floats: Floats = sums.astype(np.float32, copy=False)
    if whole < rows:
        left = cells[whole:].mean(axis=0, dtype=np.float64, keepdims=True) * down
        floats = np.concatenate([floats, left.astype(np.float32)])
    return floats


@lru_cache(maxsize=256)
def _sums_in(cells: np.dtype[Any], most: float | None) -> np.dtype[Any]:
    """Give a type for sums of cells that are not larger than `most`, whatever their sign, if that is known."""
    if most is not None and cells.kind in "iu" and most <= np.iinfo(cells).max:
        return cells
    return _SUMS.get(cells.str[1:], np.dtype(np.float64))


def _means(sums: Floats, down: int, across: int) -> Floats:
    """Average sums of `down` rows over each `across` columns; the last ones are of what is left."""
    if across == 1:
        return sums if down == 1 else sums * np.float32(1 / down)
    rows, columns = sums.shape
    whole = columns - columns % across
    blocks = sums[:, :whole].reshape(-1, across)
    means: Floats = (blocks @ _shares_of_block(down, across)).reshape(rows, whole // across)
    if whole == columns:
        return means
    return np.concatenate([means, sums[:, whole:].mean(axis=1, keepdims=True) * np.float32(1 / down)], axis=1)


@lru_cache(maxsize=256)
def _shares_of_block(down: int, across: int) -> Floats:
    return np.full(across, 1 / (down * across), np.float32)


@lru_cache(maxsize=64)
def _shares(source: int, block: int, target: int, extent: float, shift: float) -> tuple[tuple[slice, Floats], ...]:
    """Give the share of each block of `block` source pixels in each target pixel.

    For some target pixels after the other: the blocks that have a part in them, and the (target, blocks) share of each.
    """
    edges = np.arange(target + 1) * (extent / target)
    begins = np.arange(0, source, block, dtype=np.float64)
    ends = np.minimum(begins + block, source) + shift
    begins += shift
    begins[0], ends[-1] = min(begins[0], 0.0), max(ends[-1], extent)  # the outermost pixels stand for what is missing
    covered = np.maximum(np.minimum(edges[1:, None], ends) - np.maximum(edges[:-1, None], begins), 0)
    shares: Floats = (covered / covered.sum(axis=1, keepdims=True)).astype(np.float32)
    parts = []
    for first in range(0, target, _TARGETS_TOGETHER):
        part = shares[first : first + _TARGETS_TOGETHER]
        blocks = np.flatnonzero(part.any(axis=0))
        taken = slice(int(blocks[0]), int(blocks[-1]) + 1)
        parts.append((taken, np.ascontiguousarray(part[:, taken])))
    return tuple(parts)
