"""JPEG-LS (ISO/IEC 14495-1; PS3.5 8.2.3)."""

import imagecodecs

from ..codestream import read_jpeg_head
from ..image import Image
from .interface import Decoded, Task, check_decoding, check_stream, foreign


class JpegLs:
    """imagecodecs' CharLS; there is no way to decode less than a whole frame."""

    name = "imagecodecs jpegls"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return not image.floating

    def decode(self, task: Task) -> Decoded:
        """Decode the frame."""
        data = task.frame.read()
        check_stream(read_jpeg_head(data), task)
        check_decoding(task)
        return Decoded(foreign(self.name, lambda: imagecodecs.jpegls_decode(data)), task.image.photometric)
