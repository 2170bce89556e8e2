"""Show answers wherever their reader is: a notebook or a terminal."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console

from ..query import Match
from .sheet import cards_html
from .terminal import print_table

_MOST_CARDS = 200  # in a notebook, which keeps what it shows


class _Cards:
    """What a notebook asks for its HTML."""

    def __init__(self, matches: Sequence[Match], wanted: Sequence[str]) -> None:
        self._html = notebook_html(matches, wanted=wanted)
        self._count = len(matches)

    def __repr__(self) -> str:
        return "1 answer" if self._count == 1 else f"{self._count} answers"

    def _repr_html_(self) -> str:
        return self._html


def show(matches: Iterable[Match], *, wanted: Sequence[str] = ()) -> None:
    """Show answers with their pictures: as cards in a notebook, else as a table in the terminal.

    Parameters
    ----------
    matches
        The answers; they are read to the end.
    wanted
        Keywords that somebody asked for by name: they are shown too.
    """
    display = _notebook_display()
    if display is None:
        print_table(matches, Console(), wanted=wanted)
    else:
        display(_Cards(list(matches), wanted))


def notebook_html(matches: Sequence[Match], *, wanted: Sequence[str] = (), problem: str = "") -> str:
    """Give answers as cards for a notebook: the first 200, how many more there are, and what ended them too early."""
    remarks = []
    if len(matches) > _MOST_CARDS:
        more = len(matches) - _MOST_CARDS
        remarks.append(f"{more} more answers are not shown: ask for fewer, or make a data frame or a contact sheet")
    if problem:
        remarks.append(problem)
    elif not matches:
        remarks.append("no answers")
    return cards_html(matches[:_MOST_CARDS], wanted=wanted, remarks=remarks)


def _notebook_display() -> Any:
    """Give IPython's display function where a notebook runs this; None elsewhere, also in IPython's own terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return sys.modules["IPython.display"].display
