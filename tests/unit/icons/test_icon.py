"""An Icon: from a picture, and back to one."""

from io import BytesIO

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from findicon.errors import IconError
from findicon.icons import Icon


def doppler(size: int = 64) -> NDArray[np.uint8]:
    """A gray ramp stored as RGB with a coloured spot in it."""
    image = np.repeat(np.linspace(0, 255, size, dtype=np.uint8)[None, :, None], size, axis=0).repeat(3, axis=2)
    image[20:28, 20:28] = [230, 60, 20]
    return image


def photograph(size: int = 64) -> NDArray[np.uint8]:
    """Many more than 256 colours, smooth."""
    y, x = np.mgrid[0:size, 0:size] * 255 // (size - 1)
    return np.stack([x, y, 255 - (x + y) // 2], axis=2).astype(np.uint8)


def test_gray_stays_what_it_is() -> None:
    array = np.arange(63 * 31, dtype=np.uint32).astype(np.uint8).reshape(63, 31)
    icon = Icon.from_array(array)
    assert (icon.rows, icon.columns, icon.palette) == (63, 31, b"")
    assert np.array_equal(icon.to_array(), array)
    assert icon.to_image().mode == "L"


def test_gray_stored_as_rgb_becomes_gray() -> None:
    ramp = np.tile(np.arange(64, dtype=np.uint8) * 4, (64, 1))
    icon = Icon.from_array(np.stack([ramp] * 3, axis=2))
    assert icon.palette == b""
    assert np.array_equal(icon.to_array(), ramp)


def test_gray_with_the_tint_of_lossy_compression_becomes_gray() -> None:
    random = np.random.default_rng(1)
    ramp = np.tile(np.arange(64) * 3 + 20, (64, 1))[..., None]
    tinted = (ramp + random.integers(-6, 7, (64, 64, 3))).astype(np.uint8)
    icon = Icon.from_array(tinted)
    assert icon.palette == b""
    assert np.abs(icon.to_array().astype(int) - ramp[..., 0]).mean() < 3


def test_a_coloured_spot_in_a_gray_image_keeps_its_colour() -> None:
    icon = Icon.from_array(doppler())
    assert icon.palette
    assert np.array_equal(icon.to_array(), doppler())  # 65 colours at most: exact


def test_up_to_256_colours_are_exact() -> None:
    colours = np.random.default_rng(2).integers(0, 256, (256, 3), dtype=np.uint8)
    image = colours[np.random.default_rng(3).permutation(4096) % 256].reshape(64, 64, 3)
    icon = Icon.from_array(image)
    assert np.array_equal(icon.to_array(), image)
    assert len(icon.palette) == 3 * 256


def test_more_colours_are_reduced_to_256_that_are_near() -> None:
    image = photograph()
    icon = Icon.from_array(image)
    error = icon.to_array().astype(float) - image
    assert len(icon.palette) <= 3 * 256
    assert 10 * np.log10(255**2 / (error**2).mean()) > 30


def test_the_same_picture_gives_the_same_icon() -> None:
    assert Icon.from_array(photograph()) == Icon.from_array(photograph().copy())
    assert hash(Icon.from_array(doppler())) == hash(Icon.from_array(doppler()))


def test_arrays_with_gaps_between_their_rows_are_taken() -> None:
    wide = np.zeros((10, 20, 3), np.uint8)
    wide[:, :10] = [9, 120, 30]
    assert np.array_equal(Icon.from_array(wide[:, :10]).to_array(), wide[:, :10])
    assert np.array_equal(Icon.from_array(wide[::2, ::2, 1]).to_array(), wide[::2, ::2, 1])


@pytest.mark.parametrize("array", [doppler(), doppler()[..., 0]], ids=["colour", "gray"])
def test_a_notebook_shows_a_png(array: NDArray[np.uint8]) -> None:
    icon = Icon.from_array(array)
    shown = Image.open(BytesIO(icon._repr_png_()))
    assert shown.format == "PNG"
    assert np.array_equal(np.asarray(shown), array)


@pytest.mark.parametrize(
    ("rows", "columns", "pixels", "palette"),
    [
        (0, 4, b"", b""),
        (4, 70000, bytes(280000), b""),
        (2, 2, bytes(3), b""),
        (2, 2, bytes(4), bytes(4)),
        (1, 2, b"\0\1", bytes(3)),
        (1, 1, b"\0", bytes(3 * 257)),
    ],
)
def test_parts_that_do_not_fit_are_refused(rows: int, columns: int, pixels: bytes, palette: bytes) -> None:
    with pytest.raises(IconError):
        Icon(rows, columns, pixels, palette)


def test_it_does_not_print_its_pixels() -> None:
    assert repr(Icon(2, 2, bytes(4))) == "Icon(rows=2, columns=2)"
