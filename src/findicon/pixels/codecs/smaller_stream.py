"""A JPEG 2000 stream's low resolutions as a stream of their own.

A stream of n wavelet levels whose packets come resolution by resolution begins with a stream of fewer levels: the same
packets, in the same order, describe the image at 1/2, 1/4, 1/8. So the main header is written anew for the smaller
image, the first bytes of the packets are put behind it, and any decoder reads the result as an image of that size
(ISO/IEC 15444-1 A.5.1, A.6.1, A.6.4, B.5). Nothing else of the frame is read, and no decoder has to skip the packets of
the high resolutions, which is most of what its own reduced decoding costs.
"""

from struct import error, pack, pack_into, unpack_from
from typing import NamedTuple

from ..codestream import Codestream, jpeg2000_start
from ..frames import Frame
from .interface import DecodeFailure

_SOC, _SOT, _SOD, _EOC = 0xFF4F, 0xFF90, 0xFF93, b"\xff\xd9"
_SIZ, _COD, _QCD, _CAP, _PRF, _CPF = 0xFF51, 0xFF52, 0xFF5C, 0xFF50, 0xFF56, 0xFF59
_DROPPED = frozenset({0xFF55, 0xFF57, 0xFF63, 0xFF64})  # TLM, PLM, CRG, COM: lengths and comments
_KEPT = frozenset({_SIZ, _COD, _QCD, _CAP, _PRF, _CPF})
_RLCP, _RPCL = 1, 2
_PRECINCTS = 14  # where they stand in COD, behind progression, layers, levels, code-blocks and wavelet
# Coefficients are a few bits longer than pixels, and packets have heads.
_SPARE_BITS = 4
_SPARE_BYTES = 1 << 14


class SmallerStream(NamedTuple):
    """The stream, and whether the whole frame went into it."""

    data: bytes
    is_whole: bool


def smaller_stream(frame: Frame, stream: Codestream, levels: int, *, whole: bool = False) -> SmallerStream:
    """Make the stream of the image at 1 / 2^levels.

    Parameters
    ----------
    frame, stream
        The frame, and what its head says.
    levels
        How many times to halve, not more than the stream has levels.
    whole
        Take all of the frame's packets, not just as many bytes as the low resolutions can need.

    Raises
    ------
    DecodeFailure
        The packets do not come resolution by resolution, or the header holds what cannot be carried over.
    """
    by_resolution = stream.progression in {_RLCP, _RPCL} or (stream.progression == 0 and stream.layers == 1)
    if not by_resolution or stream.tiles != 1:
        raise DecodeFailure("smaller stream: its packets do not come resolution by resolution")
    samples = -(-stream.rows >> levels) * -(-stream.columns >> levels) * stream.components
    most = samples * (stream.precision * 3 // 2 + _SPARE_BITS) // 8 + _SPARE_BYTES
    whole = whole or most >= frame.length
    data = frame.read(None if whole else most)
    try:
        header, at = _smaller_header(data, jpeg2000_start(data), stream, levels)
        body = _packets(data, at)
    except (IndexError, error):
        raise DecodeFailure("smaller stream: its header ends too early") from None
    tile_part = pack(">HHHIBB", _SOT, 10, 0, len(body) + 14, 0, 1) + pack(">H", _SOD)
    return SmallerStream(b"".join((header, tile_part, body, _EOC)), whole)


def _smaller_header(data: bytes, start: int, stream: Codestream, levels: int) -> tuple[bytes, int]:
    """Give the main header for the smaller image, and where the first tile-part begins."""
    segments = [pack(">H", _SOC)]
    at = start + 2
    while True:
        marker, length = unpack_from(">HH", data, at)
        if marker == _SOT:
            return b"".join(segments), at
        segment = bytearray(data[at : at + 2 + length])
        at += 2 + length
        if marker in _DROPPED:
            continue
        if marker not in _KEPT:
            raise DecodeFailure(f"smaller stream: the header has a marker {marker:04X}")
        if marker == _SIZ:
            _halve_size(segment, levels)
        elif marker == _COD:
            segment[9] = stream.levels - levels
            if segment[4] & 1:  # precinct sizes, one for each resolution
                del segment[_PRECINCTS + stream.levels - levels + 1 :]
        elif marker == _QCD:
            _drop_subbands(segment, stream.levels - levels)
        pack_into(">H", segment, 2, len(segment) - 2)
        segments.append(bytes(segment))


def _halve_size(segment: bytearray, levels: int) -> None:
    columns, rows, left, top, tile_columns, tile_rows, tile_left, tile_top, components = unpack_from(">8IH", segment, 6)
    subsampled = any(segment[41 + 3 * component : 43 + 3 * component] != b"\1\1" for component in range(components))
    if left or top or tile_left or tile_top or subsampled or tile_columns < columns or tile_rows < rows:
        raise DecodeFailure("smaller stream: its image has an offset or subsampled components")
    columns, rows = -(-columns >> levels), -(-rows >> levels)
    pack_into(">8I", segment, 6, columns, rows, 0, 0, columns, rows, 0, 0)


def _drop_subbands(segment: bytearray, levels: int) -> None:
    """Keep the quantization of the subbands that are left: one, and three for each level."""
    style = segment[4] & 0x1F
    if style == 0:
        del segment[5 + 3 * levels + 1 :]
    elif style == 2:
        del segment[5 + 2 * (3 * levels + 1) :]


def _packets(data: bytes, at: int) -> bytes:
    """Give the packets that `data` holds, without the heads of their tile-parts."""
    pieces = []
    while at + 12 <= len(data) and unpack_from(">H", data, at)[0] == _SOT:
        length = unpack_from(">I", data, at + 6)[0]
        end = at + length if length else len(data)
        at += 12
        while unpack_from(">H", data, at)[0] != _SOD:
            if unpack_from(">H", data, at)[0] not in {0xFF58, 0xFF64}:  # PLT, COM
                raise DecodeFailure("smaller stream: a tile-part changes the coding")
            at += 2 + unpack_from(">H", data, at + 2)[0]
        pieces.append(data[at + 2 : end])
        if end <= at:
            raise DecodeFailure("smaller stream: a tile-part has no length")
        at = end
    return b"".join(pieces)
