"""Gray: modality, values of interest, polarity, padding, range, aspect; held against the Standard's formulas."""

from io import BytesIO

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.pixels import apply_modality_lut, apply_voi_lut
from pydicom.sequence import Sequence

from findicon.errors import IconError
from findicon.pixels import Picture, render
from unit.pixels.making import BIG, EXPLICIT, IMPLICIT, average, described, file_of, saved, scene

RAMP = np.tile(np.arange(0, 4096, 16, dtype=np.uint16), (256, 1))  # 256 columns, 0 to 4080


def gray(array: np.ndarray, size: int = 256, **attributes: object) -> np.ndarray:
    picture = render(file_of(array, **({"BitsStored": 12, "HighBit": 11} | attributes)), size)
    assert picture.is_gray
    return picture.array


def by_the_standard(values: np.ndarray, center: float, width: float, function: str) -> np.ndarray:
    """PS3.3 C.11.2.1.2 and C.11.2.1.3, value by value, to 0..255."""
    x = values.astype(float)
    if function == "SIGMOID":
        return 255 / (1 + np.exp(np.clip(-4 * (x - center) / width, -700, 700)))
    if function == "LINEAR":
        inside = ((x - (center - 0.5)) / (width - 1) + 0.5) * 255
        low, high = center - 0.5 - (width - 1) / 2, center - 0.5 + (width - 1) / 2
    else:
        inside = ((x - center) / width + 0.5) * 255
        low, high = center - width / 2, center + width / 2
    return np.where(x <= low, 0, np.where(x > high, 255, inside))


@pytest.mark.parametrize("function", ["LINEAR", "LINEAR_EXACT", "SIGMOID"])
@pytest.mark.parametrize(("center", "width"), [(2048, 4096), (1000, 400), (0, 500), (3000.5, 60), (4096, 3), (50, 2)])
def test_windows_are_those_of_the_standard(function: str, center: float, width: float) -> None:
    shown = gray(RAMP, WindowCenter=center, WindowWidth=width, VOILUTFunction=function)
    expected = by_the_standard(RAMP, center, width, function)
    assert np.abs(shown - expected).max() <= 0.51 + 255 / width * (width >= 255)


@given(
    center=st.floats(-5000, 9000), width=st.floats(2, 9000), slope=st.floats(0.1, 10) | st.floats(-10, -0.1),
    intercept=st.floats(-2000, 2000), function=st.sampled_from(["LINEAR", "LINEAR_EXACT", "SIGMOID"]),
)  # fmt: skip
def test_any_window_after_any_rescale(
    center: float, width: float, slope: float, intercept: float, function: str
) -> None:
    center, width, slope, intercept = (round(value, 3) for value in (center, width, slope, intercept))
    shown = gray(
        RAMP[:8], WindowCenter=center, WindowWidth=width, RescaleSlope=slope, RescaleIntercept=intercept,
        VOILUTFunction=function,
    )  # fmt: skip
    expected = by_the_standard(RAMP[:8] * slope + intercept, center, width, function)
    assert np.abs(shown - expected).max() <= 0.51 + 255 * abs(slope) / width  # a bound may be rounded to a stored value


def test_a_window_of_width_one_is_a_threshold() -> None:
    assert (gray(RAMP, WindowCenter=1000, WindowWidth=1) == np.where(RAMP > 999.5, 255, 0)).all()


@pytest.mark.parametrize("width", [0, -100, 0.5])
def test_a_width_that_is_forbidden_makes_no_window(width: float) -> None:
    assert np.array_equal(gray(RAMP, WindowCenter=1000, WindowWidth=width), gray(RAMP))


def test_a_narrow_window_of_rescaled_values_keeps_the_contrast() -> None:
    dose = {"RescaleSlope": "0.00005", "RescaleIntercept": 0, "WindowCenter": 0.1, "WindowWidth": 0.2}
    shown = gray(RAMP, **dose)
    assert (shown.min(), shown.max()) == (0, 255)
    assert len(np.unique(shown)) > 200


def test_the_first_of_several_windows_counts() -> None:
    several = gray(RAMP, WindowCenter=[1000, 3000], WindowWidth=[400, 50], VOILUTFunction=["LINEAR", "SIGMOID"])
    assert np.array_equal(several, gray(RAMP, WindowCenter=1000, WindowWidth=400))


@pytest.mark.parametrize("text", ["2000\\100", "2000\\", " 2.0e3 ", "2000,0", "2000\\x"])
def test_a_window_is_read_as_far_as_it_is_a_number(text: str) -> None:
    array = scene(40, 30, 12)
    stream = file_of(array, WindowCenter="1234567890", WindowWidth="4000").getvalue()
    written = stream.replace(b"1234567890", text.ljust(10).encode())
    assert written.count(text.encode()) == 1
    shown = render(BytesIO(written), 40).array
    assert np.array_equal(shown, render(file_of(array, WindowCenter=2000, WindowWidth=4000), 40).array)


def test_a_window_is_clipped_before_pixels_are_averaged() -> None:
    checkers = np.where(np.indices((64, 64)).sum(axis=0) % 2, 4000, 0).astype(np.uint16)
    assert (gray(checkers, 16, WindowCenter=200, WindowWidth=400) == 128).all()


def test_without_a_window_a_few_hot_pixels_do_not_darken_the_rest() -> None:
    array = scene(128, 128, 10)
    hot = array.copy()
    hot[5, 5:9] = 4095
    shown, undisturbed = gray(hot, 64).astype(int), gray(array, 64).astype(int)
    assert np.abs(shown - undisturbed)[8:].max() <= 4
    assert undisturbed.min() == 0
    assert undisturbed.max() == 255


def test_bytes_without_a_window_are_shown_as_they_are() -> None:
    array = scene(64, 64, 8)
    assert np.array_equal(gray(array, 64, BitsStored=8, HighBit=7), array)
    narrow = (array // 16) + 100
    assert np.ptp(gray(narrow, 64, BitsStored=8, HighBit=7)) == 255


def test_monochrome1_and_inverse_are_one_inversion() -> None:
    window = {"WindowCenter": 2048, "WindowWidth": 4096}
    upright = gray(RAMP, **window)
    for attributes in (
        {"PhotometricInterpretation": "MONOCHROME1"},
        {"PhotometricInterpretation": "MONOCHROME1", "PresentationLUTShape": "INVERSE"},
        {"PresentationLUTShape": "INVERSE"},
    ):
        assert np.abs(gray(RAMP, **window, **attributes).astype(int) - (255 - upright.astype(int))).max() <= 1
        assert gray(RAMP, **attributes)[0, 0] == 255  # without a window, too
    assert np.array_equal(gray(RAMP, **window, PresentationLUTShape="IDENTITY"), upright)


def test_a_negative_slope_turns_the_range_around() -> None:
    assert gray(RAMP, RescaleSlope=-1, RescaleIntercept=4095)[0, 0] == 255


@pytest.mark.parametrize("photometric", ["MONOCHROME1", "MONOCHROME2"])
@pytest.mark.parametrize("window", [{}, {"WindowCenter": 2048, "WindowWidth": 4096}], ids=["range", "window"])
def test_padding_is_black_and_counts_for_nothing(photometric: str, window: dict[str, object]) -> None:
    array = (scene(64, 64, 12) // 2 + 1000).astype(np.uint16)
    padded = array.copy()
    padded[:, :16] = 4000
    kind = {"PhotometricInterpretation": photometric, "PixelPaddingValue": 4000} | window
    shown = gray(padded, 64, **kind).astype(int)
    assert (shown[:, :16] == 0).all()
    assert np.abs(shown[:, 16:] - gray(array[:, 16:], 64, **kind).astype(int)).max() <= 1
    half = gray(padded, 32, **kind)
    assert (half[:, :8] == 0).all()


def test_padding_may_be_a_range() -> None:
    padded = RAMP.copy()
    shown = gray(padded, PixelPaddingValue=3000, PixelPaddingRangeLimit=4095)
    assert (shown[:, RAMP[0] >= 3000] == 0).all()
    assert shown[0, np.searchsorted(RAMP[0], 2990)] > 250
    turned = gray(padded, PixelPaddingValue=4095, PixelPaddingRangeLimit=3000)
    assert np.array_equal(turned, shown)


def test_padding_of_signed_pixels_may_be_written_unsigned() -> None:
    array = np.full((16, 16), 100, np.int16)
    array[:, :8] = -2000
    array[0, 15] = 300
    dataset = described(array)
    dataset.add_new(0x00280120, "US", 65536 - 2000)
    dataset.PixelData = array.tobytes()
    shown = render(saved(dataset), 16).array
    assert (shown[:, :8] == 0).all()


def test_an_image_of_nothing_but_padding_is_black() -> None:
    picture = render(file_of(np.full((16, 16), 7, np.uint16), PixelPaddingValue=7), 16)
    assert (picture.array == 0).all()
    assert picture.is_blank


@pytest.mark.parametrize("dtype", [np.uint8, np.int8, np.uint16, np.int16, np.uint32, np.int32, np.uint64, np.int64])
def test_all_integers_are_shown(dtype: type) -> None:
    array = (scene(32, 32, 8).astype(np.int64) // 2).astype(dtype)
    stream = file_of(array, WindowCenter=64, WindowWidth=128)
    expected = by_the_standard(array, 64, 128, "LINEAR")
    assert np.abs(render(stream, 32).array - expected).max() <= 1.01


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT])
@pytest.mark.parametrize("signed", [False, True])
def test_pixels_of_twelve_bits_may_be_packed(syntax: str, signed: bool) -> None:
    frames = np.stack([scene(33, 35, 12, seed) for seed in range(3)])  # an odd number: frames begin within bytes
    values = frames.astype(np.int32) - 2048 * signed
    digits = "".join(f"{value & 0xFFF:03x}"[::-1] for value in values.ravel().tolist())  # the lowest four bits first
    digits += "0" * (-len(digits) % 4)
    packed = bytes(int(digits[at + 1] + digits[at], 16) for at in range(0, len(digits), 2))
    window = {"WindowCenter": 2048 * (not signed), "WindowWidth": 4096}
    stored = {"BitsStored": 12, "HighBit": 11, "PixelRepresentation": int(signed)} | window
    stream = file_of(frames, syntax, pixels=packed, BitsAllocated=12, **stored)
    for number in (1, 2, 3):
        expected = by_the_standard(values[number - 1], window["WindowCenter"], 4096, "LINEAR")
        assert np.abs(render(stream, 35, frame=number).array - expected).max() <= 1.01


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floats_are_shown_and_what_is_no_number_is_not(syntax: str, dtype: type) -> None:
    array = (scene(32, 32, 12).astype(dtype) - 2000) * dtype(1e-3)
    array[3, 4], array[5, 6], array[7, 8] = np.nan, np.inf, -np.inf
    dataset = described(np.zeros((32, 32), np.uint8), BitsStored=None, HighBit=None, PixelRepresentation=None)
    dataset.BitsAllocated = array.itemsize * 8
    order = ">" if syntax == BIG else "<"
    keyword = "FloatPixelData" if dtype == np.float32 else "DoubleFloatPixelData"
    setattr(dataset, keyword, array.astype(array.dtype.newbyteorder(order)).tobytes())
    shown = render(saved(dataset, syntax), 32).array
    assert shown[3, 4] == shown[5, 6] == shown[7, 8] == 0
    finite = np.isfinite(array)
    low, high = np.percentile(array[finite], (0.5, 99.5))
    expected = np.clip((array - low) / (high - low), 0, 1) * 255
    assert np.abs(shown - expected)[finite].max() <= 1


def test_a_window_of_floats_does_not_count_in_whole_numbers() -> None:
    values = np.linspace(0, 1, 1200, dtype=np.float32).reshape(40, 30)
    for function in (None, "LINEAR", "LINEAR_EXACT"):
        dataset = described(np.zeros((40, 30), np.uint8), BitsAllocated=32, BitsStored=None, VOILUTFunction=function)
        dataset.FloatPixelData, dataset.WindowCenter, dataset.WindowWidth = values.tobytes(), 0.5, 1
        shown = render(saved(dataset), 40).array
        assert np.abs(shown - values * 255).max() <= 1


def test_float_padding_is_left_out() -> None:
    array = scene(32, 32, 12).astype(np.float32)
    array[:, :8] = -1e6
    dataset = described(np.zeros((32, 32), np.uint8), BitsAllocated=32, BitsStored=None, HighBit=None)
    dataset.FloatPixelData, dataset.FloatPixelPaddingValue = array.tobytes(), -1e6
    shown = render(saved(dataset), 32).array
    assert (shown[:, :8] == 0).all()
    assert shown[:, 8:].max() == 255


def test_bits_beside_the_stored_ones_do_not_count() -> None:
    array = scene(32, 32, 12)
    with_overlay = array | np.uint16(0x8000) * (np.indices((32, 32)).sum(axis=0) % 2).astype(np.uint16)
    window = {"WindowCenter": 2048, "WindowWidth": 4096}
    assert np.array_equal(gray(with_overlay, 32, **window), gray(array, 32, **window))
    shifted = (array << 4).astype(np.uint16)
    assert np.array_equal(gray(shifted, 32, HighBit=15, **window), gray(array, 32, **window))
    signed = ((array.astype(np.int32) - 2048) & 0xFFF).astype(np.uint16)
    window["WindowCenter"] = 0
    assert np.array_equal(
        gray(signed, 32, PixelRepresentation=1, **window), gray(array, 32, WindowCenter=2048, WindowWidth=4096)
    )


def test_single_bits_are_unpacked_from_the_least_significant_on() -> None:
    bits = np.random.default_rng(0).integers(0, 2, (3, 7, 9)).astype(np.uint8)
    dataset = described(bits, BitsAllocated=1, BitsStored=1, HighBit=0)
    dataset.PixelData = np.packbits(bits.ravel(), bitorder="little").tobytes() + b"\0"
    for number in (1, 2, 3):
        shown = render(saved(dataset), 9, frame=number).array
        assert np.array_equal(shown, bits[number - 1] * 255)


def lut_item(entries: np.ndarray, first: int, bits: int = 16, vr: str = "US") -> Dataset:
    item = Dataset()
    item.add_new(0x00283002, "SS" if first < 0 else "US", [len(entries) % 65536, first, bits])
    if vr == "US":
        item.add_new(0x00283006, "US", [int(entry) for entry in entries])
    else:
        item.add_new(0x00283006, "OW", entries.astype("<u2").tobytes())
    return item


@pytest.mark.parametrize("vr", ["US", "OW"])
def test_a_voi_lut_is_applied_and_wins_over_a_window(vr: str) -> None:
    entries = (np.linspace(0, 1, 2048) ** 2 * 4095).astype(np.uint16)
    dataset = described(RAMP, BitsStored=12, HighBit=11, WindowCenter=100, WindowWidth=50)
    dataset.VOILUTSequence = Sequence([lut_item(entries, 1000, 12, vr), lut_item(entries[::-1], 0, 12)])
    dataset.PixelData = RAMP.tobytes()
    expected = entries[np.clip(RAMP.astype(int) - 1000, 0, 2047)] / 4095 * 255
    assert np.abs(render(saved(dataset), 256).array - expected).max() <= 1
    del dataset.WindowCenter
    assert np.abs(apply_voi_lut(RAMP, dataset) / 4095 * 255 - expected).max() <= 1


def test_a_voi_lut_of_signed_values_begins_below_zero() -> None:
    array = (RAMP.astype(int) - 2048).astype(np.int16)
    entries = np.linspace(0, 65535, 4096).astype(np.uint16)
    dataset = described(array)
    dataset.VOILUTSequence = Sequence([lut_item(entries, -2048)])
    dataset.PixelData = array.tobytes()
    expected = entries[RAMP] / 65535 * 255
    assert np.abs(render(saved(dataset), 256).array - expected).max() <= 1


def test_a_modality_lut_is_applied_before_the_window() -> None:
    entries = np.linspace(4095, 0, 4096).astype(np.uint16)
    dataset = described(RAMP, BitsStored=12, HighBit=11, WindowCenter=3000, WindowWidth=1000)
    dataset.ModalityLUTSequence = Sequence([lut_item(entries, 0)])
    dataset.ModalityLUTSequence[0].ModalityLUTType = "US"
    dataset.PixelData = RAMP.tobytes()
    expected = by_the_standard(apply_modality_lut(RAMP, dataset), 3000, 1000, "LINEAR")
    assert np.abs(render(saved(dataset), 256).array - expected).max() <= 1


def test_a_lut_may_claim_more_bits_than_it_uses() -> None:
    dataset = described(RAMP, BitsStored=12, HighBit=11)
    dataset.VOILUTSequence = Sequence([lut_item(np.arange(4096, dtype=np.uint16), 0, 16)])
    dataset.PixelData = RAMP.tobytes()
    assert render(saved(dataset), 256).array.max() >= 254


def test_a_lut_that_does_not_fit_its_descriptor_is_said_so_unless_there_is_a_window() -> None:
    dataset = described(RAMP, BitsStored=12, HighBit=11)
    item = lut_item(np.arange(100, dtype=np.uint16), 0)
    item.LUTDescriptor = [4096, 0, 16]
    dataset.VOILUTSequence = Sequence([item])
    dataset.PixelData = RAMP.tobytes()
    with pytest.raises(IconError, match="The VOI LUT has 200 bytes for 4096 entries"):
        render(saved(dataset), 64)
    dataset.WindowCenter, dataset.WindowWidth = 2048, 4096
    assert np.array_equal(render(saved(dataset), 64).array, gray(RAMP, 64, WindowCenter=2048, WindowWidth=4096))
    for descriptor, message in (([4096, 0], "three values"), ([100, 0, 40], "40 bits")):
        item.LUTDescriptor = descriptor
        del dataset.WindowCenter
        with pytest.raises(IconError, match=message):
            render(saved(dataset), 64)
        dataset.WindowCenter = 2048


def frame_groups(**macros: Dataset) -> Dataset:
    group = Dataset()
    for keyword, item in macros.items():
        setattr(group, keyword, Sequence([item]))
    return group


def item_of(**attributes: object) -> Dataset:
    item = Dataset()
    for keyword, value in attributes.items():
        setattr(item, keyword, value)
    return item


def test_functional_groups_of_the_frame_count_before_shared_ones_and_those_before_the_data_set() -> None:
    frames = np.stack([RAMP] * 3)
    dataset = described(frames, BitsStored=12, HighBit=11, WindowCenter=1, WindowWidth=2)
    shared = frame_groups(
        PixelValueTransformationSequence=item_of(RescaleSlope=2, RescaleIntercept=-1000, RescaleType="US"),
        FrameVOILUTSequence=item_of(WindowCenter=2000, WindowWidth=4000),
        PixelMeasuresSequence=item_of(PixelSpacing=[2, 1]),
    )
    own = frame_groups(FrameVOILUTSequence=item_of(WindowCenter=100, WindowWidth=400, VOILUTFunction="LINEAR_EXACT"))
    dataset.SharedFunctionalGroupsSequence = Sequence([shared])
    dataset.PerFrameFunctionalGroupsSequence = Sequence([Dataset(), own, Dataset()])
    dataset.PixelData = frames.tobytes()
    units = RAMP.astype(float) * 2 - 1000
    for number, expected in (
        (1, by_the_standard(units, 2000, 4000, "LINEAR")),
        (2, by_the_standard(units, 100, 400, "LINEAR_EXACT")),
        (3, by_the_standard(units, 2000, 4000, "LINEAR")),
    ):
        shown = render(saved(dataset), 256, frame=number).array
        assert shown.shape == (256, 128)  # the shared spacing: pixels twice as high as wide
        assert np.abs(shown[0] - average(expected, 256, 128)[0]).max() <= 2


@pytest.mark.parametrize(
    ("attributes", "shape"),
    [
        ({}, (48, 64)),
        ({"PixelSpacing": [0.5, 0.5]}, (48, 64)),
        ({"PixelSpacing": [1.0, 0.5]}, (64, 43)),
        ({"ImagerPixelSpacing": [0.5, 1.0]}, (24, 64)),
        ({"NominalScannedPixelSpacing": [0.5, 1.0]}, (24, 64)),
        ({"PixelAspectRatio": [1, 2]}, (24, 64)),
        ({"PixelAspectRatio": [2, 1]}, (64, 43)),
        ({"PixelSpacing": [0.5, 0.5], "PixelAspectRatio": [2, 1]}, (48, 64)),  # the spacing says more
        ({"PixelSpacing": [0, 0], "PixelAspectRatio": [2, 1]}, (64, 43)),
        ({"PixelSpacing": [1e6, 1]}, (48, 64)),  # nobody's pixels
        ({"PixelAspectRatio": [0, 1]}, (48, 64)),
    ],
)
def test_pixels_are_made_square(attributes: dict[str, object], shape: tuple[int, int]) -> None:
    assert gray(scene(480, 640), 64, **attributes).shape == shape


def test_a_dose_is_shown_from_none_to_most() -> None:
    array = np.tile(np.arange(64, dtype=np.uint32) * 1_000_000, (64, 1))
    shown = render(file_of(array, DoseGridScaling=1e-6, Modality="RTDOSE"), 64).array
    assert shown[0, 0] == 0
    assert shown[0, -1] == 255
    assert (np.diff(shown[0].astype(int)) >= 0).all()


def test_a_picture_knows_when_there_is_nothing_on_it() -> None:
    assert render(file_of(np.zeros((32, 32), np.uint16)), 32).is_blank
    assert render(file_of(np.full((32, 32), 900, np.uint16)), 32).is_blank
    assert not render(file_of(scene(32, 32)), 32).is_blank
    assert Picture(np.full((8, 8, 3), (10, 200, 10), np.uint8)).is_blank


def test_a_picture_shrinks_further() -> None:
    picture = render(file_of(scene(200, 100, 8), WindowCenter=128, WindowWidth=256), 100)
    small = picture.shrunk(25)
    assert small.array.shape == (25, 12)
    assert small.frame == picture.frame
    assert picture.shrunk(500) is picture
    assert np.abs(small.array - average(picture.array, 25, 12)).max() <= 1


@pytest.mark.parametrize("syntax", [EXPLICIT, BIG])
def test_padding_is_taken_out_of_cells_that_are_shown_as_they_are(syntax: str) -> None:
    values = scene(16, 16, 8)
    values[:4] = 7
    shown = {"WindowCenter": 128, "WindowWidth": 300, "PixelPaddingValue": 7, "BitsStored": 8, "HighBit": 7}
    array = render(file_of(values, syntax, **shown), 16).array
    plain = render(file_of(values, syntax, **(shown | {"PixelPaddingValue": None})), 16).array
    assert (array[:4] < plain[:4].min()).all()
    assert np.array_equal(array[4:], np.where(values[4:] == 7, array[0, 0], plain[4:]))
    shifted = {"BitsStored": 7, "HighBit": 7, "PixelPaddingValue": 7, "WindowCenter": 64, "WindowWidth": 300}
    assert render(file_of(values, syntax, **shifted), 16).array.max() > 0
