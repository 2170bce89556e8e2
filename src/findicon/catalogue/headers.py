"""Attributes without a column, asked at IMAGE level: answered and matched from the stored header (PS3.4 C.3.1)."""

import zlib
from collections.abc import Iterable

from ..query import BYTES_VRS, Malformed, Value, elements_of, read_attributes, vr_of

# Sequences that are not kept: they are most of a header, and nobody lists images by them.
_NOT_KEPT = frozenset(
    {
        0x00041220,  # Directory Record Sequence
        0x30060039,  # ROI Contour Sequence
        0x52009229,  # Shared Functional Groups Sequence
        0x52009230,  # Per-Frame Functional Groups Sequence
        0x54000100,  # Waveform Sequence
        0xFFFAFFFA,  # Digital Signatures Sequence
    }
)
_FIRST_GROUP = 0x0008


def is_in_headers(tag: int) -> bool:
    """Tell whether stored headers have an attribute, where their instances do: no private, no bulk, no file meta."""
    group = tag >> 16
    return group >= _FIRST_GROUP and not group & 1 and vr_of(tag) not in BYTES_VRS and tag not in _NOT_KEPT


def read_header_values(data: bytes, tags: Iterable[int]) -> dict[int, Value]:
    """Read attributes out of a stored header; none of them where it is damaged."""
    try:
        return read_attributes(elements_of(zlib.decompress(data), explicit=True), tags)
    except (Malformed, zlib.error):
        return {}
