"""The picture that rendering makes."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .shrink import fitting_size, shrink, shrink_colour

# A picture is blank when fewer than this share of its pixels differ from its median by more than this much.
_BLANK_SHARE = 0.002
_BLANK_DIFFERENCE = 8


@dataclass(frozen=True, slots=True, eq=False)
class Picture:
    """A small picture of an image, with square pixels and its aspect kept.

    Parameters
    ----------
    array
        uint8, (rows, columns) with 0 black and 255 white, or (rows, columns, 3) of sRGB.
    frame
        Which frame was taken, 1-based; None where it was put together from several.
    """

    array: NDArray[np.uint8]
    frame: int | None = 1

    @property
    def is_gray(self) -> bool:
        """Whether there is one sample per pixel."""
        return self.array.ndim == 2

    @property
    def is_blank(self) -> bool:
        """Whether there is next to nothing to be seen on it."""
        gray = self.array if self.array.ndim == 2 else self.array.max(axis=2)
        middle = int(np.median(gray))
        differs = np.abs(gray.astype(np.int16) - middle) > _BLANK_DIFFERENCE
        return bool(differs.mean() < _BLANK_SHARE)

    def shrunk(self, size: int) -> "Picture":
        """Give the picture with a longer side of at most `size` pixels, by area average."""
        rows, columns = fitting_size(self.array.shape[0], self.array.shape[1], size)
        if (rows, columns) == self.array.shape[:2]:
            return self
        average = shrink if self.array.ndim == 2 else shrink_colour
        return Picture(to_bytes(average(self.array, rows, columns)), self.frame)


def to_bytes(values: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Round values of 0 to 255 to bytes."""
    rounded = values + np.float32(0.5)
    return rounded.clip(0, 255, out=rounded).astype(np.uint8)
