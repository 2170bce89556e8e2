"""Hostile images: a picture or an IconError of one sentence, within the limits; never anything else."""

import struct
import tracemalloc
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.data import DATA_ROOT
from pydicom.datadict import dictionary_VR, tag_for_keyword
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.tag import Tag

from findicon.errors import IconError
from findicon.pixels import Limits, Picture, render
from unit.pixels.making import (
    BIG,
    DEFLATED,
    EXPLICIT,
    HTJ2K,
    IMPLICIT,
    J2K_LOSSLESS,
    JPEG,
    JPEG_LS,
    JPEG_SV1,
    JPEG_XL_LOSSLESS,
    RLE,
    colour_scene,
    described,
    encoded,
    file_of,
    saved,
    scene,
    with_frames,
)

SYNTAXES = (IMPLICIT, EXPLICIT, DEFLATED, BIG, RLE, JPEG, JPEG_SV1, JPEG_LS, J2K_LOSSLESS, HTJ2K, JPEG_XL_LOSSLESS)
TIGHT = Limits(pixels=1 << 22, memory=1 << 25, read=1 << 24)


def attempt(source: object, size: int = 32) -> Picture | None:
    """Render within tight limits: give the picture, or None after an IconError of one sentence."""
    picture, sentence = None, ""
    tracemalloc.start()
    try:
        picture = render(source, size, limits=TIGHT)
    except IconError as exc:
        sentence = str(exc)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 1 << 28
    if picture is None:
        assert sentence
        assert "\n" not in sentence
        return None
    assert picture.array.dtype == np.uint8
    assert 1 <= max(picture.array.shape[:2]) <= size
    return picture


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_65535_by_65535_is_refused_before_anything_is_allocated(syntax: str) -> None:
    array = scene(16, 16, 8)
    dataset = described(array, Rows=65535, Columns=65535)
    if syntax in {IMPLICIT, EXPLICIT, DEFLATED, BIG}:
        dataset.PixelData = array.tobytes()
        stream = saved(dataset, syntax)
    else:
        stream = with_frames(dataset, [encoded(array, syntax, 8)], syntax)
    tracemalloc.start()
    with pytest.raises(IconError, match="65535 x 65535 pixels is beyond the limit"):
        render(stream, 64)
    assert tracemalloc.get_traced_memory()[1] < 1 << 20
    tracemalloc.stop()


@pytest.mark.parametrize("syntax", [JPEG, JPEG_LS, J2K_LOSSLESS, HTJ2K])
def test_a_stream_that_is_larger_than_its_header_says_is_refused(syntax: str) -> None:
    frame = bytearray(encoded(scene(16, 16, 8), syntax, 8))
    if syntax in {JPEG, JPEG_LS}:
        at = frame.index(b"\xff\xc0" if syntax == JPEG else b"\xff\xf7")
        struct.pack_into(">HH", frame, at + 5, 65535, 65535)
    else:
        at = frame.index(b"\xff\x51")
        struct.pack_into(">II", frame, at + 6, 65535, 65535)
    with pytest.raises(IconError, match="Rows x Columns is 16 x 16, but the frame is 65535 x 65535"):
        render(with_frames(described(scene(16, 16, 8)), [bytes(frame)], syntax), 16)


def test_many_frames_that_are_not_there_cost_nothing() -> None:
    stream = file_of(np.stack([scene(8, 8, 8)] * 2), NumberOfFrames=(1 << 31) - 1)
    with pytest.raises(IconError, match="too short"):
        render(stream, 8, frame=1 << 30)
    assert render(stream, 8).frame == 1
    dataset = described(np.stack([scene(8, 8, 8)] * 2), NumberOfFrames=(1 << 31) - 1)
    with pytest.raises(IconError, match="not to be found"):
        render(with_frames(dataset, [encoded(scene(8, 8, 8), RLE, 8)] * 2, RLE, "none"), 8)


def test_a_slide_of_lies_costs_nothing() -> None:
    tiles = np.stack([scene(1, 1, 8)] * 2)
    for total in ((1, 1 << 31), (1 << 31, 1 << 31), (1, 2)):
        dataset = described(tiles, NumberOfFrames=(1 << 31) - 1, DimensionOrganizationType="TILED_FULL")
        dataset.TotalPixelMatrixRows, dataset.TotalPixelMatrixColumns = total
        dataset.PixelData = tiles.tobytes()
        attempt(saved(dataset))
    assert render(saved(dataset), 2).array.shape == (1, 2)


def test_a_compressed_frame_that_is_too_long_is_not_read() -> None:
    with pytest.raises(IconError, match=r"Frame 1 is \d+ bytes long, beyond the limit of 100 bytes"):
        render(file_of(scene(64, 64, 8), JPEG_LS), 64, limits=Limits(read=100))


def test_the_limits_are_said_as_they_are() -> None:
    with pytest.raises(IconError, match="The image of 64 x 64 pixels is beyond the limit of 4095 pixels"):
        render(file_of(scene(64, 64, 8)), 64, limits=Limits(pixels=4095))
    with pytest.raises(IconError, match="Reading the frame takes 8192 bytes, beyond the limit of 5000 bytes"):
        render(file_of(scene(64, 64, 8)), 64, limits=Limits(memory=5000))


@pytest.mark.parametrize("size", [0, -5])
def test_a_picture_of_no_size_is_none(size: int) -> None:
    with pytest.raises(IconError, match=f"A picture of {size} pixels"):
        render(file_of(scene(8, 8)), size)


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({"Rows": None}, "Rows is missing"),
        ({"Columns": 0}, "Columns is 0"),
        ({"SamplesPerPixel": 7}, "Samples per Pixel is 7"),
        ({"BitsAllocated": 10}, "Bits Allocated is 10"),
        ({"BitsAllocated": 12, "SamplesPerPixel": 3}, "Bits Allocated is 12"),
        ({"BitsAllocated": None}, "Bits Allocated is 0"),
    ],
)
def test_a_description_that_makes_no_sense_is_said_so(attributes: dict[str, object], message: str) -> None:
    with pytest.raises(IconError, match=message):
        render(file_of(scene(8, 8), **attributes), 8)


def test_no_pixels_are_said_so() -> None:
    dataset = described(scene(8, 8), Modality="SR")
    with pytest.raises(IconError, match=r"There are no pixels in it \(Modality SR\)"):
        render(saved(dataset), 8)
    dataset.PixelData = b""
    with pytest.raises(IconError, match="Its pixel data is empty"):
        render(saved(dataset), 8)


def test_what_cannot_be_read_is_said_so(tmp_path: Path) -> None:
    with pytest.raises(IconError, match=r"missing\.dcm cannot be opened: No such file"):
        render(tmp_path / "missing.dcm", 8)
    (tmp_path / "text.dcm").write_text("hello")
    with pytest.raises(IconError, match=r"text\.dcm: it is no DICOM file"):
        render(str(tmp_path / "text.dcm"), 8)


def test_a_data_set_in_memory_is_rendered_like_its_file() -> None:
    for syntax in SYNTAXES[:10]:
        stream = file_of(scene(40, 30, 8), syntax)
        expected = render(stream, 20).array
        stream.seek(0)
        assert np.array_equal(render(pydicom.dcmread(stream), 20).array, expected)
    bare = described(scene(16, 16, 8))
    bare.PixelData = scene(16, 16, 8).tobytes()
    assert np.array_equal(render(bare, 16).array, scene(16, 16, 8))
    odd = Dataset()
    odd.Rows = 4
    with pytest.raises(IconError, match="no pixels"):
        render(odd, 16)


_US = st.sampled_from([0, 1, 2, 3, 7, 8, 12, 15, 16, 31, 32, 64, 255, 256, 512, 4096, 65535])
_FIELDS = {
    "SamplesPerPixel": st.sampled_from([0, 1, 2, 3, 4, 65535]),
    "PhotometricInterpretation": st.sampled_from(
        [
            "",
            "MONOCHROME1",
            "MONOCHROME2",
            "RGB",
            "PALETTE COLOR",
            "YBR_FULL",
            "YBR_FULL_422",
            "YBR_RCT",
            "HSV",
            "X" * 16,
        ]
    ),
    "PlanarConfiguration": _US,
    "NumberOfFrames": st.sampled_from(["0", "1", "2", "7", "-1", "2147483647", "999999999999"]),
    "Rows": _US,
    "Columns": _US,
    "BitsAllocated": _US,
    "BitsStored": _US,
    "HighBit": _US,
    "PixelRepresentation": _US,
    "PixelPaddingValue": _US,
    "PixelPaddingRangeLimit": _US,
    "RepresentativeFrameNumber": _US,
    "WindowCenter": st.sampled_from(["0", "1e308", "-1e308", "40", "nan", "inf", "", "1\\2", "x", "1e-320"]),
    "WindowWidth": st.sampled_from(["0", "1", "-5", "1e308", "1e-320", "400", "nan", "inf", "", "1\\2"]),
    "VOILUTFunction": st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID", "", "OTHER"]),
    "RescaleSlope": st.sampled_from(["0", "1", "-1", "1e308", "1e-320", "nan", "inf", "", "x"]),
    "RescaleIntercept": st.sampled_from(["0", "-1024", "1e308", "-1e308", "nan", "inf", "", "x"]),
    "PixelSpacing": st.sampled_from(["1\\1", "0\\0", "1", "-1\\2", "1e300\\1e-300", "nan\\1", "5\\1", "x\\y"]),
    "PixelAspectRatio": st.sampled_from(["1\\1", "0\\0", "1", "-1\\2", "1\\1000000", "30\\1"]),
    "PresentationLUTShape": st.sampled_from(["IDENTITY", "INVERSE", "", "X"]),
    "PixelPresentation": st.sampled_from(["COLOR", "MIXED", "MONOCHROME"]),
    "RedPaletteColorLookupTableDescriptor": st.lists(_US, max_size=4),
    "GreenPaletteColorLookupTableDescriptor": st.lists(_US, max_size=4),
    "BluePaletteColorLookupTableDescriptor": st.lists(_US, max_size=4),
    "RedPaletteColorLookupTableData": st.binary(max_size=600),
    "GreenPaletteColorLookupTableData": st.binary(max_size=600),
    "BluePaletteColorLookupTableData": st.binary(max_size=600),
    "SegmentedRedPaletteColorLookupTableData": st.binary(max_size=40),
    "TotalPixelMatrixRows": _US,
    "TotalPixelMatrixColumns": _US,
    "ICCProfile": st.binary(max_size=300),
    "SOPClassUID": st.sampled_from(["1.2.840.10008.5.1.4.1.1.66.4", "1.2.840.10008.5.1.4.1.1.66.7", "1.2.3"]),
    "SegmentationType": st.sampled_from(["BINARY", "FRACTIONAL", "LABELMAP", ""]),
    "MaximumFractionalValue": _US,
}


def with_fields(dataset: Dataset, fields: dict[str, object]) -> None:
    """Set attributes to values that pydicom would refuse, as a file may have them."""
    for keyword, value in fields.items():
        tag = Tag(tag_for_keyword(keyword))
        vr = {"US or SS": "US", "OB or OW": "OW", "US or SS or OW": "US"}.get(dictionary_VR(tag), dictionary_VR(tag))
        if isinstance(value, str):
            data = value.encode()
        elif isinstance(value, bytes):
            data = value
        else:
            values = value if isinstance(value, list) else [value]
            data = b"".join(struct.pack("<H" if vr != "UL" else "<I", number) for number in values)
        data += b"\0" * (len(data) % 2)
        dataset[tag] = RawDataElement(tag, vr, len(data), data, 0, False, True)


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    data=st.data(),
    syntax=st.sampled_from([IMPLICIT, EXPLICIT, DEFLATED, RLE, JPEG_LS, J2K_LOSSLESS, JPEG]),
    colour=st.booleans(),
)
def test_any_value_of_any_field(data: st.DataObject, syntax: str, colour: bool) -> None:
    array = colour_scene(24, 18) if colour and syntax != JPEG_LS else scene(24, 18, 8)
    chosen = data.draw(st.lists(st.sampled_from(sorted(_FIELDS)), unique=True, max_size=8))
    fields = {keyword: data.draw(_FIELDS[keyword], label=keyword) for keyword in chosen}
    dataset = described(array)
    with_fields(dataset, fields)
    if syntax in {IMPLICIT, EXPLICIT, DEFLATED}:
        dataset.PixelData = array.tobytes()
        stream = saved(dataset, syntax)
    else:
        stream = with_frames(dataset, [encoded(array, syntax, 8)], syntax)
    attempt(stream)


# Not JPEG-LS: CharLS may take half a minute over a broken scan, which only whoever runs the decoder can end.
VICTIMS = {syntax: file_of(scene(24, 18, 8), syntax).getvalue() for syntax in SYNTAXES if syntax != JPEG_LS}


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    syntax=st.sampled_from(sorted(VICTIMS)),
    changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.integers(0, 255)), min_size=1, max_size=6),
    cut=st.integers(0, 1 << 16) | st.none(),
)
def test_any_byte_of_a_file_may_be_another(syntax: str, changes: list[tuple[int, int]], cut: int | None) -> None:
    victim = bytearray(VICTIMS[syntax])
    for position, value in changes:
        victim[132 + position % (len(victim) - 132)] = value
    if cut is not None:
        del victim[132 + cut % (len(victim) - 132) :]
    attempt(BytesIO(bytes(victim)))


def is_jpeg_ls(path: Path) -> bool:
    return b"1.2.840.10008.1.2.4.8" in path.read_bytes()[:600]


FILES = (Path(DATA_ROOT) / "test_files").glob("*.dcm")
REAL = sorted(path for path in FILES if path.stat().st_size < 200_000 and not is_jpeg_ls(path))


@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    path=st.sampled_from(REAL),
    changes=st.lists(st.tuples(st.integers(0, 1 << 16), st.binary(min_size=1, max_size=4)), min_size=1, max_size=4),
)
def test_any_bytes_of_a_real_file_may_be_others(path: Path, changes: list[tuple[int, bytes]]) -> None:
    victim = bytearray(path.read_bytes())
    for position, value in changes:
        at = 132 + position % max(min(len(victim) - 140, 4000), 1)
        victim[at : at + len(value)] = value
    attempt(BytesIO(bytes(victim)))
