"""What a compressed frame says of itself in its first bytes, read before a decoder is trusted with it."""

from dataclasses import dataclass
from struct import error, unpack_from

from ..errors import IconError

# How streams begin: JPEG and JPEG-LS; JPEG 2000, and JP2 around it; JPEG XL, bare and in a container.
JPEG_START = b"\xff\xd8"
_JPEG_2000_START = b"\xff\x4f\xff\x51"
JPEG_2000_STARTS = (_JPEG_2000_START, b"\0\0\0\x0cjP")
_JPEG_XL_START = b"\xff\x0a"
JPEG_XL_STARTS = (_JPEG_XL_START, b"\0\0\0\x0cJXL ")


@dataclass(frozen=True, slots=True)
class Codestream:
    """The head of a JPEG, JPEG-LS or JPEG 2000 stream.

    ``process`` is the JPEG SOF marker's low byte (0xF7 for JPEG-LS), 0 for JPEG 2000. ``component_ids``,
    ``adobe_transform``, ``is_jfif`` and ``is_subsampled`` tell how JPEG components are coloured. The last five are
    JPEG 2000's.
    """

    rows: int
    columns: int
    components: int
    precision: int
    signed: bool = False
    process: int = 0
    component_ids: bytes = b""
    adobe_transform: int | None = None
    is_jfif: bool = False
    is_subsampled: bool = False
    levels: int = 0
    layers: int = 1
    progression: int = 0
    tiles: int = 1
    colour_transform: bool = False


def from_jpeg_start(data: bytes) -> bytes:
    """Give a frame from where its JPEG stream begins: fill bytes may stand before it (ISO/IEC 10918-1 B.1.1.2)."""
    at = data.find(JPEG_START)
    return data if at <= 0 else data[at:]


def read_jpeg_head(data: bytes) -> Codestream:
    """Read the frame header of a JPEG or JPEG-LS stream (ISO/IEC 10918-1 B.2.2); raises IconError."""
    at = data.find(JPEG_START) + 2
    if at < 2:
        raise IconError("The frame is no JPEG stream")
    adobe, jfif = None, False
    try:
        while True:
            while data[at] == 0xFF and data[at + 1] == 0xFF:
                at += 1
            if data[at] != 0xFF:
                raise IconError("The JPEG stream is malformed before its frame header")
            marker = data[at + 1]
            length = unpack_from(">H", data, at + 2)[0]
            if marker == 0xEE and data[at + 4 : at + 9] == b"Adobe" and length >= 14:
                adobe = data[at + 15]
            elif marker == 0xE0 and data[at + 4 : at + 8] == b"JFIF":
                jfif = True
            elif marker == 0xF7 or (0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}):
                precision, rows, columns, components = unpack_from(">BHHB", data, at + 4)
                ids, sampling = (data[start : at + 10 + 3 * components : 3] for start in (at + 10, at + 11))
                return Codestream(
                    rows, columns, components, precision,
                    process=marker, component_ids=ids, adobe_transform=adobe, is_jfif=jfif,
                    is_subsampled=len(set(sampling)) > 1,
                )  # fmt: skip
            elif marker in {0xD9, 0xDA}:
                raise IconError("The JPEG stream has no frame header")
            at += 2 + length
    except (IndexError, error):
        raise IconError("The JPEG stream ends before its frame header") from None


def jpeg2000_start(data: bytes) -> int:
    """Give where the codestream begins in a frame, which some writers put into a JP2 file; raises IconError."""
    at = data.find(_JPEG_2000_START)
    if at < 0:
        raise IconError("The frame is no JPEG 2000 stream")
    return at


def read_jpeg2000_head(data: bytes) -> Codestream:
    """Read SIZ and COD of a JPEG 2000 codestream (ISO/IEC 15444-1 A.5.1, A.6.1); raises IconError."""
    at = jpeg2000_start(data)
    try:
        x, y, left, top, tile_x, tile_y, tile_left, tile_top, components = unpack_from(">8IH", data, at + 8)
        depth = data[at + 42]
        at += 4 + unpack_from(">H", data, at + 4)[0]
        while unpack_from(">H", data, at)[0] != 0xFF52:
            if unpack_from(">H", data, at)[0] == 0xFF90:
                raise IconError("The JPEG 2000 stream has no coding style")
            at += 2 + unpack_from(">H", data, at + 2)[0]
        progression, layers, transform, levels = unpack_from(">BHBB", data, at + 5)
    except (IndexError, error):
        raise IconError("The JPEG 2000 stream ends before its header does") from None
    if not tile_x or not tile_y or x <= left or y <= top:
        raise IconError("The JPEG 2000 stream has no size")
    tiles = -(-(x - tile_left) // tile_x) * -(-(y - tile_top) // tile_y)
    return Codestream(
        y - top, x - left, components, (depth & 0x7F) + 1, bool(depth & 0x80),
        levels=levels, layers=layers, progression=progression, tiles=tiles, colour_transform=bool(transform),
    )  # fmt: skip


def read_jpegxl_size(data: bytes, components: int) -> Codestream:
    """Read the size header of a JPEG XL stream, bare or in a container (ISO/IEC 18181-1 C.3); raises IconError.

    Parameters
    ----------
    data
        The frame.
    components
        How many there are: not read, but said by the caller.
    """
    at = 0
    if data[4:8] == b"JXL ":
        at = data.find(_JPEG_XL_START, 12)
    if at < 0 or not data.startswith(_JPEG_XL_START, at):
        raise IconError("The frame is no JPEG XL stream")
    bits = int.from_bytes(data[at + 2 : at + 14].ljust(12, b"\0"), "little")

    def take(count: int) -> int:
        nonlocal bits
        value = bits & ((1 << count) - 1)
        bits >>= count
        return value

    def dimension(small: int) -> int:
        return (take(5) + 1) * 8 if small else take((9, 13, 18, 30)[take(2)]) + 1

    small = take(1)
    rows = dimension(small)
    ratio = take(3)
    if ratio:
        numerator, denominator = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))[ratio - 1]
        columns = rows * numerator // denominator
    else:
        columns = dimension(small)
    return Codestream(rows, columns, components, 0)
