"""DICOM images to small pictures: headers, frames, decoders, rendering (PS3.4 N.2, PS3.5, PS3.10)."""

from .header import Header, read_header
from .limits import DEFAULT_LIMITS, Limits
from .picture import Picture
from .render import render

__all__ = ["DEFAULT_LIMITS", "Header", "Limits", "Picture", "read_header", "render"]
