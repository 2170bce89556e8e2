"""Padding in lossy streams and low resolutions, where its value is only nearly there."""

import imagecodecs
import numpy as np
import pytest

from findicon.pixels import render
from unit.pixels.making import (
    EXPLICIT,
    HTJ2K,
    HTJ2K_LOSSY,
    J2K,
    J2K_LOSSLESS,
    JPEG,
    JPEG_12,
    JPEG_LS,
    NEAR_LOSSLESS,
    RLE,
    average,
    described,
    file_of,
    scene,
    with_frames,
)

ROWS = COLUMNS = 600
Y, X = np.mgrid[0:ROWS, 0:COLUMNS]
OUTSIDE = np.hypot(Y - ROWS / 2, X - COLUMNS / 2) > 285  # of the field of view, as in a CT
INEXACT = [NEAR_LOSSLESS, J2K_LOSSLESS, J2K, HTJ2K, HTJ2K_LOSSY, JPEG_12]


def picture(values: np.ndarray, syntax: str, **attributes: object) -> np.ndarray:
    return render(file_of(values, syntax, BitsStored=12, HighBit=11, **attributes), 64).array.astype(int)


@pytest.mark.parametrize("syntax", INEXACT)
@pytest.mark.parametrize("padding", [0, 3000], ids=["below", "above"])
@pytest.mark.parametrize(
    "shown",
    [
        {},
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"PhotometricInterpretation": "MONOCHROME1", "WindowCenter": 2000, "WindowWidth": 1000},
        {"WindowCenter": 2000, "WindowWidth": 1000},
        {"WindowCenter": 2000, "WindowWidth": 1000, "VOILUTFunction": "SIGMOID"},
    ],
    ids=["range", "inverted range", "inverted window", "window", "sigmoid"],
)
def test_padding_that_is_nearly_there_is_black_and_counts_for_nothing(
    syntax: str, padding: int, shown: dict[str, object]
) -> None:
    values = scene(ROWS, COLUMNS, 10) + np.uint16(1500)
    values[OUTSIDE] = padding
    exact = picture(values, EXPLICIT, PixelPaddingValue=padding, **shown)
    inexact = picture(values, syntax, PixelPaddingValue=padding, **shown)
    assert (inexact[average(OUTSIDE, 64, 64) == 1] <= 20).all()
    assert np.abs(inexact - exact).mean() < 7


def test_padding_of_a_baseline_jpeg_is_black() -> None:
    values = (scene(ROWS, COLUMNS, 8) // 2 + 100).astype(np.uint8)
    values[OUTSIDE] = 0
    stream = imagecodecs.jpeg8_encode(values, 70)
    image = described(values, PhotometricInterpretation="MONOCHROME1", PixelPaddingValue=0)
    shown = render(with_frames(image, [stream], JPEG), 64).array
    assert (shown[average(OUTSIDE, 64, 64) == 1] <= 20).all()
    assert shown[32, 32] > 60


@pytest.mark.parametrize("syntax", [EXPLICIT, RLE, JPEG_LS])
def test_padding_is_exact_where_values_are(syntax: str) -> None:
    values = scene(64, 64, 10) + np.uint16(1500)
    values[:, :20] = 0
    values[:, 20:22] = 5
    shown = picture(values, syntax, PixelPaddingValue=0, WindowCenter=3, WindowWidth=7)
    assert (shown[:, :20] == 0).all()
    assert (shown[:, 20:] > 100).all()


@pytest.mark.parametrize("syntax", [J2K_LOSSLESS, NEAR_LOSSLESS])
def test_dark_values_beside_padding_are_not_taken_for_it(syntax: str) -> None:
    values = scene(ROWS, COLUMNS, 12)
    values[OUTSIDE] = 0
    values[~OUTSIDE] = np.clip(values[~OUTSIDE].astype(int) - 1900, 20, 4095)  # air, and all above it
    for window in ({}, {"WindowCenter": 500, "WindowWidth": 3000}):
        told = picture(values, syntax, PixelPaddingValue=0, **window)
        exact = picture(values, EXPLICIT, PixelPaddingValue=0, **window)
        assert np.abs(told - exact)[average(OUTSIDE, 64, 64) == 0].mean() < 4


@pytest.mark.parametrize("syntax", [J2K_LOSSLESS, J2K, NEAR_LOSSLESS])
@pytest.mark.parametrize("padding", [2000, 3], ids=["in the middle", "nowhere"])
def test_padding_in_the_midst_of_the_image_or_nowhere_takes_nothing_else_away(syntax: str, padding: int) -> None:
    values = scene(ROWS, COLUMNS, 10) + np.uint16(1500)
    told = picture(values, syntax, PixelPaddingValue=padding)
    assert np.abs(told - picture(values, syntax)).mean() < 2
