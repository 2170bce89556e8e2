"""DICOM images to small pictures: headers, frames, decoders, rendering (PS3.4 N.2, PS3.5, PS3.10)."""

from .decompress import Decompressed
from .header import Header
from .limits import DEFAULT_LIMITS, Limits
from .picture import Picture
from .reading import read_header
from .render import render
from .transcode import native_pieces
from .values import vr_of_element

__all__ = [
    "DEFAULT_LIMITS",
    "Decompressed",
    "Header",
    "Limits",
    "Picture",
    "native_pieces",
    "read_header",
    "render",
    "vr_of_element",
]
