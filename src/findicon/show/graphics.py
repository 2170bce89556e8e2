"""Which kind of pictures the terminal at hand can draw, and what draws them."""

import os
import select
import sys
import time
from collections.abc import Callable
from enum import Enum
from functools import cache
from typing import TypeAlias

from PIL import Image
from rich.console import Console, RenderableType

from .halfblocks import HalfBlocks
from .iterm2 import InlineImage

PictureMaker: TypeAlias = Callable[[Image.Image, int, int], RenderableType]
"""Makes a picture for a terminal: from an image, and the columns and rows to fit it into."""

# Primary Device Attributes, which every terminal of the last decades answers; 4 among the numbers says Sixel.
_DEVICE_ATTRIBUTES = b"\x1b[c"
# Long enough for a terminal at the other end of a slow line: an answer that comes later would end up as typed text.
_PATIENCE_SECONDS = 1.0
# Those that draw Kitty's pictures in the text, at Unicode placeholders. They say so in the environment, also through
# ssh; asking instead would set the title of a tmux pane.
_KITTY_TERMS = {"xterm-kitty", "xterm-ghostty"}
# iTerm2 says so too; it sends LC_TERMINAL along through ssh. tmux and screen keep its pictures to themselves.
_ITERM2 = (("LC_TERMINAL", "iTerm2"), ("TERM_PROGRAM", "iTerm.app"))
_MULTIPLEXERS = ("screen", "tmux")


class Graphics(Enum):
    """Ways to draw a picture in a terminal."""

    KITTY = "kitty"
    ITERM2 = "iTerm2"
    SIXEL = "sixel"
    HALF_BLOCKS = "half blocks"


def picture_maker(console: Console) -> PictureMaker:
    """Give what makes pictures for that console: the terminal's own graphics, or half blocks."""
    if not (console.is_terminal and console.file is sys.stdout) or console.no_color or console.is_dumb_terminal:
        return HalfBlocks
    graphics = terminal_graphics()
    if graphics is Graphics.HALF_BLOCKS:
        return HalfBlocks
    if graphics is Graphics.ITERM2:
        return InlineImage
    # Not at the top: textual-image asks the terminal while it is imported, so only where one is known to draw.
    from textual_image.renderable import SixelImage, TGPImage  # noqa: PLC0415

    drawing = TGPImage if graphics is Graphics.KITTY else SixelImage

    def draw(image: Image.Image, columns: int, rows: int) -> RenderableType:
        # a character is about twice as high as it is wide
        is_wide = image.width * rows * 2 >= image.height * columns
        made: RenderableType = drawing(
            image.convert("RGB"), width=columns if is_wide else "auto", height="auto" if is_wide else rows
        )
        return made

    return draw


@cache
def terminal_graphics() -> Graphics:
    """Tell how the terminal of this process draws pictures; asks it, the first time."""
    if not _size_is_known():
        return Graphics.HALF_BLOCKS
    if os.environ.get("TERM") in _KITTY_TERMS:
        return Graphics.KITTY
    if any(os.environ.get(name) == value for name, value in _ITERM2) and not _is_multiplexed():
        return Graphics.ITERM2
    if "4" in _device_attributes():
        return Graphics.SIXEL
    return Graphics.HALF_BLOCKS


def _is_multiplexed() -> bool:
    return os.environ.get("TERM", "").startswith(_MULTIPLEXERS)


def _size_is_known() -> bool:
    """Tell whether the terminal has a size, which textual-image divides by; a serial console may have none."""
    try:
        return os.get_terminal_size().columns > 0
    except (OSError, ValueError):
        return False


if sys.platform == "win32":

    def _device_attributes() -> list[str]:
        return []

else:
    import termios
    import tty

    def _device_attributes() -> list[str]:
        """Ask the terminal what it can do; nothing where nobody answers."""
        try:
            keyboard, screen = sys.__stdin__.fileno(), sys.__stdout__.fileno()  # type: ignore[union-attr]
            if os.tcgetpgrp(keyboard) != os.getpgrp():  # a job in the background would be stopped for asking
                return []
            before = termios.tcgetattr(keyboard)
        except (AttributeError, ValueError, OSError, termios.error):
            return []
        try:
            tty.setcbreak(keyboard, termios.TCSANOW)
            os.write(screen, _DEVICE_ATTRIBUTES)
            answer = _read_until(keyboard, b"c")
        finally:
            termios.tcsetattr(keyboard, termios.TCSANOW, before)
        _, _, numbers = answer.rpartition(b"\x1b[?")
        return numbers.removesuffix(b"c").decode("ascii", "replace").split(";") if numbers.endswith(b"c") else []

    def _read_until(keyboard: int, end: bytes) -> bytes:
        answer = b""
        give_up = time.monotonic() + _PATIENCE_SECONDS
        while not answer.endswith(end):
            readable, _, _ = select.select([keyboard], [], [], max(0.0, give_up - time.monotonic()))
            received = os.read(keyboard, 1) if readable else b""
            if not received:
                break
            answer += received
        return answer
