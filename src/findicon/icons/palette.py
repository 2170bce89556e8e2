"""From RGB to what an icon may hold: gray, or a palette of at most 256 colours (PS3.3 C.7.6.1.1.6)."""

import numpy as np
from numpy.typing import NDArray
from PIL import Image

# Chroma is the distance between a pixel's largest and smallest component. Gray images stored as RGB keep a little of
# it after lossy compression; a colour that means something (a Doppler signal) has more, and if only in a few pixels.
_CHROMA_OF_NOISE = 24
_COLOURED_PIXELS = 0.0005


def to_gray(image: NDArray[np.uint8]) -> NDArray[np.uint8] | None:
    """Give the luminance of an image without colour worth keeping; None when it has some.

    Parameters
    ----------
    image
        RGB, uint8, (rows, columns, 3).

    Returns
    -------
    numpy.ndarray or None
        uint8, (rows, columns).
    """
    red, green, blue = image[..., 0], image[..., 1], image[..., 2]
    largest = np.maximum(np.maximum(red, green), blue)
    chroma = largest - np.minimum(np.minimum(red, green), blue)
    if not chroma.any():
        return np.ascontiguousarray(red)
    if np.count_nonzero(chroma > _CHROMA_OF_NOISE) > _COLOURED_PIXELS * chroma.size:
        return None
    return np.asarray(Image.fromarray(image).convert("L"))


def to_palette(image: NDArray[np.uint8]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Give an image as indices into a palette: exact up to 256 colours, else Pillow's fast octree.

    Parameters
    ----------
    image
        RGB, uint8, (rows, columns, 3).

    Returns
    -------
    indices : numpy.ndarray
        uint8, (rows, columns).
    palette : numpy.ndarray
        RGB, uint8, (entries, 3), at most 256 entries.
    """
    picture = Image.fromarray(image)
    if picture.getcolors(256) is not None:
        packed = image.astype(np.uint32) @ np.array([1 << 16, 1 << 8, 1], np.uint32)
        colours, indices = np.unique(packed, return_inverse=True)
        exact = np.stack([colours >> 16, colours >> 8, colours], axis=1).astype(np.uint8)
        return indices.reshape(image.shape[:2]).astype(np.uint8), exact
    quantised = picture.quantize(256, method=Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    adaptive = np.array(quantised.getpalette("RGB"), np.uint8).reshape(-1, 3)
    reduced = np.asarray(quantised, np.uint8)
    return reduced, adaptive[: int(reduced.max()) + 1]
