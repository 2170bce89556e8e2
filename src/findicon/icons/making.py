"""From a DICOM object to its icon."""

import os
from typing import BinaryIO

from pydicom.dataset import Dataset

from ..errors import IconError
from ..pixels import render
from .icon import Icon

LARGEST = 1024
"""The longest side that an icon may be asked for, in pixels; answers carry them uncompressed."""


def make_icon(source: str | os.PathLike[str] | BinaryIO | Dataset, size: int = 64, frame: int | None = None) -> Icon:
    """Make the icon of an image.

    Parameters
    ----------
    source
        A path, a binary file object or a pydicom data set.
    size
        Longest side in pixels, 1 to 1024; the aspect is kept, and a smaller image stays as small as it is.
    frame
        Which frame of a multi-frame image, from 1; unless told, Representative Frame Number (0028,6010), else one a
        third of the way through (PS3.11 A.3.3.2).

    Raises
    ------
    IconError
        There is no picture to be had from it: no pixels, a codec that is not here, values that make no sense.
    StorageError
        The file cannot be read.
    """
    if not 1 <= size <= LARGEST:
        raise IconError(f"An icon of {size} pixels cannot be made: ask for 1 to {LARGEST}")
    return Icon.from_picture(render(source, size, frame=frame))
