"""Segmentations: labels in their colours on black (PS3.3 A.51, C.8.20)."""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .aspect import vertical_aspect
from .cielab import Colour, srgb_of
from .codecs import Decoded, Task, decode
from .colour import palette_picture
from .frames import FrameFinder
from .functional_groups import FrameAttributes
from .header import Header
from .image import Image
from .limits import Limits
from .palettes import Palette
from .picture import Picture, to_bytes
from .shrink import Floats, fitting_size, shrink
from .stored import reader_of

SEGMENTATIONS = frozenset({"1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7"})
_SEGMENTATION_TYPE, _LARGEST_FRACTION = 0x00620001, 0x0062000E
_SEGMENTS, _SEGMENT_NUMBER, _RECOMMENDED_COLOUR = 0x00620002, 0x00620004, 0x0062000D
_SEGMENT_IDENTIFICATION, _REFERENCED_SEGMENT = 0x0062000A, 0x0062000B
_PER_FRAME, _PLANE_POSITION = 0x52009230, 0x00209113
_FEWEST_LABELS, _MOST_LABELS = 255, 1 << 16
_MOST_FRAMES_TOGETHER = 64
_WHITE: Colour = (255, 255, 255)
# For segments without a recommended colour: apart from each other and from black, also for most of the colour blind.
_COLOURS: tuple[Colour, ...] = (
    (230, 159, 0), (86, 180, 233), (0, 158, 115), (240, 228, 66), (0, 114, 178), (213, 94, 0), (204, 121, 167),
)  # fmt: skip


def segmentation_picture(
    header: Header, image: Image, frame: int | None, index: int, size: int, limits: Limits
) -> Picture:
    """Show the segments of one frame's position, or of that frame alone where it was asked for.

    Parameters
    ----------
    header, image
        Of the segmentation.
    frame
        As the caller asked: None shows all segments that lie where frame `index` lies.
    index
        The frame, 0-based.
    size
        Of the picture's longer side.
    limits
        Bounds on what is decoded.

    Raises
    ------
    IconError
        A frame does not decode.
    """
    attributes = FrameAttributes(header, index)
    rows, columns = fitting_size(image.rows, image.columns, size, vertical_aspect(header, attributes))
    finder = FrameFinder(header, image, limits)
    colours = _segment_colours(header)
    if header.text(_SEGMENTATION_TYPE).upper() == "LABELMAP":
        decoded = decode(Task(finder.frame(index), image, rows, columns, limits, exact=True))
        array = palette_picture(decoded.pixels, _label_palette(colours), image, rows, columns)
        return Picture(array, index + 1)
    full = (header.integer(_LARGEST_FRACTION) or 255) if image.bits_allocated > 1 else 1
    together = [index] if frame is not None else _frames_at_position_of(header, index)
    canvas = np.zeros((rows, columns, 3), np.float32)
    for each in together:
        decoded = decode(Task(finder.frame(each), image, rows, columns, limits))
        share = np.clip(_averages(decoded, image, rows, columns) / np.float32(full), 0, 1)[:, :, None]
        colour = colours.get(_segment_of(header, each), _WHITE)
        canvas = canvas * (1 - share) + share * np.asarray(colour, np.float32)
    array = to_bytes(canvas)
    return Picture(array[:, :, 0].copy() if _is_gray(array) else array, index + 1)


def _segment_colours(header: Header) -> dict[int, Colour]:
    """Give each segment's colour: the recommended one, else white for a single segment, else one of our own."""
    items = header.items(_SEGMENTS)
    colours = {}
    for place, item in enumerate(items):
        number = item.integer(_SEGMENT_NUMBER)
        own = _WHITE if len(items) == 1 else _COLOURS[place % len(_COLOURS)]
        colours[place + 1 if number is None else number] = srgb_of(item.numbers(_RECOMMENDED_COLOUR)) or own
    return colours


def _label_palette(colours: Mapping[int, Colour]) -> Palette:
    """Give a palette of labels: black for 0, a colour for every other, known or not."""
    known = {label: colour for label, colour in colours.items() if 0 < label < _MOST_LABELS}
    table = np.zeros((max(max(known, default=0), _FEWEST_LABELS) + 1, 3), np.float32)
    for label in range(1, len(table)):
        table[label] = known.get(label, _COLOURS[label % len(_COLOURS)])
    return Palette(table, 0)


def _frames_at_position_of(header: Header, index: int) -> list[int]:
    """Give the frames whose plane position is, byte for byte, that of a frame."""
    chosen = header.item(_PER_FRAME, index)
    position = b"" if chosen is None else chosen.raw(_PLANE_POSITION)
    if not position:
        return [index]
    same = [number for number, item in enumerate(header.each(_PER_FRAME)) if item.raw(_PLANE_POSITION) == position]
    return same[:_MOST_FRAMES_TOGETHER] if index in same else [index]


def _averages(decoded: Decoded, image: Image, rows: int, columns: int) -> Floats:
    stored = reader_of(decoded.pixels, image)
    return shrink(decoded.pixels, rows, columns, stored, decoded.extent)


def _segment_of(header: Header, index: int) -> int:
    identification = FrameAttributes(header, index).macro(_SEGMENT_IDENTIFICATION)
    number = None if identification is None else identification.integer(_REFERENCED_SEGMENT)
    return 1 if number is None else number


def _is_gray(array: NDArray[np.uint8]) -> bool:
    return bool((array[:, :, 0] == array[:, :, 1]).all() and (array[:, :, 0] == array[:, :, 2]).all())
