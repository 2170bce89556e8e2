"""Which decoder for which transfer syntax (PS3.5 10), in the order to try."""

from ...errors import IconError
from ..codestream import JPEG_2000_STARTS, JPEG_START, JPEG_XL_STARTS, read_jpeg_head
from ..image import Image, printable
from .deflated import DeflatedFrame
from .interface import Codec, Decoded, DecodeFailure, Task, rows_enough
from .jpeg import ScaledJpeg, WholeJpeg
from .jpeg2000 import ReducedJpeg2000, SmallerJpeg2000, WholeJpeg2000
from .jpegls import JpegLs
from .jpegxl import JpegXl
from .native import Native
from .rle import Rle

_NATIVE: tuple[Codec, ...] = (Native(),)
_RLE: tuple[Codec, ...] = (Rle(),)
_JPEG: tuple[Codec, ...] = (ScaledJpeg(), WholeJpeg())
_JPEG_LOSSLESS: tuple[Codec, ...] = (WholeJpeg(),)
_JPEG_LS: tuple[Codec, ...] = (JpegLs(),)
_JPEG_2000: tuple[Codec, ...] = (SmallerJpeg2000(), ReducedJpeg2000(), WholeJpeg2000())
_JPEG_XL: tuple[Codec, ...] = (JpegXl(),)

_TABLE: dict[str, tuple[Codec, ...]] = {
    "1.2.840.10008.1.2": _NATIVE,
    "1.2.840.10008.1.2.1": _NATIVE,
    "1.2.840.10008.1.2.1.99": _NATIVE,
    "1.2.840.10008.1.2.1.98": _NATIVE,  # in fragments
    "1.2.840.10008.1.2.2": _NATIVE,
    "1.2.840.113619.5.2": _NATIVE,  # GE's private implicit big endian pixels
    "1.2.840.10008.1.2.5": _RLE,
    "1.2.840.10008.1.2.8.1": (DeflatedFrame(),),
    "1.2.840.10008.1.2.4.50": _JPEG,
    "1.2.840.10008.1.2.4.51": _JPEG,
    "1.2.840.10008.1.2.4.57": _JPEG_LOSSLESS,
    "1.2.840.10008.1.2.4.70": _JPEG_LOSSLESS,
    "1.2.840.10008.1.2.4.80": _JPEG_LS,
    "1.2.840.10008.1.2.4.81": _JPEG_LS,
    "1.2.840.10008.1.2.4.90": _JPEG_2000,
    "1.2.840.10008.1.2.4.91": _JPEG_2000,
    "1.2.840.10008.1.2.4.92": _JPEG_2000,
    "1.2.840.10008.1.2.4.93": _JPEG_2000,
    "1.2.840.10008.1.2.4.201": _JPEG_2000,
    "1.2.840.10008.1.2.4.202": _JPEG_2000,
    "1.2.840.10008.1.2.4.203": _JPEG_2000,
    "1.2.840.10008.1.2.4.110": _JPEG_XL,
    "1.2.840.10008.1.2.4.111": _JPEG_XL,
    "1.2.840.10008.1.2.4.112": _JPEG_XL,
}
_VIDEO = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (100, 101, 102, 103, 104, 105, 106, 107, 108)) | {
    f"1.2.840.10008.1.2.4.{number}.1" for number in (100, 101, 102, 103, 104, 105, 106)
}


_JPEG_HEAD = 1 << 16
_JPEG_LOSSLESS_PROCESS, _JPEG_LS_PROCESS = 0xC3, 0xF7


def decode(task: Task) -> Decoded:
    """Decode one frame with the first decoder that can: of its transfer syntax, else of what its bytes look like.

    Raises
    ------
    IconError
        No decoder knows the transfer syntax or the frame; the text says why.
    """
    image = task.image
    if image.transfer_syntax in _VIDEO:
        raise IconError(f"It is a video ({_name(image)}), which gets a pictogram")
    codecs = _TABLE.get(image.transfer_syntax, ())
    try:
        return _first_of(codecs, task)
    except IconError as reason:
        others = _by_its_bytes(task)  # files lie about their transfer syntax, and there are retired and private ones
        if not others or others is codecs:
            raise
        try:
            return _first_of(others, task)
        except IconError:
            raise reason from None


def _name(image: Image) -> str:
    return printable(image.transfer_syntax.name)


def _first_of(codecs: tuple[Codec, ...], task: Task) -> Decoded:
    image, reason = task.image, ""
    if not codecs:
        raise IconError(f"No decoder knows the transfer syntax {_name(image)}")
    for codec in codecs:
        if not codec.supports(image):
            continue
        try:
            return _enough_of(codec.decode(task), task)
        except DecodeFailure as exc:
            reason = str(exc)  # the last decoder in a row is the one that takes everything
    if not reason:
        kind = f"{image.samples} samples of {image.bits_allocated} bits"
        raise IconError(f"No decoder for {_name(image)} knows {kind}")
    raise IconError(f"The frame does not decode as {_name(image)} ({reason})")


def _enough_of(decoded: Decoded, task: Task) -> Decoded:
    """Leave out rows of a frame decoded whole that would not be read of a native one: both look the same then."""
    if decoded.extent is not None or len(decoded.pixels) != task.image.rows:
        return decoded
    rows = rows_enough(task.image, task.rows)
    return decoded if rows is None else decoded._replace(pixels=decoded.pixels[rows])


def _by_its_bytes(task: Task) -> tuple[Codec, ...]:
    """Give the decoders for what a frame looks like; none where it looks like nothing that is known."""
    frame = task.frame
    try:
        start = frame.read(min(_JPEG_HEAD, frame.length))
        if start.startswith(JPEG_START + b"\xff"):
            process = read_jpeg_head(start).process
            return {_JPEG_LOSSLESS_PROCESS: _JPEG_LOSSLESS, _JPEG_LS_PROCESS: _JPEG_LS}.get(process, _JPEG)
    except IconError:
        return ()
    if start.startswith(JPEG_2000_STARTS):
        return _JPEG_2000
    if start.startswith(JPEG_XL_STARTS):
        return _JPEG_XL
    if start[1:8] == b"\0\0\0\x40\0\0\0" and 1 <= start[0] <= 15:  # the number of segments, and the first one's place
        return _RLE
    is_as_long = 0 <= 8 * frame.length - task.image.frame_bits < 16
    return _NATIVE if is_as_long else ()
