"""Whole slides: tiles put together at the scale of the picture."""

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from findicon.errors import IconError
from findicon.pixels import Limits, render
from unit.pixels.making import (
    J2K_LOSSLESS,
    JPEG,
    RLE,
    average,
    colour_scene,
    described,
    encoded,
    saved,
    scene,
    with_frames,
)

SLIDE = "1.2.840.10008.5.1.4.1.1.77.1.6"
WHOLE = colour_scene(300, 430)  # 64 x 64 tiles: 5 down, 7 across, the last ones only partly filled


def tiles_of(whole: np.ndarray, side: int = 64, fill: int = 200) -> np.ndarray:
    rows, columns = (-(-length // side) * side for length in whole.shape[:2])
    padded = np.full((rows, columns, *whole.shape[2:]), fill, whole.dtype)
    padded[: whole.shape[0], : whole.shape[1]] = whole
    tiles = [padded[y : y + side, x : x + side] for y in range(0, rows, side) for x in range(0, columns, side)]
    return np.stack(tiles)


def slide(whole: np.ndarray, tiles: np.ndarray, **attributes: object) -> Dataset:
    dataset = described(tiles, SOPClassUID=SLIDE, Modality="SM", DimensionOrganizationType="TILED_FULL")
    dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = whole.shape[:2]
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


def written(dataset: Dataset, tiles: np.ndarray, syntax: str) -> object:
    if syntax == "native":
        dataset.PixelData = tiles.tobytes()
        return saved(dataset)
    return with_frames(dataset, [encoded(tile, syntax, 8) for tile in tiles], syntax)


@pytest.mark.parametrize("syntax", ["native", RLE, JPEG, J2K_LOSSLESS])
def test_tiles_are_put_together(syntax: str) -> None:
    tiles = tiles_of(WHOLE)
    picture = render(written(slide(WHOLE, tiles), tiles, syntax), 64)
    assert picture.frame is None
    assert picture.array.shape == (45, 64, 3)
    assert np.abs(picture.array - average(WHOLE, 45, 64)).mean() < 2.5


def test_a_tile_that_was_asked_for_is_shown_as_it_is() -> None:
    tiles = tiles_of(WHOLE)
    picture = render(written(slide(WHOLE, tiles), tiles, "native"), 64, frame=9)
    assert picture.frame == 9
    assert np.array_equal(picture.array, tiles[8])


def test_sparse_tiles_lie_where_they_say_and_the_rest_is_the_absent_colour() -> None:
    tiles = tiles_of(WHOLE)
    kept = [0, 8, 34]
    dataset = slide(WHOLE, tiles[kept], DimensionOrganizationType="TILED_SPARSE")
    groups = []
    for number in kept:
        position = Dataset()
        position.ColumnPositionInTotalImagePixelMatrix = number % 7 * 64 + 1
        position.RowPositionInTotalImagePixelMatrix = number // 7 * 64 + 1
        group = Dataset()
        group.PlanePositionSlideSequence = Sequence([position])
        groups.append(group)
    dataset.PerFrameFunctionalGroupsSequence = Sequence(groups)
    dataset.PixelData = tiles[kept].tobytes()
    shown = render(saved(dataset), 430).array
    assert np.abs(shown[:64, :64].astype(int) - WHOLE[:64, :64]).mean() < 1
    assert np.abs(shown[64:128, 64:128].astype(int) - WHOLE[64:128, 64:128]).mean() < 1
    assert (shown[:64, 70:] == 255).all()
    dataset.RecommendedAbsentPixelCIELabValue = [0, 32896, 32896]
    assert (render(saved(dataset), 430).array[:64, 70:] <= 1).all()
    for group in groups:
        del group.PlanePositionSlideSequence
    with pytest.raises(IconError, match="no positions"):
        render(saved(dataset), 64)


def test_further_focal_planes_are_left_out() -> None:
    tiles = tiles_of(WHOLE)
    both = np.concatenate([tiles, np.zeros_like(tiles)])
    expected = render(written(slide(WHOLE, tiles), tiles, "native"), 64).array
    assert np.array_equal(render(written(slide(WHOLE, both), both, "native"), 64).array, expected)


def test_gray_tiles_share_one_range() -> None:
    whole = scene(300, 430, 12)
    tiles = tiles_of(whole, fill=0)
    dataset = slide(whole, tiles, BitsStored=12, HighBit=11)
    shown = render(written(dataset, tiles, "native"), 64)
    assert shown.is_gray
    mean = average(whole, 45, 64)
    low, high = np.percentile(mean, (0.5, 99.5))
    assert np.abs(shown.array - np.clip((mean - low) / (high - low), 0, 1) * 255).mean() < 4
    dataset.WindowCenter, dataset.WindowWidth = 2048, 4096
    assert np.abs(render(written(dataset, tiles, "native"), 64).array - mean / 4095 * 255).mean() < 1.5


def test_palettes_of_tiles_are_looked_up() -> None:
    whole = scene(128, 128, 8)
    tiles = tiles_of(whole)
    dataset = slide(whole, tiles, PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [256, 0, 8])
        setattr(dataset, f"{colour}PaletteColorLookupTableData", bytes(range(255, -1, -1)))
    shown = render(written(dataset, tiles, "native"), 128).array
    assert np.array_equal(shown, np.repeat((255 - whole)[:, :, None], 3, axis=2))


def test_a_slide_of_very_many_tiles_is_sampled() -> None:
    whole = np.repeat(np.repeat(colour_scene(60, 60), 2, axis=0), 2, axis=1)
    tiles = tiles_of(whole, side=2)
    assert len(tiles) == 3600
    picture = render(written(slide(whole, tiles), tiles, "native"), 30)
    assert picture.array.shape == (30, 30, 3)
    assert np.abs(picture.array - average(whole, 30, 30)).mean() < 6


def test_a_matrix_larger_than_its_tiles_is_said_so() -> None:
    tiles = tiles_of(WHOLE)
    dataset = slide(WHOLE, tiles, TotalPixelMatrixRows=100_000)
    with pytest.raises(IconError, match="no positions"):
        render(written(dataset, tiles, "native"), 64)
    dataset.TotalPixelMatrixRows = (1 << 32) - 1
    with pytest.raises(IconError):
        render(written(dataset, tiles, "native"), 64, limits=Limits())
