"""Encapsulated pixel data: which fragments are which frame (PS3.5 A.4; PS3.3 C.7.6.3.1.8)."""

from struct import Struct, error

from ..errors import IconError
from .codestream import JPEG_2000_STARTS, JPEG_START, JPEG_XL_STARTS
from .files import Source
from .header import Header
from .image import Image

Spans = list[tuple[int, int]]
ITEM = b"\xfe\xff\x00\xe0"
_ITEM_HEAD = Struct("<4sI")
_EXTENDED_OFFSETS, _EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002
# How a frame's first fragment begins.
STARTS = (JPEG_START, *JPEG_2000_STARTS, *JPEG_XL_STARTS)
_MOST_FRAGMENTS = 1 << 20


class Fragments:
    """The fragments of an image, and how to tell which belong to a frame.

    Parameters
    ----------
    header, image
        Of the image.
    position
        Where its Basic Offset Table begins, or its first fragment where that is left out.

    Raises
    ------
    IconError
        There is no item.
    """

    def __init__(self, header: Header, image: Image, position: int) -> None:
        assert header.source is not None
        self._header = header
        self._source = header.source
        self._frames = image.frames
        tag, length, start = self._item(position)
        if tag != ITEM:
            raise IconError("The pixel data is encapsulated, but does not begin with an item")
        has_table = not start.startswith(STARTS)  # some writers leave it out
        self._table = position + 8, length if has_table else 0
        self._first = position + 8 + length if has_table else position
        # While hopping: where the next item begins, every fragment so far, and which of them begin a frame.
        self._next = self._first
        self._every: Spans = []
        self._begins: list[int] = []
        self._hops = 0
        self._at_end = False

    def spans(self, index: int) -> Spans:
        """Give the (position, length) of each fragment of a frame, 0-based; raises IconError."""
        return self._by_extended_table(index) or self._by_basic_table(index) or self._by_hopping(index)

    def _item(self, position: int) -> tuple[bytes, int, bytes]:
        """Give an item's tag, length and first bytes; an empty tag where the file ends."""
        data = self._source.read(position, 20)
        try:
            tag, length = _ITEM_HEAD.unpack_from(data)
        except error:
            return b"", 0, b""
        return tag, length, data[8 : 8 + length]

    def _by_extended_table(self, index: int) -> Spans | None:
        offset = self._header.unsigned_at(_EXTENDED_OFFSETS, index)
        length = self._header.unsigned_at(_EXTENDED_LENGTHS, index)
        if offset is None or length is None:
            return None
        start = self._first + offset
        tag, size, _ = self._item(start)
        if tag != ITEM or not 0 < length <= size:
            return None  # a table that points elsewhere is worth as much as none
        return [(start + 8, length)]

    def _by_basic_table(self, index: int) -> Spans | None:
        begin, length = self._table
        if length != 4 * self._frames:
            return None
        is_last = index + 1 == self._frames
        data = self._source.read(begin + 4 * index, 4 if is_last else 8)
        start = self._first + int.from_bytes(data[:4], "little")
        end = None if is_last else self._first + int.from_bytes(data[4:], "little")
        spans: Spans = []
        while end is None or start < end:
            tag, size, _ = self._item(start)
            if tag != ITEM:
                break
            spans.append((start + 8, size))
            start += 8 + size
        return spans if end is None or start == end else None

    def _by_hopping(self, index: int) -> Spans:
        """Go from fragment to fragment: a frame begins where an image begins, else after as many fragments."""
        while len(self._begins) < index + 2 and self._hop():
            pass
        if self._frames == 1 and self._every:
            return self._every
        if index < len(self._begins):
            end = self._begins[index + 1] if index + 1 < len(self._begins) else len(self._every)
            return self._every[self._begins[index] : end]
        each, left = divmod(len(self._every), self._frames)
        if not self._begins and each and not left:  # as many fragments to each frame is all that can be meant
            return self._every[each * index : each * (index + 1)]
        raise IconError(f"Frame {index + 1} is not to be found: {len(self._every)} fragments for {self._frames} frames")

    def _hop(self) -> bool:
        """Take the next fragment; False when there is none."""
        tag, length, start = self._item(self._next)
        if self._at_end or tag != ITEM or self._hops >= _MOST_FRAGMENTS:
            self._at_end = True
            return False
        self._hops += 1
        if start.startswith(STARTS):
            self._begins.append(len(self._every))
        if length:
            self._every.append((self._next + 8, length))
        self._next += 8 + length
        return True


def end_of_fragments(source: Source, position: int) -> int:
    """Give where encapsulated pixel data that begins at `position` ends, its delimiter included."""
    for _ in range(_MOST_FRAGMENTS):
        head = source.read(position, 8)
        position += 8
        if head[:4] != ITEM:
            break
        position += int.from_bytes(head[4:], "little")
    return position
