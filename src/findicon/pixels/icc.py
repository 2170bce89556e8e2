"""ICC profiles to sRGB (PS3.3 C.11.15)."""

import io
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from .header import Header

_ICC_PROFILE = 0x00282000
_COLOR_SPACE = 0x00282002
_OPTICAL_PATH = 0x00480105
_LARGEST = 1 << 22  # printers' profiles are 2 MB


def profile_of(header: Header) -> bytes:
    """Give an image's ICC profile, or that of its first optical path; nothing where its colours are sRGB already."""
    if header.text(_COLOR_SPACE).upper() == "SRGB":
        return b""
    if _ICC_PROFILE in header:
        return header.raw(_ICC_PROFILE)
    path = header.item(_OPTICAL_PATH) if _OPTICAL_PATH in header else None
    return b"" if path is None else path.raw(_ICC_PROFILE)


def to_srgb(colours: NDArray[np.uint8], profile: bytes) -> NDArray[np.uint8]:
    """Give (rows, columns, 3) of a profile's colours in sRGB; unchanged where the profile is none for RGB."""
    transform = _transform(profile) if 0 < len(profile) <= _LARGEST else None
    if transform is None:
        return colours
    converted = transform.apply(Image.fromarray(colours))
    return np.asarray(converted)


@lru_cache(maxsize=16)
def _transform(profile: bytes) -> ImageCms.ImageCmsTransform | None:
    try:
        source = ImageCms.ImageCmsProfile(io.BytesIO(profile))
        if source.profile.xcolor_space.strip() != "RGB":
            return None
        return ImageCms.ImageCmsTransform(
            source, ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")), "RGB", "RGB"
        )
    except (ImageCms.PyCMSError, OSError, ValueError):
        return None
