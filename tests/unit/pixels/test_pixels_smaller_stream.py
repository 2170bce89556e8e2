"""Low resolutions of JPEG 2000 as streams of their own: bit for bit what OpenJPEG reduces to."""

import io

import imagecodecs
import numpy as np
import pytest
from PIL import Image as PillowImage

from findicon.pixels.codecs.interface import DecodeFailure
from findicon.pixels.codecs.smaller_stream import smaller_stream
from findicon.pixels.codestream import read_jpeg2000_head
from findicon.pixels.files import MemorySource
from findicon.pixels.frames import Frame
from unit.pixels.making import colour_scene, scene

GRAY, COLOUR = scene(512, 640, 8), colour_scene(512, 640)
KINDS = {
    "LRCP": {"progression": "LRCP"},
    "RLCP": {"progression": "RLCP"},
    "RPCL": {"progression": "RPCL"},
    "precincts": {"progression": "RPCL", "precinct_size": (128, 128), "codeblock_size": (32, 32)},
    "irreversible": {"irreversible": True, "quality_mode": "rates", "quality_layers": [6]},
    "layers": {"progression": "RPCL", "quality_mode": "rates", "quality_layers": [40, 10, 1]},
}


def stream_of(array: np.ndarray, **options: object) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(array).save(buffer, "JPEG2000", no_jp2=True, num_resolutions=6, **options)
    return buffer.getvalue()


def reduced_by_pillow(stream: bytes, levels: int) -> np.ndarray:
    with PillowImage.open(io.BytesIO(stream)) as image:
        image.reduce = levels
        return np.asarray(image)


def frame_of(stream: bytes) -> Frame:
    return Frame(MemorySource(stream), ((0, len(stream)),))


@pytest.mark.parametrize("levels", [1, 2, 3, 4])
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("array", [GRAY, COLOUR], ids=["gray", "colour"])
def test_a_smaller_stream_decodes_to_what_openjpeg_reduces_to(array: np.ndarray, kind: str, levels: int) -> None:
    options = {"mct": int(array.ndim == 3)} | KINDS[kind]
    stream = stream_of(array, **options)
    smaller = smaller_stream(frame_of(stream), read_jpeg2000_head(stream), levels)
    assert np.array_equal(imagecodecs.jpeg2k_decode(smaller.data), reduced_by_pillow(stream, levels))


@pytest.mark.parametrize("tile_parts", [False, True], ids=["one tile-part", "a tile-part for each resolution"])
def test_high_throughput_streams_become_smaller_too(tile_parts: bool) -> None:
    kind = imagecodecs.HTJ2K.TILEPART.RESOLUTIONS if tile_parts else None
    stream = imagecodecs.htj2k_encode(GRAY, reversible=True, resolutions=5, tilepart=kind, tlm=tile_parts)
    smaller = smaller_stream(frame_of(stream), read_jpeg2000_head(stream), 2)
    assert np.array_equal(imagecodecs.jpeg2k_decode(smaller.data), reduced_by_pillow(stream, 2))


def test_only_the_first_bytes_of_a_large_frame_are_read() -> None:
    noise = np.random.default_rng(0).integers(0, 4096, (1024, 1024)).astype(np.uint16)
    stream = imagecodecs.jpeg2k_encode(noise, 0, reversible=True, codecformat="j2k", bitspersample=12, resolutions=6)
    smaller = smaller_stream(frame_of(stream), read_jpeg2000_head(stream), 3)
    assert not smaller.is_whole
    assert len(smaller.data) < len(stream) / 20
    whole = smaller_stream(frame_of(stream), read_jpeg2000_head(stream), 3, whole=True)
    assert whole.is_whole
    assert np.array_equal(imagecodecs.jpeg2k_decode(smaller.data), imagecodecs.jpeg2k_decode(whole.data))


@pytest.mark.parametrize("short", [200, 2000, 8000])
def test_a_decoder_notices_when_packets_are_missing(short: int) -> None:
    stream = stream_of(GRAY)
    smaller = smaller_stream(frame_of(stream), read_jpeg2000_head(stream), 1).data
    cut = frame_of(smaller[: len(smaller) - 2 - short])
    again = smaller_stream(cut, read_jpeg2000_head(smaller), 0)
    try:
        decoded = imagecodecs.jpeg2k_decode(again.data)
    except imagecodecs.Jpeg2kError:
        return
    assert np.array_equal(decoded, reduced_by_pillow(stream, 1))


@pytest.mark.parametrize(
    "options",
    [
        {"progression": "PCRL"},
        {"progression": "CPRL"},
        {"tile_size": (128, 128)},
        {"quality_mode": "rates", "quality_layers": [40, 10, 1]},  # LRCP: the first layer of all resolutions first
    ],
)
def test_streams_in_another_order_are_left_to_other_decoders(options: dict[str, object]) -> None:
    stream = stream_of(GRAY, **options)
    with pytest.raises(DecodeFailure, match="resolution by resolution"):
        smaller_stream(frame_of(stream), read_jpeg2000_head(stream), 1)


def test_a_header_that_cannot_be_carried_over_is_left_to_other_decoders() -> None:
    stream = stream_of(GRAY)
    at = stream.index(b"\xff\x5c")
    with_coc = stream[:at] + b"\xff\x53\0\x09\0\0\5\4\4\0\0" + stream[at:]
    with pytest.raises(DecodeFailure, match="marker FF53"):
        smaller_stream(frame_of(with_coc), read_jpeg2000_head(with_coc), 1)
