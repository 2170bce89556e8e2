"""The larger picture beside an icon, for thumbnails and pages."""

from io import BytesIO

from PIL import Image

from ..pixels import Picture

PREVIEW_SIZE = 256
"""Longest side of a preview, in pixels."""

_QUALITY = 85


def preview(picture: Picture) -> bytes:
    """Encode a picture as a JPEG of at most 256 px, gray or colour as it is.

    The JPEG says nothing about the patient: it has no metadata.
    """
    buffer = BytesIO()
    Image.fromarray(picture.shrunk(PREVIEW_SIZE).array).save(buffer, "JPEG", quality=_QUALITY)
    return buffer.getvalue()
