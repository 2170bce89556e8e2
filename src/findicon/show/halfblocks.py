"""A picture as half blocks: two pixels a character, in any terminal that has colours."""

from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby
from typing import TypeAlias

from PIL import Image
from rich.color import Color
from rich.console import Console, ConsoleOptions, RenderResult
from rich.measure import Measurement
from rich.segment import Segment
from rich.style import Style

_UPPER_HALF = "▀"
_SHADES = " .:-=+*#%@"

_Pixel: TypeAlias = tuple[int, int, int]


class HalfBlocks:
    """A picture as half blocks, for rich; as shades of text where there are no colours.

    Parameters
    ----------
    image
        The picture; its aspect ratio is kept.
    columns, rows
        The box of characters it has to fit into: as wide as that, and as high as it needs, the picture in the middle.
        It is never made larger than it is.
    """

    def __init__(self, image: Image.Image, columns: int, rows: int) -> None:
        self._columns = columns
        picture = image.convert("RGB")
        picture.thumbnail((columns, rows * 2), Image.Resampling.LANCZOS)
        self._picture = picture

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Tell rich how wide it is."""
        return Measurement(self._columns, self._columns)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Draw it."""
        colourless = console.color_system is None or console.no_color or options.ascii_only
        left = " " * ((self._columns - self._picture.width) // 2)
        for line in self._shades() if colourless else self._blocks():
            yield Segment(left)
            yield from line
            yield Segment.line()

    def _blocks(self) -> Iterator[list[Segment]]:
        width, height = self._picture.size
        data = self._picture.tobytes()
        pixels: list[_Pixel] = list(zip(data[::3], data[1::3], data[2::3], strict=True))
        for top in range(0, height, 2):
            upper = pixels[top * width : (top + 1) * width]
            lower: Sequence[_Pixel | None] = pixels[(top + 1) * width : (top + 2) * width] or [None] * width
            yield [
                Segment(_UPPER_HALF * len(list(run)), _style(*pair))
                for pair, run in groupby(zip(upper, lower, strict=True))
            ]

    def _shades(self) -> Iterator[list[Segment]]:
        columns, rows = self._picture.width, (self._picture.height + 1) // 2
        grey = self._picture.convert("L").resize((columns, rows), Image.Resampling.BOX).tobytes()
        for row in range(rows):
            line = grey[row * columns : (row + 1) * columns]
            yield [Segment("".join(_SHADES[value * len(_SHADES) // 256] for value in line))]


@lru_cache(maxsize=8192)
def _style(upper: _Pixel, lower: _Pixel | None) -> Style:
    return Style(color=Color.from_rgb(*upper), bgcolor=Color.from_rgb(*lower) if lower else None)
