"""Padding where it is only nearly there: in lossy streams, and in low resolutions (PS3.3 C.7.5.1.1.2)."""

import math

import numpy as np
from numpy.typing import NDArray

from .codecs import Decoded
from .image import Image
from .stored import reader_of

Bounds = tuple[float, float]
_VALUES_LOOKED_AT = 1 << 14
# Shares of the way from the padding to the far end of the image: as far as codecs err, by so many stored values at
# least, and as far as there is no image but only mixtures at edges.
_ERROR, _LEAST_ERROR = 1 / 256, 2.0
_EDGE = 1 / 8
# The image's ends, in percent of the values that are no padding: what lies outside are mixtures, or hot pixels.
_NEAR_END, _FAR_END = 5, 99.5


def padding_of(decoded: Decoded, image: Image, padding: Bounds | None) -> Bounds | None:
    """Give the range of stored values that are padding in a decoded frame.

    In lossy streams and low resolutions all that lies nearer to the padding than to the image is padding, provided
    that the padding lies at one end of the values and outnumbers the mixtures; otherwise it is what the header says.

    Parameters
    ----------
    decoded, image
        The frame.
    padding
        As the header says.
    """
    if padding is None or image.floating or (decoded.extent is None and not image.is_lossy):
        return padding
    step = max(math.isqrt(decoded.pixels.size // _VALUES_LOOKED_AT), 1)
    values = reader_of(decoded.pixels, image)(decoded.pixels[::step, ::step]).astype(np.float64)
    low, high = padding
    if float(values.max()) - high >= low - float(values.min()):
        threshold = _threshold(values, low, high)
        return padding if threshold is None else (-math.inf, threshold)
    threshold = _threshold(-values, -high, -low)
    return padding if threshold is None else (-threshold, math.inf)


def _threshold(values: NDArray[np.float64], low: float, high: float) -> float | None:
    """Give the middle between padding and the image above it; None where they cannot be told apart."""
    error = max((float(values.max()) - high) * _ERROR, _LEAST_ERROR)
    above = values[values > high + error]
    if not above.size:
        return None
    reach = float(np.percentile(above, _FAR_END)) - high
    error = max(reach * _ERROR, _LEAST_ERROR)
    above = values[values > high + max(reach * _EDGE, error)]
    if not above.size:
        return None
    threshold = (high + float(np.percentile(above, _NEAR_END))) / 2
    padded = np.count_nonzero((values >= low - error) & (values <= high + error))
    mixed = np.count_nonzero(values <= max(threshold, high + reach * _EDGE)) - padded
    return threshold if padded > mixed else None
