"""Pictures that others put into an object beside its image: a source for icons, never the icon itself.

The Icon Image Sequence of a file (PS3.3 C.7.6.1.1.6), and two private thumbnails of GE. They may be compressed, RGB or
of 12 bits, squeezed into a square, or out of date; so each is decoded, checked against the image, and encoded anew.
"""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from ..errors import IconError
from ..pixels import Picture
from .attributes import Attributes
from .icon import Icon
from .reading import icon_from_dataset, icon_from_item

_PIXEL_DATA = 0x7FE00010
# Pixel Spacing, Imager Pixel Spacing, Pixel Aspect Ratio
_SPACINGS = (0x00280030, 0x00181164, 0x00280034)
# How much wider or higher a thumbnail may be for its other side than the image is.
_SAME_ASPECT = 0.04


def stored_icon(header: Dataset, size: int) -> Icon | None:
    """Make an icon of a picture that is stored beside the image; None when there is none that will do.

    Parameters
    ----------
    header
        The object's attributes; its own pixels are not needed.
    size
        Longest side of the icon, in pixels. A smaller picture will not do.
    """
    try:
        attributes = Attributes(header)
        rows, columns = attributes.number(0x00280010), attributes.number(0x00280011)
        if not _has_square_pixels(attributes):
            return None  # nobody tells whether the thumbnail has been stretched to look right
    except IconError:
        return None
    for found in _found(header):
        if max(found.rows, found.columns) < min(size, max(rows, columns)):
            continue
        if rows and columns and abs(found.columns * rows / (found.rows * columns) - 1) > _SAME_ASPECT:
            continue
        picture = Picture(found.to_array())
        if not picture.is_blank:
            return Icon.from_picture(picture.shrunk(size))
    return None


def _found(header: Dataset) -> Iterator[Icon]:
    readers = (icon_from_dataset, _geiis_thumbnail, _ultrasound_thumbnail)
    for read in readers:
        try:
            icon = read(header)
        except IconError:
            continue  # the image itself is the better source
        if icon is not None:
            yield icon


def _has_square_pixels(attributes: Attributes) -> bool:
    for tag in _SPACINGS:
        values = attributes.decimals(tag)
        if len(values) == 2 and values[1]:
            return abs(values[0] / values[1] - 1) < _SAME_ASPECT
    return True


def _geiis_thumbnail(header: Dataset) -> Icon | None:
    item = _private_item(header, 0x0009, "GEIIS")
    return icon_from_item(item) if item is not None else None


def _ultrasound_thumbnail(header: Dataset) -> Icon | None:
    creator = "GEMS_Ultrasound_ImageGroup_001"
    item = _private_item(header, 0x6003, creator)
    if item is None:
        return None
    if _PIXEL_DATA in item:
        return icon_from_item(item)
    block = _block(item, 0x6003, creator)
    return icon_from_item(item, block | 0x11) if block else None


def _private_item(header: Dataset, group: int, creator: str) -> Dataset | None:
    """Give the first item of the sequence at xx10 of a creator's block."""
    try:
        block = _block(header, group, creator)
        if not block or block | 0x10 not in header:
            return None
        items = header[block | 0x10].value
        item = items[0] if items else None
    except Exception as error:  # pydicom raises whatever malformed elements lead it to
        raise IconError("The private thumbnail is malformed") from error
    return item if isinstance(item, Dataset) else None


def _block(dataset: Dataset, group: int, creator: str) -> int:
    """Give the first tag of the block that a private creator reserved; 0 when it reserved none (PS3.5 7.8.1)."""
    try:
        return int(dataset.private_block(group, creator).get_tag(0))
    except KeyError:
        return 0
