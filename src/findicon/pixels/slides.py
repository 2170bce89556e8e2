"""Images in tiles: the whole slide put together at a reduced scale (PS3.3 C.7.6.17, C.8.12.4, C.8.12.14)."""

from math import ceil, sqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..errors import IconError
from .aspect import vertical_aspect
from .cielab import srgb_of
from .codecs import Task, decode
from .colour import colour_picture, palette_picture
from .frames import FrameFinder
from .functional_groups import FrameAttributes
from .gray import GrayFrame, gray_picture
from .grayscale import read_grayscale
from .header import Header
from .icc import profile_of, to_srgb
from .image import Image
from .limits import Limits
from .palettes import read_palette
from .picture import Picture, to_bytes
from .shrink import Floats, fitting_size, shrink, shrink_colour

_TOTAL_COLUMNS, _TOTAL_ROWS = 0x00480006, 0x00480007
_PER_FRAME, _PLANE_POSITION = 0x52009230, 0x0048021A
_COLUMN_POSITION, _ROW_POSITION = 0x0048021E, 0x0048021F
_DIMENSION_ORGANIZATION = 0x00209311
_ABSENT_PIXEL = 0x00480015
# So many tiles are decoded at most; of larger slides every second, third, ... tile in both directions stands for its
# neighbours, and the picture is as much smaller.
_MOST_TILES = 1024


class Tiling(NamedTuple):
    """How the tiles lie: a grid, filled row by row unless ``sparse`` says which frame lies where."""

    total_rows: int
    total_columns: int
    down: int
    across: int
    sparse: dict[tuple[int, int], int] | None

    def frame_at(self, row: int, column: int) -> int | None:
        """Give the frame, 0-based, at a place of the grid; None where there is no tile."""
        return row * self.across + column if self.sparse is None else self.sparse.get((row, column))

    def step(self) -> int:
        """Give which tiles to take, every first, second, ..., so that there are not too many."""
        step = ceil(sqrt(max(self.down * self.across / _MOST_TILES, 1)))
        while ceil(self.down / step) * ceil(self.across / step) > _MOST_TILES:
            step *= 2
        return step


def is_tiled(header: Header, image: Image) -> bool:
    """Whether the frames are tiles of one larger image."""
    return image.frames > 1 and bool(header.integer(_TOTAL_ROWS)) and bool(header.integer(_TOTAL_COLUMNS))


def slide_picture(header: Header, image: Image, size: int, limits: Limits, *, exact: bool) -> Picture:
    """Put the tiles of an image together, each decoded at the scale of the picture.

    Raises
    ------
    IconError
        A tile does not decode, or the tiles are not where they should be.
    """
    tiling = _tiling(header, image)
    attributes = FrameAttributes(header, None)
    height, width = fitting_size(tiling.total_rows, tiling.total_columns, size, vertical_aspect(header, attributes))
    step = tiling.step()
    rows = min(ceil(image.rows * step * height / tiling.total_rows), image.rows)
    columns = min(ceil(image.columns * step * width / tiling.total_columns), image.columns)
    down, across = ceil(tiling.down / step), ceil(tiling.across / step)
    renderer = _TileRenderer(header, image, limits, attributes, rows, columns, exact=exact)
    mosaic: Floats | None = None
    for row in range(down):
        for column in range(across):
            middle = min(row * step + step // 2, tiling.down - 1), min(column * step + step // 2, tiling.across - 1)
            frame = tiling.frame_at(*middle)
            if frame is None:
                continue
            tile = renderer.tile(frame)
            if mosaic is None:
                mosaic = np.empty((down * rows, across * columns, *tile.shape[2:]), np.float32)
                mosaic[:] = renderer.absent
            mosaic[row * rows : (row + 1) * rows, column * columns : (column + 1) * columns] = tile
    if mosaic is None:
        raise IconError("None of its tiles lies in the total pixel matrix")
    # The last tiles reach beyond the image.
    mosaic = mosaic[
        : max(round(down * rows * tiling.total_rows / (down * step * image.rows)), 1),
        : max(round(across * columns * tiling.total_columns / (across * step * image.columns)), 1),
    ]
    return Picture(renderer.finished(mosaic, height, width), None)


def _tiling(header: Header, image: Image) -> Tiling:
    total_rows, total_columns = header.integer(_TOTAL_ROWS) or 0, header.integer(_TOTAL_COLUMNS) or 0
    down, across = ceil(total_rows / image.rows), ceil(total_columns / image.columns)
    if header.text(_DIMENSION_ORGANIZATION).upper() == "TILED_SPARSE" or down * across > image.frames:
        return Tiling(total_rows, total_columns, down, across, _sparse_frames(header, image))
    # TILED_FULL: row by row; further focal planes and optical paths come behind the first (PS3.3 C.7.6.17.3).
    return Tiling(total_rows, total_columns, down, across, None)


def _sparse_frames(header: Header, image: Image) -> dict[tuple[int, int], int]:
    frames: dict[tuple[int, int], int] = {}
    for number, groups in enumerate(header.each(_PER_FRAME)):
        position = groups.item(_PLANE_POSITION)
        if position is None or number >= image.frames:
            break
        top, left = position.integer(_ROW_POSITION) or 1, position.integer(_COLUMN_POSITION) or 1
        frames.setdefault(((top - 1) // image.rows, (left - 1) // image.columns), number)
    if not frames:
        raise IconError("Its tiles have no positions")
    return frames


class _TileRenderer:
    """What all tiles share: tables, transforms, the way to the frames."""

    def __init__(
        self,
        header: Header,
        image: Image,
        limits: Limits,
        attributes: FrameAttributes,
        rows: int,
        columns: int,
        *,
        exact: bool,
    ) -> None:
        self._image = image
        self._limits = limits
        self._size = rows, columns
        self._finder = FrameFinder(header, image, limits)
        self._palette = read_palette(header) if image.photometric == "PALETTE COLOR" else None
        self._is_exact = exact or self._palette is not None
        is_gray = not image.is_colour and self._palette is None
        self._transform = read_grayscale(header, image, attributes) if is_gray else None
        self._profile = b"" if is_gray else profile_of(header)
        self._gray: GrayFrame | None = None
        colour = srgb_of(header.numbers(_ABSENT_PIXEL)) or (255.0, 255.0, 255.0)
        self.absent: Floats = np.asarray(0 if is_gray else colour, np.float32)

    def tile(self, index: int) -> Floats:
        """Give one tile, small: colours, or averages of stored values."""
        image, (rows, columns) = self._image, self._size
        frame = self._finder.frame(index)
        task = Task(frame, image, rows, columns, self._limits, exact=self._is_exact, is_tile=True)
        decoded = decode(task)
        if self._palette is not None:
            return palette_picture(decoded.pixels, self._palette, image, rows, columns).astype(np.float32)
        if self._transform is None:
            return colour_picture(decoded, image, rows, columns).astype(np.float32)
        if self._transform.voi is not None:
            return gray_picture(decoded, image, self._transform, rows, columns).astype(np.float32)
        self._gray = GrayFrame(decoded, image, self._transform)
        return self._gray.averages(rows, columns)

    def finished(self, mosaic: Floats, height: int, width: int) -> NDArray[np.uint8]:
        """Give the picture of the tiles put together."""
        if self._gray is not None:  # all tiles together have one range
            return to_bytes(self._gray.spanned(shrink(mosaic, height, width)) * 255)
        if self._transform is not None:
            return to_bytes(shrink(mosaic, height, width))
        return to_srgb(to_bytes(shrink_colour(mosaic, height, width)), self._profile)
