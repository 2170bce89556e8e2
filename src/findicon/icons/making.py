"""From a DICOM object to its icon."""

import os
from numbers import Integral
from typing import BinaryIO

from pydicom.dataset import Dataset

from ..errors import IconError, StorageError
from ..pixels import read_header, render
from .icon import Icon
from .stored import stored_icon

LARGEST = 1024
"""The longest side that an icon may be asked for, in pixels; answers carry them uncompressed."""


def make_icon(
    source: str | os.PathLike[str] | BinaryIO | Dataset,
    size: int = 64,
    frame: int | None = None,
    *,
    use_stored: bool = False,
    exact: bool = False,
) -> Icon:
    """Make the icon of an image.

    Parameters
    ----------
    source
        A path, a binary file object that can seek, or a pydicom data set.
    size
        Longest side in pixels, 1 to 1024; the aspect is kept, and a smaller image stays as small as it is.
    frame
        Which frame of a multi-frame image, from 1; unless told, Representative Frame Number (0028,6010), else one a
        third of the way through (PS3.11 A.3.3.2).
    use_stored
        Take the picture that is stored beside the image, if any: its Icon Image Sequence or a private thumbnail of
        GE. It has to be large enough, of the image's shape and not blank; else the image itself is rendered.
    exact
        Decode frames whole, also where a lower resolution of JPEG 2000 or JPEG would do. An image then has the same
        icon in every lossless transfer syntax, bit for bit; without it one in JPEG 2000 is a mean of up to 2 gray
        levels of 255 away from it (3 for a screen full of letters), and up to 200 times as fast.

    Raises
    ------
    IconError
        There is no picture to be had from it: no pixels, a codec that is not here, values that make no sense, a file
        that cannot be read. The text names the file, where the source is one.
    TypeError
        An argument is of another type than it may be.
    """
    _check(source, size, frame)
    if use_stored and frame is None:
        try:
            header = source if isinstance(source, Dataset) else read_header(source).dataset()
        except StorageError as error:
            raise IconError(str(error)) from error
        stored = stored_icon(header, size)
        if stored is not None:
            return stored
    try:
        return Icon.from_picture(render(source, size, frame=frame, exact=exact))
    except IconError as error:
        name = _name_of(source)
        if not name or str(error).startswith((f"{name}:", f"{name} ")):  # what cannot be read is named already
            raise
        raise IconError(f"{name}: {error}") from error


def _check(source: object, size: object, frame: object) -> None:
    """Raise for arguments that are wrong, naming what is wrong with them."""
    is_stream = hasattr(source, "read") and hasattr(source, "seek")
    if not isinstance(source, str | os.PathLike | Dataset) and not is_stream:
        wanted = "a path, a binary file object or a pydicom Dataset"
        raise TypeError(f"make_icon takes {wanted}, not {_described(source)}")
    if not isinstance(size, Integral) or isinstance(size, bool):
        raise TypeError(f"make_icon's size is a number of pixels, not {_described(size)}")
    if frame is not None and (not isinstance(frame, Integral) or isinstance(frame, bool)):
        raise TypeError(f"make_icon's frame is a number from 1, or None, not {_described(frame)}")
    if not 1 <= int(size) <= LARGEST:
        raise IconError(f"An icon of {size} pixels cannot be made: ask for 1 to {LARGEST}")


def _described(value: object) -> str:
    return "None" if value is None else f"{type(value).__name__} {value!r:.40}"


def _name_of(source: str | os.PathLike[str] | BinaryIO | Dataset) -> str:
    """Give the path of a file; nothing for what has none."""
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    name = None if isinstance(source, Dataset) else getattr(source, "name", None)
    return name if isinstance(name, str) else ""
