"""An instance's data set in a native transfer syntax, whatever it is stored in (PS3.5 7.1, 10, A.1, A.2, A.4, A.5).

It comes in pieces: what is held at once is one element, or one frame. Values that are not pixels stay the bytes that
they are; where the byte order changes, numbers are turned.
"""

import zlib
from collections.abc import Callable, Iterator, Mapping
from typing import BinaryIO

from pydicom.datadict import tag_for_keyword
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from ..errors import IconError, StorageError
from .decompress import Decompressed
from .deflated import InflatingSource
from .elements import BIG, LITTLE, LONG_LENGTH_VRS, UNDEFINED, Encoding, Malformed, Walk
from .files import Source
from .fragments import end_of_fragments
from .frames import NATIVE
from .header import Header
from .image import BIG_ENDIAN_PIXELS, PIXEL_DATA_PROVIDER_URL
from .limits import DEFAULT_LIMITS, Limits
from .reading import read_header

_PIECE = 1 << 18
_LONGEST = 0xFFFFFFFE
# Bytes of each number in the VRs of binary numbers (PS3.5 7.3).
_WIDTHS = {
    "AT": 2, "FD": 8, "FL": 4, "OD": 8, "OF": 4, "OL": 4, "OV": 8, "OW": 2, "SL": 4, "SS": 2, "SV": 8, "UL": 4,
    "US": 2, "UV": 8,
}  # fmt: skip
_FLOAT_VRS = {0x7FE00008: "OF", 0x7FE00009: "OD"}
# Offsets into what is no longer encapsulated; padding, and signatures of bytes that are others now.
_LEFT_OUT = frozenset({0x7FE00001, 0x7FE00002, 0x7FE00003, 0xFFFCFFFC, 0xFFFAFFFA})
_ITEM = 0xFFFEE000


def native_pieces(stream: BinaryIO, transfer_syntax: UID, limits: Limits = DEFAULT_LIMITS) -> Iterator[bytes]:
    """Give the data set of a DICOM file in a native transfer syntax, decompressed where it is compressed.

    Sequences whose items hold compressed pixels, as an icon may, Data Set Trailing Padding and Digital Signatures are
    left out; Photometric Interpretation, Planar Configuration and High Bit say what the pixels are now.

    Parameters
    ----------
    stream
        A DICOM file that can seek.
    transfer_syntax
        Explicit, Implicit or Deflated Explicit VR Little Endian, or Explicit VR Big Endian.
    limits
        Bounds on what is decoded.

    Raises
    ------
    StorageError
        The file cannot be read.
    IconError
        Its pixels cannot be decoded, or are more than fit into a native data set of 4 GiB.
    """
    header = read_header(stream)
    encoding = Encoding(transfer_syntax == ImplicitVRLittleEndian, transfer_syntax != ExplicitVRBigEndian)
    pieces = _data_set(header, encoding, limits)
    return _deflated(pieces) if transfer_syntax == DeflatedExplicitVRLittleEndian else pieces


def _data_set(header: Header, encoding: Encoding, limits: Limits) -> Iterator[bytes]:
    writer = _Writer(encoding)
    pixels, source = header.pixels, header.source
    if PIXEL_DATA_PROVIDER_URL in header:
        raise IconError("Its pixels are elsewhere, with a Pixel Data Provider")
    if pixels is None or source is None or not pixels.length:
        yield from writer.elements(header, {})
        return
    if header.transfer_syntax in NATIVE:
        if pixels.length == UNDEFINED:
            raise IconError(f"Its pixels are encapsulated though it is in {header.transfer_syntax.name}")
        yield from writer.elements(header, {})
        yield from writer.pixels(pixels.tag, _pixel_vr(header), pixels.length, _native_pixels(header, source, encoding))
        yield from _behind(header, source, pixels.position + pixels.length, writer)
        return
    decompressed = Decompressed(header, limits)
    if decompressed.length > _LONGEST:
        raise IconError(f"Its pixels are {decompressed.length} bytes, more than a native data set can hold")
    changed = {tag_for_keyword(keyword) or 0: value for keyword, value in decompressed.attributes.items()}
    yield from writer.elements(header, {tag: _value(value, encoding) for tag, value in changed.items()})
    width = int(str(decompressed.attributes["BitsAllocated"])) // 8
    vr = _FLOAT_VRS.get(pixels.tag, "OW" if width > 1 else "OB")
    turn = _turner(width, needed=not encoding.little_endian)
    frames = (turn(decompressed.frame(number)) for number in range(1, decompressed.frames + 1))
    yield from writer.pixels(pixels.tag, vr, decompressed.length, frames)
    is_encapsulated = pixels.length == UNDEFINED
    end = end_of_fragments(source, pixels.position) if is_encapsulated else pixels.position + pixels.length
    yield from _behind(header, source, end, writer)


class _Writer:
    """Elements in one encoding."""

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._layout = LITTLE if encoding.little_endian else BIG

    def elements(self, header: Header, changed: Mapping[int, tuple[str, bytes]]) -> Iterator[bytes]:
        """Give the elements of a header, of which some have other values, or are new."""
        turned = header.encoding.little_endian != self._encoding.little_endian
        for tag in sorted({*header, *changed}):
            if tag >> 16 <= 2 or not tag & 0xFFFF or tag in _LEFT_OUT:  # group lengths would have to be counted again
                continue
            if tag in changed:
                vr, value = changed[tag]
            else:
                vr = header.vr(tag)
                if vr == "SQ":
                    items = self._items(header, tag)
                    if items is not None:
                        yield self._head(tag, "SQ", len(items)) + items
                    continue
                value = _turner(_WIDTHS.get(vr, 1), needed=turned)(header.raw(tag))
            yield self._head(tag, vr, len(value)) + value

    def pixels(self, tag: int, vr: str, length: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
        """Give an element of pixels from its pieces."""
        yield self._head(tag, vr, length + length % 2)
        yield from pieces
        if length % 2:
            yield b"\0"

    def _items(self, header: Header, tag: int) -> bytes | None:
        """Give the items of a sequence with their heads; None where one of them holds compressed pixels."""
        parts: list[bytes] = []
        for item in header.each(tag):
            body = b"".join(self.elements(item, {}))
            if item.pixels is not None and item.source is not None:
                if item.pixels.length == UNDEFINED:
                    return None
                native = _native_pixels(item, item.source, self._encoding)
                body += b"".join(self.pixels(item.pixels.tag, _pixel_vr(item), item.pixels.length, native))
            parts += (self._layout.pair.pack(_ITEM >> 16, _ITEM & 0xFFFF, len(body)), body)
        return b"".join(parts)

    def _head(self, tag: int, vr: str, length: int) -> bytes:
        group, number = tag >> 16, tag & 0xFFFF
        if self._encoding.implicit:
            return self._layout.pair.pack(group, number, length)
        written = vr.encode()
        if written not in LONG_LENGTH_VRS:
            if length <= 0xFFFF:
                return self._layout.head.pack(group, number, written, length)
            written = b"UN"  # came in an implicit encoding, which knows no short lengths (PS3.5 6.2.2)
        return self._layout.head.pack(group, number, written, 0) + self._layout.long.pack(length)


def _value(value: object, encoding: Encoding) -> tuple[str, bytes]:
    if isinstance(value, int):
        return "US", value.to_bytes(2, "little" if encoding.little_endian else "big")
    text = str(value).encode("ascii", "replace")
    return "CS", text + b" " * (len(text) % 2)


def _pixel_vr(header: Header) -> str:
    """Give the VR of native pixels; what comes without one is OW (PS3.5 A.1)."""
    assert header.pixels is not None
    return header.pixels.vr.decode("ascii") or _FLOAT_VRS.get(header.pixels.tag, "OW")


def _native_pixels(header: Header, source: Source, encoding: Encoding) -> Iterator[bytes]:
    pixels = header.pixels
    assert pixels is not None
    is_big = header.transfer_syntax in BIG_ENDIAN_PIXELS
    width = max(_WIDTHS.get(_pixel_vr(header), 1), (header.integer(0x00280100) or 0) // 8)
    is_bytes = _pixel_vr(header) == "OB"
    turn = _turner(1 if is_bytes else width, needed=is_big == encoding.little_endian)
    end = pixels.position + pixels.length
    for position in range(pixels.position, end, _PIECE):
        wanted = min(_PIECE, end - position)
        piece = source.read(position, wanted)
        if len(piece) < wanted:
            raise StorageError(f"The pixel data of {source.name} is cut off")
        yield turn(piece)
        if isinstance(source, InflatingSource):
            source.forget(position + wanted)


def _behind(header: Header, source: Source, position: int, writer: _Writer) -> Iterator[bytes]:
    """Give the elements behind the pixels: a few private ones, as a rule none; what is no element is none."""
    if isinstance(source, InflatingSource):
        source.expect_header(position)
    walk = Walk(source, position, header.encoding)
    try:
        walk.run()
    except Malformed:
        return
    yield from writer.elements(
        Header(walk.elements, header.encoding, transfer_syntax=header.transfer_syntax, source=source), {}
    )


def _turner(width: int, *, needed: bool) -> Callable[[bytes], bytes]:
    """Give the function that turns the bytes of each number, where that is needed."""
    if not needed or width < 2:
        return bytes

    def turn(value: bytes) -> bytes:
        whole = len(value) // width * width
        turned = bytearray(value)
        for offset in range(width):
            turned[offset:whole:width] = value[width - 1 - offset : whole : width]
        return bytes(turned)

    return turn


def _deflated(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """Compress as PS3.5 A.5 says: raw deflate, padded to even length."""
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    length = 0
    for piece in pieces:
        deflated = compressor.compress(piece)
        length += len(deflated)
        if deflated:
            yield deflated
    last = compressor.flush()
    yield last + b"\0" * ((length + len(last)) % 2)
