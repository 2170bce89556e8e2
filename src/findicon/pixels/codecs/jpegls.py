"""JPEG-LS (ISO/IEC 14495-1; PS3.5 8.2.3)."""

import imagecodecs

from ..codestream import read_jpeg_head
from ..frames import Frame
from ..image import Image
from ..limits import Limits
from .interface import Decoded, check_size, foreign


class JpegLs:
    """imagecodecs' CharLS."""

    name = "imagecodecs jpegls"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return not image.floating

    def decode(self, frame: Frame, image: Image, size: int, limits: Limits) -> Decoded:
        """Decode the frame; there is no way to decode less."""
        data = frame.read()
        check_size(read_jpeg_head(data), image, limits)
        return Decoded(foreign(self.name, lambda: imagecodecs.jpegls_decode(data)), image.photometric)
