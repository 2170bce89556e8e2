"""JPEG: baseline, extended and lossless (ISO/IEC 10918-1; PS3.5 8.2.1)."""

import imagecodecs
import simplejpeg

from ..codestream import Codestream, read_jpeg_head
from ..frames import Frame
from ..image import Image
from ..limits import Limits
from .interface import Decoded, DecodeFailure, check_size, foreign

_SCALABLE = frozenset({0xC0, 0xC1, 0xC2})  # DCT, Huffman: what libjpeg decodes at a smaller scale


def _is_ybr(stream: Codestream, image: Image) -> bool:
    """Whether the three components are YCbCr: the stream's own word first, then the header's."""
    if stream.adobe_transform is not None:
        return stream.adobe_transform == 1
    if stream.component_ids == b"RGB":
        return False
    return stream.is_jfif or image.photometric != "RGB"


class Jpeg8Bit:
    """simplejpeg: 8-bit streams, decoded at the smallest scale that is enough."""

    name = "simplejpeg"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return image.samples in {1, 3} and not image.floating

    def decode(self, frame: Frame, image: Image, size: int, limits: Limits) -> Decoded:
        """Decode the frame at 8/8, 4/8, 2/8 or 1/8."""
        data = frame.read()
        stream = read_jpeg_head(data)
        check_size(stream, image, limits)
        if stream.precision != 8 or stream.process not in _SCALABLE:
            raise DecodeFailure(f"{self.name}: {stream.precision} bits in process {stream.process:02X}")
        if image.samples == 3 and not _is_ybr(stream, image):
            raise DecodeFailure(f"{self.name}: RGB components")
        rows, columns = image.rows, image.columns
        scale = min(size / max(rows, columns), 1)
        pixels = foreign(
            self.name,
            lambda: simplejpeg.decode_jpeg(
                data,
                colorspace="RGB" if image.samples == 3 else "GRAY",
                min_height=max(int(rows * scale), 1),
                min_width=max(int(columns * scale), 1),
                min_factor=1,
            ),
        )
        return Decoded(
            pixels if image.samples == 3 else pixels[:, :, 0], "RGB" if image.samples == 3 else image.photometric
        )


class JpegAnyBits:
    """imagecodecs' libjpeg-turbo: 8, 12 and 16 bits, DCT and lossless, whole."""

    name = "imagecodecs jpeg8"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return image.samples in {1, 3} and not image.floating

    def decode(self, frame: Frame, image: Image, size: int, limits: Limits) -> Decoded:
        """Decode the frame."""
        data = frame.read()
        stream = read_jpeg_head(data)
        check_size(stream, image, limits)
        if image.samples == 1:
            pixels = foreign(self.name, lambda: imagecodecs.jpeg8_decode(data))
            return Decoded(pixels, image.photometric)
        colours = "YCBCR" if stream.process in _SCALABLE and _is_ybr(stream, image) else "RGB"
        pixels = foreign(self.name, lambda: imagecodecs.jpeg8_decode(data, colorspace=colours, outcolorspace="RGB"))
        return Decoded(pixels, image.photometric if stream.process not in _SCALABLE else "RGB")
