"""Show answers wherever their reader is: a notebook or a terminal."""

import sys
from collections.abc import Iterable, Sequence
from typing import Any

from rich.console import Console

from ..query import Match
from .sheet import cards_html
from .terminal import print_table


class _Cards:
    """What a notebook asks for its HTML."""

    def __init__(self, matches: Sequence[Match]) -> None:
        self._html = cards_html(matches)
        self._count = len(matches)

    def __repr__(self) -> str:
        return "1 answer" if self._count == 1 else f"{self._count} answers"

    def _repr_html_(self) -> str:
        return self._html


def show(matches: Iterable[Match]) -> None:
    """Show answers with their pictures: as cards in a notebook, else as a table in the terminal.

    Parameters
    ----------
    matches
        The answers; they are read to the end.
    """
    display = _notebook_display()
    if display is None:
        print_table(matches, Console())
    else:
        display(_Cards(list(matches)))


def _notebook_display() -> Any:
    """Give IPython's display function where a notebook runs this; None elsewhere, also in IPython's own terminal."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    return sys.modules["IPython.display"].display
