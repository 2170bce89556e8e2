"""JPEG XL (ISO/IEC 18181; PS3.5 8.2.15)."""

import imagecodecs

from ...errors import IconError
from ..frames import Frame
from ..image import Image
from ..limits import Limits
from .interface import Decoded, foreign


class JpegXl:
    """imagecodecs' libjxl."""

    name = "imagecodecs jpegxl"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return not image.floating

    def decode(self, frame: Frame, image: Image, size: int, limits: Limits) -> Decoded:
        """Decode the frame; there is no way to decode less."""
        pixels = foreign(self.name, lambda: imagecodecs.jpegxl_decode(frame.read(), numthreads=1))
        if pixels.shape[:2] != (image.rows, image.columns):
            raise IconError(
                f"Rows x Columns is {image.rows} x {image.columns}, but the frame is {pixels.shape[0]} x {pixels.shape[1]}"
            )
        return Decoded(pixels, "RGB" if image.samples == 3 else image.photometric)
