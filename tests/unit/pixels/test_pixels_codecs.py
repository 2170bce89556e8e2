"""The same image in every transfer syntax: the same picture, or one that differs by no more than is said here."""

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image as PillowImage

from findicon.errors import IconError
from findicon.pixels import Limits, render
from findicon.pixels.codestream import read_jpeg2000_head
from unit.pixels.making import (
    BIG,
    DEFLATED,
    EXPLICIT,
    HTJ2K,
    HTJ2K_LOSSY,
    HTJ2K_RPCL,
    IMPLICIT,
    J2K,
    J2K_LOSSLESS,
    JPEG,
    JPEG_12,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_SV1,
    JPEG_XL,
    JPEG_XL_LOSSLESS,
    LOSSLESS,
    NEAR_LOSSLESS,
    RLE,
    average,
    colour_scene,
    described,
    encoded,
    file_of,
    relabelled,
    scene,
    with_frames,
)

# Decoded whole, these give the very picture of the native file.
ALWAYS_EXACT = (IMPLICIT, DEFLATED, BIG, RLE, JPEG_LOSSLESS, JPEG_SV1, JPEG_LS, JPEG_XL_LOSSLESS)
# Mean difference to the native file's picture, in gray levels of 255, that other codecs may have: what they lose, or
# what low resolutions of a wavelet differ from area averages.
TOLERANCE = {J2K_LOSSLESS: 1.0, J2K: 1.0, HTJ2K: 1.0, HTJ2K_RPCL: 1.0, HTJ2K_LOSSY: 1.5, JPEG: 1.0, JPEG_12: 0.5}
TOLERANCE |= {NEAR_LOSSLESS: 1.0, JPEG_XL: 1.5}


def difference(first: np.ndarray, second: np.ndarray) -> float:
    assert first.shape == second.shape
    return float(np.abs(first.astype(float) - second.astype(float)).mean())


@pytest.mark.parametrize("syntax", ALWAYS_EXACT)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_syntaxes_give_the_same_picture(syntax: str, bits: int) -> None:
    array = scene(150, 211, bits)
    stored = {"BitsStored": bits, "HighBit": bits - 1, "WindowCenter": 1 << bits - 1, "WindowWidth": 1 << bits}
    expected = render(file_of(array, EXPLICIT, **stored), 64).array
    assert np.array_equal(render(file_of(array, syntax, **stored), 64).array, expected)


@pytest.mark.parametrize("syntax", [syntax for syntax in ALWAYS_EXACT if syntax != JPEG_XL_LOSSLESS])
def test_lossless_syntaxes_give_the_same_colours(syntax: str) -> None:
    array = colour_scene(90, 120)
    assert np.array_equal(render(file_of(array, syntax), 60).array, render(file_of(array), 60).array)


@pytest.mark.parametrize("syntax", TOLERANCE)
def test_other_syntaxes_give_nearly_the_same_picture(syntax: str) -> None:
    bits = 8 if syntax == JPEG else 12
    array = scene(600, 500, bits)
    stored = {"BitsStored": bits, "HighBit": bits - 1, "WindowCenter": 1 << bits - 1, "WindowWidth": 1 << bits}
    expected = render(file_of(array, EXPLICIT, **stored), 64).array
    assert difference(render(file_of(array, syntax, **stored), 64).array, expected) <= TOLERANCE[syntax]


@pytest.mark.parametrize("syntax", [IMPLICIT, DEFLATED, BIG, *LOSSLESS])
def test_lossless_syntaxes_give_the_same_bits_of_a_large_image_where_they_are_asked_for(syntax: str) -> None:
    array = scene(1100, 2000)
    stored = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 600}
    expected = render(file_of(array, EXPLICIT, **stored), 64).array
    assert np.array_equal(render(file_of(array, syntax, **stored), 64, exact=True).array, expected)


@pytest.mark.parametrize("syntax", [JPEG, J2K_LOSSLESS, J2K, HTJ2K, NEAR_LOSSLESS, JPEG_XL])
def test_other_syntaxes_give_nearly_the_same_colours(syntax: str) -> None:
    array = colour_scene(480, 640)
    expected = average(array, 48, 64)
    assert difference(render(file_of(array, syntax), 64).array, expected) <= 2.0


@pytest.mark.parametrize("syntax", [RLE, JPEG_SV1, JPEG_LS])
def test_signed_values_keep_their_sign(syntax: str) -> None:
    array = (scene(64, 64, 12).astype(np.int32) - 2048).astype(np.int16)
    stored = {"WindowCenter": 0, "WindowWidth": 4096, "RescaleIntercept": 0, "RescaleSlope": 1}
    expected = render(file_of(array, EXPLICIT, **stored), 32).array
    frame = encoded(array.view(np.uint16), syntax, 16)
    assert np.array_equal(render(with_frames(described(array, **stored), [frame], syntax), 32).array, expected)


def test_signed_jpeg_2000_is_signed_whatever_its_stream_says() -> None:
    array = (scene(64, 64, 12).astype(np.int32) - 2048).astype(np.int16)
    stored = {"BitsStored": 13, "HighBit": 12, "WindowCenter": 0, "WindowWidth": 4096}
    expected = render(file_of(array, EXPLICIT, **stored), 64).array
    unsigned_stream = encoded((array.view(np.uint16) & 0x1FFF), J2K_LOSSLESS, 13)
    signed_stream = encoded(array, J2K_LOSSLESS, 13)
    for frame in (unsigned_stream, signed_stream):
        picture = render(with_frames(described(array, **stored), [frame], J2K_LOSSLESS), 64)
        assert np.array_equal(picture.array, expected)


@pytest.mark.parametrize("syntax", [RLE, JPEG_SV1, JPEG_LS])
def test_lossless_syntaxes_give_the_same_picture_of_a_frame_beyond_4_mb(syntax: str) -> None:
    array = scene(1800, 1300, 12)
    stored = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 4096}
    expected = render(file_of(array, EXPLICIT, **stored), 128).array
    assert np.array_equal(render(file_of(array, syntax, **stored), 128).array, expected)


def test_a_native_frame_beyond_4_mb_is_sampled_and_still_right() -> None:
    array = scene(2600, 2100, 12)
    stored = {"BitsStored": 12, "HighBit": 11, "WindowCenter": 2048, "WindowWidth": 4096}
    picture = render(file_of(array, EXPLICIT, **stored), 128).array
    expected = np.clip(average(array, 128, 103) / 4095, 0, 1) * 255
    assert picture.shape == (128, 103)
    assert difference(picture, expected) < 0.8
    planar = colour_scene(1500, 1200)
    for configuration, pixels in ((0, planar.tobytes()), (1, planar.transpose(2, 0, 1).tobytes())):
        stream = file_of(planar, EXPLICIT, PlanarConfiguration=configuration, pixels=pixels)
        assert difference(render(stream, 64).array, average(planar, 64, 51)) < 1.2


JPEG_2000_KINDS = {
    "one layer, RPCL": {"progression": "RPCL"},
    "one layer, RLCP": {"progression": "RLCP"},
    "precincts": {"progression": "RPCL", "precinct_size": (128, 128), "codeblock_size": (32, 32)},
    "PCRL": {"progression": "PCRL"},
    "CPRL": {"progression": "CPRL"},
    "layers, LRCP": {"quality_mode": "rates", "quality_layers": [40, 10, 1]},
    "layers, RPCL": {"progression": "RPCL", "quality_mode": "rates", "quality_layers": [40, 10, 1]},
    "tiles": {"tile_size": (200, 150)},
    "irreversible": {"irreversible": True, "quality_mode": "rates", "quality_layers": [8]},
    "in a JP2 file": {"no_jp2": False},
    "one level": {"num_resolutions": 2},
    "no level": {"num_resolutions": 1},
}


@pytest.mark.parametrize("kind", JPEG_2000_KINDS)
@pytest.mark.parametrize("colour", [False, True], ids=["gray", "colour"])
def test_every_kind_of_jpeg_2000_gives_the_same_picture(kind: str, colour: bool) -> None:
    array = colour_scene(523, 401) if colour else scene(523, 401, 8)
    options = {"no_jp2": True, "mct": int(colour), "num_resolutions": 6} | JPEG_2000_KINDS[kind]
    buffer = io.BytesIO()
    PillowImage.fromarray(array).save(buffer, "JPEG2000", **options)
    attributes = {} if colour else {"WindowCenter": 128, "WindowWidth": 256}
    stream = with_frames(described(array, **attributes), [buffer.getvalue()], J2K_LOSSLESS)
    # The reversible wavelet rounds up: noise becomes brighter by half a gray level each time it is halved.
    assert difference(render(stream, 64).array, average(array, 64, 49)) < 1.5


@pytest.mark.parametrize("photometric", ["YBR_ICT", "YBR_RCT"])
def test_jpeg_2000_without_a_transform_is_rgb_whatever_the_header_calls_it(photometric: str) -> None:
    array = colour_scene(90, 120)
    stream = imagecodecs.jpeg2k_encode(array, 0, reversible=True, codecformat="j2k", mct=False)
    assert not read_jpeg2000_head(stream).colour_transform
    file = with_frames(described(array, PhotometricInterpretation=photometric), [stream], J2K_LOSSLESS)
    assert np.array_equal(render(file, 120).array, array)


@pytest.mark.parametrize(("restarts", "progressive"), [(0, False), (4, False), (0, True)])
@pytest.mark.parametrize("subsampling", ["4:4:4", "4:2:2", "4:2:0"])
def test_every_kind_of_baseline_jpeg_gives_the_same_picture(restarts: int, progressive: bool, subsampling: str) -> None:
    array = colour_scene(333, 517)
    buffer = io.BytesIO()
    PillowImage.fromarray(array).save(
        buffer, "JPEG", quality=95, subsampling=subsampling, progressive=progressive, restart_marker_rows=restarts
    )
    stream = with_frames(described(array, PhotometricInterpretation="YBR_FULL_422"), [buffer.getvalue()], JPEG)
    picture = render(stream, 64).array
    assert difference(picture, average(array, 41, 64)) < 1.5


def test_jpeg_of_rgb_components_is_not_converted() -> None:
    array = colour_scene(64, 64)
    frame = imagecodecs.jpeg8_encode(array, 98, colorspace="RGB", outcolorspace="RGB")
    picture = render(with_frames(described(array, PhotometricInterpretation="RGB"), [frame], JPEG), 64).array
    assert difference(picture, array) < 3


@pytest.mark.parametrize(
    ("syntax", "before"), [(JPEG, b"\xff"), (JPEG, b"\0\0"), (JPEG_SV1, b"\xff"), (JPEG_LS, b"\xff")]
)
def test_fill_bytes_may_stand_before_a_jpeg_stream(syntax: str, before: bytes) -> None:
    array = scene(40, 30, 8)
    frame = encoded(array, syntax, 8)
    shown = render(with_frames(described(array), [before + frame], syntax), 40).array
    assert np.array_equal(shown, render(with_frames(described(array), [frame], syntax), 40).array)


def test_a_stream_of_another_size_than_the_header_says_is_refused() -> None:
    array = scene(64, 48, 8)
    for syntax in (JPEG, JPEG_SV1, JPEG_LS, J2K_LOSSLESS, HTJ2K, JPEG_XL_LOSSLESS):
        stream = with_frames(described(scene(64, 50, 8)), [encoded(array, syntax, 8)], syntax)
        with pytest.raises(IconError, match="Rows x Columns is 64 x 50, but the frame is 64 x 48"):
            render(stream, 32)


def test_a_stream_of_other_samples_than_the_header_says_is_refused() -> None:
    for syntax in (JPEG, JPEG_LS, J2K_LOSSLESS, HTJ2K):
        stream = with_frames(described(scene(64, 64, 8)), [encoded(colour_scene(64, 64), syntax, 8)], syntax)
        with pytest.raises(IconError, match="Samples per Pixel is 1, but the frame has 3"):
            render(stream, 32)


@pytest.mark.parametrize("syntax", [RLE, JPEG, JPEG_SV1, JPEG_LS, J2K_LOSSLESS, HTJ2K, JPEG_XL_LOSSLESS])
@pytest.mark.parametrize(
    "junk", [b"", b"\0" * 100, b"\xff\xd8\xff\xd9", b"\xff\x4f\xff\x51", b"\xff\x0a", b"text" * 50]
)
def test_junk_in_a_frame_is_said_so(syntax: str, junk: bytes) -> None:
    stream = with_frames(described(scene(16, 16, 8)), [junk or b"\0\0"], syntax)
    with pytest.raises(IconError):
        render(stream, 16)


@pytest.mark.parametrize("syntax", [RLE, JPEG, JPEG_SV1, JPEG_LS, J2K_LOSSLESS, HTJ2K, JPEG_XL_LOSSLESS])
def test_a_frame_cut_in_half_gives_a_picture_or_a_reason(syntax: str) -> None:
    frame = encoded(scene(128, 128, 8), syntax, 8)
    stream = with_frames(described(scene(128, 128, 8)), [frame[: len(frame) // 2]], syntax)
    try:
        shape = render(stream, 32).array.shape
    except IconError:
        shape = (32, 32)
    assert shape == (32, 32)


def test_a_video_says_that_it_is_one() -> None:
    stream = relabelled(file_of(scene(16, 16, 8), JPEG_LS), JPEG_LS, "1.2.840.10008.1.2.4.102")
    with pytest.raises(IconError, match=r"It is a video .*pictogram"):
        render(stream, 16)


def test_a_syntax_that_nobody_knows_is_named() -> None:
    stream = with_frames(described(scene(16, 16, 8)), [b"neither JPEG nor anything"], JPEG_LS)
    stream = relabelled(stream, JPEG_LS, "1.2.840.10008.1.2.4.52")
    with pytest.raises(IconError, match=r"No decoder knows the transfer syntax JPEG Extended \(Process 3 and 5\)"):
        render(stream, 16)


def test_what_no_decoder_of_a_syntax_knows_is_named() -> None:
    array = np.zeros((16, 16), np.uint8)
    dataset = described(array, BitsAllocated=1, BitsStored=1, HighBit=0)
    with pytest.raises(IconError, match="No decoder for RLE Lossless knows 1 samples of 1 bits"):
        render(with_frames(dataset, [bytes(64)], RLE), 16)


@pytest.mark.parametrize("syntax", [RLE, JPEG_SV1, JPEG_LS, J2K_LOSSLESS, JPEG_XL_LOSSLESS])
def test_decoding_keeps_within_the_limit_on_memory(syntax: str) -> None:
    stream = file_of(scene(128, 128, 8), syntax)
    with pytest.raises(IconError, match="beyond the limit of 1000 bytes"):
        render(stream, 128, limits=Limits(memory=1000))


def test_radiographs_are_decoded_at_lower_resolutions_than_screens() -> None:
    screen = np.kron(np.random.default_rng(1).integers(0, 2, (375, 375)), np.ones((4, 4))).astype(np.uint16) * 4000
    frame = encoded(screen, J2K_LOSSLESS, 12)
    exact = average(screen, 64, 64) / 4000 * 255

    def error(modality: str) -> float:
        dataset = described(screen, Modality=modality, WindowCenter=2000.5, WindowWidth=4001, BitsStored=12, HighBit=11)
        return float(np.abs(render(with_frames(dataset, [frame], J2K_LOSSLESS), 64).array - exact).mean())

    assert error("OT") < error("DX")
