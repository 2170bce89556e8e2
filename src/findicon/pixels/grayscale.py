"""Stored values to gray: modality, values of interest, polarity (PS3.4 N.2; PS3.3 C.11.1, C.11.2, C.7.6.3.1.2)."""

import math
from typing import NamedTuple

from ..errors import IconError
from .functional_groups import FrameAttributes
from .header import Header
from .image import Image
from .lut import Lut, read_lut

_PIXEL_VALUE_TRANSFORMATION = 0x00289145
_FRAME_VOI_LUT = 0x00289132
_MODALITY_LUT = 0x00283000
_VOI_LUT = 0x00283010
_RESCALE_INTERCEPT, _RESCALE_SLOPE = 0x00281052, 0x00281053
_WINDOW_CENTER, _WINDOW_WIDTH, _VOI_FUNCTION = 0x00281050, 0x00281051, 0x00281056
_PRESENTATION_LUT_SHAPE = 0x20500020
_PADDING, _FLOAT_PADDING, _DOUBLE_PADDING = (0x00280120, 0x00280121), (0x00280122, 0x00280124), (0x00280123, 0x00280125)
_DOSE_GRID_SCALING = 0x3004000E


class Window(NamedTuple):
    """A VOI window: values from `low` to `high` become black to white, in a straight line or as a sigmoid."""

    center: float
    width: float
    function: str

    @property
    def bounds(self) -> tuple[float, float]:
        """The values that become black and white (PS3.3 C.11.2.1.2.1, C.11.2.1.3.2)."""
        if self.function == "LINEAR":
            middle, half = self.center - 0.5, (self.width - 1) / 2
        else:
            middle, half = self.center, self.width / 2
        return middle - half, middle + half


class Rescale(NamedTuple):
    """Output units = slope x stored value + intercept."""

    slope: float
    intercept: float


class Grayscale(NamedTuple):
    """How the stored values of one frame become gray.

    ``padding`` is the range of stored values that are no image; ``inverted`` that the least value is white.
    """

    modality: Rescale | Lut
    voi: Window | Lut | None
    padding: tuple[float, float] | None
    inverted: bool


def read_grayscale(header: Header, image: Image, attributes: FrameAttributes) -> Grayscale:
    """Read the grayscale transformation of one frame; raises IconError for a LUT that cannot be applied."""
    modality = _modality(header, image, attributes)
    return Grayscale(
        modality=modality,
        voi=_voi(image, attributes, modality),
        padding=_padding(header, image),
        inverted=_inverted(header, image),
    )


def _modality(header: Header, image: Image, attributes: FrameAttributes) -> Rescale | Lut:
    item = header.item(_MODALITY_LUT) if _MODALITY_LUT in header else None
    if item is not None and not image.floating:
        return read_lut(item, "modality", signed_input=image.signed)
    holder = attributes.holder(_PIXEL_VALUE_TRANSFORMATION, _RESCALE_SLOPE)
    slope = _number(holder, _RESCALE_SLOPE) or _number(header, _DOSE_GRID_SCALING)
    return Rescale(slope or 1.0, _number(holder, _RESCALE_INTERCEPT) or 0.0)


def _voi(image: Image, attributes: FrameAttributes, modality: Rescale | Lut) -> Window | Lut | None:
    """Give the first LUT, else the first window: a LUT is what the maker of the image wanted it to look like."""
    window = _window(image, attributes)
    holder = attributes.holder(_FRAME_VOI_LUT, _VOI_LUT)
    item = None if holder is None else holder.item(_VOI_LUT)
    if item is None:
        return window
    signed = isinstance(modality, Rescale) and (image.signed or modality.intercept < 0)
    try:
        return read_lut(item, "VOI", signed_input=signed)
    except IconError:
        if window is None:
            raise
        return window


def _window(image: Image, attributes: FrameAttributes) -> Window | None:
    holder = attributes.holder(_FRAME_VOI_LUT, _WINDOW_CENTER)
    center, width = _number(holder, _WINDOW_CENTER), _number(holder, _WINDOW_WIDTH)
    if holder is None or center is None or width is None:
        return None
    function = next(iter(holder.texts(_VOI_FUNCTION)), "").upper()
    if function not in {"LINEAR_EXACT", "SIGMOID"}:
        # LINEAR counts in whole numbers: of floats from 0 to 1 a width of 1 would make everything white.
        function = "LINEAR_EXACT" if image.floating else "LINEAR"
    # A width that the Standard forbids makes no window; the range of the values is the better guess then.
    allowed = width >= 1 if function == "LINEAR" else width > 0
    return Window(center, width, function) if allowed else None


def _padding(header: Header, image: Image) -> tuple[float, float] | None:
    """Give the range of stored values that are padding (PS3.3 C.7.5.1.1.2)."""
    if image.floating:
        value_tag, limit_tag = _FLOAT_PADDING if image.bits_allocated == 32 else _DOUBLE_PADDING
    else:
        value_tag, limit_tag = _PADDING
    value, limit = _number(header, value_tag), _number(header, limit_tag)
    if value is None:
        return None
    bounds = [_with_sign_of_pixels(bound, image) for bound in (value, value if limit is None else limit)]
    return min(bounds), max(bounds)


def _with_sign_of_pixels(value: float, image: Image) -> float:
    """Mend a padding value that was written with the other sign than the pixels have."""
    if image.signed and value >= 1 << 15:
        return value - (1 << 16)
    return value + (1 << 16) if value < 0 and not image.signed and not image.floating else value


def _inverted(header: Header, image: Image) -> bool:
    """Tell whether the least value is white: MONOCHROME1 and an INVERSE shape say it both, once (PS3.3 C.11.6)."""
    return image.photometric == "MONOCHROME1" or header.text(_PRESENTATION_LUT_SHAPE).upper() == "INVERSE"


def _number(holder: Header | None, tag: int) -> float | None:
    values = holder.numbers(tag) if holder is not None else ()
    return values[0] if values and math.isfinite(values[0]) else None
