"""JPEG: baseline, extended and lossless (ISO/IEC 10918-1; PS3.5 8.2.1)."""

import imagecodecs
import simplejpeg

from ..codestream import Codestream, from_jpeg_start, read_jpeg_head
from ..image import Image
from ..shrink import Extent
from .interface import Decoded, DecodeFailure, Task, check_decoding, check_stream, foreign

_PROGRESSIVE = 0xC2
_DCT = frozenset({0xC0, 0xC1, _PROGRESSIVE})  # with baseline and extended, what libjpeg decodes at a smaller scale


def _is_ybr(stream: Codestream, image: Image) -> bool:
    """Whether three components are YCbCr: the stream's own word first, then the header's."""
    if stream.adobe_transform is not None:
        return stream.adobe_transform == 1
    if stream.component_ids == b"RGB":
        return False
    # Nobody leaves out half of red or blue.
    return stream.is_jfif or stream.is_subsampled or image.photometric != "RGB"


def _knows(image: Image) -> bool:
    return image.samples in {1, 3} and not image.floating


def _eighths(reduction: float) -> int:
    """Give the scale, in eighths: those that are powers of two, because the others decode slower than the whole."""
    return next((eighths for eighths in (1, 2, 4) if reduction >= 8 // eighths), 8)


def _is_block_by_block(task: Task) -> bool:
    """Whether each of the picture's pixels is one block of 8 x 8: at 1/8 the decoder gives its average."""
    return (8 * task.rows, 8 * task.columns) == (task.image.rows, task.image.columns)


class ScaledJpeg:
    """simplejpeg: 8-bit DCT streams, decoded at the smallest scale that is enough."""

    name = "simplejpeg"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return _knows(image)

    def decode(self, task: Task) -> Decoded:
        """Decode the frame at 8/8, 4/8, 2/8 or 1/8."""
        image = task.image
        data = from_jpeg_start(task.frame.read())
        stream = read_jpeg_head(data)
        check_stream(stream, task)
        if stream.precision != 8 or stream.process not in _DCT:
            raise DecodeFailure(f"{self.name}: it is no 8-bit DCT")
        if image.samples == 3 and not _is_ybr(stream, image):
            raise DecodeFailure(f"{self.name}: its components are RGB")
        # Chroma of half the size has half the detail: colours are averaged from twice the picture's pixels, unless each
        # of these is a block.
        eighths = _eighths(task.reduction(2 if image.samples == 3 and not _is_block_by_block(task) else 1))
        check_decoding(task, 1 if stream.process == _PROGRESSIVE else eighths / 8)
        pixels = foreign(
            self.name,
            lambda: simplejpeg.decode_jpeg(
                data,
                colorspace="RGB" if image.samples == 3 else "GRAY",
                fastupsample=eighths < 8,  # repeated chroma averages to what it is, interpolated chroma does not
                min_height=-(-image.rows * eighths // 8),
                min_width=-(-image.columns * eighths // 8),
                min_factor=1,
            ),
        )
        extent = Extent(image.rows * eighths / 8, image.columns * eighths / 8)
        if image.samples == 3:
            return Decoded(pixels, "RGB", extent)
        return Decoded(pixels[:, :, 0], image.photometric, extent)


class WholeJpeg:
    """imagecodecs' libjpeg-turbo: 8, 12 and 16 bits, DCT and lossless.

    Entropy decoding is most of the work in these, so that decoding at a smaller scale would save little.
    """

    name = "imagecodecs jpeg8"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return _knows(image)

    def decode(self, task: Task) -> Decoded:
        """Decode the frame."""
        image = task.image
        data = from_jpeg_start(task.frame.read())
        stream = read_jpeg_head(data)
        check_stream(stream, task)
        check_decoding(task)
        if image.samples == 1:
            return Decoded(foreign(self.name, lambda: imagecodecs.jpeg8_decode(data)), image.photometric)
        is_dct = stream.process in _DCT
        colours = "YCBCR" if is_dct and _is_ybr(stream, image) else "RGB"
        pixels = foreign(self.name, lambda: imagecodecs.jpeg8_decode(data, colorspace=colours, outcolorspace="RGB"))
        return Decoded(pixels, "RGB" if is_dct else image.photometric)
