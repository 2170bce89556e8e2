"""Native pixel data (PS3.5 8.1, 8.2; PS3.3 C.7.6.3.1.3)."""

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...errors import IconError
from ..image import Image
from .interface import Decoded, DecodeFailure, Task, rows_enough

# A frame may begin and end inside a word.
_SPARE_BITS = 31


class Native:
    """Uncompressed pixels: read, put into order, nothing decoded."""

    name = "native"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind: all whose samples are whole bytes, and single bits."""
        return image.bits_allocated >= 8 or image.samples == 1

    def decode(self, task: Task) -> Decoded:
        """Read the frame, or of a large one as many rows as the picture needs."""
        image, frame = task.image, task.frame
        if not 0 <= 8 * frame.length - image.frame_bits <= _SPARE_BITS:
            raise DecodeFailure(f"{self.name}: {frame.length} bytes, {(image.frame_bits + 7) // 8} are its pixels")
        swapped = image.big_endian and image.in_words
        if image.bits_allocated == 1:
            task.limits.check_memory(9 * frame.length, "Unpacking the frame")
            bits = _swapped(frame.read_array()) if swapped else frame.read_array()
            return Decoded(_unpacked(bits, frame.first_bit, image), image.photometric)
        if image.bits_allocated == 12:
            task.limits.check_memory(4 * frame.length, "Unpacking the frame")
            return Decoded(_twelve_bits(frame.read(), frame.first_bit, image), image.photometric)
        planes = image.samples if image.planar and image.samples > 1 else 1
        is_whole = len(frame.spans) > 1 or swapped
        enough = None if is_whole else rows_enough(image, task.rows)
        if enough is not None:
            rows, data = len(enough), _read_rows(task, planes, enough)
        else:
            task.limits.check_memory(2 * frame.length, "Reading the frame")
            rows, data = image.rows, frame.read_array()
            if swapped:
                data = _swapped(data)[frame.first_bit // 8 :]
            data = data[: image.frame_bits // 8]  # fragments are of even length
        stored = data.view(_dtype(image.bits_allocated, image.floating, image.big_endian))
        if image.is_subsampled:
            return Decoded(_upsampled(stored.reshape(rows, -1), image), image.photometric.removesuffix("_422"))
        if image.samples == 1:
            return Decoded(stored.reshape(rows, image.columns), image.photometric)
        if planes > 1:
            stored = stored.reshape(image.samples, rows, image.columns).transpose(1, 2, 0)
        else:
            stored = stored.reshape(rows, image.columns, image.samples)
        return Decoded(stored, image.photometric)


def _swapped(data: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Exchange the bytes of each word: in big endian the first pixel is in the second one (PS3.5 8.1.2)."""
    return data.view(np.uint16).byteswap().view(np.uint8)


@lru_cache
def _dtype(bits: int, floating: bool, big_endian: bool) -> np.dtype[Any]:
    return np.dtype(f"{'>' if big_endian else '<'}{'f' if floating else 'u'}{bits // 8}")


def _read_rows(task: Task, planes: int, rows: list[int]) -> NDArray[np.uint8]:
    """Read some of the frame's rows, of each plane."""
    image, frame = task.image, task.frame
    begin = frame.spans[0][0]
    row_length = frame.length // planes // image.rows
    task.limits.check_memory(2 * planes * len(rows) * row_length, "Reading the frame")
    data = np.empty(planes * len(rows) * row_length, np.uint8)
    buffer, read, at = data.data, frame.source.read_into, 0
    for plane in range(planes):
        for row in rows:
            position = begin + (plane * image.rows + row) * row_length
            if read(position, buffer[at : at + row_length]) < row_length:
                raise IconError("The pixel data is cut off")
            at += row_length
    return data


def _unpacked(data: NDArray[np.uint8], first_bit: int, image: Image) -> NDArray[Any]:
    """Give bits as bytes: the first pixel is the least significant bit, and rows are not padded."""
    count = image.rows * image.columns
    bits = np.unpackbits(data, bitorder="little", count=first_bit + count)
    return bits[first_bit:].reshape(image.rows, image.columns)


def _twelve_bits(data: bytes, first_bit: int, image: Image) -> NDArray[Any]:
    """Give packed pixels of 12 bits as 16: two in three bytes, the first in the lower bits, as ACR-NEMA has them."""
    count = image.rows * image.columns
    skipped = first_bit // 4  # a frame may begin in the middle of a byte
    octets = np.frombuffer(data + b"\0\0", np.uint8).astype(np.uint16)
    at = np.arange(skipped, skipped + 3 * count, 3)
    lower, upper = octets[at // 2], octets[at // 2 + 1]
    pixels = np.where(at % 2, lower >> 4 | upper << 4, lower | (upper & 0xF) << 8)
    return pixels.reshape(image.rows, image.columns)


def _upsampled(stored: NDArray[Any], image: Image) -> NDArray[Any]:
    """Give YBR_FULL_422 or YBR_PARTIAL_422 (two Y, one Cb, one Cr for each pair of pixels) with all its samples."""
    if image.columns % 2:
        raise IconError(f"{image.photometric} with {image.columns} columns: the number must be even")
    rows = stored.shape[0]
    pairs = stored.reshape(rows, image.columns // 2, 4)
    pixels = np.empty((rows, image.columns, 3), stored.dtype)
    pixels[:, 0::2, 0] = pairs[:, :, 0]
    pixels[:, 1::2, 0] = pairs[:, :, 1]
    pixels[:, :, 1] = np.repeat(pairs[:, :, 2], 2, axis=1)
    pixels[:, :, 2] = np.repeat(pairs[:, :, 3], 2, axis=1)
    return pixels
