"""JPEG 2000 and HTJ2K (ISO/IEC 15444-1, -2, -15; PS3.5 8.2.4, 8.2.14)."""

import io
from typing import Any

import imagecodecs
import numpy as np
from numpy.typing import NDArray
from PIL import Jpeg2KImagePlugin

from ..codestream import Codestream, jpeg2000_start, read_jpeg2000_head
from ..image import Image
from ..shrink import Extent
from .interface import Decoded, DecodeFailure, Task, check_decoding, check_stream, foreign
from .smaller_stream import smaller_stream

_HEAD = 1 << 12
# The wavelet's averages are sharper than area averages, so that drawn lines, letters and the edges of a narrow window
# come out rough unless there are so many times the picture's pixels, and so many pixels at all: small images are cheap.
_OVERSAMPLING, _LEAST_SIDE = 2.0, 256
# Large images cost more to decode, and those of detectors have no lines so sharp.
_OVERSAMPLING_OF_LARGE, _OVERSAMPLING_OF_RADIOGRAPHS = 1.5, 1.2
_LARGE = 1 << 21


def _knows(image: Image) -> bool:
    return image.samples in {1, 3} and not image.floating


def _levels(task: Task, stream: Codestream) -> int:
    """Give how many times the frame can be halved and still be large enough."""
    if task.is_tile or stream.rows * stream.columns > _LARGE:
        is_smooth = task.is_tile or task.image.is_radiograph
        reduction = task.reduction(_OVERSAMPLING_OF_RADIOGRAPHS if is_smooth else _OVERSAMPLING_OF_LARGE)
    else:
        reduction = min(task.reduction(_OVERSAMPLING), max(stream.rows, stream.columns) / _LEAST_SIDE)
    levels = 0
    while levels < stream.levels and reduction >= 2 << levels:
        levels += 1
    return levels


def _decoded(pixels: NDArray[Any], image: Image, stream: Codestream, levels: int = 0) -> Decoded:
    # YBR_ICT and YBR_RCT exist inside the stream only (PS3.3 C.7.6.3.1.2): where it has no transform, none was made.
    is_rgb = stream.colour_transform or image.photometric in {"YBR_ICT", "YBR_RCT"}
    photometric = "RGB" if image.samples == 3 and is_rgb else image.photometric
    if levels == 0:
        return Decoded(pixels, photometric)
    scale = 2.0**-levels
    # A low resolution keeps the pixels 0, 2^levels, 2 * 2^levels, ... and not what lies between them: its pixels stand
    # around those, and begin half a pixel further to the top left than areas would.
    return Decoded(pixels, photometric, Extent(image.rows * scale, image.columns * scale, (scale - 1) / 2))


class SmallerJpeg2000:
    """OpenJPEG on a smaller stream, made of the first bytes of the frame."""

    name = "OpenJPEG, smaller stream"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return _knows(image)

    def decode(self, task: Task) -> Decoded:
        """Decode at 1/2, 1/4, 1/8 and so on."""
        stream = read_jpeg2000_head(task.frame.read(_HEAD))
        check_stream(stream, task)
        levels = _levels(task, stream)
        if levels == 0:
            raise DecodeFailure(f"{self.name}: full size is wanted")
        smaller = smaller_stream(task.frame, stream, levels)
        try:
            pixels = _open_jpeg(self.name, smaller.data)
        except DecodeFailure:  # OpenJPEG notices when packets are missing
            if smaller.is_whole:
                raise
            pixels = _open_jpeg(self.name, smaller_stream(task.frame, stream, levels, whole=True).data)
        return _decoded(pixels, task.image, stream, levels)


class ReducedJpeg2000:
    """Pillow's OpenJPEG, reducing by itself: for streams that are not ordered by resolution."""

    name = "Pillow, reduced"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind: those that have a Pillow mode."""
        return _knows(image) and image.bits_allocated <= 16 and not (image.samples == 3 and image.bits_allocated > 8)

    def decode(self, task: Task) -> Decoded:
        """Decode at 1/2, 1/4, 1/8 and so on."""
        data = task.frame.read()
        stream = read_jpeg2000_head(data)
        check_stream(stream, task)
        levels = _levels(task, stream)
        # Pillow rounds the size where the Standard takes the next whole number, and then refuses the result.
        while levels and any((side + (1 << levels >> 1)) >> levels != -(-side >> levels) for side in _sides(stream)):
            levels -= 1
        if levels == 0 or stream.signed:
            raise DecodeFailure(f"{self.name}: full size is wanted")
        pixels = foreign(self.name, lambda: _pillow(data[jpeg2000_start(data) :], levels))
        if pixels.dtype.itemsize == 2:
            pixels = pixels >> np.uint16(16 - stream.precision)  # Pillow fills the 16 bits
        return _decoded(pixels, task.image, stream, levels)


class WholeJpeg2000:
    """OpenJPEG on the whole frame."""

    name = "OpenJPEG"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return _knows(image)

    def decode(self, task: Task) -> Decoded:
        """Decode the frame at full size."""
        data = task.frame.read()
        stream = read_jpeg2000_head(data)
        check_stream(stream, task)
        check_decoding(task)
        return _decoded(_open_jpeg(self.name, data[jpeg2000_start(data) :]), task.image, stream)


def _sides(stream: Codestream) -> tuple[int, int]:
    return stream.rows, stream.columns


def _open_jpeg(name: str, data: bytes) -> NDArray[Any]:
    return foreign(name, lambda: imagecodecs.jpeg2k_decode(data, numthreads=1))


def _pillow(data: bytes, levels: int) -> NDArray[Any]:
    with Jpeg2KImagePlugin.Jpeg2KImageFile(io.BytesIO(data)) as opened:
        opened.reduce = levels  # Pillow's way to say it
        opened.load()
        return np.asarray(opened)
