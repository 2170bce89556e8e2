"""One frame's bytes, found without reading the others (PS3.5 A.4; PS3.3 C.7.6.3.1.8)."""

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from ..errors import IconError
from .elements import UNDEFINED
from .files import Source
from .fragments import ITEM, STARTS, Fragments
from .header import Header
from .image import Image
from .limits import Limits

NATIVE = frozenset(
    {UID("1.2.840.113619.5.2"), ImplicitVRLittleEndian, ExplicitVRLittleEndian}
    | {ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)


class Frame(NamedTuple):
    """Where one frame lies.

    ``spans`` are its pieces as (position, length); ``first_bit`` is where a native frame begins in its first
    byte, or word.
    """

    source: Source
    spans: tuple[tuple[int, int], ...]
    first_bit: int = 0

    @property
    def length(self) -> int:
        """Length in bytes."""
        return self.spans[0][1] if len(self.spans) == 1 else sum(length for _, length in self.spans)

    def read(self, most: int | None = None) -> bytes:
        """Read the frame, or its first `most` bytes; raises IconError where the file ends inside it."""
        pieces = []
        for position, length in self.spans:
            wanted = length if most is None else min(length, most)
            piece = self.source.read(position, wanted)
            if len(piece) < wanted:
                raise _cut_off(len(piece), wanted)
            pieces.append(piece)
            if most is not None:
                most -= wanted
                if most <= 0:
                    break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)

    def read_array(self) -> NDArray[np.uint8]:
        """Read the frame into memory that may be changed; raises IconError where the file ends inside it."""
        array = np.empty(self.length, np.uint8)
        begin, buffer = 0, array.data
        for position, length in self.spans:
            read = self.source.read_into(position, buffer[begin : begin + length])
            if read < length:
                raise _cut_off(read, length)
            begin += length
        return array


def _cut_off(read: int, wanted: int) -> IconError:
    return IconError(f"The pixel data is cut off: {read} of {wanted} bytes are there")


class FrameFinder:
    """The way to an image's frames; what it finds out on the way to one it keeps for the next.

    Parameters
    ----------
    header, image
        Of the image.
    limits
        Bounds on the length of a frame.
    """

    def __init__(self, header: Header, image: Image, limits: Limits) -> None:
        self._header = header
        self._image = image
        self._limits = limits
        self._fragments: Fragments | None = None

    def frame(self, index: int) -> Frame:
        """Find a frame, 0-based.

        Raises
        ------
        IconError
            The pixel data does not reach that far, or which fragments are the frame cannot be told.
        """
        header, image = self._header, self._image
        pixels, source = header.pixels, header.source
        assert pixels is not None
        assert source is not None
        # Encapsulated though the transfer syntax is a native one, or the other way round: files lie.
        if pixels.length != UNDEFINED and header.transfer_syntax in NATIVE:
            return _native_frame(header, image, index)
        if self._fragments is None:
            start = source.read(pixels.position, 20) if pixels.length != UNDEFINED else ITEM
            if not start.startswith(ITEM):
                if 8 * pixels.length >= image.frames * image.frame_bits and not start.startswith(STARTS):
                    return _native_frame(header, image, index)
                return Frame(source, ((pixels.position, pixels.length),))  # compressed, but not encapsulated
            self._fragments = Fragments(header, image, pixels.position)
        frame = Frame(source, tuple(self._fragments.spans(index)))
        self._limits.check_read(frame.length, f"Frame {index + 1}")
        return frame


def _native_frame(header: Header, image: Image, index: int) -> Frame:
    pixels, source = header.pixels, header.source
    assert pixels is not None
    assert source is not None
    first, bits = index * image.frame_bits, image.frame_bits
    end = (first + bits + 7) // 8
    if end > pixels.length or not source.reaches(pixels.position + end):
        raise IconError(
            f"The pixel data is too short: frame {index + 1} of {image.rows} x {image.columns} ends at byte {end}, "
            f"there are {pixels.length} declared" + ("" if end > pixels.length else " but the file ends before")
        )
    unit = 16 if image.big_endian and image.in_words else 8
    begin, end = first // unit * unit // 8, -(-(first + bits) // unit) * unit // 8
    return Frame(source, ((pixels.position + begin, end - begin),), first % unit)
