"""A picture as iTerm2's inline image: the terminal gets a PNG and draws it in all its colours.

https://iterm2.com/documentation-images.html
"""

import base64
from io import BytesIO

from PIL import Image
from rich.console import Console, ConsoleOptions, RenderResult
from rich.control import Control
from rich.measure import Measurement
from rich.segment import ControlType, Segment

_SAVE_CURSOR, _RESTORE_CURSOR = "\x1b7", "\x1b8"
# rich leaves a segment alone that says it moves the cursor, here by nothing
_AS_IT_IS = [(ControlType.CURSOR_FORWARD, 0)]


class InlineImage:
    """A picture as iTerm2's inline image, for rich.

    Parameters
    ----------
    image
        The picture; its aspect ratio is kept.
    columns, rows
        The box of characters it has to fit into; a character is taken to be twice as high as it is wide.
    """

    def __init__(self, image: Image.Image, columns: int, rows: int) -> None:
        self._columns = columns
        fitting = min(columns / image.width, 2 * rows / image.height)
        self._width = max(1, min(columns, round(image.width * fitting)))
        self._height = max(1, min(rows, -round(-image.height * fitting / 2)))
        buffer = BytesIO()
        image.save(buffer, "PNG")
        self._png = buffer.getvalue()

    def __rich_measure__(self, console: Console, options: ConsoleOptions) -> Measurement:
        """Tell rich how wide it is."""
        return Measurement(self._columns, self._columns)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Keep the room free with spaces, then go back and draw over them."""
        blank = " " * self._columns
        for _ in range(self._height - 1):
            yield Segment(blank)
            yield Segment.line()
        yield Segment(blank)
        yield Segment(_SAVE_CURSOR, control=_AS_IT_IS)
        left = (self._columns - self._width) // 2
        yield Control.move(left - self._columns, 1 - self._height)
        size = f"width={self._width};height={self._height};size={len(self._png)}"
        data = base64.b64encode(self._png).decode("ascii")
        yield Segment(f"\x1b]1337;File=inline=1;{size};preserveAspectRatio=1:{data}\a", control=_AS_IT_IS)
        yield Segment(_RESTORE_CURSOR, control=_AS_IT_IS)
        yield Segment.line()
