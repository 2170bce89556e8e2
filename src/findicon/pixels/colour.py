"""A frame of several samples, or of palette indices, to a colour picture (PS3.4 N.2.2; PS3.3 C.7.6.3.1.2)."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ..errors import IconError
from .codecs import Decoded
from .image import Image, printable
from .palettes import Palette
from .picture import to_bytes
from .shrink import Floats, shrink, shrink_colour
from .stored import Values, reader_of

Bytes = NDArray[np.uint8]
_YBR = frozenset({"YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_PARTIAL", "YBR_PARTIAL_420", "YBR_PARTIAL_422"})
_RGB = frozenset({"RGB", "YBR_RCT"})  # a decoder has undone YBR_RCT: it exists inside JPEG 2000 only


def colour_picture(decoded: Decoded, image: Image, rows: int, columns: int) -> Bytes:
    """Shrink a frame of three samples to (rows, columns, 3) of uint8.

    Raises
    ------
    IconError
        The Photometric Interpretation is not known.
    """
    pixels, photometric, extent = decoded
    if photometric in {"ARGB", "CMYK"} and pixels.dtype == np.uint8:
        pixels, photometric = _of_four_samples(pixels, photometric), "RGB"
    if photometric not in _YBR | _RGB:
        raise IconError(
            f"The Photometric Interpretation {printable(photometric)} with {image.samples} samples is not known"
        )
    if (
        photometric in _RGB
        and pixels.dtype == np.uint8
        and image.bits_stored == 8
        and pixels.shape == (rows, columns, 3)
    ):
        return np.ascontiguousarray(pixels)
    values = shrink_colour(pixels, rows, columns, extent)
    bits = min(image.bits_stored, pixels.dtype.itemsize * 8)
    if bits != 8:
        values = values * np.float32(255 / ((1 << bits) - 1))
    if photometric in _YBR:
        values = _from_ybr(values, partial=photometric.startswith("YBR_PARTIAL"))
    return to_bytes(values)


def palette_picture(pixels: Values, palette: Palette, image: Image, rows: int, columns: int) -> Bytes:
    """Look up the colour of each pixel and shrink to (rows, columns, 3) of uint8."""
    stored = reader_of(pixels, image)

    def plane(number: int) -> Floats:
        table = np.ascontiguousarray(palette.table[:, number])
        return shrink(pixels, rows, columns, lambda band: table[palette.indices(stored(band))])

    return to_bytes(np.stack([plane(number) for number in range(3)], axis=2))


def supplemental_picture(
    pixels: Values,
    palette: Palette,
    image: Image,
    gray: Callable[[Values], Floats],
    rows: int,
    columns: int,
) -> Bytes:
    """Show values below the palette's first in gray and the others in its colours (PS3.3 C.7.6.3.1.5).

    Parameters
    ----------
    pixels, palette, image
        The frame and its supplemental palette.
    gray
        Gives the gray, 0 to 1, of each value of a band of rows.
    rows, columns
        Of the picture.
    """
    stored = reader_of(pixels, image)

    def plane(number: int) -> Floats:
        table = np.ascontiguousarray(palette.table[:, number])

        def mixed(band: Values) -> Floats:
            values = stored(band)
            return np.where(values < palette.first, gray(band) * 255, table[palette.indices(values)])

        return shrink(pixels, rows, columns, mixed)

    return to_bytes(np.stack([plane(number) for number in range(3)], axis=2))


def _of_four_samples(pixels: Values, photometric: str) -> Values:
    """Give RGB of two retired spaces: ARGB, whose first sample numbers overlaid colours, and CMYK."""
    if photometric == "ARGB":
        return pixels[:, :, 1:]
    light = 255 - pixels.astype(np.uint16)
    return (light[:, :, :3] * light[:, :, 3:] // 255).astype(np.uint8)


def _from_ybr(values: Floats, *, partial: bool) -> Floats:
    """Give RGB of YCbCr (PS3.3 C.7.6.3.1.2), of averages as well as of pixels: the matrix is linear."""
    y, cb, cr = values[:, :, 0], values[:, :, 1] - 128, values[:, :, 2] - 128
    if partial:
        y, cb, cr = (y - 16) * np.float32(255 / 219), cb * np.float32(255 / 224), cr * np.float32(255 / 224)
    red = y + np.float32(1.402) * cr
    green = y - np.float32(0.344136) * cb - np.float32(0.714136) * cr
    blue = y + np.float32(1.772) * cb
    return np.stack([red, green, blue], axis=2)
