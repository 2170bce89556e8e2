"""Answers in the terminal: a table, with a column of pictures where they are wanted."""

from collections.abc import Iterable, Sequence

from rich import box
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from ..icons import Icon
from ..query import Level, Match
from .card import Card, card_of
from .columns import Column, columns_for
from .graphics import PictureMaker, picture_maker
from .halfblocks import HalfBlocks
from .level import level_of

PICTURE_COLUMNS = 24
PICTURE_ROWS = PICTURE_COLUMNS // 2
_CARD_COLUMNS = 37  # with the picture beside it there is room for the longest UID below
_BETWEEN = 3
_NARROWEST_TEXT = 14  # how far a description may be cut, before whole columns go


def table(
    matches: Iterable[Match],
    *,
    level: Level | None = None,
    wanted: Sequence[str] = (),
    pictures: bool = True,
    width: int = 80,
    picture: PictureMaker = HalfBlocks,
) -> Table:
    """Lay answers out as a table for a terminal.

    Parameters
    ----------
    matches
        The answers, all of one level.
    level
        Their level; None reads it off the first answer.
    wanted
        Keywords that somebody asked for by name: they are always shown.
    pictures
        With a picture beside each answer, several answers side by side where there is room; else one line an answer.
    width
        Characters to a line.
    picture
        What makes a picture; half blocks unless told otherwise.
    """
    answers = list(matches)
    level = level or (level_of(answers[0].dataset) if answers else Level.STUDY)
    if pictures:
        return _with_pictures(answers, level, wanted, width, picture)
    return _lines(answers, level, wanted, width)


def print_table(
    matches: Iterable[Match],
    console: Console,
    *,
    level: Level | None = None,
    wanted: Sequence[str] = (),
    pictures: bool = True,
) -> None:
    """Print answers as a table on a console, with the best pictures its terminal draws."""
    made = table(
        matches,
        level=level,
        wanted=wanted,
        pictures=pictures,
        width=console.width,
        picture=picture_maker(console) if pictures else HalfBlocks,
    )
    console.print(made)
    if pictures and made.row_count:
        console.print()  # rich leaves out the space below the last row


def print_picture(icon: Icon, console: Console, caption: str) -> None:
    """Print one picture as large as it is, or as the console has room, and a line of text below."""
    image = icon.to_image()
    columns = min(console.width, image.width)
    console.print(picture_maker(console)(image, columns, columns))
    console.print(Text(f"{caption}  {image.width} x {image.height}", style="dim"))


def _with_pictures(
    answers: list[Match], level: Level, wanted: Sequence[str], width: int, picture: PictureMaker
) -> Table:
    side_by_side = max(1, (width + _BETWEEN) // (PICTURE_COLUMNS + _CARD_COLUMNS + 2 * _BETWEEN))
    side_by_side = min(side_by_side, max(1, len(answers)))
    grid = Table.grid(padding=(0, _BETWEEN, 1, 0), collapse_padding=False)
    text_columns = max(10, (width + _BETWEEN) // side_by_side - PICTURE_COLUMNS - 2 * _BETWEEN)
    for _ in range(side_by_side):
        grid.add_column(width=PICTURE_COLUMNS + _BETWEEN + text_columns)
    cells = [_card(match, card_of(match.dataset, level, wanted), text_columns, picture) for match in answers]
    for start in range(0, len(cells), side_by_side):
        grid.add_row(*cells[start : start + side_by_side])
    return grid


def _card(match: Match, card: Card, text_columns: int, picture: PictureMaker) -> RenderableType:
    """Put an answer's words beside its picture, and a UID that is too long for that below: a broken one is no use."""
    fits = len(card.uid) <= text_columns
    made = Table.grid(padding=(0, _BETWEEN, 0, 0))
    made.add_column(width=PICTURE_COLUMNS, no_wrap=True)
    made.add_column(width=text_columns)
    made.add_row(_picture(match, picture), _text(card, with_uid=fits))
    return made if fits else Group(made, Text(card.uid, style="dim", overflow="fold"))


def _picture(match: Match, picture: PictureMaker) -> RenderableType:
    if match.icon is not None:
        return picture(match.icon.to_image(), PICTURE_COLUMNS, PICTURE_ROWS)
    reason = f"no usable picture: {match.icon_problem}" if match.icon_problem else "no picture"
    return Text(reason, style="dim", no_wrap=False, overflow="fold")


def _text(card: Card, *, with_uid: bool) -> RenderableType:
    lines = [Text(card.title, style="bold"), *(Text(fact) for fact in card.facts)]
    lines += [Text.assemble((f"{keyword} ", "dim"), value or "-") for keyword, value in card.extra]
    if card.uid and with_uid:
        lines.append(Text(card.uid, style="dim"))
    return Group(*lines)


def _lines(answers: list[Match], level: Level, wanted: Sequence[str], width: int) -> Table:
    rows = {column: [column.of(match.dataset) for match in answers] for column in columns_for(level, wanted)}
    filled = {column: texts for column, texts in rows.items() if any(texts) or set(column.keywords) & set(wanted)}
    shown = _that_fit(filled, width)
    widths = _widths(shown, filled, width)
    made = Table(box=box.SIMPLE_HEAD, pad_edge=False, show_edge=False, header_style="bold")
    for column in shown:
        made.add_column(
            column.heading,
            justify="right" if column.is_number else "left",
            no_wrap=column.is_free_text,
            overflow="ellipsis" if column.is_free_text else "fold",
            width=widths[column],
        )
    for texts in zip(*(filled[column] for column in shown), strict=True):
        made.add_row(*(Text(text) for text in texts))
    return made


def _widths(shown: Sequence[Column], filled: dict[Column, list[str]], width: int) -> dict[Column, int]:
    """Give the columns' widths: as wide as they need; where there is no room for that, free text is cut first."""
    widths = {column: _width(column, filled[column]) for column in shown}
    surplus = sum(widths.values()) + _BETWEEN * (len(shown) - 1) - width
    while surplus > 0:
        free = [one for one in shown if one.is_free_text and widths[one] > _NARROWEST_TEXT]
        wide = [one for one in shown if widths[one] > len(one.heading)]
        widest = max(free or wide or shown, key=widths.__getitem__)
        if widths[widest] == 1:
            break
        widths[widest] -= 1
        surplus -= 1
    return widths


def _width(column: Column, texts: Sequence[str]) -> int:
    return max(len(column.heading), *map(len, texts), 0)


def _that_fit(columns: dict[Column, list[str]], width: int) -> list[Column]:
    """Leave out columns, the least important first, until the rest fits; those of rank 0 stay and wrap."""
    shown = list(columns)

    def taken() -> int:
        least = (
            min(_width(column, columns[column]), _NARROWEST_TEXT if column.is_free_text else width) for column in shown
        )
        return sum(least) + _BETWEEN * (len(shown) - 1)

    while taken() > width:
        least = max(shown, key=lambda column: column.rank)
        if least.rank == 0:
            break
        shown.remove(least)
    return shown
