"""JPEG XL (ISO/IEC 18181; PS3.5 8.2.15)."""

import imagecodecs

from ..codestream import read_jpegxl_size
from ..image import Image
from .interface import Decoded, DecodeFailure, Task, check_decoding, check_stream, foreign


class JpegXl:
    """imagecodecs' libjxl; there is no way to decode less than a whole frame."""

    name = "imagecodecs jpegxl"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return image.samples in {1, 3} and not image.floating

    def decode(self, task: Task) -> Decoded:
        """Decode the frame."""
        image = task.image
        data = task.frame.read()
        check_stream(read_jpegxl_size(data, image.samples), task)
        check_decoding(task)
        pixels = foreign(self.name, lambda: imagecodecs.jpegxl_decode(data, numthreads=1))
        if pixels.shape[:2] != (image.rows, image.columns):
            raise DecodeFailure(f"{self.name}: {pixels.shape[:2]} came out")
        if image.samples == 3:
            return Decoded(pixels, "RGB")
        return Decoded(pixels.reshape(image.rows, image.columns), image.photometric)
