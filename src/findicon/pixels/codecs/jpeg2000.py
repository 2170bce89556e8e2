"""JPEG 2000 and HTJ2K (ISO/IEC 15444-1, -2, -15; PS3.5 8.2.4, 8.2.14)."""

import imagecodecs

from ..codestream import jpeg2000_start, read_jpeg2000_head
from ..frames import Frame
from ..image import Image
from ..limits import Limits
from .interface import Decoded, check_size, foreign


class FullJpeg2000:
    """imagecodecs' OpenJPEG: the whole frame."""

    name = "imagecodecs jpeg2k"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return not image.floating

    def decode(self, frame: Frame, image: Image, size: int, limits: Limits) -> Decoded:
        """Decode the frame."""
        data = frame.read()
        stream = read_jpeg2000_head(data)
        check_size(stream, image, limits)
        data = data[jpeg2000_start(data) :]
        pixels = foreign(self.name, lambda: imagecodecs.jpeg2k_decode(data, numthreads=1))
        return Decoded(pixels, "RGB" if image.samples == 3 and stream.colour_transform else image.photometric)
