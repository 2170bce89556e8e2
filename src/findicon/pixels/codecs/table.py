"""Which decoder for which transfer syntax (PS3.5 10), in the order to try."""

from ...errors import IconError
from ..frames import Frame
from ..image import Image
from ..limits import Limits
from .interface import Codec, Decoded, DecodeFailure
from .jpeg import Jpeg8Bit, JpegAnyBits
from .jpeg2000 import FullJpeg2000
from .jpegls import JpegLs
from .jpegxl import JpegXl
from .native import Native
from .rle import Rle

_JPEG: tuple[Codec, ...] = (Jpeg8Bit(), JpegAnyBits())
_LOSSLESS: tuple[Codec, ...] = (JpegAnyBits(),)
_JPEG_LS: tuple[Codec, ...] = (JpegLs(),)
_JPEG_2000: tuple[Codec, ...] = (FullJpeg2000(),)
_JPEG_XL: tuple[Codec, ...] = (JpegXl(),)
_NATIVE: tuple[Codec, ...] = (Native(),)

_TABLE: dict[str, tuple[Codec, ...]] = {
    "1.2.840.10008.1.2": _NATIVE,
    "1.2.840.10008.1.2.1": _NATIVE,
    "1.2.840.10008.1.2.1.99": _NATIVE,
    "1.2.840.10008.1.2.2": _NATIVE,
    "1.2.840.113619.5.2": _NATIVE,  # GE's private implicit big endian pixels
    "1.2.840.10008.1.2.5": (Rle(),),
    "1.2.840.10008.1.2.4.50": _JPEG,
    "1.2.840.10008.1.2.4.51": _JPEG,
    "1.2.840.10008.1.2.4.57": _LOSSLESS,
    "1.2.840.10008.1.2.4.70": _LOSSLESS,
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


def decode(frame: Frame, image: Image, size: int, limits: Limits) -> Decoded:
    """Decode one frame so that its longer side has at least `size` pixels, or all it has.

    Raises
    ------
    IconError
        No decoder knows the transfer syntax or the frame; the text says why.
    """
    syntax = str(image.transfer_syntax)
    if syntax in _VIDEO:
        raise IconError(f"It is a video ({image.transfer_syntax.name}): it gets a pictogram")
    codecs = _TABLE.get(syntax)
    if codecs is None:
        raise IconError(f"No decoder knows the transfer syntax {image.transfer_syntax.name}")
    reasons = []
    for codec in codecs:
        if not codec.supports(image):
            continue
        try:
            return codec.decode(frame, image, size, limits)
        except DecodeFailure as exc:
            reasons.append(str(exc))
    if not reasons:
        raise IconError(
            f"No decoder for {image.transfer_syntax.name} knows {image.bits_allocated} bits, {image.samples} samples"
        )
    raise IconError(f"The frame does not decode ({image.transfer_syntax.name}): {'; '.join(reasons)}")
