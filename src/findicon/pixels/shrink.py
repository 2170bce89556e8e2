"""Shrinking by area average: every source pixel counts by the share of the target pixel that it covers."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

Floats = NDArray[np.float32]
# A target pixel is made of at least this many blocks in each direction, so that a block that lies across the border
# of two target pixels is a small part of both.
_BLOCKS = 4
_BAND_PIXELS = 1 << 18


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
    pixels: NDArray[Any], rows: int, columns: int, prepare: Callable[[NDArray[Any]], Floats] | None = None
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

    Returns
    -------
    numpy.ndarray
        float32, (rows, columns).
    """
    source_rows, source_columns = pixels.shape[:2]
    rows, columns = min(rows, source_rows), min(columns, source_columns)
    down = _factor(source_rows, rows)
    across = _factor(source_columns, columns)
    band = max(_BAND_PIXELS // (source_columns * down), 1) * down
    blocks = []
    for start in range(0, source_rows, band):
        piece = pixels[start : start + band]
        prepared = np.asarray(piece, np.float32) if prepare is None else prepare(piece)
        if (down, across) != (1, 1):
            prepared = np.asarray(PillowImage.fromarray(np.ascontiguousarray(prepared)).reduce((across, down)))
        blocks.append(prepared)
    reduced = blocks[0] if len(blocks) == 1 else np.concatenate(blocks)
    return _weighted(reduced, (source_rows, source_columns), (down, across), (rows, columns))


def shrink_colour(pixels: NDArray[Any], rows: int, columns: int) -> Floats:
    """Average each sample of (rows, columns, 3) over areas; float32."""
    if pixels.dtype != np.uint8 or not pixels.flags.c_contiguous:
        return np.stack([shrink(pixels[:, :, sample], rows, columns) for sample in range(pixels.shape[2])], axis=2)
    source = pixels.shape[:2]
    target = min(rows, source[0]), min(columns, source[1])
    down, across = _factor(source[0], target[0]), _factor(source[1], target[1])
    if (down, across) != (1, 1):
        pixels = np.asarray(PillowImage.fromarray(pixels).reduce((across, down)))
    if pixels.shape[:2] == target:
        return pixels.astype(np.float32)
    floats = [pixels[:, :, sample].astype(np.float32) for sample in range(pixels.shape[2])]
    return np.stack([_weighted(plane, source, (down, across), target) for plane in floats], axis=2)


def _weighted(reduced: Floats, source: tuple[int, ...], blocks: tuple[int, int], target: tuple[int, int]) -> Floats:
    """Average blocks of `source` to `target`, by the share of each block in each target pixel."""
    if reduced.shape[0] != target[0]:
        reduced = _weights(source[0], blocks[0], target[0]) @ reduced
    if reduced.shape[1] != target[1]:
        reduced = reduced @ _weights(source[1], blocks[1], target[1]).T
    return reduced


def _factor(source: int, target: int) -> int:
    """Give by how much to reduce in whole blocks first."""
    if source % target == 0:
        return source // target
    return max(source // (target * _BLOCKS), 1)


@lru_cache(maxsize=64)
def _weights(source: int, block: int, target: int) -> Floats:
    """Give the (target, blocks) share of each block of `block` source pixels in each target pixel."""
    edges = np.arange(target + 1) * (source / target)
    begins = np.arange(0, source, block, dtype=np.float64)
    ends = np.minimum(begins + block, source)
    covered = np.minimum(edges[1:, None], ends) - np.maximum(edges[:-1, None], begins)
    weights: Floats = (np.maximum(covered, 0) * (target / source)).astype(np.float32)
    return weights
