"""Compressed pixel data to native frames as they are stored, bit by bit (PS3.5 8.1.1, 8.2): not for showing."""

from collections.abc import Mapping

import numpy as np

from ..errors import IconError
from .codecs import Decoded, Task, decode
from .frames import FrameFinder
from .header import Header
from .image import describe
from .limits import DEFAULT_LIMITS, Limits
from .stored import reader_of

# Of components that a decoder gives whole, none is subsampled any more (PS3.3 C.7.6.3.1.2).
_WHOLE = {"YBR_FULL_422": "YBR_FULL"}


class Decompressed:
    """The frames of a compressed image, each decoded when it is asked for.

    Parameters
    ----------
    header
        Of the file, which stays open as long as frames are read.
    limits
        Bounds on what is decoded.

    Attributes
    ----------
    attributes
        Attributes of the Image Pixel module, by keyword, as they are once the pixels are decoded. Lossy Image
        Compression is none of them: what was lost stays lost.
    frames
        How many there are.
    length
        Of all frames in bytes.

    Raises
    ------
    IconError
        There are no pixels, no decoder knows the transfer syntax, or the first frame does not decode.
    """

    def __init__(self, header: Header, limits: Limits = DEFAULT_LIMITS) -> None:
        self._image = image = describe(header, limits)
        self._finder = FrameFinder(header, image, limits)
        self._limits = limits
        if image.bits_allocated == 1 and image.frames > 1 and image.rows * image.columns % 8:
            raise IconError("Its frames of single bits share bytes with each other once they are decoded")
        decoded = self._decoded(1)
        self._first = self._cells(decoded)
        self.frames = image.frames
        self.length = len(self._first) * image.frames
        attributes: dict[str, object] = {
            "PhotometricInterpretation": _WHOLE.get(decoded.photometric, decoded.photometric),
            "SamplesPerPixel": image.samples,
            "BitsAllocated": image.bits_allocated,
            "BitsStored": image.bits_stored,
            "HighBit": image.bits_stored - 1,
            "PixelRepresentation": int(image.signed),
        }
        if image.is_colour:
            attributes["PlanarConfiguration"] = 0
        self.attributes: Mapping[str, object] = attributes

    def frame(self, number: int, *, by_plane: bool = False) -> bytes:
        """Give one frame, 1-based, native and little endian, colour by pixel.

        Parameters
        ----------
        by_plane
            Give colour by plane instead, as Planar Configuration 1 says (PS3.3 C.7.6.3.1.3).

        Raises
        ------
        IconError
            There is no such frame, or it does not decode.
        """
        if not 1 <= number <= self.frames:
            raise IconError(f"There is no frame {number}: the instance has {self.frames}")
        cells = self._first if number == 1 else self._cells(self._decoded(number))
        if not by_plane or not self._image.is_colour:
            return cells
        samples = self._image.samples
        by_pixel = np.frombuffer(cells, f"V{self._image.bits_allocated // 8}").reshape(-1, samples)
        return by_pixel.T.tobytes()

    def _decoded(self, number: int) -> Decoded:
        image = self._image
        frame = self._finder.frame(number - 1)
        return decode(Task(frame, image, image.rows, image.columns, self._limits, exact=True))

    def _cells(self, decoded: Decoded) -> bytes:
        """Put stored values into cells of Bits Allocated, from the lowest bit on, their sign in every bit above."""
        image, pixels = self._image, np.ascontiguousarray(decoded.pixels)
        expected = (image.rows, image.columns, image.samples)[: 3 if image.is_colour else 2]
        if pixels.shape != expected:
            raise IconError(f"A frame of shape {expected} is {pixels.shape} once it is decoded")
        values = reader_of(pixels, image)(pixels)
        if image.bits_allocated == 1:
            return np.packbits(values.astype(bool), axis=None, bitorder="little").tobytes()
        kind = "f" if image.floating else "i" if image.signed else "u"
        return values.astype(f"<{kind}{image.bits_allocated // 8}", copy=False).tobytes()
