"""One frame of an image to a picture."""

import numpy as np
from numpy.typing import NDArray

from .aspect import vertical_aspect
from .codecs import Task, decode
from .colour import colour_picture, palette_picture, supplemental_picture
from .frames import FrameFinder
from .functional_groups import FrameAttributes
from .gray import GrayFrame, gray_picture
from .grayscale import read_grayscale
from .header import Header
from .icc import profile_of, to_srgb
from .image import Image
from .limits import Limits
from .palettes import read_palette
from .picture import Picture
from .shrink import fitting_size

_PIXEL_PRESENTATION = 0x00089205
_FRAME_TYPES = (0x00189226, 0x00189329, 0x00189751)  # MR, CT, PET Image Frame Type Sequence


def frame_picture(header: Header, image: Image, index: int, size: int, limits: Limits, *, exact: bool) -> Picture:
    """Make the picture of one frame, 0-based, with a longer side of at most `size`; raises IconError."""
    attributes = FrameAttributes(header, index)
    rows, columns = fitting_size(image.rows, image.columns, size, vertical_aspect(header, attributes))
    finder = FrameFinder(header, image, limits)
    array = _frame_array(header, Task(finder.frame(index), image, rows, columns, limits, exact), attributes)
    return Picture(array, index + 1)


def _frame_array(header: Header, task: Task, attributes: FrameAttributes) -> NDArray[np.uint8]:
    """Render one frame to (rows, columns), or (rows, columns, 3) where it has colours; raises IconError."""
    image, rows, columns = task.image, task.rows, task.columns
    has_palette = image.photometric == "PALETTE COLOR" and not image.is_colour
    is_supplemental = not has_palette and not image.is_colour and _shows_colours(header, attributes)
    decoded = decode(task._replace(exact=True) if has_palette or is_supplemental else task)
    if has_palette:
        array = palette_picture(decoded.pixels, read_palette(header), image, rows, columns)
    elif image.is_colour:
        array = colour_picture(decoded, image, rows, columns)
    else:
        transform = read_grayscale(header, image, attributes)
        if not is_supplemental:
            return gray_picture(decoded, image, transform, rows, columns)
        palette = read_palette(header)
        gray = GrayFrame(decoded, image, transform).tone_below(palette.first)
        array = supplemental_picture(decoded.pixels, palette, image, gray, rows, columns)
    return to_srgb(array, profile_of(header))


def _shows_colours(header: Header, attributes: FrameAttributes) -> bool:
    """Whether a monochrome frame has a supplemental palette (PS3.3 C.7.6.19, C.8.16.2.1.1.2)."""
    if 0x00281101 not in header:
        return False
    holders = [attributes.macro(sequence) for sequence in _FRAME_TYPES]
    presentation = next((holder.text(_PIXEL_PRESENTATION) for holder in holders if holder is not None), "")
    return (presentation or header.text(_PIXEL_PRESENTATION)).upper() in {"COLOR", "MIXED"}
