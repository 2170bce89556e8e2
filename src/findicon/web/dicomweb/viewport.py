"""The parameters of rendered resources and thumbnails (PS3.18 8.3.5)."""

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from starlette.requests import Request

from ...pixels import Picture
from ..ports import Window
from ..problems import bad_request

_SIZE = re.compile(r"[1-9]\d{0,4}", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d{1,9}(?:\.\d{0,9})?|\.\d{1,9})(?:[eE][+-]?\d)?", re.ASCII)
_FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
_ANNOTATIONS = ("patient", "technique")
_PROFILES = ("no", "yes", "srgb", "adobergb", "rommrgb")


@dataclass(frozen=True, slots=True)
class Viewport:
    """What part of the image is shown, and how large.

    Parameters
    ----------
    width, height
        Of the box that the picture fits into, in pixels.
    x, y
        Top left corner of the part, in pixels of the image.
    part_width, part_height
        Of the part; None reaches to the edge.
    flipped, turned
        Whether it is mirrored left to right, and top to bottom.
    """

    width: int
    height: int
    x: float = 0.0
    y: float = 0.0
    part_width: float | None = None
    part_height: float | None = None
    flipped: bool = False
    turned: bool = False

    @property
    def is_whole(self) -> bool:
        """Whether the whole image is shown, as it is."""
        return not (self.x or self.y or self.part_width or self.part_height or self.flipped or self.turned)

    def cut(self, picture: Picture, rows: int, columns: int) -> Picture:
        """Cut the part out of a picture of the whole image.

        Parameters
        ----------
        picture
            Of the whole image.
        rows, columns
            Of the image, which may have more of them, and other ones where its pixels are not square.

        Raises
        ------
        Problem
            400: the part lies outside the image.
        """
        if self.is_whole:
            return picture
        down, across = picture.array.shape[0] / rows, picture.array.shape[1] / columns
        right = columns if self.part_width is None else min(self.x + self.part_width, columns)
        bottom = rows if self.part_height is None else min(self.y + self.part_height, rows)
        if self.x >= right or self.y >= bottom:
            raise bad_request(f"viewport: the part lies outside the image of {columns} x {rows} pixels")
        top, left = math.floor(self.y * down), math.floor(self.x * across)
        part = picture.array[
            top : max(math.ceil(bottom * down), top + 1), left : max(math.ceil(right * across), left + 1)
        ]
        part = part[:, ::-1] if self.flipped else part
        part = part[::-1] if self.turned else part
        return Picture(np.ascontiguousarray(part), picture.frame)


def viewport_of(request: Request, largest: int, *, only_size: bool = False) -> Viewport | None:
    """Read the viewport parameter; None when there is none.

    Parameters
    ----------
    request
        Where it may be.
    largest
        Pixels that a side may have.
    only_size
        Whether it takes nothing but a width and a height, as for thumbnails.

    Raises
    ------
    Problem
        400: it is malformed, or larger than that.
    """
    text = _single(request, "viewport")
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) < 2 or not all(_SIZE.fullmatch(part) for part in parts[:2]):
        raise bad_request(f"viewport: {text[:64]!r} does not begin with a width and a height, as in 256,256")
    width, height = int(parts[0]), int(parts[1])
    if max(width, height) > largest:
        raise bad_request(f"viewport: {text[:64]!r} is larger than {largest} pixels")
    if len(parts) == 2:
        return Viewport(width, height)
    if only_size or len(parts) > 6:
        raise bad_request(
            f"viewport: {text[:64]!r} has more than {'a width and a height' if only_size else '6 values'}"
        )
    x, y, part_width, part_height = (_decimal("viewport", part) for part in [*parts[2:], "", "", ""][:4])
    if part_width == 0 or part_height == 0:
        raise bad_request(f"viewport: {text[:64]!r} shows a part without size")
    return Viewport(
        width,
        height,
        abs(x or 0.0),
        abs(y or 0.0),
        None if part_width is None else abs(part_width),
        None if part_height is None else abs(part_height),
        flipped=(part_width or 0) < 0,
        turned=(part_height or 0) < 0,
    )


def window_of(request: Request) -> Window | None:
    """Read the window parameter; None when there is none; raises Problem 400 for one that is malformed."""
    text = _single(request, "window")
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 3 or parts[2] not in _FUNCTIONS:
        raise bad_request(f"window: {text[:64]!r} is not center,width,function with {', '.join(_FUNCTIONS)}")
    center, width = (_decimal("window", part) for part in parts[:2])
    if center is None or width is None:
        raise bad_request(f"window: {text[:64]!r} lacks a center or a width")
    function = _FUNCTIONS[parts[2]]
    if width < 1 if function == "LINEAR" else width <= 0:  # PS3.3 C.11.2.1.2.1, C.11.2.1.3
        raise bad_request(f"window: a width of {parts[1]} makes no window")
    return Window(center, width, function)


def quality_of(request: Request, default: int) -> int:
    """Read the quality parameter; raises Problem 400 for one that is not 1 to 100."""
    text = _single(request, "quality")
    if text is None:
        return default
    if not re.fullmatch(r"\d{1,3}", text, re.ASCII) or not 1 <= int(text) <= 100:
        raise bad_request(f"quality: {text[:64]!r} is not between 1 and 100")
    return int(text)


def left_out(request: Request) -> list[str]:
    """Check annotation and iccprofile; say which of their values we do not do.

    Raises
    ------
    Problem
        400: a value that is no keyword.
    """
    said = []
    for name, known in (("annotation", _ANNOTATIONS), ("iccprofile", _PROFILES)):
        text = _single(request, name)
        if text is None:
            continue
        values = text.split(",")
        if not set(values) <= set(known):
            raise bad_request(f"{name}: {text[:64]!r} is not among {', '.join(known)}")
        unsupported = [value for value in values if value != "no"]
        if unsupported:
            said.append(f"The following {name} values are not supported: {','.join(unsupported)}")
    return said


def _decimal(name: str, text: str) -> float | None:
    if not text:
        return None
    if not _DECIMAL.fullmatch(text):
        raise bad_request(f"{name}: {text[:64]!r} is no decimal number")
    return float(text)


def _single(request: Request, name: str) -> str | None:
    values: Sequence[str] = request.query_params.getlist(name)
    if len(values) > 1:
        raise bad_request(f"{name}: the parameter is given {len(values)} times")
    return values[0] if values else None
