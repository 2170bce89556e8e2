"""How high an image's pixels are for their width (PS3.3 C.7.6.3.1.7, 10.7)."""

import math

from .functional_groups import FrameAttributes
from .header import Header

_PIXEL_MEASURES = 0x00289110
_PIXEL_SPACING = 0x00280030
_IMAGER_PIXEL_SPACING = 0x00181164
_NOMINAL_SCANNED_PIXEL_SPACING = 0x00182010
_PIXEL_ASPECT_RATIO = 0x00280034
_LEAST_DIFFERENCE = 0.01
_MOST = 32.0


def vertical_aspect(header: Header, attributes: FrameAttributes) -> float:
    """Give height over width of a pixel: from the spacing, else from Pixel Aspect Ratio; 1.0 without either."""
    holder = attributes.holder(_PIXEL_MEASURES, _PIXEL_SPACING) or header
    for tag in (_PIXEL_SPACING, _IMAGER_PIXEL_SPACING, _NOMINAL_SCANNED_PIXEL_SPACING, _PIXEL_ASPECT_RATIO):
        values = (holder if tag == _PIXEL_SPACING else header).numbers(tag)
        if len(values) >= 2 and values[0] > 0 and values[1] > 0:
            ratio = values[0] / values[1]
            if not math.isfinite(ratio) or not 1 / _MOST <= ratio <= _MOST or abs(ratio - 1) < _LEAST_DIFFERENCE:
                return 1.0
            return ratio
    return 1.0
