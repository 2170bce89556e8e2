"""A frame of stored values to a gray picture."""

import math

import numpy as np
from numpy.typing import NDArray

from .grayscale import Grayscale, Rescale, Window
from .image import Image
from .lut import Lut
from .picture import to_bytes
from .shrink import Floats, shrink
from .stored import Values, reader_of

# Without a window the picture spans these percentiles: a few hot pixels shall not make the rest black.
_LOW, _HIGH = 0.5, 99.5


def gray_picture(pixels: Values, image: Image, transform: Grayscale, rows: int, columns: int) -> NDArray[np.uint8]:
    """Transform and shrink one frame to (rows, columns) of uint8, 0 black."""
    stored = reader_of(pixels, image)
    if isinstance(transform.modality, Lut) or isinstance(transform.voi, Lut) or _is_sigmoid(transform.voi):
        gray = shrink(pixels, rows, columns, lambda band: _toned(stored(band), transform))
        return to_bytes(gray * 255)
    slope, intercept = transform.modality.slope, transform.modality.intercept
    if transform.voi is None:
        return _ranged(pixels, image, transform, rows, columns)
    low, high = transform.voi.bounds
    return to_bytes(
        _windowed(pixels, image, transform, rows, columns, (low - intercept) / slope, (high - intercept) / slope) * 255
    )


def _is_sigmoid(voi: object) -> bool:
    return isinstance(voi, Window) and voi.function == "SIGMOID"


def _windowed(
    pixels: Values, image: Image, transform: Grayscale, rows: int, columns: int, black: float, white: float
) -> Floats:
    """Clip to the window, average, stretch: a straight line commutes with averaging, clipping does not."""
    if transform.inverted:
        black, white = white, black
    stored = reader_of(pixels, image)
    low, high = min(black, white), max(black, white)

    def clipped(band: Values) -> Floats:
        values = stored(band)
        prepared = np.asarray(np.clip(values.astype(np.float32), low, high), np.float32)
        if transform.padding is not None:
            prepared[_padded(values, transform.padding)] = black
        return prepared

    mean = shrink(pixels, rows, columns, clipped)
    if white == black:
        return np.asarray(mean > white, np.float32)
    return np.clip((mean - np.float32(black)) / np.float32(white - black), 0, 1)


def _ranged(pixels: Values, image: Image, transform: Grayscale, rows: int, columns: int) -> NDArray[np.uint8]:
    """Average, then span the robust range of what is no padding."""
    stored = reader_of(pixels, image)
    share = None

    def values_of(band: Values) -> Floats:
        values = stored(band)
        prepared = values.astype(np.float32)
        bad = ~np.isfinite(prepared) if prepared.dtype.kind == "f" and image.floating else None
        if transform.padding is not None:
            padded = _padded(values, transform.padding)
            bad = padded if bad is None else bad | padded
        if bad is not None:
            prepared[bad] = 0
        return prepared

    def valid(band: Values) -> Floats:
        values = stored(band)
        good = np.isfinite(values) if image.floating else np.ones(values.shape, bool)
        if transform.padding is not None:
            good &= ~_padded(values, transform.padding)
        return good.astype(np.float32)

    mean = shrink(pixels, rows, columns, values_of)
    if transform.padding is not None or image.floating:
        share = shrink(pixels, rows, columns, valid)
        if not share.any():
            return np.zeros(mean.shape, np.uint8)
        mean = mean / np.maximum(share, np.float32(1e-6))
    inside = mean if share is None else mean[share > 0.5]
    if not inside.size:
        inside = mean[share > 0]
    low, high = (float(value) for value in np.percentile(inside, (_LOW, _HIGH)))
    if high <= low:
        low, high = float(inside.min()), float(inside.max())
    if high <= low:
        gray = np.full(mean.shape, 0.0, np.float32)
    else:
        gray = np.clip((mean - np.float32(low)) / np.float32(high - low), 0, 1)
        assert isinstance(transform.modality, Rescale)
        if transform.inverted != (transform.modality.slope < 0):
            gray = 1 - gray
    if share is not None:
        gray = gray * share
    return to_bytes(gray * 255)


def _padded(values: Values, padding: tuple[float, float]) -> NDArray[np.bool_]:
    low, high = padding
    return values == low if low == high else (values >= low) & (values <= high)


def _toned(values: Values, transform: Grayscale) -> Floats:
    """The whole transformation, value by value, for tables and sigmoids; 0 is black and 1 white."""
    modality, voi = transform.modality, transform.voi
    if isinstance(modality, Lut):
        units: Values = modality.apply(values)
        low, high = 0.0, float((1 << modality.bits) - 1)
    else:
        units = values.astype(np.float64) * modality.slope + modality.intercept
        low, high = math.nan, math.nan
    if isinstance(voi, Lut):
        gray = voi.apply(units).astype(np.float32) / ((1 << voi.bits) - 1)
    elif isinstance(voi, Window) and voi.function == "SIGMOID":
        exponent = np.clip(-4 * (np.asarray(units, np.float64) - voi.center) / voi.width, -700, 700)
        gray = (1 / (1 + np.exp(exponent))).astype(np.float32)
    else:
        if voi is not None:
            low, high = voi.bounds
        gray = np.clip((np.asarray(units, np.float32) - low) / max(high - low, 1e-6), 0, 1)
    if transform.inverted:
        gray = 1 - gray
    if transform.padding is not None:
        gray[_padded(values, transform.padding)] = 0
    return np.asarray(gray, np.float32)
