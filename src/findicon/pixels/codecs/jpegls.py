"""JPEG-LS (ISO/IEC 14495-1; PS3.5 8.2.3)."""

import imagecodecs

from ..codestream import from_jpeg_start, read_jpeg_head
from ..image import Image
from .interface import Decoded, Task, check_decoding, check_stream, foreign

_END = b"\xff\xd9"
_ENDS = (_END, _END + b"\0")


class JpegLs:
    """imagecodecs' CharLS; there is no way to decode less than a whole frame."""

    name = "imagecodecs jpegls"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return not image.floating

    def decode(self, task: Task) -> Decoded:
        """Decode the frame."""
        data = from_jpeg_start(task.frame.read())
        if not data.endswith(_ENDS):
            # Where a scan ends before its pixels do, CharLS goes on until it meets a marker: without one, for minutes.
            data += _END
        check_stream(read_jpeg_head(data), task)
        check_decoding(task)
        return Decoded(foreign(self.name, lambda: imagecodecs.jpegls_decode(data)), task.image.photometric)
