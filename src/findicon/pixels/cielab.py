"""Recommended colours, which DICOM gives in CIELab, to sRGB (PS3.3 C.10.7.1.1)."""

from collections.abc import Sequence

Colour = tuple[float, float, float]
# D50 XYZ to linear sRGB, adapted to D65 by Bradford's matrix, as ICC profiles of sRGB have it.
_TO_RGB = (
    (3.1338561, -1.6168667, -0.4906146),
    (-0.9787684, 1.9161415, 0.0334540),
    (0.0719453, -0.2289914, 1.4052427),
)
_WHITE = (0.9642, 1.0, 0.8249)


def srgb_of(values: Sequence[float]) -> Colour | None:
    """Give red, green and blue, 0 to 255, of a CIELab value as DICOM encodes it; None unless it is three numbers."""
    if len(values) != 3:
        return None
    lightness = values[0] / 65535 * 100
    a, b = (value / 65535 * 255 - 128 for value in values[1:])
    middle = (lightness + 16) / 116
    xyz = [
        _inverse(part) * white for part, white in zip((middle + a / 500, middle, middle - b / 200), _WHITE, strict=True)
    ]
    linear = [sum(factor * part for factor, part in zip(row, xyz, strict=True)) for row in _TO_RGB]
    red, green, blue = (255 * _companded(min(max(value, 0.0), 1.0)) for value in linear)
    return red, green, blue


def _inverse(value: float) -> float:
    return value**3 if value > 6 / 29 else 3 * (6 / 29) ** 2 * (value - 4 / 29)


def _companded(value: float) -> float:
    return 12.92 * value if value <= 0.0031308 else 1.055 * value ** (1 / 2.4) - 0.055
