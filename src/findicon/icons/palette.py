"""From RGB to what an icon may hold: gray, or a palette of at most 256 colours (PS3.3 C.7.6.1.1.6)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Bytes = NDArray[np.uint8]

_ENTRIES = 256
# Chroma is the distance between a pixel's largest and smallest component. Gray images stored as RGB keep a little of
# it after lossy compression; a colour that means something (a Doppler signal) has more, and if only in a few pixels.
_CHROMA_OF_NOISE = 24
_COLOURED_PIXELS = 0.0005
# Below this a pixel takes its entry from the gray half of the palette, where at least this share of the image is gray.
_CHROMA_OF_GRAY = 12
_SHARE_OF_GRAY = 0.25
# Every second level of gray has an entry, 0 to 127; this one stands for pixels that are not gray.
_NO_LEVEL = 128
# So many coloured pixels are sorted into cells of so many bits a channel, the finest of which the palette has room for.
_FEW_PIXELS = 2048
_CELL_BITS = (6, 5)


@dataclass(frozen=True, slots=True)
class Indexed:
    """A picture as entries of a palette.

    Parameters
    ----------
    indices
        uint8, (rows, columns).
    palette
        RGB, uint8, (entries, 3), at most 256 entries; None for a picture whose values are gray.
    """

    indices: Bytes
    palette: Bytes | None


def indexed(image: Bytes) -> Indexed:
    """Reduce an RGB picture to gray when it has no colour worth keeping, else to a palette.

    Up to 256 colours are kept exactly. More of them are reduced: a picture that is gray in part, as an ultrasound
    image is, keeps 128 levels of it and gives the rest of the palette to its colours.

    Parameters
    ----------
    image
        RGB, uint8, (rows, columns, 3).
    """
    planes = np.ascontiguousarray(np.moveaxis(image, 2, 0))  # in which NumPy counts and compares five times as fast
    chroma = planes.max(axis=0) - planes.min(axis=0)
    picture = Image.fromarray(image)
    if np.count_nonzero(chroma > _CHROMA_OF_NOISE) <= _COLOURED_PIXELS * chroma.size:
        return Indexed(np.asarray(picture.convert("L")), None)
    if picture.getcolors(_ENTRIES) is not None:
        return _exact(image)
    is_gray = chroma <= _CHROMA_OF_GRAY
    if np.count_nonzero(is_gray) >= _SHARE_OF_GRAY * chroma.size:
        return _gray_and_colours(planes, picture, is_gray)
    return Indexed(*_octree(picture, _ENTRIES))


def _exact(image: Bytes) -> Indexed:
    packed = image.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
    colours, indices = np.unique(packed, return_inverse=True)
    palette = np.stack([colours >> 16, colours >> 8, colours], axis=1).astype(np.uint8)
    return Indexed(indices.reshape(image.shape[:2]).astype(np.uint8), palette)


def _octree(picture: Image.Image, entries: int) -> tuple[Bytes, Bytes]:
    quantised = picture.quantize(entries, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette = np.array(quantised.getpalette("RGB"), np.uint8).reshape(-1, 3)
    indices = np.asarray(quantised, np.uint8)
    return indices, palette[: int(indices.max()) + 1]


def _gray_and_colours(planes: Bytes, picture: Image.Image, is_gray: NDArray[np.bool_]) -> Indexed:
    """Give gray pixels an entry for every second level, and coloured ones what is left of the palette.

    An octree alone spends its entries evenly over colours that are not there, and bands the gray: on ultrasound its
    mean error is 2 levels, of this 0.5.
    """
    levels = np.where(is_gray, np.asarray(picture.convert("L")) >> 1, _NO_LEVEL).ravel().astype(np.intp)
    pixels = planes.reshape(3, -1)
    grays, entry_of_level = _means(pixels, levels, _NO_LEVEL)
    coloured = np.flatnonzero(~is_gray)
    indices, colours = _colours(pixels[:, coloured], _ENTRIES - len(grays))
    entries = np.append(entry_of_level, np.uint8(0))[levels]
    entries[coloured] = indices + np.uint8(len(grays))
    return Indexed(entries.reshape(is_gray.shape), np.concatenate([grays, colours]))


def _means(pixels: Bytes, groups: NDArray[np.intp], number: int) -> tuple[Bytes, Bytes]:
    """Give the mean colour of each group below `number` that has pixels, and for each group which of these it is.

    The pixels are (3, number of them).
    """
    counts = np.bincount(groups, minlength=number)[:number]
    used = counts > 0
    sums = [np.bincount(groups, plane, number)[:number][used] for plane in pixels]
    means = np.rint(np.stack(sums, axis=1) / counts[used, None]).astype(np.uint8)
    return means, (np.cumsum(used) - 1).astype(np.uint8)


def _colours(pixels: Bytes, entries: int) -> tuple[Bytes, Bytes]:
    """Reduce coloured pixels, (3, number), to a palette: give the index of each, and the palette.

    A few colours, as a colour bar or a marker has, fit in as the means of fine cells of the colour space.
    """
    if pixels.shape[1] <= _FEW_PIXELS:
        for bits in _CELL_BITS:
            red, green, blue = (pixels >> np.uint8(8 - bits)).astype(np.intp)
            cells = red << 2 * bits | green << bits | blue
            numbers, groups = np.unique(cells, return_inverse=True)
            if len(numbers) <= entries:
                return groups.astype(np.uint8), _means(pixels, groups, len(numbers))[0]
    indices, palette = _octree(Image.fromarray(np.ascontiguousarray(pixels.T[None])), entries)
    return indices[0], palette
