"""A data set's elements, found in its bytes without decoding their values (PS3.5 7).

The walk is one flat loop over a window of the file, because reading headers is most of what indexing costs. It keeps
what a value's bytes are and decodes nothing; sequences stay bytes until somebody asks for an item.
"""

from collections.abc import Iterator
from struct import Struct, error
from typing import NamedTuple

from .files import Source

UNDEFINED = 0xFFFFFFFF
PIXEL_TAGS = frozenset({0x7FE00008, 0x7FE00009, 0x7FE00010})  # float, double float, integer

_PIXEL_GROUP = 0x7FE0
_FIRST_READ = 1 << 14
_LARGEST_READ = 1 << 20
# A header of which more than this has to be read is refused: walking through it would take seconds.
_MOST_READ = 1 << 27
# Longer values stay in the file until they are asked for: overlays, curves, documents, lookup tables.
_LONG_VALUE = 1 << 16
LONG_LENGTH_VRS = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_SHORT_LENGTH_VRS = frozenset(
    {b"AE", b"AS", b"AT", b"CS", b"DA", b"DS", b"DT", b"FD", b"FL", b"IS", b"LO", b"LT", b"PN", b"SH", b"SL", b"SS"}
    | {b"ST", b"TM", b"UI", b"UL", b"US"}
)
_DEEPEST = 40
_MOST_STRAYS = 64


class Malformed(Exception):
    """The bytes are no data set in this encoding."""


class Truncated(Malformed):
    """The bytes end inside an element, and there are no more."""


class TooLong(Malformed):
    """There is more to be walked through than any header holds."""


class Short(Exception):
    """The bytes end inside an element; `reached` is where the outermost item begins that is not whole."""

    def __init__(self, reached: int) -> None:
        super().__init__(reached)
        self.reached = reached


class Encoding(NamedTuple):
    """How elements are written (PS3.5 7.1): with or without VR, and the byte order."""

    implicit: bool
    little_endian: bool


Value = tuple[bytes, bytes | None, int, int, bool]
"""One element: VR, bytes, position in the source, length, and whether that was undefined.

The VR is empty in implicit encodings; the bytes are None while they are not read, those of a sequence hold its items
without the delimiter. It has no names, because making a tuple that has takes as long as all the rest of its element.
"""


class PixelElement(NamedTuple):
    """Where the pixel data lies: ``length`` is UNDEFINED where it is encapsulated (PS3.5 A.4)."""

    tag: int
    vr: bytes
    position: int
    length: int


class Layout(NamedTuple):
    """How the heads of elements lie in one byte order (PS3.5 7.1.2, 7.1.3)."""

    head: Struct  # group, element, VR, 16-bit length
    long: Struct  # 32-bit length
    pair: Struct  # group, element, 32-bit length


LITTLE = Layout(Struct("<HH2sH"), Struct("<I"), Struct("<HHI"))
BIG = Layout(Struct(">HH2sH"), Struct(">I"), Struct(">HHI"))
IMPLICIT_LITTLE = Encoding(implicit=True, little_endian=True)
EXPLICIT_LITTLE = Encoding(implicit=False, little_endian=True)
EXPLICIT_BIG = Encoding(implicit=False, little_endian=False)


class Walk:
    """A walk over the top-level elements of one data set.

    Parameters
    ----------
    source
        Where to read on; None when `window` is all there is.
    position
        Where the first element starts in the source.
    encoding
        How the elements are written.
    window
        Bytes of the source at `position` that are here already.
    private
        Keep private elements; else most of them are passed over.
    """

    def __init__(
        self, source: Source | None, position: int, encoding: Encoding, window: bytes = b"", *, private: bool = True
    ) -> None:
        self.elements: dict[int, Value] = {}
        self.pixels: PixelElement | None = None
        self._source = source
        self._encoding = encoding
        self._window = window
        self._base = position
        self._chunk = _FIRST_READ
        self._left = _MOST_READ
        self._strays = 0
        self._passed_over = 0 if private else 1  # bit of a group's number

    def run(self, only_group: int | None = None) -> int:
        """Walk to the pixel data, to the end, or past `only_group`; give the position reached in the source.

        Raises
        ------
        Malformed
            The bytes are no data set in this encoding, end inside an element, or are more than a header.
        """
        reader = LITTLE if self._encoding.little_endian else BIG
        implicit = self._encoding.implicit
        first, stop = (0, _PIXEL_GROUP) if only_group is None else (only_group, only_group + 1)
        at = 0
        while True:
            at = self._take_plain(at, reader, first, stop)
            if at + 12 > len(self._window) and self._source is not None:
                self._grow(at, 12)
                at = 0
            window = self._window
            if len(window) - at < 8:
                if any(window[at:]):
                    raise Truncated("it ends inside an element")
                return self._base + at
            if only_group is not None and reader.pair.unpack_from(window, at)[0] != only_group:
                return self._base + at
            try:
                group, number, vr, length, start = _element_head(window, at, reader, implicit)
            except Short:
                raise Truncated("it ends inside an element") from None
            tag = group << 16 | number
            if tag in PIXEL_TAGS:
                self.pixels = PixelElement(tag, vr, self._base + start, length)
                return self._base + at
            at = self._skip_stray(at, reader) if group == 0xFFFE else self._take(tag, vr, length, start)

    def _skip_stray(self, at: int, reader: Layout) -> int:
        """Skip a delimiter, or the head of an item, that belongs to no sequence: the elements behind it are read on."""
        _, number, length = reader.pair.unpack_from(self._window, at)
        self._strays += 1
        if number not in {0xE000, 0xE00D, 0xE0DD} or length not in {0, UNDEFINED} or self._strays > _MOST_STRAYS:
            raise Malformed(f"a delimiter stands at byte {self._base + at}")
        return at + 8

    def _take_plain(self, at: int, reader: Layout, first: int, stop: int) -> int:
        """Keep the elements from `at` on that are as most are: of known length, whole in the window, before `stop`.

        This is the loop that headers are read with; everything odd is left to `run`.
        """
        window, base, elements = self._window, self._base, self.elements
        size, passed_over = len(window), self._passed_over
        try:
            if self._encoding.implicit:
                unpack_pair = reader.pair.unpack_from
                while True:
                    group, number, length = unpack_pair(window, at)
                    end = at + 8 + length
                    if end > size or not first <= group < stop:
                        return at
                    if group & passed_over:
                        at = end
                        continue
                    elements[group << 16 | number] = b"", window[at + 8 : end], base + at + 8, length, False
                    at = end
            unpack, unpack_long = reader.head.unpack_from, reader.long.unpack_from
            while True:
                group, number, vr, length = unpack(window, at)
                if vr in _SHORT_LENGTH_VRS:
                    start = at + 8
                elif vr in LONG_LENGTH_VRS:
                    length, start = unpack_long(window, at + 8)[0], at + 12
                else:
                    return at
                end = start + length
                if end > size or not first <= group < stop:
                    return at
                if group & passed_over:
                    at = end
                    continue
                elements[group << 16 | number] = vr, window[start:end], base + start, length, False
                at = end
        except error:
            return at

    def _take(self, tag: int, vr: bytes, length: int, start: int) -> int:
        """Keep an element that is not whole in the window, or of undefined length; give where the next one starts."""
        if length == UNDEFINED:
            return self._take_undefined(tag, vr, start)
        end = start + length
        if end <= len(self._window):
            self.elements[tag] = vr, self._window[start:end], self._base + start, length, False
            return end
        if self._source is None or not self._source.reaches(self._base + end):
            raise Truncated(f"it ends inside element ({tag >> 16:04X},{tag & 0xFFFF:04X})")
        if length > _LONG_VALUE:
            self.elements[tag] = vr, None, self._base + start, length, False
            self._base += end
            self._window = b""
            return 0
        self._grow(start, length)
        self.elements[tag] = vr, self._window[:length], self._base, length, False
        return length

    def _take_undefined(self, tag: int, vr: bytes, start: int) -> int:
        encoding = IMPLICIT_LITTLE if vr == b"UN" else self._encoding  # PS3.5 6.2.2 Note 4
        at = start
        while True:
            try:
                if vr in {b"SQ", b"UN", b""}:
                    end = skip_items(self._window, at, encoding)
                else:
                    end = skip_fragments(self._window, at, encoding)
            except Short as short:
                if self._source is None or not self._source.reaches(self._base + len(self._window) + 1):
                    raise Truncated(f"it ends inside sequence ({tag >> 16:04X},{tag & 0xFFFF:04X})") from None
                at = short.reached - start
                length = len(self._window) - start
                self._grow(start, length + 1, ahead=length)  # twice as much each time: no byte is copied often
                start = 0
            else:
                data = self._window[start : end - 8]
                self.elements[tag] = vr, data, self._base + start, len(data), True
                return end

    def _grow(self, at: int, wanted: int, ahead: int = 0) -> None:
        """Drop the window before `at` and read on, so that it holds `wanted` bytes where the source does.

        So many bytes `ahead` of what is here are read with them; raises TooLong.
        """
        assert self._source is not None
        kept = self._window[at:]
        self._base += at
        missing = wanted - len(kept)
        if missing > 0:
            if missing > self._left:
                raise TooLong(f"its header is longer than {_MOST_READ} bytes")
            more = self._source.read(self._base + len(kept), min(max(self._chunk, missing, ahead), self._left))
            self._left -= len(more)
            kept += more
            self._chunk = min(self._chunk * 2, _LARGEST_READ)
        self._window = kept


def _element_head(
    data: bytes, at: int, reader: Layout, implicit: bool
) -> tuple[int, int, bytes, int, int]:  # group, element, VR, length, start of the value
    if implicit:
        group, number, length = reader.pair.unpack_from(data, at)
        return group, number, b"", length, at + 8
    group, number, vr, length = reader.head.unpack_from(data, at)
    if vr in _SHORT_LENGTH_VRS:
        return group, number, vr, length, at + 8
    if vr in LONG_LENGTH_VRS:
        try:
            return group, number, vr, reader.long.unpack_from(data, at + 8)[0], at + 12
        except error:
            raise Short(at) from None
    if group == 0xFFFE:
        return group, number, b"", 0, at + 8
    raise Malformed(f"({group:04X},{number:04X}) has the VR {vr!r}")


def skip_items(data: bytes, at: int, encoding: Encoding, depth: int = 0) -> int:
    """Give where a sequence of undefined length ends, its delimiter included; `at` is where its first item starts.

    Raises
    ------
    Short
        The bytes end before the sequence does.
    Malformed
        What stands there is no sequence.
    """
    if depth > _DEEPEST:
        raise Malformed(f"sequences are nested more than {_DEEPEST} deep")
    unpack = (LITTLE if encoding.little_endian else BIG).pair.unpack_from
    head = at
    try:
        while True:
            group, number, length = unpack(data, head)
            at = head + 8
            if group != 0xFFFE or number not in {0xE000, 0xE0DD}:
                raise Malformed(f"({group:04X},{number:04X}) stands where an item should")
            if number == 0xE0DD:
                return at
            head = _skip_data_set(data, at, encoding, depth) if length == UNDEFINED else at + length
    except (error, Short):
        raise Short(head) from None


def _skip_data_set(data: bytes, at: int, encoding: Encoding, depth: int) -> int:
    """Give where an item of undefined length ends, its delimiter included."""
    reader = LITTLE if encoding.little_endian else BIG
    implicit = encoding.implicit
    while True:
        group, number, vr, length, start = _element_head(data, at, reader, implicit)
        if group == 0xFFFE:
            if number != 0xE00D:
                raise Malformed("an item has no end")
            return start
        if length != UNDEFINED:
            at = start + length
        elif vr == b"UN":
            at = skip_items(data, start, IMPLICIT_LITTLE, depth + 1)
        elif vr == b"SQ" or (not vr and group << 16 | number not in PIXEL_TAGS):
            at = skip_items(data, start, encoding, depth + 1)
        else:
            at = skip_fragments(data, start, encoding)


def skip_fragments(data: bytes, at: int, encoding: Encoding) -> int:
    """Give where encapsulated pixel data ends, its delimiter included; raises as `skip_items`."""
    unpack = (LITTLE if encoding.little_endian else BIG).pair.unpack_from
    try:
        while True:
            group, number, length = unpack(data, at)
            if group != 0xFFFE or number not in {0xE000, 0xE0DD} or length == UNDEFINED:
                raise Malformed("a fragment has no head")
            if number == 0xE0DD:
                return at + 8
            at += 8 + length
    except error:
        raise Short(at) from None


def items_of(data: bytes, encoding: Encoding) -> Iterator[bytes]:
    """Give the bytes of each item of a sequence's value, without its head and delimiter; raises Malformed."""
    unpack = (LITTLE if encoding.little_endian else BIG).pair.unpack_from
    at = 0
    try:
        while at + 8 <= len(data):
            group, number, length = unpack(data, at)
            at += 8
            if group != 0xFFFE or number != 0xE000:
                if number == 0xE0DD and group == 0xFFFE:
                    return
                raise Malformed(f"({group:04X},{number:04X}) stands where an item should")
            if length == UNDEFINED:
                end = _skip_data_set(data, at, encoding, 0)
                yield data[at : end - 8]
            else:
                end = at + length
                if end > len(data):
                    raise Malformed("an item ends beyond its sequence")
                yield data[at:end]
            at = end
    except (error, Short):
        raise Malformed("an item ends beyond its sequence") from None
