"""Answers as one picture: a contact sheet to look at, to print or to send."""

import math
from collections.abc import Iterable
from functools import lru_cache
from typing import TypeAlias

from PIL import Image, ImageDraw, ImageFont

from ..errors import QueryError
from ..query import Match
from .card import card_of
from .level import level_of

Picture: TypeAlias = Image.Image
"""Pillow's image, for annotations of whoever does not import Pillow."""

_BACKGROUND, _BEHIND, _TITLE, _FACT = (22, 24, 28), (0, 0, 0), (230, 232, 235), (139, 146, 156)
_LINE = 15
_LINES = 3
_GAP = 12
_LARGEST = 100_000_000  # pixels of a sheet: 300 MB
_TEXT_SIZE = 12


def contact_sheet(matches: Iterable[Match], *, columns: int | None = None, size: int = 160) -> Image.Image:
    """Draw answers as a grid of pictures with two lines of text below each.

    Parameters
    ----------
    matches
        The answers, of any level; they are read to the end.
    columns
        Pictures in a row; a number that makes the sheet a little wider than high unless given.
    size
        Side of the square that each picture has, in pixels, 32 to 1024. A smaller picture is enlarged.

    Returns
    -------
    PIL.Image.Image
        RGB.

    Raises
    ------
    QueryError
        The sheet would have more than 100 million pixels, or `size` or `columns` makes no sense.
    """
    if not 32 <= size <= 1024 or (columns is not None and columns < 1):
        raise QueryError(f"A contact sheet with pictures of {size} pixels, {columns} in a row, cannot be drawn")
    answers = list(matches)
    across = min(columns or _across(len(answers)), max(1, len(answers)))
    down = -(-len(answers) // across)
    width, height = size + _GAP, size + _LINES * _LINE + _GAP
    if across * width * down * height > _LARGEST:
        raise QueryError(f"A contact sheet of {len(answers)} answers is too large: ask for fewer, or a smaller size")
    sheet = Image.new("RGB", (across * width + _GAP, max(1, down) * height + _GAP), _BACKGROUND)
    draw = ImageDraw.Draw(sheet)
    if not answers:
        draw.text((_GAP, _GAP), "no answers", _FACT, _font())
    for number, match in enumerate(answers):
        row, column = divmod(number, across)
        _draw(sheet, draw, match, _GAP + column * width, _GAP + row * height, size)
    return sheet


def _across(count: int) -> int:
    return max(1, round(math.sqrt(count * 1.5)))


def _draw(sheet: Image.Image, draw: ImageDraw.ImageDraw, match: Match, left: int, top: int, size: int) -> None:
    draw.rectangle((left, top, left + size - 1, top + size - 1), _BEHIND)
    if match.icon is not None:
        image = match.icon.to_image().convert("RGB")
        ratio = size / max(image.size)
        image = image.resize(
            (max(1, round(image.width * ratio)), max(1, round(image.height * ratio))), Image.Resampling.BICUBIC
        )
        sheet.paste(image, (left + (size - image.width) // 2, top + (size - image.height) // 2))
    else:
        draw.text((left + 6, top + 4), "no usable picture" if match.icon_problem else "no picture", _FACT, _font())
    card = card_of(match.dataset, level_of(match.dataset))
    for number, (line, colour) in enumerate(
        zip((card.title, *card.facts), (_TITLE, *[_FACT] * (_LINES - 1)), strict=False)
    ):
        draw.text((left, top + size + 2 + number * _LINE), _fitting(line, size), colour, _font())


def _fitting(line: str, width: int) -> str:
    """Cut a line where it gets wider than its picture."""
    font = _font()
    if font.getlength(line) <= width:
        return line
    while line and font.getlength(f"{line}…") > width:
        line = line[:-1]
    return f"{line}…"


@lru_cache(maxsize=1)
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    return ImageFont.load_default(_TEXT_SIZE)
