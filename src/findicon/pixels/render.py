"""A DICOM image to a small picture (PS3.4 N.2)."""

import os
from typing import BinaryIO

from pydicom.dataset import Dataset

from ..errors import IconError, StorageError
from .aspect import vertical_aspect
from .codecs import decode
from .colour import colour_picture, palette_picture
from .files import open_source
from .frames import find_frame
from .functional_groups import FrameAttributes
from .gray import gray_picture
from .grayscale import read_grayscale
from .header import Header, header_of, header_of_dataset
from .image import Image, describe
from .limits import DEFAULT_LIMITS, Limits
from .picture import Picture
from .shrink import fitting_size

_REPRESENTATIVE_FRAME = 0x00286010


def render(
    source: str | os.PathLike[str] | BinaryIO | Dataset,
    size: int,
    *,
    frame: int | None = None,
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
        (PS3.11 A.3.3.2).
    limits
        Bounds on what is decoded.

    Raises
    ------
    IconError
        No picture can be made; the text says why.
    """
    if size < 1:
        raise IconError(f"A picture of {size} pixels is none")
    if isinstance(source, Dataset):
        return _translated(lambda: _render(header_of_dataset(source), size, frame, limits))
    opened = open_source(source)
    try:
        return _translated(lambda: _render(header_of(opened), size, frame, limits))
    finally:
        opened.close()


def _translated(make):  # type: ignore[no-untyped-def]
    try:
        return make()
    except StorageError as exc:
        raise IconError(str(exc)) from exc
    except MemoryError as exc:
        raise IconError("There is not memory enough to decode it") from exc


def _render(header: Header, size: int, frame: int | None, limits: Limits) -> Picture:
    image = describe(header, limits)
    index = _chosen(header, image, frame)
    attributes = FrameAttributes(header, index)
    rows, columns = fitting_size(image.rows, image.columns, size, vertical_aspect(header, attributes))
    decoded = decode(find_frame(header, image, index, limits), image, max(rows, columns), limits)
    if image.is_colour:
        array = colour_picture(decoded.pixels, decoded.photometric, image, rows, columns)
    elif image.photometric == "PALETTE COLOR":
        array = palette_picture(header, decoded.pixels, image, rows, columns)
    else:
        array = gray_picture(decoded.pixels, image, read_grayscale(header, image, attributes), rows, columns)
    return Picture(array, index + 1)


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
