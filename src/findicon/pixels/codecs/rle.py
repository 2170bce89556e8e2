"""RLE Lossless (PS3.5 Annex G)."""

import imagecodecs
import numpy as np

from ...errors import IconError
from ..frames import Frame
from ..image import Image
from ..limits import Limits
from .interface import Decoded, DecodeFailure, foreign


class Rle:
    """imagecodecs' decoder."""

    name = "imagecodecs dicomrle"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind: whole bytes."""
        return image.bits_allocated >= 8

    def decode(self, frame: Frame, image: Image, size: int, limits: Limits) -> Decoded:
        """Decode the frame; there is no way to decode less."""
        length = image.rows * image.columns * image.samples * image.bits_allocated // 8
        limits.check_memory(3 * length, "Decoding the frame")
        dtype = np.dtype(f"<u{image.bits_allocated // 8}")
        data = frame.read()
        segments = int.from_bytes(data[:4], "little")
        if segments != image.samples * dtype.itemsize:
            raise IconError(f"The RLE frame has {segments} segments; its pixels need {image.samples * dtype.itemsize}")
        pixels = foreign(self.name, lambda: np.frombuffer(imagecodecs.dicomrle_decode(data, dtype, out=length), dtype))
        if pixels.size * dtype.itemsize != length:
            raise DecodeFailure(f"{self.name}: {pixels.size * dtype.itemsize} of {length} bytes came out")
        if image.samples == 1:
            return Decoded(pixels.reshape(image.rows, image.columns), image.photometric)
        planes = pixels.reshape(image.samples, image.rows, image.columns)
        return Decoded(planes.transpose(1, 2, 0), image.photometric)
