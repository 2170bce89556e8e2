"""The drawings of the pictograms, on a square of 128 units; y grows downwards.

A drawing is a few shapes. Each shape is drawn in the light colour, or in the accent colour when `accent` is set.
"""

import math
from dataclasses import dataclass

from .kinds import Kind

Point = tuple[float, float]


@dataclass(frozen=True, slots=True)
class Shape:
    """A line through points; closed and filled when told."""

    points: tuple[Point, ...]
    closed: bool = False
    filled: bool = False
    accent: bool = False
    width: float = 4


def _line(*points: Point, accent: bool = False) -> Shape:
    return Shape(points, accent=accent)


def _area(*points: Point, filled: bool = False, accent: bool = False) -> Shape:
    return Shape(points, closed=True, filled=filled, accent=accent)


def _box(left: float, top: float, right: float, bottom: float, *, filled: bool = False, accent: bool = False) -> Shape:
    return _area((left, top), (right, top), (right, bottom), (left, bottom), filled=filled, accent=accent)


def _arc(x: float, y: float, radius: float, start: float = 0, end: float = 360) -> tuple[Point, ...]:
    """Give points on a circle, angles in degrees clockwise from the right; a full circle leaves out its last point."""
    steps = 48
    last = steps if end - start < 360 else steps - 1
    angles = [math.radians(start + (end - start) * step / steps) for step in range(last + 1)]
    return tuple((round(x + radius * math.cos(one), 2), round(y + radius * math.sin(one), 2)) for one in angles)


def _circle(x: float, y: float, radius: float, *, filled: bool = False, accent: bool = False) -> Shape:
    return _area(*_arc(x, y, radius), filled=filled, accent=accent)


def _smooth(*corners: Point, filled: bool = False, accent: bool = False) -> Shape:
    """Give a closed curve through the corners (Catmull-Rom)."""
    points = []
    count = len(corners)
    for index in range(count):
        around = [corners[(index + step) % count] for step in (-1, 0, 1, 2)]
        for step in range(8):
            t = step / 8
            shares = (
                -0.5 * t + t * t - 0.5 * t**3,
                1 - 2.5 * t * t + 1.5 * t**3,
                0.5 * t + 2 * t * t - 1.5 * t**3,
                -0.5 * t * t + 0.5 * t**3,
            )
            x, y = (sum(share * one[axis] for share, one in zip(shares, around, strict=True)) for axis in (0, 1))
            points.append((round(x, 2), round(y, 2)))
    return _area(*points, filled=filled, accent=accent)


def _star(x: float, y: float, radius: float) -> Shape:
    points = []
    for step in range(10):
        angle = math.radians(-90 + 36 * step)
        reach = radius if step % 2 == 0 else radius * 0.42
        points.append((round(x + reach * math.cos(angle), 2), round(y + reach * math.sin(angle), 2)))
    return _area(*points, filled=True, accent=True)


def _page(*, folded: bool = False) -> tuple[Shape, ...]:
    if folded:
        corner = _line((72, 16), (72, 34), (90, 34))
        return (_area((38, 16), (72, 16), (90, 34), (90, 94), (38, 94)), corner)
    return (_box(38, 16, 90, 94),)


def _text(*rows: tuple[float, float]) -> tuple[Shape, ...]:
    """Give lines of writing on a page: height, and how far right each one goes."""
    return tuple(_line((48, y), (right, y), accent=True) for y, right in rows)


_BODY = ((22, 56), (36, 28), (64, 22), (92, 28), (106, 56), (92, 82), (64, 86), (36, 82))
_LEFT_ORGAN = ((34, 54), (46, 36), (56, 46), (56, 66), (44, 72))
_RIGHT_ORGAN = ((94, 54), (82, 36), (72, 46), (72, 66), (84, 72))
_TRACE = ((18, 58), (36, 58), (42, 48), (48, 58), (54, 58), (58, 66), (64, 20), (71, 90), (76, 58), (84, 58), (91, 46),
          (98, 58), (110, 58))  # fmt: skip
_PEAKS = ((22, 86), (34, 84), (40, 62), (46, 84), (54, 82), (61, 22), (68, 82), (76, 80), (82, 48), (88, 82), (106, 84))

GLYPHS: dict[Kind, tuple[Shape, ...]] = {
    Kind.REPORT: (*_page(), *_text((34, 80), (48, 80), (62, 80), (76, 66))),
    Kind.KEY_IMAGES: (_line((46, 18), (104, 18), (104, 70)), _box(24, 30, 92, 92), _star(58, 62, 22)),
    Kind.PRESENTATION_STATE: (
        _box(22, 18, 106, 92),
        _circle(64, 55, 24),
        _area(*_arc(64, 55, 24, 90, 270), filled=True, accent=True),
    ),
    Kind.STRUCTURE_SET: (
        _smooth(*_BODY),
        _smooth(*_LEFT_ORGAN, accent=True),
        _smooth(*_RIGHT_ORGAN, accent=True),
    ),
    Kind.PLAN: (
        _circle(64, 56, 30),
        _line((64, 14), (64, 98)),
        _line((22, 56), (106, 56)),
        _circle(64, 56, 9, filled=True, accent=True),
    ),
    Kind.TREATMENT_RECORD: (
        *_page(),
        *(_line((46, y), (51, y + 6), (59, y - 6), accent=True) for y in (36, 56, 76)),
        *(_line((66, y), (82, y)) for y in (36, 56, 76)),
    ),
    Kind.DOSE: (_circle(64, 56, 40), _circle(64, 56, 25), _circle(64, 56, 11, filled=True, accent=True)),
    Kind.DOCUMENT: (*_page(folded=True), *_text((50, 80), (64, 80), (78, 66))),
    Kind.MODEL: (
        _area((64, 14), (100, 34), (100, 76), (64, 96), (28, 76), (28, 34)),
        _line((28, 34), (64, 54), (100, 34), accent=True),
        _line((64, 54), (64, 96), accent=True),
    ),
    Kind.WAVEFORM: (_line(*_TRACE, accent=True),),
    Kind.VIDEO: (_box(20, 24, 108, 88), _area((52, 38), (82, 56), (52, 74), filled=True, accent=True)),
    Kind.REGISTRATION: (_box(24, 18, 78, 72), _box(48, 40, 104, 94, accent=True)),
    Kind.SEGMENTATION: (
        _smooth(*_BODY),
        _smooth(*_LEFT_ORGAN, filled=True, accent=True),
        _smooth(*_RIGHT_ORGAN, filled=True),
    ),
    Kind.SPECTROSCOPY: (_line((18, 94), (110, 94)), _line(*_PEAKS, accent=True)),
    Kind.MEASUREMENTS: (
        _box(18, 40, 110, 74),
        *(_line((x, 40), (x, 60 if x == 64 else 52), accent=True) for x in (33, 48, 64, 80, 95)),
    ),
    Kind.RAW_DATA: tuple(
        _box(24 + 18 * column, 20 + 18 * row, 34 + 18 * column, 30 + 18 * row, filled=True, accent=mark == "o")
        for row, marks in enumerate(("o.oo.", "oo..o", ".oo.o", "o.o.."))
        for column, mark in enumerate(marks)
    ),
    Kind.IMAGE: (
        _box(20, 20, 108, 92),
        _circle(44, 42, 8, filled=True, accent=True),
        _line((20, 84), (50, 60), (66, 74), (84, 50), (108, 76)),
    ),
    Kind.OBJECT: (
        _area((64, 18), (106, 38), (64, 58), (22, 38), accent=True),
        _line((22, 56), (64, 76), (106, 56)),
        _line((22, 74), (64, 94), (106, 74)),
    ),
}
"""The shapes of each kind, the first at the bottom."""
