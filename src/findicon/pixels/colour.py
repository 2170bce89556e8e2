"""Colour to sRGB: palettes and YCbCr (PS3.3 C.7.6.3.1.2, C.7.6.3.1.5, C.7.6.3.1.6)."""

import numpy as np
from numpy.typing import NDArray

from ..errors import IconError
from .header import Header
from .image import Image
from .picture import to_bytes
from .shrink import Floats, shrink, shrink_colour
from .stored import Values, reader_of

_DESCRIPTORS = (0x00281101, 0x00281102, 0x00281103)
_DATA = (0x00281201, 0x00281202, 0x00281203)
_YBR = frozenset({"YBR_FULL", "YBR_FULL_422", "YBR_ICT", "YBR_PARTIAL_420", "YBR_PARTIAL_422"})


def colour_picture(pixels: Values, photometric: str, image: Image, rows: int, columns: int) -> NDArray[np.uint8]:
    """Shrink a frame of several samples to (rows, columns, 3) of uint8."""
    values = shrink_colour(pixels[:, :, :3], rows, columns)
    if pixels.dtype.kind == "u" and pixels.dtype.itemsize > 1:
        values = values * np.float32(255 / ((1 << min(image.bits_stored, pixels.dtype.itemsize * 8)) - 1))
    if photometric in _YBR:
        values = _from_ybr(values, partial=photometric.startswith("YBR_PARTIAL"))
    elif photometric not in {"RGB", "YBR_RCT"}:
        raise IconError(f"The Photometric Interpretation {photometric} with {image.samples} samples is not known")
    return to_bytes(values)


def palette_picture(header: Header, pixels: Values, image: Image, rows: int, columns: int) -> NDArray[np.uint8]:
    """Look up each pixel's colour and shrink to (rows, columns, 3) of uint8."""
    stored = reader_of(pixels, image)
    planes = []
    for descriptor, data in zip(_DESCRIPTORS, _DATA, strict=True):
        table, first = _palette(header, descriptor, data)

        def looked_up(band: Values, table: Floats = table, first: int = first) -> Floats:
            at = np.clip(stored(band).astype(np.int64) - first, 0, len(table) - 1)
            return table[at]

        planes.append(shrink(pixels, rows, columns, looked_up))
    return to_bytes(np.stack(planes, axis=2))


def _palette(header: Header, descriptor_tag: int, data_tag: int) -> tuple[Floats, int]:
    descriptor = header.numbers(descriptor_tag)
    if len(descriptor) != 3:
        raise IconError("A palette has no descriptor of three values")
    count, first, bits = (int(value) & 0xFFFF for value in descriptor)
    count = count or 1 << 16
    data = header.raw(data_tag)
    if bits == 8 and count <= len(data) <= count + 1:
        table = np.frombuffer(data, np.uint8, count).astype(np.float32)
        return table, first
    if len(data) < 2 * count:
        raise IconError(f"A palette has {len(data)} bytes for {count} entries of {bits} bits")
    order = "<" if header.encoding.little_endian else ">"
    table = np.frombuffer(data, f"{order}u2", count).astype(np.float32)
    return (table if bits == 8 else table / np.float32(257)), first


def _from_ybr(values: Floats, *, partial: bool) -> Floats:
    """Give RGB of YCbCr (PS3.3 C.7.6.3.1.2), averages as well as pixels: the matrix is linear."""
    y, cb, cr = values[:, :, 0], values[:, :, 1] - 128, values[:, :, 2] - 128
    if partial:
        y, cb, cr = (y - 16) * np.float32(255 / 219), cb * np.float32(255 / 224), cr * np.float32(255 / 224)
    red = y + np.float32(1.402) * cr
    green = y - np.float32(0.344136) * cb - np.float32(0.714136) * cr
    blue = y + np.float32(1.772) * cb
    return np.stack([red, green, blue], axis=2)
