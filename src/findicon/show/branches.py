"""Answers as a tree in the terminal: studies, their series, the images of each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text
from rich.tree import Tree

from ..query import Level, Match
from .card import card_of
from .graphics import PictureMaker, picture_maker
from .values import joined

_PICTURE_COLUMNS = 16
_IMAGE_COLUMNS = 12
_BETWEEN = 2


@dataclass(frozen=True, slots=True)
class Branch:
    """An answer and what is below it.

    Parameters
    ----------
    match
        The answer.
    level
        Its level.
    below
        The answers of the level below, each with what is below it.
    """

    match: Match
    level: Level
    below: "tuple[Branch, ...]" = ()


def print_branches(
    branches: Iterable[Branch], console: Console, *, wanted: Sequence[str] = (), pictures: bool = True
) -> None:
    """Print answers as trees, each as soon as it is whole.

    Parameters
    ----------
    branches
        The roots.
    console
        Where to.
    wanted
        Keywords that somebody asked for by name: shown at every level that answers them.
    pictures
        With a picture beside each answer, images side by side; else one line an answer.
    """
    picture = picture_maker(console) if pictures else None
    for branch in branches:
        console.print(_tree(branch, Tree(_node(branch, wanted, picture)), wanted, picture))


def _tree(branch: Branch, tree: Tree, wanted: Sequence[str], picture: PictureMaker | None) -> Tree:
    leaves = [one for one in branch.below if not one.below and one.level is Level.IMAGE]
    if picture is not None and leaves:
        cells = [_thumbnail(one, wanted, picture) for one in leaves]
        tree.add(Group(Columns(cells, padding=(0, _BETWEEN, 0, 0), width=_IMAGE_COLUMNS), Text()))
        return tree
    for one in branch.below:
        _tree(one, tree.add(_node(one, wanted, picture)), wanted, picture)
    return tree


def _node(branch: Branch, wanted: Sequence[str], picture: PictureMaker | None) -> RenderableType:
    card = card_of(branch.match.dataset, branch.level, wanted)
    extra = [f"{keyword} {value}" for keyword, value in card.extra if value]
    if picture is None:
        line = joined((card.title, *card.facts, *extra))
        return Text.assemble((card.title, "bold"), line.removeprefix(card.title), "  ", (card.uid, "dim"))
    grid = Table.grid(padding=(0, _BETWEEN, 0, 0), collapse_padding=False)
    grid.add_column(width=_PICTURE_COLUMNS, no_wrap=True)
    grid.add_column()
    lines = [Text(card.title, style="bold"), *(Text(fact) for fact in (*card.facts, *extra))]
    grid.add_row(_picture(branch.match, picture, _PICTURE_COLUMNS), Group(*lines, Text(card.uid, "dim")))
    return Group(grid, Text())


def _thumbnail(branch: Branch, wanted: Sequence[str], picture: PictureMaker) -> RenderableType:
    card = card_of(branch.match.dataset, branch.level, wanted)
    extra = [Text(value) for _, value in card.extra if value]
    return Group(_picture(branch.match, picture, _IMAGE_COLUMNS), Text(card.title), *extra)


def _picture(match: Match, picture: PictureMaker, columns: int) -> RenderableType:
    if match.icon is None:
        return Text("unusable" if match.icon_problem else "no picture", style="dim")
    return picture(match.icon.to_image(), columns, columns // 2)
