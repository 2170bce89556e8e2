"""RLE Lossless (PS3.5 Annex G)."""

import imagecodecs
import numpy as np

from ...errors import IconError
from ..image import Image
from .interface import Decoded, DecodeFailure, Task, check_decoding, foreign


class Rle:
    """imagecodecs' decoder; there is no way to decode less than a whole frame."""

    name = "imagecodecs dicomrle"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind: whole bytes."""
        return image.bits_allocated % 8 == 0

    def decode(self, task: Task) -> Decoded:
        """Decode the frame."""
        image = task.image
        check_decoding(task)
        length = image.rows * image.columns * image.samples * image.bits_allocated // 8
        dtype = np.dtype(f"<{'f' if image.floating else 'u'}{image.bits_allocated // 8}")
        data = task.frame.read()
        segments = int.from_bytes(data[:4], "little")
        if segments != image.samples * dtype.itemsize:
            raise IconError(f"The RLE frame has {segments} segments; its pixels need {image.samples * dtype.itemsize}")
        pixels = foreign(self.name, lambda: np.frombuffer(imagecodecs.dicomrle_decode(data, dtype, out=length), dtype))
        if pixels.nbytes != length:
            raise DecodeFailure(f"{self.name}: {pixels.nbytes} of {length} bytes came out")
        if image.samples == 1:
            return Decoded(pixels.reshape(image.rows, image.columns), image.photometric)
        planes = pixels.reshape(image.samples, image.rows, image.columns)
        return Decoded(planes.transpose(1, 2, 0), image.photometric)
