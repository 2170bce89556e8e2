"""The one item of (0088,0200) as bytes, and the whole element around it (PS3.3 C.7.6.1.1.6, PS3.5 7.5).

Catalogues keep an item in Explicit VR Little Endian. An answer needs it inside its element, in the transfer syntax of
the association, thousands of times a second: so an element is a cached head and the item's own bytes, not a data set.
"""

import struct
from functools import lru_cache
from typing import NamedTuple

from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..errors import IconError

_ICON = struct.pack("<HH", 0x0088, 0x0200)
_ITEM = struct.pack("<HH", 0xFFFE, 0xE000)
_PIXEL_DATA = (0x7FE0, 0x0010)
_MONOCHROME2, _PALETTE_COLOR = b"MONOCHROME2 ", b"PALETTE COLOR "
_EMPTY_EXPLICIT = _ICON + b"SQ\0\0\0\0\0\0"
_EMPTY_IMPLICIT = _ICON + b"\0\0\0\0"
# VRs whose explicit form has two reserved bytes and a 32-bit length (PS3.5 7.1.2)
_LONG = {b"OB", b"OW", b"OD", b"OF", b"OL", b"OV", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}


def encode_item(rows: int, columns: int, pixels: bytes, palette: tuple[bytes, bytes, bytes] | None) -> bytes:
    """Encode an item's content in Explicit VR Little Endian, in tag order, Pixel Data last.

    Parameters
    ----------
    rows, columns
        The icon's size in pixels.
    pixels
        Unsigned 8-bit values row by row: gray, or indices into `palette`.
    palette
        8-bit red, green and blue of each entry; None for MONOCHROME2.
    """
    padding = b"\0" * (len(pixels) % 2)
    if palette is None:
        return _gray_head(rows, columns) + pixels + padding
    red, green, blue = (replicate(values) for values in palette)
    head = _palette_head(rows, columns, len(palette[0]))
    others = _long(0x0028, 0x1202, b"OW", green) + _long(0x0028, 0x1203, b"OW", blue)
    return b"".join((head, red, others, _long(*_PIXEL_DATA, b"OB", pixels + padding)))


def replicate(values: bytes) -> bytes:
    """Widen 8-bit entries to 16 bit by repeating the byte, which spans the full range (PS3.3 C.7.6.3.1.6)."""
    wide = bytearray(2 * len(values))
    wide[::2] = values
    wide[1::2] = values
    return bytes(wide)


def icon_element(item: bytes | None, transfer_syntax: UID) -> bytes:
    """Make the whole element (0088,0200) Icon Image Sequence for an answer.

    Sequence and item have defined lengths, which every reader knows how to skip.

    Parameters
    ----------
    item
        The item's content as `Icon.encoded` gives it; None makes a zero-length sequence (PS3.4 C.4.1.1.3.2).
    transfer_syntax
        Implicit, Explicit or Deflated Explicit VR Little Endian. Deflating is for the whole identifier
        (PS3.5 A.5), so for the last one this gives Explicit VR Little Endian.

    Raises
    ------
    IconError
        For any other transfer syntax, or content that is not encoded as above.
    """
    if transfer_syntax == ImplicitVRLittleEndian:
        if item is None:
            return _EMPTY_IMPLICIT
        try:
            return _implicit_element(item)
        except (struct.error, IndexError) as error:
            raise IconError("The icon's item is not encoded in Explicit VR Little Endian") from error
    if transfer_syntax not in _EXPLICIT:
        raise IconError(f"An identifier with an icon is not encoded in {transfer_syntax}")
    return _EMPTY_EXPLICIT if item is None else _explicit_head(len(item)) + item


_EXPLICIT = {ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian}


@lru_cache(maxsize=1024)
def _explicit_head(length: int) -> bytes:
    return b"".join((_ICON, b"SQ\0\0", struct.pack("<L", length + 8), _ITEM, struct.pack("<L", length)))


def _implicit_element(item: bytes) -> bytes:
    if item[18:30] == _MONOCHROME2:
        gray = _implicit_gray(item[:_GRAY_HEAD])
        if gray is not None:
            return gray + item[_GRAY_HEAD:]
    elif item[18:32] == _PALETTE_COLOR:
        colour = _implicit_colour(item[:_PALETTE_HEAD])
        if colour is not None and colour.length == len(item):
            first, second, third, last = colour.heads
            red, green, blue, pixels = colour.values
            return b"".join((first, item[red], second, item[green], third, item[blue], last, item[pixels]))
    content = _implicit(item)
    return _implicit_head(len(content)) + content


def _implicit_head(length: int) -> bytes:
    return b"".join((_ICON, struct.pack("<L", length + 8), _ITEM, struct.pack("<L", length)))


@lru_cache(maxsize=1024)
def _implicit_gray(head: bytes) -> bytes | None:
    """Give all that stands before the pixels of an item of ours; None for an item that somebody else encoded.

    The head says how long Pixel Data is, so it fixes every length around it, too.
    """
    rows, columns = _size(head)
    if head != _gray_head(rows, columns):
        return None
    length = head[-4:]
    content = _implicit(head[:-4] + bytes(4))[:-4] + length
    return _implicit_head(len(content) + int.from_bytes(length, "little")) + content


class _Colour(NamedTuple):
    """How an item with a palette is put together in Implicit VR: a head, a value, a head, a value ..."""

    length: int
    heads: tuple[bytes, bytes, bytes, bytes]
    values: tuple[slice, slice, slice, slice]


@lru_cache(maxsize=1024)
def _implicit_colour(head: bytes) -> _Colour | None:
    """Give what all items of ours with this head have in common; None for one that somebody else encoded."""
    rows, columns = _size(head)
    (entries,) = struct.unpack_from("<H", head, len(head) - 46)
    table, pixels = 2 * entries, rows * columns + rows * columns % 2
    if head != _palette_head(rows, columns, entries):
        return None
    start = len(head)
    tables = [slice(start + (table + 12) * colour, start + (table + 12) * colour + table) for colour in range(3)]
    value = slice(tables[2].stop + 12, tables[2].stop + 12 + pixels)
    first = _implicit(head[:-4] + bytes(4))[:-4] + head[-4:]
    others = [struct.pack("<HHL", 0x0028, element, table) for element in (0x1202, 0x1203)]
    last = struct.pack("<HHL", *_PIXEL_DATA, pixels)
    length = len(first) + 3 * table + 2 * 8 + 8 + pixels
    heads = (_implicit_head(length) + first, others[0], others[1], last)
    return _Colour(value.stop, heads, (tables[0], tables[1], tables[2], value))


def _size(head: bytes) -> tuple[int, int]:
    """Give rows and columns of an item of ours, whose Photometric Interpretation is 12 or 14 bytes long."""
    (length,) = struct.unpack_from("<H", head, 16)
    return struct.unpack_from("<H", head, 26 + length)[0], struct.unpack_from("<H", head, 36 + length)[0]


def _implicit(item: bytes) -> bytes:
    """Encode flat Explicit VR Little Endian elements anew in Implicit VR Little Endian."""
    parts: list[bytes] = []
    offset, end = 0, len(item)
    while offset < end:
        vr = item[offset + 4 : offset + 6]
        if vr in _LONG:
            (length,) = struct.unpack_from("<L", item, offset + 8)
            value = offset + 12
        else:
            (length,) = struct.unpack_from("<H", item, offset + 6)
            value = offset + 8
        if value + length > end:
            raise IndexError(offset)
        parts += (item[offset : offset + 4], struct.pack("<L", length), item[value : value + length])
        offset = value + length
    return b"".join(parts)


def _short(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", group, element, vr, len(value)) + value


def _long(group: int, element: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sHL", group, element, vr, 0, len(value)) + value


def _unsigned(group: int, element: int, *values: int) -> bytes:
    return _short(group, element, b"US", struct.pack(f"<{len(values)}H", *values))


@lru_cache(maxsize=1024)
def _shape(rows: int, columns: int, photometric_interpretation: bytes) -> bytes:
    return b"".join(
        (
            _unsigned(0x0028, 0x0002, 1),  # Samples per Pixel
            _short(0x0028, 0x0004, b"CS", photometric_interpretation),
            _unsigned(0x0028, 0x0010, rows),
            _unsigned(0x0028, 0x0011, columns),
            _unsigned(0x0028, 0x0100, 8),  # Bits Allocated
            _unsigned(0x0028, 0x0101, 8),  # Bits Stored
            _unsigned(0x0028, 0x0102, 7),  # High Bit
            _unsigned(0x0028, 0x0103, 0),  # Pixel Representation
        )
    )


@lru_cache(maxsize=1024)
def _gray_head(rows: int, columns: int) -> bytes:
    length = rows * columns + rows * columns % 2
    return _shape(rows, columns, _MONOCHROME2) + struct.pack("<HH2sHL", *_PIXEL_DATA, b"OB", 0, length)


@lru_cache(maxsize=1024)
def _palette_head(rows: int, columns: int, entries: int) -> bytes:
    """Give all that stands before the red table."""
    # Entries, first value mapped, bits per entry: the same for red, green and blue (PS3.3 C.7.6.3.1.5).
    descriptors = [_unsigned(0x0028, 0x1101 + colour, entries, 0, 16) for colour in range(3)]
    red = struct.pack("<HH2sHL", 0x0028, 0x1201, b"OW", 0, 2 * entries)
    return b"".join((_shape(rows, columns, _PALETTE_COLOR), *descriptors, red))


_GRAY_HEAD = len(_gray_head(1, 1))
_PALETTE_HEAD = len(_palette_head(1, 1, 1))
