"""One frame's bytes, found without reading the others (PS3.5 A.4; PS3.3 C.7.6.3.1.8)."""

from dataclasses import dataclass
from struct import Struct, error

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
from .header import Header
from .image import Image
from .limits import Limits

NATIVE = frozenset(
    {UID("1.2.840.113619.5.2"), ImplicitVRLittleEndian, ExplicitVRLittleEndian}
    | {ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)
_EXTENDED_OFFSETS = 0x7FE00001
_EXTENDED_LENGTHS = 0x7FE00002
_ITEM = b"\xfe\xff\x00\xe0"
_ITEM_HEAD = Struct("<4sI")
# How a frame's first fragment begins: JPEG and JPEG-LS, JPEG 2000, JP2, JPEG XL bare and in a container.
_STARTS = (b"\xff\xd8", b"\xff\x4f\xff\x51", b"\0\0\0\x0cjP", b"\xff\x0a", b"\0\0\0\x0cJXL ")


@dataclass(frozen=True, slots=True)
class Frame:
    """Where one frame lies.

    ``spans`` are its pieces as (position, length); ``first_bit`` is where a 1-bit frame begins in its first byte.
    """

    source: Source
    spans: tuple[tuple[int, int], ...]
    first_bit: int = 0

    @property
    def length(self) -> int:
        """Length in bytes."""
        return sum(length for _, length in self.spans)

    def read(self, most: int | None = None) -> bytes:
        """Read the frame, or its first `most` bytes; raises IconError where the file ends inside it."""
        pieces = []
        for position, length in self.spans:
            wanted = length if most is None else min(length, most)
            piece = self.source.read(position, wanted)
            if len(piece) < wanted:
                raise IconError(f"The pixel data is cut off: {len(piece)} of {wanted} bytes are there")
            pieces.append(piece)
            if most is not None:
                most -= wanted
                if most <= 0:
                    break
        return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def find_frame(header: Header, image: Image, index: int, limits: Limits) -> Frame:
    """Find a frame, 0-based.

    Raises
    ------
    IconError
        The pixel data does not reach that far, or which fragments are the frame cannot be told.
    """
    pixels, source = header.pixels, header.source
    assert pixels is not None
    assert source is not None
    if header.transfer_syntax in NATIVE:
        return _native_frame(header, image, index)
    if pixels.length != UNDEFINED and source.read(pixels.position, 4) != _ITEM:
        frame = Frame(source, ((pixels.position, pixels.length),))  # not encapsulated though compressed
    else:
        frame = _Fragments(source, pixels.position).frame(header, image, index)
    limits.check_read(frame.length, f"Frame {index + 1}")
    return frame


def _native_frame(header: Header, image: Image, index: int) -> Frame:
    pixels, source = header.pixels, header.source
    assert pixels is not None
    assert source is not None
    if pixels.length == UNDEFINED:
        raise IconError(f"The pixel data is encapsulated though the transfer syntax is {header.transfer_syntax.name}")
    first, bits = index * image.frame_bits, image.frame_bits
    end = (first + bits + 7) // 8
    if end > pixels.length or not source.reaches(pixels.position + end):
        raise IconError(
            f"The pixel data is too short: frame {index + 1} of {image.rows} x {image.columns} ends at byte {end}, "
            f"there are {pixels.length} declared" + ("" if end > pixels.length else " but the file ends before")
        )
    begin = first // 8
    return Frame(source, ((pixels.position + begin, end - begin),), first % 8)


class _Fragments:
    """A walk over the fragments of encapsulated pixel data."""

    def __init__(self, source: Source, position: int) -> None:
        self.source = source
        table = self._head(position)
        if table is None:
            raise IconError("The pixel data has no Basic Offset Table")
        self.table = (position + 8, table)
        self.first = position + 8 + table

    def _head(self, position: int) -> int | None:
        """Give the length of the item at `position`; None at the end of the pixel data."""
        tag, length = self._head_and_start(position)[:2]
        return length if tag == _ITEM else None

    def _head_and_start(self, position: int) -> tuple[bytes, int, bytes]:
        data = self.source.read(position, 20)
        try:
            tag, length = _ITEM_HEAD.unpack_from(data)
        except error:
            return b"", 0, b""
        return tag, length, data[8:]

    def frame(self, header: Header, image: Image, index: int) -> Frame:
        """Find a frame by the quickest way that leads to it."""
        spans = self._by_extended_table(header, index) or self._by_basic_table(image, index)
        if spans is None:
            spans = self._by_hopping(image, index)
        return Frame(self.source, tuple(spans))

    def _by_extended_table(self, header: Header, index: int) -> list[tuple[int, int]] | None:
        offset = header.unsigned_at(_EXTENDED_OFFSETS, index)
        length = header.unsigned_at(_EXTENDED_LENGTHS, index)
        if offset is None or length is None:
            return None
        start = self.first + offset
        size = self._head(start)
        if size is None or not 0 < length <= size:
            return None  # a table that points elsewhere is worth no more than none
        return [(start + 8, length)]

    def _by_basic_table(self, image: Image, index: int) -> list[tuple[int, int]] | None:
        begin, length = self.table
        if length // 4 != image.frames or length < 4 * (index + 1):
            return None
        data = self.source.read(begin + 4 * index, 8 if index + 1 < image.frames else 4)
        if len(data) < 4:
            return None
        start = self.first + int.from_bytes(data[:4], "little")
        end = self.first + int.from_bytes(data[4:8], "little") if len(data) == 8 else None
        if self._head(start) is None or (end is not None and end <= start):
            return None
        spans = []
        while end is None or start < end:
            size = self._head(start)
            if size is None:
                break
            spans.append((start + 8, size))
            start += 8 + size
        return spans if end is None or start == end else None

    def _by_hopping(self, image: Image, index: int) -> list[tuple[int, int]]:
        """Go from fragment to fragment; a frame begins where an image of its kind begins, else with each fragment."""
        position, begun = self.first, -1
        spans: list[tuple[int, int]] = []
        every: list[tuple[int, int]] = []
        while True:
            tag, size, start = self._head_and_start(position)
            if tag != _ITEM:
                break
            span = (position + 8, size)
            if start.startswith(_STARTS):
                begun += 1
                if begun > index and image.frames > 1:
                    return spans
            if begun == index:
                spans.append(span)
            every.append(span)
            position += 8 + size
        if image.frames == 1 and every:
            return every
        if spans:
            return spans
        if len(every) == image.frames:
            return every[index : index + 1]
        raise IconError(f"Frame {index + 1} is not to be found: {len(every)} fragments for {image.frames} frames")
