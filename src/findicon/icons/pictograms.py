"""Pictograms for objects without pixels, as SVG and as pictures, from one drawing."""

from dataclasses import dataclass
from functools import cache
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from .glyphs import GLYPHS, Shape
from .kinds import Kind

_UNITS = 128
_BACKGROUND, _LIGHT, _ACCENT = "#1f2933", "#cbd5e1", "#5eb1ef"
_CORNER = 10
_LABEL_HEIGHT, _LABEL_SIZE = 114, 13
# Lines are drawn this much larger and averaged down, which makes their edges smooth.
_OVERSAMPLING = 4


@dataclass(frozen=True, slots=True)
class Pictogram:
    """A drawing that stands for a kind of object; immutable, shows itself in notebooks.

    It says what the object is and nothing about the patient (PS3.18 10.4.3.3.4).
    """

    kind: Kind

    def svg(self) -> str:
        """Give it as an SVG document of 128 units a side."""
        shapes = "".join(_element(shape) for shape in GLYPHS[self.kind])
        return (
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_UNITS} {_UNITS}" role="img" '
            f'aria-label="{self.kind}"><title>{self.kind}</title>'
            f'<rect width="{_UNITS}" height="{_UNITS}" rx="{_CORNER}" fill="{_BACKGROUND}"/>'
            f'<g stroke-linecap="round" stroke-linejoin="round">{shapes}</g>'
            f'<text x="{_UNITS // 2}" y="{_LABEL_HEIGHT}" text-anchor="middle" dominant-baseline="middle" '
            f'font-family="sans-serif" font-size="{_LABEL_SIZE}" fill="{_LIGHT}">{self.kind}</text></svg>'
        )

    def to_image(self, size: int = 256) -> Image.Image:
        """Give it as a square RGB picture.

        Parameters
        ----------
        size
            Of its sides, in pixels.
        """
        return _drawn(self.kind, size).copy()

    def png(self, size: int = 256) -> bytes:
        """Encode it as PNG, a square of that many pixels a side."""
        return _encoded(_drawn(self.kind, size), "PNG")

    def jpeg(self, size: int = 256) -> bytes:
        """Encode it as JPEG, a square of that many pixels a side."""
        return _encoded(_drawn(self.kind, size), "JPEG")

    def _repr_png_(self) -> bytes:
        return self.png(_UNITS)


def pictogram(kind: Kind | str) -> Pictogram:
    """Give the pictogram of a kind, or of its name; a name that is none gives that of any object."""
    try:
        return Pictogram(Kind(kind))
    except ValueError:
        return Pictogram(Kind.OBJECT)


def _colour(shape: Shape) -> str:
    return _ACCENT if shape.accent else _LIGHT


def _element(shape: Shape) -> str:
    points = " ".join(f"{x:g},{y:g}" for x, y in shape.points)
    name = "polygon" if shape.closed else "polyline"
    fill = _colour(shape) if shape.filled else "none"
    return f'<{name} points="{points}" fill="{fill}" stroke="{_colour(shape)}" stroke-width="{shape.width:g}"/>'


@cache
def _drawn(kind: Kind, size: int) -> Image.Image:
    scale = size * _OVERSAMPLING / _UNITS
    large = Image.new("RGB", (size * _OVERSAMPLING,) * 2, _BACKGROUND)
    draw = ImageDraw.Draw(large)
    for shape in GLYPHS[kind]:
        _draw(draw, shape, scale)
    # The font that comes with Pillow, so that a pictogram looks the same on every machine.
    font = ImageFont.load_default(_LABEL_SIZE * scale)
    middle = (_UNITS / 2 * scale, _LABEL_HEIGHT * scale)
    draw.text(middle, kind.value, fill=_LIGHT, font=font, anchor="mm")
    return large.resize((size, size), Image.Resampling.BOX)


def _draw(draw: ImageDraw.ImageDraw, shape: Shape, scale: float) -> None:
    points = [(x * scale, y * scale) for x, y in shape.points]
    colour, radius = _colour(shape), shape.width * scale / 2
    if shape.filled:
        draw.polygon(points, fill=colour)
    for start, end in zip(points, points[1:] + points[:1] if shape.closed else points[1:], strict=False):
        draw.line([start, end], fill=colour, width=max(round(2 * radius), 1))
    for x, y in points:  # round ends and corners, as in the SVG
        draw.ellipse((x - radius, y - radius, x + radius, y + radius), fill=colour)


def _encoded(image: Image.Image, kind: str) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()
