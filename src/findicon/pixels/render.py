"""A DICOM image to a small picture (PS3.4 N.2)."""

import os
from contextlib import suppress
from typing import BinaryIO

import numpy as np
from pydicom.dataset import Dataset

from ..errors import IconError, StorageError
from .files import open_source
from .frame_picture import frame_picture
from .header import Header
from .image import Image, describe
from .limits import DEFAULT_LIMITS, Limits
from .picture import Picture
from .reading import header_of, header_of_dataset
from .segmentation import SEGMENTATIONS, segmentation_picture
from .slides import is_tiled, slide_picture

_SOP_CLASS = 0x00080016
_REPRESENTATIVE_FRAME = 0x00286010


def render(
    source: str | os.PathLike[str] | BinaryIO | Dataset,
    size: int,
    *,
    frame: int | None = None,
    exact: bool = False,
    limits: Limits = DEFAULT_LIMITS,
) -> Picture:
    """Make a picture of an image, reading and decoding no more than the picture shows.

    Parameters
    ----------
    source
        A path, a binary file object that can seek, or a pydicom Dataset.
    size
        Of the picture's longer side, in pixels, at most; a smaller image is not magnified.
    frame
        Which frame, 1-based. None takes Representative Frame Number (0028,6010), else the one a third of the way
        (PS3.11 A.3.3.2), or the first one where that cannot be read.
    exact
        Decode frames whole, also where the codec can do it at a lower resolution: an image then has the same picture
        in every lossless transfer syntax, bit for bit.
    limits
        Bounds on what is decoded.

    Raises
    ------
    IconError
        No picture can be made; the text says why.
    """
    if size < 1:
        raise IconError(f"A picture of {size} pixels is none")
    try:
        if isinstance(source, Dataset):
            return _render(header_of_dataset(source), size, frame, limits, exact=exact)
        opened = open_source(source)
        try:
            return _render(header_of(opened), size, frame, limits, exact=exact)
        finally:
            opened.close()
    except StorageError as exc:
        raise IconError(str(exc)) from exc
    except MemoryError as exc:
        raise IconError("There is not memory enough to decode it") from exc


def _render(header: Header, size: int, frame: int | None, limits: Limits, *, exact: bool) -> Picture:
    image = describe(header, limits)
    index = _chosen(header, image, frame)
    with np.errstate(all="ignore"):  # values without meaning become pixels without meaning, not warnings
        if header.text(_SOP_CLASS) in SEGMENTATIONS:
            return segmentation_picture(header, image, frame, index, size, limits)
        if frame is None and is_tiled(header, image):
            return slide_picture(header, image, size, limits, exact=exact)
        try:
            return frame_picture(header, image, index, size, limits, exact=exact)
        except IconError:
            if frame is None and index > 0:  # of a file that came in part the first frame may still be there
                with suppress(IconError):
                    return frame_picture(header, image, 0, size, limits, exact=exact)
            raise


def _chosen(header: Header, image: Image, frame: int | None) -> int:
    """Give the index of the frame to show."""
    if frame is not None:
        if not 1 <= frame <= image.frames:
            raise IconError(f"There is no frame {frame}: the image has {image.frames}")
        return frame - 1
    representative = header.integer(_REPRESENTATIVE_FRAME)
    if representative is not None and 1 <= representative <= image.frames:
        return representative - 1
    return image.frames // 3
