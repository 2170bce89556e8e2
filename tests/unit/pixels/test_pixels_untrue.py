"""Files that are wrong in ways that people's files are: pictures all the same."""

import zlib
from collections.abc import Sequence
from io import BytesIO

import imagecodecs
import numpy as np
import pytest
from pydicom.dataset import Dataset

from findicon.errors import IconError
from findicon.pixels import render
from unit.pixels.making import (
    EXPLICIT,
    HTJ2K,
    J2K_LOSSLESS,
    JPEG,
    JPEG_12,
    JPEG_LS,
    JPEG_XL_LOSSLESS,
    LOSSLESS,
    RLE,
    colour_scene,
    described,
    encoded,
    file_of,
    relabelled,
    saved,
    scene,
    with_frames,
)

ENCAPSULATED_NATIVE, DEFLATED_FRAMES, PROGRESSIVE, PRIVATE = (
    "1.2.840.10008.1.2.1.98",
    "1.2.840.10008.1.2.8.1",
    "1.2.840.10008.1.2.4.55",
    "1.2.840.113619.999.1",
)
GRAY = scene(40, 30, 8)


def labelled(
    dataset: Dataset, frames: Sequence[bytes], syntax: str, table: str = "basic", fragments: int = 1
) -> BytesIO:
    """Make a file of encoded frames under a transfer syntax that pydicom would not write."""
    return relabelled(with_frames(dataset, frames, HTJ2K, table, fragments=fragments), HTJ2K, syntax)


def shown(array: np.ndarray, size: int = 40) -> np.ndarray:
    return render(file_of(array), size).array


@pytest.mark.parametrize("coded", LOSSLESS)
@pytest.mark.parametrize("said", [EXPLICIT, JPEG, RLE, JPEG_LS, J2K_LOSSLESS, JPEG_XL_LOSSLESS, PRIVATE])
def test_a_frame_is_decoded_as_what_it_is_whatever_its_transfer_syntax_says(coded: str, said: str) -> None:
    for array in (GRAY, np.stack([GRAY[::-1], GRAY, GRAY])):
        frames = [encoded(frame, coded, 8) for frame in (array if array.ndim == 3 else [array])]
        told = labelled(described(array), frames, said, "none" if said == RLE else "basic")
        assert np.array_equal(render(told, 40).array, GRAY)


@pytest.mark.parametrize("said", [JPEG, JPEG_LS, J2K_LOSSLESS, RLE, PRIVATE])
def test_native_pixels_are_shown_whatever_their_transfer_syntax_says(said: str) -> None:
    for array in (GRAY, np.stack([GRAY[::-1], GRAY, GRAY])):
        assert np.array_equal(render(relabelled(file_of(array), EXPLICIT, said), 40).array, GRAY)


@pytest.mark.parametrize("bits", [8, 12])
def test_native_frames_may_lie_in_fragments(bits: int) -> None:
    for array in (scene(41, 31, bits), np.stack([scene(40, 30, bits)[::-1], scene(40, 30, bits), scene(40, 30, bits)])):
        stored = {"BitsStored": bits, "HighBit": bits - 1}
        frames = [frame.tobytes() for frame in (array if array.ndim == 3 else [array])]
        told = labelled(described(array, **stored), frames, ENCAPSULATED_NATIVE)
        assert np.array_equal(render(told, 40).array, render(file_of(array, **stored), 40).array)


def test_a_large_native_frame_may_lie_in_several_fragments() -> None:
    array = scene(2200, 2000, 12)
    dataset = described(array, WindowCenter=2000, WindowWidth=4000)
    told = labelled(dataset, [array.tobytes()], ENCAPSULATED_NATIVE, "none", fragments=3)
    native = render(file_of(array, WindowCenter=2000, WindowWidth=4000), 64).array
    assert np.array_equal(render(told, 64).array, native)


def test_frames_may_be_deflated_each_by_itself() -> None:
    masks = np.stack([scene(33, 21, 8) > limit for limit in (100, 120, 140)])
    packed = [np.packbits(mask, axis=None, bitorder="little").tobytes() for mask in masks]
    frames = [zlib.compress(frame, wbits=-15) for frame in packed]
    dataset = described(masks.astype(np.uint8), BitsAllocated=1, BitsStored=1, HighBit=0)
    told = labelled(dataset, frames, DEFLATED_FRAMES)
    assert np.array_equal(render(told, 33, frame=3).array, masks[2] * 255)
    array = scene(40, 30, 12)
    frame = zlib.compress(array.tobytes(), wbits=-15)
    told = labelled(described(array), [frame], DEFLATED_FRAMES)
    assert np.array_equal(render(told, 40).array, shown(array))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (b"\xff" * 40, "cannot be inflated"),
        (zlib.compress(bytes(7), wbits=-15), "inflates to 7 of 1200 bytes"),
        (zlib.compress(bytes(1 << 20), wbits=-15)[:9], "inflates to"),
    ],
)
def test_a_deflated_frame_that_does_not_inflate_is_said_so(frame: bytes, message: str) -> None:
    with pytest.raises(IconError, match=message):
        render(labelled(described(GRAY), [frame], DEFLATED_FRAMES), 40)


def test_a_retired_process_of_jpeg_is_decoded() -> None:
    frame = imagecodecs.jpeg8_encode(GRAY, 95, progressive=True) if _knows_progressive() else encoded(GRAY, JPEG, 8)
    told = labelled(described(GRAY), [frame], PROGRESSIVE)
    assert np.abs(render(told, 40).array.astype(int) - GRAY).mean() < 3


def _knows_progressive() -> bool:
    try:
        imagecodecs.jpeg8_encode(GRAY, 95, progressive=True)
    except TypeError:
        return False
    return True


def test_jpeg_with_less_chroma_is_ycbcr_whatever_its_header_says() -> None:
    array = colour_scene(64, 64)
    stream = imagecodecs.jpeg8_encode(array, 95, subsampling="422")
    bare = stream[:2] + stream[stream.index(b"\xff\xdb") :]  # without the JFIF marker
    told = render(with_frames(described(array, PhotometricInterpretation="RGB"), [bare], JPEG), 32).array
    assert np.abs(told.astype(int) - render(file_of(array), 32).array).mean() < 6


@pytest.mark.parametrize("photometric", ["YBR_FULL_422", "YBR_PARTIAL_422"])
def test_native_chroma_may_be_shared_by_two_pixels(photometric: str) -> None:
    pairs = np.zeros((16, 8, 4), np.uint8)
    pairs[:] = [100, 140, 120, 136]
    array = np.zeros((16, 16, 3), np.uint8)
    told = render(file_of(array, pixels=pairs.tobytes(), PhotometricInterpretation=photometric), 16).array
    luma, cb, cr = np.array([100.0, 140.0]), 120 - 128, 136 - 128
    if photometric == "YBR_PARTIAL_422":
        luma, cb, cr = (luma - 16) * 255 / 219, cb * 255 / 224, cr * 255 / 224
    expected = np.stack([luma + 1.402 * cr, luma - 0.344136 * cb - 0.714136 * cr, luma + 1.772 * cb], axis=1)
    assert np.abs(told[3, :2] - expected).max() <= 1


def test_retired_spaces_of_four_samples_are_shown() -> None:
    colours = colour_scene(24, 24)
    alpha = np.zeros((24, 24, 1), np.uint8)
    for first, planar in (("ARGB", 0), ("ARGB", 1), ("CMYK", 0)):
        pixels = np.concatenate([alpha, colours] if first == "ARGB" else [255 - colours, alpha], axis=2)
        data = (pixels.transpose(2, 0, 1) if planar else pixels).tobytes()
        told = file_of(
            colours, pixels=data, SamplesPerPixel=4, PhotometricInterpretation=first, PlanarConfiguration=planar
        )
        assert np.array_equal(render(told, 24).array, colours)
    with pytest.raises(IconError, match="Samples per Pixel is 4"):
        render(file_of(colours, SamplesPerPixel=4), 24)


def test_lossy_values_beyond_the_stored_bits_are_the_largest_and_do_not_wrap() -> None:
    values = np.full((32, 32), 900, np.uint16)
    values[:, 16:] = 1040  # overshoots ten bits, as ringing beside an edge does
    frame = encoded(values, JPEG_12, 12)
    dataset = described(values, BitsStored=10, HighBit=9, WindowCenter=512, WindowWidth=1024)
    array = render(with_frames(dataset, [frame], JPEG_12), 32).array
    assert (array[:, 18:] == 255).all()
    assert (array[:, :14] < 230).all()


def test_signed_values_beyond_the_stored_bits_are_the_nearest_and_do_not_wrap() -> None:
    values = np.full((32, 32), -500, np.int16)
    values[:, 8:16], values[:, 16:24], values[:, 24:] = -600, 500, 600
    frame = imagecodecs.jpeg2k_encode(values, 0, reversible=True, codecformat="j2k")
    dataset = described(values, BitsStored=10, HighBit=9, WindowCenter=0, WindowWidth=1024)
    array = render(with_frames(dataset, [frame], J2K_LOSSLESS), 32).array
    assert (array[:, 8:16] == 0).all()
    assert (array[:, 24:] == 255).all()
    assert (array[:, :8] < array[:, 16:24]).all()


def test_pixels_on_a_jpip_server_are_said_to_be_there() -> None:
    dataset = described(GRAY)
    dataset.PixelDataProviderURL = "http://pixels.example/1"
    with pytest.raises(IconError, match="Its pixels are on a JPIP server"):
        render(saved(dataset), 40)


def test_big_endian_floats_are_floats() -> None:
    array = np.linspace(-5, 5, 400, dtype=">f4").reshape(20, 20)
    dataset = described(array.astype(np.float32), BitsAllocated=32, BitsStored=None, HighBit=None)
    dataset.FloatPixelData = array.astype(np.float32).tobytes()
    gray = render(saved(dataset), 20).array
    assert gray[0, 0] < 10
    assert gray[-1, -1] > 245
