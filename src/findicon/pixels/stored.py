"""Stored values out of their cells: which bits count, and their sign (PS3.5 8.1.1)."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .image import Image

Values = NDArray[Any]


def reader_of(pixels: Values, image: Image) -> Callable[[Values], Values]:
    """Give the function that turns bands of decoded `pixels` into stored values.

    It does nothing where the cells hold the values as they are, which is nearly always. Bits beside the stored ones are
    no part of a value: overlays, or rubbish. But where a decoder gives signed numbers, or comes near the numbers only,
    what lies beyond the stored bits went too far: it is the largest or the least value, and must not wrap.
    """
    bits = pixels.dtype.itemsize * 8
    if image.floating or pixels.dtype.kind == "f":
        return _native_order
    stored = min(image.bits_stored, bits)
    spare = bits - stored
    if pixels.dtype.kind == "i" and image.signed and not spare:
        return _native_order
    unsigned = np.dtype(f"u{pixels.dtype.itemsize}")
    signed = np.dtype(f"i{pixels.dtype.itemsize}")
    shift = image.shift if pixels.dtype.itemsize * 8 == image.bits_allocated else 0

    if spare and (pixels.dtype.kind == "i" if image.signed else image.is_lossy):
        number = pixels.dtype.type
        least = -(1 << stored - 1) if image.signed else 0
        bounds = number(least), number(least + (1 << stored) - 1)
        return lambda band: np.clip(_native_order(band), *bounds)

    def extended(band: Values) -> Values:
        cells = _native_order(band)
        values: Values = cells.view(signed)
        if not spare or (not shift and _all_within(values, 1 << stored - 1)):  # most write the sign into all spare bits
            return values
        raised = cells.view(unsigned) << unsigned.type(spare - shift)  # the sign bit into its place, then back down
        lowered: Values = raised.view(signed) >> signed.type(spare)
        return lowered

    def masked(band: Values) -> Values:
        cells = _native_order(band).view(unsigned)
        if shift:
            cells = cells >> unsigned.type(shift)
        if spare and int(cells.max(initial=0)) >> stored:
            cells = cells & unsigned.type((1 << stored) - 1)
        return cells

    return extended if image.signed else masked


def _all_within(values: Values, bound: int) -> bool:
    return int(values.max(initial=0)) < bound and int(values.min(initial=0)) >= -bound


def _native_order(band: Values) -> Values:
    if band.dtype.isnative:
        return band
    swapped: Values = band.astype(band.dtype.newbyteorder("="))
    return swapped
