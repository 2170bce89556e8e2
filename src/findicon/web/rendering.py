"""One frame of an instance to a picture, with a window of the asker's where there is one."""

from contextlib import closing
from typing import BinaryIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRLittleEndian

from ..pixels import DEFAULT_LIMITS, Header, Limits, Picture, read_header, render
from ..query import InstanceSource
from .attributes import pixel_vr
from .frames import PixelData
from .ports import Renderer, Window

_SHARED, _PER_FRAME = 0x52009229, 0x52009230
# Functional groups that say how pixels become a picture (PS3.3 C.7.6.16.2): those that a window does not replace.
_GROUPS = (0x00289145, 0x00289110)  # Pixel Value Transformation, Pixel Measures
_VOI = (0x00283010, 0x00281050, 0x00281051, 0x00281055, 0x00281056, 0x00289132)
_REPRESENTATIVE_FRAME = 0x00286010


def render_view(
    source: str | BinaryIO,
    size: int,
    frame: int | None = None,
    window: Window | None = None,
    *,
    limits: Limits = DEFAULT_LIMITS,
) -> Picture:
    """Render one frame of a file; a function that worker processes can import by name.

    Parameters
    ----------
    source
        A path, or a binary file object that can seek.
    size
        Of the picture's longer side, in pixels, at most.
    frame
        1-based; None for the representative one.
    window
        Replaces the image's own VOI transformation; ignored for colour.
    limits
        Bounds on what is decoded.

    Raises
    ------
    IconError
        No picture can be made.
    StorageError
        The file cannot be read.
    """
    if window is None:
        return render(source, size, frame=frame, limits=limits)
    header = read_header(source)
    try:
        number = frame or representative(header)
        picture = render(_single_frame(header, number, window), size, limits=limits)
    finally:
        if header.source is not None:
            header.source.close()
    return Picture(picture.array, number)


def representative(header: Header) -> int:
    """Give the frame that stands for an image, 1-based (PS3.11 A.3.3.2)."""
    frames = max(header.integer(0x00280008) or 1, 1)
    named = header.integer(_REPRESENTATIVE_FRAME)
    return named if named is not None and 1 <= named <= frames else frames // 3 + 1


def _single_frame(header: Header, number: int, window: Window) -> Dataset:
    """Give one frame as an image of its own, with another window."""
    pixels = PixelData(header)
    image = header.dataset()
    frame = pixels.frame(number)
    _lift_groups(header, image, number)
    for tag in (*_VOI, _SHARED, _PER_FRAME):
        if tag in image:
            del image[tag]
    image.WindowCenter, image.WindowWidth = str(window.center)[:16], str(window.width)[:16]
    image.VOILUTFunction = window.function
    image.NumberOfFrames = 1
    image.file_meta = FileMetaDataset()
    vr = pixel_vr(header)
    if pixels.is_compressed:
        image.file_meta.TransferSyntaxUID = header.transfer_syntax
        image.add_new(0x7FE00010, "OB", encapsulate([frame]))
        image["PixelData"].is_undefined_length = True
    else:
        image.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        tag = header.pixels.tag if header.pixels is not None else 0x7FE00010
        image.add_new(tag, vr, frame + b"\0" * (len(frame) % 2))
    return image


def _lift_groups(header: Header, image: Dataset, number: int) -> None:
    """Put what the frame's functional groups say into the data set itself."""
    groups = [header.item(_PER_FRAME, number - 1), header.item(_SHARED)]
    for sequence in _GROUPS:
        for group in groups:
            item = group.item(sequence) if group is not None else None
            if item is not None:
                image.update(item.dataset())
                break


def in_process(source: InstanceSource, limits: Limits = DEFAULT_LIMITS) -> Renderer:
    """Give a Renderer that renders in the thread that asks, within limits."""

    def rendered(sop_instance: str, size: int, frame: int | None, window: Window | None) -> Picture:
        with closing(source.open(sop_instance)) as stream:
            return render_view(stream, size, frame, window, limits=limits)

    return rendered
