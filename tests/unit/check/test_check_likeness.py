"""Likeness: the same image however it was shown, and not another one."""

import numpy as np
import pydicom
import pytest

from findicon.check.likeness import likeness
from findicon.icons import make_icon
from support.samples import real_file

IMAGES = ["CT_small.dcm", "MR_small.dcm", "examples_overlay.dcm", "examples_rgb_color.dcm", "liver_1frame.dcm"]


@pytest.fixture(scope="module")
def pictures() -> dict[str, np.ndarray]:
    return {name: make_icon(real_file(name), 64).to_array() for name in [*IMAGES, "JPEG2000.dcm"]}


@pytest.mark.parametrize("name", IMAGES)
def test_an_image_is_like_itself_at_any_size(name: str, pictures: dict[str, np.ndarray]) -> None:
    for size in (16, 32, 128):
        assert likeness(make_icon(real_file(name), size).to_array(), pictures[name]) > 0.85


def test_another_window_is_no_other_image() -> None:
    dataset = pydicom.dcmread(real_file("CT_small.dcm"))
    usual = make_icon(dataset, 64).to_array()
    for centre, width in ((40, 400), (0, 2000), (-200, 800)):
        dataset.WindowCenter, dataset.WindowWidth = centre, width
        assert likeness(make_icon(dataset, 64).to_array(), usual) > 0.7


@pytest.mark.parametrize("name", IMAGES)
def test_a_frame_around_it_and_a_square_out_of_it(name: str, pictures: dict[str, np.ndarray]) -> None:
    picture = pictures[name]
    framed = np.zeros((96, 96, *picture.shape[2:]), np.uint8)
    framed[8 : 8 + picture.shape[0], 4 : 4 + picture.shape[1]] = picture
    assert likeness(framed, picture) > 0.85
    side = min(picture.shape[:2])
    top, left = (picture.shape[0] - side) // 2, (picture.shape[1] - side) // 2
    assert likeness(picture[top : top + side, left : left + side], picture) > 0.95


def test_squeezed_into_a_square(pictures: dict[str, np.ndarray]) -> None:
    picture = pictures["JPEG2000.dcm"]
    assert picture.shape[0] != picture.shape[1]
    square = picture[np.linspace(0, picture.shape[0] - 1, 40).astype(int)][
        :, np.linspace(0, picture.shape[1] - 1, 40).astype(int)
    ]
    assert likeness(square, picture) > 0.9


def test_different_images_are_not_alike(pictures: dict[str, np.ndarray]) -> None:
    for name in IMAGES:
        for other in IMAGES:
            if name != other:
                assert likeness(pictures[name], pictures[other]) < 0.8, (name, other)


def test_an_inverted_image_is_its_opposite(pictures: dict[str, np.ndarray]) -> None:
    picture = pictures["MR_small.dcm"]
    assert likeness(255 - picture, picture) == pytest.approx(-1)


@pytest.mark.parametrize("plain", [np.zeros((8, 8)), np.eye(8) * 255, np.zeros((1, 1)), np.zeros((8, 8, 3))])
def test_what_is_too_plain_tells_nothing(plain: np.ndarray, pictures: dict[str, np.ndarray]) -> None:
    assert likeness(np.zeros((8, 8), np.uint8), pictures["CT_small.dcm"]) is None
    if plain.ndim == 3 or not plain.any():
        assert likeness(plain.astype(np.uint8), pictures["CT_small.dcm"]) is None
