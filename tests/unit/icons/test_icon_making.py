"""From an object to its icon and its preview: sizes, frames, stored thumbnails, what cannot be done."""

from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.errors import IconError
from findicon.icons import Icon, make_icon, preview
from findicon.pixels import Picture
from support.samples import instance, read, real_file

WAVES = np.tile((np.sin(np.arange(200) / 9) * 120 + 128).astype(np.uint8), (100, 1))


def image(**attributes: object) -> Dataset:
    """An 8-bit image, 200 wide and 100 high, shown as it is."""
    values = {
        "Rows": 100, "Columns": 200, "BitsAllocated": 8, "BitsStored": 8, "HighBit": 7,
        "WindowCenter": 128, "WindowWidth": 256, "PixelData": WAVES.tobytes(),
    }  # fmt: skip
    dataset = instance(**(values | attributes))
    dataset["PixelData"].VR = "OB"
    return dataset


def saved(dataset: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> BytesIO:
    buffer = BytesIO()
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer


def item_of(array: np.ndarray) -> Dataset:
    """The item of an icon that can be told from the image: a checked one."""
    return Icon.from_array(array).to_item()


CHECKED = ((np.indices((64, 128)) // 8).sum(axis=0) % 2 * 200 + 20).astype(np.uint8)


@pytest.mark.parametrize(("size", "rows", "columns"), [(64, 32, 64), (1, 1, 1), (200, 100, 200), (1024, 100, 200)])
def test_the_aspect_is_kept_and_nothing_is_magnified(size: int, rows: int, columns: int) -> None:
    icon = make_icon(image(), size)
    assert (icon.rows, icon.columns) == (rows, columns)


def test_a_path_a_stream_and_a_data_set_give_the_same(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    path.write_bytes(saved(image()).getvalue())
    with path.open("rb") as stream:
        assert make_icon(path) == make_icon(str(path)) == make_icon(stream) == make_icon(read(path))


def test_a_frame_can_be_asked_for() -> None:
    frames = np.stack([np.roll(WAVES, 20 * number, axis=1) for number in range(6)])
    clip = image(NumberOfFrames=6, PixelData=frames.tobytes())
    assert make_icon(clip) == make_icon(clip, frame=3)  # a third of the way
    assert make_icon(clip, frame=1) == make_icon(image())
    assert make_icon(clip, frame=6) != make_icon(clip, frame=1)


@pytest.mark.parametrize("size", [0, -1, 1025])
def test_sizes_out_of_range_are_refused(size: int) -> None:
    with pytest.raises(IconError, match="ask for 1 to 1024"):
        make_icon(image(), size)


def test_what_is_said_of_a_file_names_it_once(tmp_path: Path) -> None:
    path = tmp_path / "report.dcm"
    path.write_bytes(real_file("reportsi.dcm").read_bytes())
    said = "There are no pixels in it (Modality SR)"
    for source in (path, str(path)):
        with pytest.raises(IconError) as raised:
            make_icon(source)
        assert str(raised.value) == f"{path}: {said}"
    with path.open("rb") as stream, pytest.raises(IconError) as raised:
        make_icon(stream)
    assert str(raised.value) == f"{path}: {said}"
    for source in (BytesIO(path.read_bytes()), read(path)):
        with pytest.raises(IconError) as raised:
            make_icon(source)
        assert str(raised.value) == said
    with pytest.raises(IconError) as raised:
        make_icon(tmp_path / "missing.dcm")
    assert str(raised.value).count("missing.dcm") == 1


@pytest.mark.parametrize("use_stored", [False, True])
def test_what_has_no_picture_says_why(use_stored: bool, tmp_path: Path) -> None:
    with pytest.raises(IconError, match="no pixels"):
        make_icon(real_file("reportsi.dcm"), use_stored=use_stored)
    with pytest.raises(IconError, match=r"missing\.dcm"):
        make_icon(tmp_path / "missing.dcm", use_stored=use_stored)
    (tmp_path / "text.dcm").write_text("this is no DICOM file")
    with pytest.raises(IconError, match=r"text\.dcm"):
        make_icon(tmp_path / "text.dcm", use_stored=use_stored)


def with_icon(array: np.ndarray) -> Dataset:
    return image(IconImageSequence=Sequence([item_of(array)]))


def geiis(array: np.ndarray) -> Dataset:
    """GE PACS: a JPEG beside a native image."""
    buffer = BytesIO()
    Image.fromarray(array).save(buffer, "JPEG", quality=95)
    item = item_of(array)
    item.PixelData = encapsulate([buffer.getvalue()])
    item["PixelData"].is_undefined_length = True
    dataset = image()
    dataset.private_block(0x0009, "GEIIS", create=True).add_new(0x10, "SQ", [item])
    return dataset


def ge_ultrasound(array: np.ndarray) -> Dataset:
    """GE ultrasound: RGB in a private element of the item."""
    item = item_of(array)
    del item.PixelData
    item.SamplesPerPixel, item.PhotometricInterpretation, item.PlanarConfiguration = 3, "RGB", 0
    creator = "GEMS_Ultrasound_ImageGroup_001"
    colours = np.stack([array, array // 2, array // 4], axis=2)
    item.private_block(0x6003, creator, create=True).add_new(0x11, "OB", colours.tobytes())
    dataset = image()
    dataset.private_block(0x6003, creator, create=True).add_new(0x10, "SQ", [item])
    return dataset


@pytest.mark.parametrize("transfer_syntax", [None, ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize("stored", [with_icon, geiis, ge_ultrasound])
def test_a_stored_picture_can_be_the_source(stored: object, transfer_syntax: str | None) -> None:
    dataset = stored(CHECKED)
    source = dataset if transfer_syntax is None else saved(dataset, transfer_syntax)
    icon = make_icon(source, 128, use_stored=True)
    shown = icon.to_array()
    if stored is ge_ultrasound:
        assert np.array_equal(shown[..., 0], CHECKED)
        assert np.array_equal(shown[..., 2], CHECKED // 4)
    else:
        assert np.abs(shown.astype(int) - CHECKED).max() <= (0 if stored is with_icon else 3)
    assert make_icon(source, 128) == make_icon(image(), 128)


def test_a_stored_picture_is_made_smaller_and_encoded_anew() -> None:
    icon = make_icon(with_icon(CHECKED), 64, use_stored=True)
    assert (icon.rows, icon.columns) == (32, 64)
    assert np.array_equal(icon.to_array(), CHECKED[::2, ::2])


NOT_USED = {
    "too small": (with_icon(CHECKED[:16, :32]), {}),
    "squeezed into a square": (with_icon(CHECKED[:, :64]), {}),
    "blank": (with_icon(np.full((64, 128), 7, np.uint8)), {}),
    "another frame asked for": (with_icon(CHECKED), {"frame": 1}),
    "hollow": (image(IconImageSequence=Sequence([Dataset()])), {}),
    "pixels that are not square": (
        image(IconImageSequence=Sequence([item_of(CHECKED)]), PixelAspectRatio=["1", "2"]), {}),
}  # fmt: skip


@pytest.mark.parametrize(("dataset", "options"), NOT_USED.values(), ids=NOT_USED)
def test_a_stored_picture_is_passed_over_when(dataset: Dataset, options: dict[str, int]) -> None:
    assert make_icon(dataset, 64, use_stored=True, **options) == make_icon(dataset, 64, **options)


def test_a_small_stored_picture_does_for_a_small_image() -> None:
    small = image(Rows=8, Columns=16, PixelData=WAVES[:8, :16].tobytes())
    small.IconImageSequence = [item_of(CHECKED[:8, :16])]
    assert make_icon(small, 64, use_stored=True) == Icon.from_array(CHECKED[:8, :16])


@pytest.mark.parametrize("colour", [False, True], ids=["gray", "colour"])
def test_a_preview_is_a_jpeg_of_at_most_256(colour: bool) -> None:
    array = np.tile(np.linspace(0, 255, 512, dtype=np.uint8), (384, 1))
    picture = Picture(np.stack([array, array[:, ::-1], array], axis=2) if colour else array)
    shown = Image.open(BytesIO(preview(picture)))
    assert (shown.format, shown.size, shown.mode) == ("JPEG", (256, 192), "RGB" if colour else "L")
    assert np.abs(np.asarray(shown, int) - picture.shrunk(256).array).mean() < 3


def test_a_small_preview_stays_small() -> None:
    assert Image.open(BytesIO(preview(Picture(CHECKED)))).size == (128, 64)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((None,), "takes a path, a binary file object or a pydicom Dataset, not None"),
        ((b"image.dcm",), "not bytes b'image.dcm'"),
        ((7,), "not int 7"),
        (("image.dcm", "64"), "size is a number of pixels, not str '64'"),
        (("image.dcm", 64.0), "size is a number of pixels, not float 64.0"),
        (("image.dcm", None), "size is a number of pixels, not None"),
        (("image.dcm", 64, "1"), "frame is a number from 1, or None, not str '1'"),
        (("image.dcm", 64, True), "frame is a number from 1, or None, not bool True"),
    ],
)
def test_an_argument_of_another_type_is_named(arguments: tuple[Any, ...], message: str) -> None:
    with pytest.raises(TypeError, match=message):
        make_icon(*arguments)
