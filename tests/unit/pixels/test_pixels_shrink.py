"""Area averages: held against the same at full precision."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from findicon.pixels.shrink import Extent, fitting_size, shrink, shrink_colour
from unit.pixels.making import average, colour_scene, scene


@pytest.mark.parametrize(
    ("rows", "columns", "size", "vertical", "expected"),
    [
        (512, 512, 128, 1.0, (128, 128)),
        (480, 640, 64, 1.0, (48, 64)),
        (640, 480, 64, 1.0, (64, 48)),
        (20, 30, 64, 1.0, (20, 30)),  # never magnified
        (100, 100, 64, 2.0, (64, 32)),  # pixels twice as high as wide
        (100, 100, 64, 0.5, (32, 64)),
        (10, 10, 64, 2.0, (10, 5)),  # the coarser direction stays, the finer one is averaged
        (10, 10, 64, 0.5, (5, 10)),
        (1, 5000, 64, 1.0, (1, 64)),
    ],
)
def test_a_picture_keeps_its_shape_and_is_never_magnified(rows, columns, size, vertical, expected) -> None:
    assert fitting_size(rows, columns, size, vertical) == expected


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.float32, np.float64])
@pytest.mark.parametrize(("source", "target"), [((64, 64), (16, 16)), ((100, 75), (32, 24)), ((517, 389), (64, 48))])
def test_averages_are_those_of_areas(dtype, source, target) -> None:
    array = (scene(*source, bits=8) // 2).astype(dtype)
    if array.dtype.kind in "if" and array.dtype.itemsize > 1:
        array = array * 100 - 3000
    difference = np.abs(shrink(array, *target) - average(array, *target))
    assert difference.max() <= np.ptp(array) * 0.03
    assert difference.mean() <= np.ptp(array) * 0.003


def test_whole_blocks_are_exact() -> None:
    array = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    assert np.allclose(shrink(array, 16, 8), array.reshape(16, 4, 8, 8).mean(axis=(1, 3)))


def test_the_largest_cells_do_not_overflow() -> None:
    for dtype in (np.uint8, np.uint16, np.int8, np.int16):
        for extreme in (np.iinfo(dtype).max, np.iinfo(dtype).min):
            assert (shrink(np.full((1024, 1024), extreme, dtype), 2, 2) == extreme).all()


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16])
@pytest.mark.parametrize("most", [7, 127, 1023, 8191, 32767])
def test_known_bounds_change_no_average(dtype, most) -> None:
    bound = min(most, np.iinfo(dtype).max)
    for extreme in (bound, -bound if np.iinfo(dtype).min else 0):
        cells = np.full((512, 512), extreme, dtype)
        assert (shrink(cells, 64, 32, most=bound) == extreme).all()


def test_a_band_may_be_prepared_before_it_is_averaged() -> None:
    array = scene(700, 900)
    doubled = shrink(array, 70, 90, lambda band: band.astype(np.float32) * 2)
    assert np.allclose(doubled, 2 * shrink(array, 70, 90), rtol=1e-5)


def test_colours_are_averaged_apart() -> None:
    array = colour_scene(120, 90)
    assert np.abs(shrink_colour(array, 40, 30) - average(array, 40, 30)).max() < 0.01
    assert np.abs(shrink_colour(np.asfortranarray(array), 40, 30) - average(array, 40, 30)).max() < 0.01


def test_pixels_that_stand_for_the_top_left_of_their_areas_are_put_right() -> None:
    ramp = np.tile(np.arange(256, dtype=np.float64), (256, 1))
    every_fourth = ramp[::4, ::4]
    extent = Extent(64, 64, shift=(0.25 - 1) / 2)
    shifted = shrink(every_fourth, 16, 16, None, extent)
    exact = average(ramp, 16, 16)
    assert np.abs(shifted - exact)[:, 1:-1].max() < 0.01
    assert np.abs(shrink(every_fourth, 16, 16) - exact)[:, 1:-1].min() > 1


@given(
    rows=st.integers(1, 90), columns=st.integers(1, 90), height=st.integers(1, 40), width=st.integers(1, 40)
)  # fmt: skip
def test_an_even_image_stays_even(rows: int, columns: int, height: int, width: int) -> None:
    shrunk = shrink(np.full((rows, columns), 77, np.uint8), height, width)
    assert shrunk.shape == (min(rows, height), min(columns, width))
    assert np.allclose(shrunk, 77, atol=1e-3)
