"""A frame of stored values to a gray picture (PS3.4 N.2.1)."""

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, TypeGuard

import numpy as np
from numpy.typing import NDArray

from .codecs import Decoded
from .grayscale import Grayscale, Rescale, Window
from .image import Image
from .lut import Lut
from .padding import padding_of
from .picture import to_bytes
from .shrink import Floats, shrink
from .stored import Values, reader_of

Bytes = NDArray[np.uint8]
# Without a window a picture spans these percentiles of its averages, so that a few hot pixels do not darken the rest.
_PERCENTILES = (0.5, 99.5)
# Bytes without a window are meant to be shown as they are, unless they use less than this share of their range.
_LEAST_SHARE_OF_BYTES = 0.25
# So much of a picture's pixel has to be image, for its part in the range, where padding mixes with its neighbours.
_ALL_BUT = 0.99
# Bounds of a window that is so many stored values wide may be rounded to whole ones: by half a gray level at most.
_LEAST_WIDTH_IN_INTEGERS = 255


def gray_picture(decoded: Decoded, image: Image, transform: Grayscale, rows: int, columns: int) -> Bytes:
    """Transform and shrink one frame to (rows, columns) of uint8, 0 black.

    Parameters
    ----------
    decoded
        The frame's cells, any number of them; they may be changed.
    image, transform
        What the cells mean.
    rows, columns
        Of the picture.
    """
    frame = GrayFrame(decoded, image, transform)
    if is_straight(transform.voi):
        return to_bytes(frame.windowed(transform.voi, rows, columns))
    gray = frame.ranged(rows, columns) if transform.voi is None else frame.shrunk(rows, columns, frame.toned)
    return to_bytes(gray * 255)


def is_straight(voi: Window | Lut | None) -> TypeGuard[Window]:
    """Whether a transformation is a straight line between two bounds, which commutes with averaging."""
    return isinstance(voi, Window) and voi.function != "SIGMOID"


class GrayFrame:
    """The steps for one frame, band by band of its rows."""

    def __init__(self, decoded: Decoded, image: Image, transform: Grayscale) -> None:
        self.pixels = decoded.pixels
        self.extent = decoded.extent
        self.image = image
        self.inverted = transform.inverted
        self.voi = transform.voi
        self.stored = reader_of(decoded.pixels, image)
        self.lut = transform.modality if isinstance(transform.modality, Lut) else None
        rescale = transform.modality if isinstance(transform.modality, Rescale) else Rescale(1.0, 0.0)
        # Where the modality transformation is a straight line the window is moved instead of the pixels.
        self.slope, self.intercept = rescale.slope, rescale.intercept
        self.padding = transform.padding
        if not self._blackens(self.padding):
            self.padding = padding_of(decoded, image, transform.padding)
        self.is_approximate = self.padding != transform.padding

    def shrunk(self, rows: int, columns: int, prepare: Callable[[Values], Values], most: float | None = None) -> Floats:
        """Average over areas what `prepare` makes of bands of cells, none of it larger than `most`."""
        return shrink(self.pixels, rows, columns, prepare, self.extent, most)

    def values(self, band: Values) -> tuple[Values, Values]:
        """Give a band's stored values, and the same after the modality LUT if there is one."""
        stored = self.stored(band)
        return stored, stored if self.lut is None else self.lut.apply(stored)

    def padded(self, stored: Values) -> NDArray[np.bool_]:
        """Tell which stored values are padding, or no number."""
        inside = ~np.isfinite(stored.astype(np.float32)) if self.image.floating else np.zeros(stored.shape, np.bool_)
        if self.padding is not None:
            low, high = self.padding
            inside |= stored == low if low == high else (stored >= low) & (stored <= high)
        return inside

    def _blackens(self, padding: tuple[float, float] | None) -> bool:
        """Whether the window makes padding black in any case, so that it need not be told from the image."""
        if padding is None or self.lut is not None or self.voi is None or not is_straight(self.voi):
            return False
        low, high = self.voi.bounds
        units = [bound * self.slope + self.intercept for bound in padding]
        return min(units) >= high if self.inverted else max(units) <= low

    @property
    def may_be_padded(self) -> bool:
        """Whether pixels may have to be left out."""
        return self.padding is not None or self.image.floating

    def windowed(self, window: Window, rows: int, columns: int) -> Floats:
        """Clip to the window, average, stretch to 0 to 255: averages commute with straight lines, not with clipping."""
        black, white = ((bound - self.intercept) / self.slope for bound in window.bounds)
        if not math.isfinite(black) or not math.isfinite(white):
            return self.ranged(rows, columns) * 255
        if self.inverted:
            black, white = white, black
        low, high = min(black, white), max(black, white)
        if low == high:  # a width of 1: whatever is above is white
            return self.shrunk(rows, columns, lambda band: self._above(band, low)) * 255

        def clipped(band: Values) -> Values:
            stored, values = self.values(band)
            padded = self.padded(stored) if self.may_be_padded else None
            within = _clipped(values if values.flags.writeable else values.copy(), low, high)
            if padded is not None:
                least, most = _range_of(within.dtype)
                within[padded] = min(max(black, least), most)
            return within

        mean = self.shrunk(rows, columns, clipped, max(abs(math.floor(low)), abs(math.ceil(high))))
        mean -= np.float32(black)
        mean *= np.float32(255 / (white - black))
        return mean

    def _above(self, band: Values, threshold: float) -> Floats:
        stored, values = self.values(band)
        above: Floats = ((values > threshold) != (self.inverted != (self.slope < 0))).astype(np.float32)
        if self.may_be_padded:
            above[self.padded(stored)] = 0
        return above

    def ranged(self, rows: int, columns: int) -> Floats:
        """Average what is no padding, then span the robust range of the averages."""
        mean = self.averages(rows, columns)
        if not self.may_be_padded:
            return self.spanned(mean)
        share = self.shrunk(rows, columns, lambda band: (~self.padded(self.stored(band))).astype(np.float32))
        if not share.any():
            return np.zeros_like(mean)
        mean = np.divide(mean, np.maximum(share, np.float32(1e-6)), dtype=np.float32)
        inside = share > float(share.max()) * (_ALL_BUT if self.is_approximate else 0.5)
        spanned: Floats = self.spanned(mean, mean[inside]) * share
        return spanned

    def averages(self, rows: int, columns: int) -> Floats:
        """Average the values, padding as 0."""

        def numbers(band: Values) -> Values:
            stored, values = self.values(band)
            if not self.may_be_padded:
                return values
            floats = values.astype(np.float32)
            floats[self.padded(stored)] = 0
            return floats

        return self.shrunk(rows, columns, numbers)

    def spanned(self, mean: Floats, inside: Floats | None = None) -> Floats:
        """Stretch averages to 0 for black to 1 for white, by the range of those `inside`: all unless told otherwise."""
        inside = mean if inside is None else inside
        low, high = (float(bound) for bound in np.percentile(inside, _PERCENTILES))
        if high <= low:
            low, high = float(inside.min()), float(inside.max())
        is_bytes = self.image.bits_stored == 8 and self.lut is None and not self.image.signed
        if is_bytes and high - low >= 255 * _LEAST_SHARE_OF_BYTES:
            low, high = 0.0, 255.0
        if high <= low:
            return np.zeros_like(mean)
        gray: Floats = np.clip((mean - np.float32(low)) * np.float32(1 / (high - low)), 0, 1)
        return 1 - gray if self.inverted != (self.slope < 0) else gray

    def toned(self, band: Values) -> Floats:
        """Give the gray of each value of a band, for LUTs and sigmoids, which do not commute with averaging."""
        stored, values = self.values(band)
        units = values.astype(np.float64) * self.slope + self.intercept
        if isinstance(self.voi, Lut):
            gray: Floats = self.voi.apply(units).astype(np.float32) / np.float32(self.voi.highest)
        else:
            assert isinstance(self.voi, Window)
            exponent = np.clip(-4 * (units - self.voi.center) / self.voi.width, -700, 700)
            gray = np.asarray(1 / (1 + np.exp(exponent)), np.float32)
        if self.inverted:
            gray = np.float32(1) - gray
        if self.may_be_padded:
            gray[self.padded(stored)] = 0
        return gray

    def tone_below(self, first: int) -> Callable[[Values], Floats]:
        """Give the function that turns bands into gray where only stored values below `first` are gray values."""
        if self.voi is not None and not is_straight(self.voi):
            return self.toned
        if self.voi is not None:
            low, high = self.voi.bounds
        else:
            stored = self.stored(self.pixels)
            below = stored[stored < first]
            low, high = (float(bound) for bound in np.percentile(below, _PERCENTILES)) if below.size else (0.0, 1.0)
            low, high = low * self.slope + self.intercept, high * self.slope + self.intercept

        def tone(band: Values) -> Floats:
            units = self.values(band)[1].astype(np.float32) * np.float32(self.slope) + np.float32(self.intercept)
            gray: Floats = np.clip((units - np.float32(low)) / np.float32(max(high - low, 1e-6)), 0, 1)
            return np.float32(1) - gray if self.inverted else gray

        return tone


def _clipped(values: Values, low: float, high: float) -> Values:
    """Clip to a window, in integers where its bounds can be rounded: outwards, so that black stays black.

    The values themselves are changed where they can be: the memory of another frame is what small images cost most.
    """
    lowest, highest = _range_of(values.dtype)
    least, most = max(math.floor(low), lowest), min(math.ceil(high), highest)
    is_whole = low.is_integer() and high.is_integer()
    can_be_whole = is_whole or high - low >= _LEAST_WIDTH_IN_INTEGERS
    if values.dtype.itemsize > 2 or not can_be_whole or least >= most:  # the last: outside of what cells hold
        floats = values.astype(np.float32)
        return np.clip(floats, np.float32(low), np.float32(high), out=floats)
    if least == lowest and most == highest:
        return values
    number = values.dtype.type  # for whole numbers of Python's own, NumPy takes a way that is ten times as slow
    clipped: Values = values.clip(number(least), number(most), out=values)
    return clipped


@lru_cache
def _range_of(dtype: np.dtype[Any]) -> tuple[float, float]:
    """Give the least and the largest number that cells of a type hold."""
    return (np.iinfo(dtype).min, np.iinfo(dtype).max) if dtype.kind in "iu" else (-math.inf, math.inf)
