"""How much an icon looks like a picture of an image, whatever window, size and frame somebody else chose."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Gray = NDArray[np.float64]
_GRID = 24  # both are compared on a grid of so many cells a side
_LUMINANCE = (0.299, 0.587, 0.114)
_LEAST_VALUES = 4  # a picture with fewer gray values on the grid is too plain to tell anything


def likeness(icon: NDArray[np.uint8], picture: NDArray[np.uint8]) -> float | None:
    """Compare an icon with a picture by the order of their brightness (Spearman's rank correlation).

    Another window, or another curve of brightness, leaves that order as it is. The icon may have been squeezed into its
    shape, set into a frame, or cut out of the middle; the best of these counts.

    Parameters
    ----------
    icon, picture
        uint8, (rows, columns) or (rows, columns, 3).

    Returns
    -------
    float or None
        1 for the same order, 0 for nothing in common, below for the opposite; None when one is too plain to tell.
    """
    grays = _gray(icon), _gray(picture)
    found = [_correlation(_cells(one), _cells(other)) for one, other in _fits(*grays)]
    known = [one for one in found if one is not None]
    return max(known) if known else None


def _fits(icon: Gray, picture: Gray) -> Iterator[tuple[Gray, Gray]]:
    yield icon, picture
    inner = _without_margins(icon)
    if inner.shape != icon.shape:
        yield inner, _without_margins(picture)
        yield inner, picture
    yield icon, _middle(picture, icon.shape[0] / icon.shape[1])


def _gray(array: NDArray[np.uint8]) -> Gray:
    values = array.astype(np.float64)
    return values @ np.array(_LUMINANCE) if array.ndim == 3 else values


def _without_margins(gray: Gray) -> Gray:
    """Cut off rows and columns at the edges that are all of the corner's brightness."""
    differs = np.abs(gray - gray[0, 0]) > 2
    rows, columns = np.flatnonzero(differs.any(axis=1)), np.flatnonzero(differs.any(axis=0))
    return gray[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1] if rows.size else gray


def _middle(gray: Gray, aspect: float) -> Gray:
    """Cut the largest piece of an aspect, rows over columns, out of the middle."""
    rows, columns = gray.shape
    height, width = min(rows, round(columns * aspect)) or 1, min(columns, round(rows / aspect)) or 1
    top, left = (rows - height) // 2, (columns - width) // 2
    return gray[top : top + height, left : left + width]


def _cells(gray: Gray) -> Gray:
    """Average over the cells of the grid."""
    return _weights(gray.shape[0]) @ gray @ _weights(gray.shape[1]).T


def _weights(size: int) -> Gray:
    """Give what each of `size` pixels adds to each cell: (cells, size), each row adds up to 1."""
    edges = np.arange(_GRID + 1) * (size / _GRID)
    pixels = np.arange(size)
    ends = np.minimum(edges[1:, None], pixels + 1)
    overlap = np.maximum(ends - np.maximum(edges[:-1, None], pixels), 0)
    weights: Gray = overlap / overlap.sum(axis=1, keepdims=True)
    return weights


def _correlation(one: Gray, other: Gray) -> float | None:
    ranks = [_ranks(cells) for cells in (one, other)]
    if any(values is None for values in ranks):
        return None
    return float(np.asarray(np.corrcoef(np.array(ranks, dtype=np.float64)))[0, 1])


def _ranks(cells: Gray) -> Gray | None:
    """Give the rank of each cell, ties shared; None when there are too few values."""
    _, inverse, counts = np.unique(cells.round(1), return_inverse=True, return_counts=True)
    if counts.size < _LEAST_VALUES:
        return None
    shared: Gray = counts.cumsum().astype(np.float64) - (counts - 1) / 2
    ranks: Gray = shared[inverse.ravel()]
    return ranks
