"""JPEGs of web servers as pictures."""

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from findicon.errors import IconError
from findicon.gateway.jpeg import picture_of_jpeg

GRADIENT = np.add.outer(np.arange(80), np.arange(120)).astype(np.uint8)


def encoded(image: Image.Image, **settings: object) -> bytes:
    buffer = BytesIO()
    image.save(buffer, "JPEG", quality=95, **settings)
    return buffer.getvalue()


@pytest.mark.parametrize("progressive", [False, True])
def test_gray(progressive: bool) -> None:
    picture = picture_of_jpeg(encoded(Image.fromarray(GRADIENT), progressive=progressive), 256)
    assert picture.array.shape == (80, 120)
    assert float(np.abs(picture.array.astype(int) - GRADIENT).mean()) < 2


@pytest.mark.parametrize("subsampling", [0, 2])
def test_colour(subsampling: int) -> None:
    colours = np.stack([GRADIENT, GRADIENT[::-1], np.full_like(GRADIENT, 100)], axis=2)
    picture = picture_of_jpeg(encoded(Image.fromarray(colours), subsampling=subsampling), 256)
    assert picture.array.shape == (80, 120, 3)
    assert float(np.abs(picture.array.astype(int) - colours).mean()) < 6


def test_large_ones_are_shrunk() -> None:
    picture = picture_of_jpeg(encoded(Image.fromarray(np.tile(GRADIENT, (10, 10)))), 256)
    assert picture.array.shape == (171, 256)


@pytest.mark.parametrize(
    "data",
    [b"", b"<html>", b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n" + bytes(100), encoded(Image.fromarray(GRADIENT))[:200]],
)
def test_what_is_no_jpeg(data: bytes) -> None:
    with pytest.raises(IconError):
        picture_of_jpeg(data, 256)
