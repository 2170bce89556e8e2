"""Native pixel data (PS3.5 8.1, 8.2; PS3.3 C.7.6.3.1.3)."""

import numpy as np
from numpy.typing import NDArray

from ...errors import IconError
from ..frames import Frame
from ..image import Image
from ..limits import Limits
from .interface import Decoded

_BIG_ENDIAN = frozenset({"1.2.840.10008.1.2.2", "1.2.840.113619.5.2"})


class Native:
    """Uncompressed pixels: read, put into order, nothing decoded."""

    name = "native"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind: all."""
        return True

    def decode(self, frame: Frame, image: Image, size: int, limits: Limits) -> Decoded:
        """Read the frame."""
        limits.check_memory(3 * frame.length, "Reading the frame")
        data = frame.read()
        if image.bits_allocated == 1:
            return Decoded(_unpacked(data, frame.first_bit, image), image.photometric)
        stored = np.frombuffer(data, _dtype(image))
        if image.photometric == "YBR_FULL_422":
            return Decoded(_upsampled(stored, image), "YBR_FULL")
        if image.samples == 1:
            return Decoded(stored.reshape(image.rows, image.columns), image.photometric)
        if image.planar:
            stored = stored.reshape(image.samples, image.rows, image.columns).transpose(1, 2, 0)
        else:
            stored = stored.reshape(image.rows, image.columns, image.samples)
        return Decoded(stored, image.photometric)


def _dtype(image: Image) -> np.dtype[np.generic]:
    order = ">" if image.transfer_syntax in _BIG_ENDIAN else "<"
    kind = "f" if image.floating else "u"
    return np.dtype(f"{order}{kind}{image.bits_allocated // 8}")


def _unpacked(data: bytes, first_bit: int, image: Image) -> NDArray[np.generic]:
    """Give bits as bytes: the first pixel is the least significant bit, and rows are not padded."""
    if image.samples != 1:
        raise IconError(f"Pixels of 1 bit with {image.samples} samples are not known")
    count = image.rows * image.columns
    bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little", count=first_bit + count)
    return bits[first_bit:].reshape(image.rows, image.columns)


def _upsampled(stored: NDArray[np.generic], image: Image) -> NDArray[np.generic]:
    """Give YBR_FULL_422 (two Y, one Cb, one Cr for each pair of pixels) as YBR_FULL."""
    if image.columns % 2:
        raise IconError(f"YBR_FULL_422 with {image.columns} columns: the number must be even")
    pairs = stored.reshape(image.rows, image.columns // 2, 4)
    pixels = np.empty((image.rows, image.columns, 3), stored.dtype)
    pixels[:, 0::2, 0] = pairs[:, :, 0]
    pixels[:, 1::2, 0] = pairs[:, :, 1]
    pixels[:, :, 1] = np.repeat(pairs[:, :, 2], 2, axis=1)
    pixels[:, :, 2] = np.repeat(pairs[:, :, 3], 2, axis=1)
    return pixels
