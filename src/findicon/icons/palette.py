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
    chroma = _chroma(image)
    picture = Image.fromarray(image)
    if np.count_nonzero(chroma > _CHROMA_OF_NOISE) <= _COLOURED_PIXELS * chroma.size:
        return Indexed(np.asarray(picture.convert("L")), None)
    if picture.getcolors(_ENTRIES) is not None:
        return _exact(image)
    is_gray = chroma <= _CHROMA_OF_GRAY
    if np.count_nonzero(is_gray) >= _SHARE_OF_GRAY * chroma.size:
        return _gray_and_colours(image, picture, is_gray)
    return Indexed(*_octree(picture, _ENTRIES))


def _chroma(image: Bytes) -> Bytes:
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    largest = np.maximum(np.maximum(red, green), blue)
    return largest - np.minimum(np.minimum(red, green), blue)


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


def _gray_and_colours(image: Bytes, picture: Image.Image, is_gray: NDArray[np.bool_]) -> Indexed:
    """Give gray pixels an entry for every second level, and coloured ones what is left of the palette.

    An octree alone spends its entries evenly over colours that are not there, and bands the gray: on ultrasound its
    mean error is 2 levels, of this 0.5.
    """
    levels = np.where(is_gray, np.asarray(picture.convert("L")) >> 1, _NO_LEVEL)
    sums = [np.bincount(levels.ravel(), image[..., channel].ravel(), _NO_LEVEL + 1) for channel in range(3)]
    counts = np.bincount(levels.ravel(), minlength=_NO_LEVEL + 1)[:_NO_LEVEL]
    used = counts > 0
    # The mean of the pixels with a level: the level, with the tint that they have.
    grays = np.rint(np.stack(sums, axis=1)[:_NO_LEVEL][used] / counts[used, None]).astype(np.uint8)
    indices, colours = _octree(Image.fromarray(image[~is_gray][None]), _ENTRIES - len(grays))
    entry_of_level = np.append(np.cumsum(used) - 1, 0).astype(np.uint8)
    entries = entry_of_level[levels]
    entries[~is_gray] = indices[0] + np.uint8(len(grays))
    return Indexed(entries, np.concatenate([grays, colours]))
