"""Where pictures go that are no answer on a screen: colours are wanted, unless the terminal has none."""

import os
import sys
from typing import TextIO

from rich.console import Console


def picture_console(stream: TextIO | None = None) -> Console:
    """Give a console for pictures: standard output as the terminal it is, or colours in a pipe too.

    Without colours where TERM or NO_COLOR say so: pictures are shades of text there.
    """
    stream = stream or sys.stdout
    if stream.isatty():
        return Console(file=stream)
    if os.environ.get("TERM", "").lower() in {"dumb", "unknown"} or os.environ.get("NO_COLOR"):
        return Console(file=stream, color_system=None)
    return Console(file=stream, force_terminal=True, color_system="truecolor")
