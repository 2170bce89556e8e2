"""Colours: sample layouts, YCbCr, palettes of every kind, ICC profiles."""

from pathlib import Path

import numpy as np
import pydicom
import pytest
from PIL import ImageCms
from pydicom.data import DATA_ROOT, get_palette_files
from pydicom.dataset import Dataset
from pydicom.pixels import apply_color_lut, convert_color_space
from pydicom.sequence import Sequence

from findicon.errors import IconError
from findicon.pixels import render
from unit.pixels.making import (
    BIG,
    DEFLATED,
    EXPLICIT,
    IMPLICIT,
    RLE,
    average,
    colour_scene,
    described,
    file_of,
    saved,
    scene,
)

ARRAY = colour_scene(60, 80)


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED, BIG, RLE])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_samples_of_all_sizes_are_shown(syntax: str, dtype: type) -> None:
    scale = np.iinfo(dtype).max // 255
    picture = render(file_of(ARRAY.astype(dtype) * dtype(scale), syntax), 80)
    assert not picture.is_gray
    assert np.abs(picture.array.astype(int) - ARRAY).max() <= 1


def test_samples_may_lie_in_planes() -> None:
    planes = np.ascontiguousarray(ARRAY.transpose(2, 0, 1))
    stream = file_of(ARRAY, PlanarConfiguration=1, pixels=planes.tobytes())
    assert np.array_equal(render(stream, 80).array, ARRAY)


def test_ten_bits_of_sixteen_are_shown_whole() -> None:
    array = ARRAY.astype(np.uint16) * 4
    assert np.abs(render(file_of(array, BitsStored=10, HighBit=9), 80).array.astype(int) - ARRAY).max() <= 1


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG, RLE])
def test_ycbcr_becomes_rgb(syntax: str) -> None:
    ybr = convert_color_space(ARRAY, "RGB", "YBR_FULL")
    shown = render(file_of(ybr, syntax, PhotometricInterpretation="YBR_FULL"), 80).array
    assert np.abs(shown.astype(int) - ARRAY).mean() < 1


def test_subsampled_ycbcr_becomes_rgb() -> None:
    flat = np.repeat(np.repeat(colour_scene(15, 20), 4, axis=0), 4, axis=1)
    ybr = convert_color_space(flat, "RGB", "YBR_FULL")
    packed = np.stack([ybr[:, 0::2, 0], ybr[:, 1::2, 0], ybr[:, 0::2, 1], ybr[:, 0::2, 2]], axis=2)
    stream = file_of(ybr, PhotometricInterpretation="YBR_FULL_422", pixels=packed.tobytes())
    assert np.abs(render(stream, 80).array.astype(int) - flat).mean() < 1.5
    odd = file_of(ybr[:, :79], PhotometricInterpretation="YBR_FULL_422", pixels=packed.tobytes())
    with pytest.raises(IconError, match="79 columns"):
        render(odd, 80)


def test_ycbcr_of_studio_range_becomes_rgb() -> None:
    gray = np.full((8, 8, 3), (235, 128, 128), np.uint8)
    gray[:4] = (16, 128, 128)
    shown = render(file_of(gray, PhotometricInterpretation="YBR_PARTIAL_420"), 8).array
    assert (shown[:4] == 0).all()
    assert (shown[4:] == 255).all()


def test_a_colour_space_that_nobody_knows_is_named() -> None:
    with pytest.raises(IconError, match="The Photometric Interpretation HSV with 3 samples"):
        render(file_of(ARRAY, PhotometricInterpretation="HSV"), 80)


@pytest.mark.parametrize("missing", ["SamplesPerPixel", "PhotometricInterpretation", "PlanarConfiguration"])
def test_colours_are_shown_though_an_attribute_is_missing(missing: str) -> None:
    array = colour_scene(30, 40)
    assert np.array_equal(render(file_of(array, **{missing: None}), 40).array, array)


def test_colours_are_averaged_over_areas() -> None:
    array = colour_scene(333, 517)
    difference = np.abs(render(file_of(array), 64).array - average(array, 41, 64))
    assert difference.max() < 2
    assert difference.mean() < 0.4


def palette(dataset: Dataset, tables: np.ndarray, first: int = 0, bits: int = 16) -> Dataset:
    for number, colour in enumerate(("Red", "Green", "Blue")):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [len(tables) % 65536, first, bits])
        entries = tables[:, number].astype("<u2" if bits == 16 else np.uint8).tobytes()
        setattr(dataset, f"{colour}PaletteColorLookupTableData", entries + b"\0" * (len(entries) % 2))
    return dataset


TABLES = np.random.default_rng(3).integers(0, 65536, (256, 3)).astype(np.uint16)
INDICES = scene(64, 64, 8)


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("first", [0, 40])
def test_palettes_are_looked_up_as_pydicom_does(bits: int, first: int) -> None:
    dataset = described(INDICES, PhotometricInterpretation="PALETTE COLOR")
    palette(dataset, TABLES if bits == 16 else TABLES >> 8, first, bits)
    dataset.PixelData = INDICES.tobytes()
    expected = apply_color_lut(INDICES, dataset).astype(float) / (257 if bits == 16 else 1)
    assert np.abs(render(saved(dataset), 64).array - expected).max() <= 0.51
    assert np.abs(render(saved(dataset), 16).array - average(expected, 16, 16)).max() <= 0.51


def test_a_palette_of_sixteen_bits_may_use_eight() -> None:
    dataset = palette(described(INDICES, PhotometricInterpretation="PALETTE COLOR"), TABLES >> 8)
    dataset.PixelData = INDICES.tobytes()
    assert np.array_equal(render(saved(dataset), 64).array, (TABLES >> 8)[INDICES])


def test_a_palette_in_big_endian() -> None:
    dataset = described(INDICES, PhotometricInterpretation="PALETTE COLOR")
    palette(dataset, TABLES.byteswap())
    dataset.PixelData = INDICES.tobytes()
    assert np.abs(render(saved(dataset, BIG), 64).array - TABLES[INDICES] / 257).max() <= 0.51


@pytest.mark.parametrize("entries", [255, 100])
def test_a_palette_that_does_not_fit_its_descriptor_is_said_so(entries: int) -> None:
    dataset = palette(described(INDICES, PhotometricInterpretation="PALETTE COLOR"), TABLES)
    dataset.GreenPaletteColorLookupTableData = TABLES[:entries, 1].tobytes()
    dataset.GreenPaletteColorLookupTableDescriptor = [256, 0, 16]
    dataset.PixelData = INDICES.tobytes()
    if entries == 255:  # 510 bytes are not enough for 256 words, and too many for 256 bytes
        with pytest.raises(IconError, match="The green palette has 510 bytes for 256 entries"):
            render(saved(dataset), 64)
        return
    with pytest.raises(IconError, match="The green palette has 200 bytes for 256 entries"):
        render(saved(dataset), 64)
    del dataset.RedPaletteColorLookupTableDescriptor
    with pytest.raises(IconError, match="The red palette has no descriptor"):
        render(saved(dataset), 64)


@pytest.mark.parametrize("path", get_palette_files("*.dcm"), ids=lambda path: Path(path).stem)
def test_well_known_segmented_palettes_are_expanded_as_pydicom_does(path: str) -> None:
    source = pydicom.dcmread(path)
    dataset = described(INDICES, PhotometricInterpretation="PALETTE COLOR")
    for element in source:
        if element.tag.group == 0x0028:
            dataset[element.tag] = element
    dataset.PixelData = INDICES.tobytes()
    stream = saved(dataset)
    expected = apply_color_lut(INDICES, pydicom.dcmread(stream)).astype(float)
    expected = expected / (257 if expected.max() > 255 else 1)
    assert np.abs(render(stream, 64).array - expected).max() <= 1


def segmented(values: list[int], count: int, width: int = 2) -> Dataset:
    dataset = described(INDICES, PhotometricInterpretation="PALETTE COLOR")
    for colour in ("Red", "Green", "Blue"):
        setattr(dataset, f"{colour}PaletteColorLookupTableDescriptor", [count, 0, 8 * width])
        data = np.array(values, "<u2" if width == 2 else np.uint8).tobytes()
        setattr(dataset, f"Segmented{colour}PaletteColorLookupTableData", data + b"\0" * (len(data) % 2))
    dataset.PixelData = INDICES.tobytes()
    return dataset


def test_segments_may_refer_to_others() -> None:
    # 4 discrete entries, a line of 4, and both again: the indirect segment names the byte where they begin
    words = [0, 4, 0, 20000, 40000, 60000, 1, 4, 20000, 2, 2, 0, 0]
    line = [50000, 40000, 30000, 20000]
    table = np.array(([0, 20000, 40000, 60000, *line]) * 2)
    shown = render(saved(segmented(words, 16)), 64).array
    assert np.abs(shown[:, :, 0] - table[np.clip(INDICES, 0, 15)] / 257).max() <= 1
    small = [0, 4, 0, 80, 160, 240, 1, 4, 80, 2, 2, 0, 0, 0, 0]
    table = np.array([0, 80, 160, 240, 200, 160, 120, 80] * 2)
    assert np.abs(render(saved(segmented(small, 16, 1)), 64).array[:, :, 0] - table[np.clip(INDICES, 0, 15)]).max() <= 1


@pytest.mark.parametrize(
    ("words", "message"),
    [
        ([0, 200, 1, 2], "of 256 entries"),
        ([1, 4, 100], "segment of type 1"),
        ([9, 9, 9], "segment of type 9"),
        ([0, 1, 5, 2, 9, 0xFFFF, 0xFFFF], "ends inside a segment"),
        ([0, 2, 1, 2, 2, 1, 8, 0], "segment of type 2"),
        ([0], "ends inside a segment"),
    ],
)
def test_segments_that_make_no_sense_are_said_so(words: list[int], message: str) -> None:
    with pytest.raises(IconError, match=message):
        render(saved(segmented(words, 256)), 64)


def test_a_supplemental_palette_colours_the_values_from_its_first_on() -> None:
    array = np.tile(np.arange(64, dtype=np.uint16) * 32, (64, 1))
    dataset = palette(described(array, PixelPresentation="MIXED"), TABLES, first=1024)
    dataset.WindowCenter, dataset.WindowWidth = 512, 1024
    dataset.PixelData = array.tobytes()
    shown = render(saved(dataset), 64).array
    below = array[0] < 1024
    gray = np.clip((array[0] - 511.5) / 1023 + 0.5, 0, 1) * 255
    assert np.abs(shown[0, below] - gray[below, None]).max() <= 1
    assert np.abs(shown[0, ~below] - TABLES[np.clip(array[0, ~below].astype(int) - 1024, 0, 255)] / 257).max() <= 1
    dataset.PixelPresentation = "MONOCHROME"
    assert render(saved(dataset), 64).is_gray
    frame_type = Dataset()
    frame_type.PixelPresentation = "COLOR"
    group = Dataset()
    group.CTImageFrameTypeSequence = Sequence([frame_type])
    dataset.SharedFunctionalGroupsSequence = Sequence([group])
    del dataset.WindowCenter
    assert not render(saved(dataset), 64).is_gray


def profile_with_red_and_blue_exchanged() -> bytes:
    """sRGB's profile, with the tags of two primaries exchanged."""
    profile = (Path(DATA_ROOT) / "test_files" / "crayons.icc").read_bytes()
    return profile.replace(b"rXYZ", b"----").replace(b"bXYZ", b"rXYZ").replace(b"----", b"bXYZ")


def test_colours_of_a_profile_become_srgb() -> None:
    dataset = described(ARRAY, ICCProfile=profile_with_red_and_blue_exchanged())
    dataset.PixelData = ARRAY.tobytes()
    assert np.abs(render(saved(dataset), 80).array.astype(int) - ARRAY[:, :, ::-1]).max() <= 1
    dataset.ColorSpace = "SRGB"
    assert np.array_equal(render(saved(dataset), 80).array, ARRAY)


@pytest.mark.parametrize(
    "profile", [b"\0" * 200, b"no profile", ImageCms.ImageCmsProfile(ImageCms.createProfile("LAB")).tobytes()]
)
def test_a_profile_that_is_none_for_rgb_changes_nothing(profile: bytes) -> None:
    dataset = described(ARRAY, ICCProfile=profile + b"\0" * (len(profile) % 2))
    dataset.PixelData = ARRAY.tobytes()
    assert np.array_equal(render(saved(dataset), 80).array, ARRAY)


def test_the_profile_of_an_optical_path_counts_too() -> None:
    path = Dataset()
    path.ICCProfile = profile_with_red_and_blue_exchanged()
    dataset = described(ARRAY, OpticalPathSequence=Sequence([path]))
    dataset.PixelData = ARRAY.tobytes()
    assert np.abs(render(saved(dataset), 80).array.astype(int) - ARRAY[:, :, ::-1]).max() <= 1
