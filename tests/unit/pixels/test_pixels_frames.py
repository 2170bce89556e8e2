"""One frame of many: found by its offset or by hopping, read alone."""

import struct
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest

from findicon.errors import IconError
from findicon.pixels import render
from findicon.pixels.deflated import InflatingSource
from findicon.pixels.files import MemorySource, Source, open_source
from findicon.pixels.frames import FrameFinder
from findicon.pixels.image import describe
from findicon.pixels.limits import Limits
from findicon.pixels.reading import header_of
from unit.pixels.making import (
    BIG,
    DEFLATED,
    EXPLICIT,
    HTJ2K,
    IMPLICIT,
    J2K_LOSSLESS,
    JPEG_LS,
    JPEG_SV1,
    JPEG_XL_LOSSLESS,
    RLE,
    described,
    encoded,
    file_of,
    relabelled,
    saved,
    scene,
    with_frames,
)

ITEM = b"\xfe\xff\x00\xe0"
END = b"\xfe\xff\xdd\xe0\0\0\0\0"
FRAMES = np.stack([np.full((8, 8), 10 * number, np.uint8) for number in range(1, 8)])
ENCAPSULATED = (RLE, JPEG_SV1, JPEG_LS, J2K_LOSSLESS, JPEG_XL_LOSSLESS)


class CountingSource(MemorySource):
    bytes_read = 0

    def read(self, position: int, length: int) -> bytes:
        data = super().read(position, length)
        self.bytes_read += len(data)
        return data


def frames_of(stream: BytesIO) -> list[int]:
    """Tell each frame's gray by rendering it."""
    return [int(render(stream, 8, frame=number).array[0, 0]) for number in range(1, len(FRAMES) + 1)]


def windowed(**attributes: object) -> dict[str, object]:
    """Show bytes as they are: with a window of their whole range."""
    return {"WindowCenter": 128, "WindowWidth": 256} | attributes


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, DEFLATED, BIG])
def test_native_frames_are_found_by_their_length(syntax: str) -> None:
    assert frames_of(file_of(FRAMES, syntax, **windowed())) == [10, 20, 30, 40, 50, 60, 70]


@pytest.mark.parametrize("bits", [8, 1])
def test_big_endian_words_hold_two_bytes_each_and_frames_may_begin_inside_one(bits: int) -> None:
    frames = (np.random.default_rng(0).integers(0, 256, (5, 7, 9)) >> (8 - bits)).astype(np.uint8)
    in_bytes = frames.tobytes() if bits == 8 else np.packbits(frames.ravel(), bitorder="little").tobytes()
    in_bytes += b"\0" * (len(in_bytes) % 2)
    dataset = described(frames, BitsAllocated=bits, BitsStored=bits, HighBit=bits - 1)
    dataset.WindowCenter, dataset.WindowWidth = (128, 256) if bits == 8 else (1, 2)
    dataset.PixelData = np.frombuffer(in_bytes, "<u2").astype(">u2").tobytes()
    dataset["PixelData"].VR = "OW"
    for number in range(1, 6):
        shown = render(saved(dataset, BIG), 9, frame=number).array
        assert np.array_equal(shown, frames[number - 1] * (1 if bits == 8 else 255))


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
@pytest.mark.parametrize("syntax", ENCAPSULATED)
def test_encapsulated_frames_are_found_with_and_without_offset_table(syntax: str, table: str) -> None:
    assert frames_of(file_of(FRAMES, syntax, table=table, **windowed())) == [10, 20, 30, 40, 50, 60, 70]


@pytest.mark.parametrize("table", ["basic", "none"])
@pytest.mark.parametrize("syntax", [RLE, JPEG_SV1, JPEG_LS, J2K_LOSSLESS, JPEG_XL_LOSSLESS])
def test_frames_in_several_fragments_are_put_together(syntax: str, table: str) -> None:
    dataset = described(FRAMES, **windowed())
    frames = [encoded(frame, syntax, 8) for frame in FRAMES]
    assert frames_of(with_frames(dataset, frames, syntax, table, fragments=3)) == [10, 20, 30, 40, 50, 60, 70]


def test_frames_may_differ_in_how_many_fragments_they_have() -> None:
    dataset = described(FRAMES[:3], **windowed())
    frames = [encoded(frame, J2K_LOSSLESS, 8) for frame in FRAMES[:3]]
    frames = [frame + b"\0" * (len(frame) % 2) for frame in frames]
    pieces = [frames[0], frames[1][:40], frames[1][40:80], frames[1][80:], frames[2][:20], frames[2][20:]]
    items = b"".join(ITEM + struct.pack("<I", len(piece)) + piece for piece in pieces)
    dataset.PixelData = ITEM + bytes(4) + items + END
    dataset["PixelData"].VR = "OB"
    dataset["PixelData"].is_undefined_length = True
    stream = saved(dataset, J2K_LOSSLESS)
    assert [int(render(stream, 8, frame=number).array[0, 0]) for number in (1, 2, 3)] == [10, 20, 30]


def test_one_frame_is_all_the_fragments() -> None:
    dataset = described(scene(64, 64, 8), **windowed())
    frame = encoded(scene(64, 64, 8), JPEG_LS, 8)
    stream = with_frames(dataset, [frame], JPEG_LS, "none", fragments=5)
    assert np.array_equal(render(stream, 64).array, render(file_of(scene(64, 64, 8)), 64).array)


@pytest.mark.parametrize("offset", [7, 1 << 31, (1 << 32) - 2])
def test_a_basic_table_that_points_elsewhere_is_not_followed(offset: int) -> None:
    stream = file_of(FRAMES, JPEG_LS, **windowed())
    whole = bytearray(stream.getvalue())
    at = whole.index(b"\xe0\x7f\x10\0OB") + 12 + 8
    struct.pack_into("<I", whole, at + 4 * 3, offset)
    assert frames_of(BytesIO(whole)) == [10, 20, 30, 40, 50, 60, 70]


def test_an_extended_table_that_points_elsewhere_is_not_followed() -> None:
    stream = file_of(FRAMES, JPEG_LS, table="extended", **windowed())
    whole = bytearray(stream.getvalue())
    at = whole.index(b"\xe0\x7f\x01\0OV") + 12
    struct.pack_into("<Q", whole, at + 8 * 3, 1 << 62)
    assert frames_of(BytesIO(whole)) == [10, 20, 30, 40, 50, 60, 70]


def test_compressed_pixel_data_that_is_not_encapsulated_is_one_frame() -> None:
    frame = encoded(scene(32, 32, 8), JPEG_LS, 8)
    native = file_of(scene(32, 32, 8), EXPLICIT, pixels=frame + b"\0" * (len(frame) % 2))
    stream = relabelled(native, EXPLICIT, JPEG_LS)
    assert np.array_equal(render(stream, 32).array, render(file_of(scene(32, 32, 8)), 32).array)


def test_a_frame_is_read_alone() -> None:
    frames = np.stack([scene(128, 128, 8, seed=number) for number in range(40)])
    for syntax, table in ((EXPLICIT, ""), (JPEG_LS, "basic"), (JPEG_LS, "extended"), (JPEG_LS, "none")):
        source = CountingSource(file_of(frames, syntax, table=table).getvalue())
        header = header_of(source)
        frame = FrameFinder(header, describe(header, Limits()), Limits()).frame(13)
        data = frame.read()
        assert len(data) == frame.length
        assert source.bytes_read <= (1 << 14) + frame.length + 20 * 60


def test_the_first_bytes_of_a_frame_may_be_read_alone() -> None:
    stream = with_frames(described(scene(64, 64, 8)), [bytes(range(200))], JPEG_LS, fragments=4)
    header = header_of(MemorySource(stream.getvalue()))
    frame = FrameFinder(header, describe(header, Limits()), Limits()).frame(0)
    assert frame.read(120) == bytes(range(120))
    assert frame.read() == bytes(range(200))


@pytest.mark.parametrize(
    ("syntax", "frames"), [(RLE, FRAMES), (JPEG_LS, FRAMES), (HTJ2K, np.stack([scene(64, 64, 8)] * 3))]
)  # fmt: skip
def test_pixel_data_that_ends_early_is_said_so(syntax: str, frames: np.ndarray) -> None:
    whole = file_of(frames, syntax, **windowed()).getvalue()
    last = len(frames)
    with pytest.raises(IconError, match=r"cut off|not to be found|does not decode"):
        render(BytesIO(whole[:-30]), 8, frame=last)
    with pytest.raises(IconError, match=r"begin with an item|not to be found|cut off"):
        render(BytesIO(whole[: whole.index(b"\xe0\x7f\x10\0OB") + 14]), 8)


def test_native_pixel_data_that_is_too_short_is_said_so() -> None:
    whole = file_of(FRAMES, **windowed()).getvalue()
    with pytest.raises(IconError, match="too short: frame 7 of 8 x 8 ends at byte 448, there are 448 declared but"):
        render(BytesIO(whole[:-1]), 8, frame=7)
    stream = file_of(FRAMES, NumberOfFrames=9, **windowed())
    with pytest.raises(IconError, match="too short: frame 9 of 8 x 8 ends at byte 576, there are 448 declared"):
        render(stream, 8, frame=9)


def test_fewer_fragments_than_frames_are_said_so() -> None:
    stream = with_frames(described(FRAMES, **windowed()), [encoded(FRAMES[0], RLE, 8)] * 3, RLE, "none")
    with pytest.raises(IconError, match="3 fragments for 7 frames"):
        render(stream, 8, frame=2)


def test_where_the_last_frames_did_not_come_the_first_one_is_shown() -> None:
    cut = file_of(FRAMES, **windowed()).getvalue()[: -64 * 5]
    for stream in (
        BytesIO(cut),
        with_frames(described(FRAMES, **windowed()), [encoded(FRAMES[0], JPEG_LS, 8)] * 2, JPEG_LS, "none"),
    ):
        picture = render(stream, 8)
        assert picture.frame == 1
        assert picture.array.tolist() == render(file_of(FRAMES, **windowed()), 8, frame=1).array.tolist()
        with pytest.raises(IconError, match="rame 3"):
            render(stream, 8, frame=3)
    with pytest.raises(IconError, match="frame 3 of 8 x 8"):  # the frame that was wanted, not the one tried instead
        render(file_of(FRAMES, pixels=FRAMES[0].tobytes()[:-2], **windowed()), 8)


def test_fragments_may_be_empty() -> None:
    frames = [encoded(frame, RLE, 8) for frame in FRAMES]
    stream = with_frames(described(FRAMES, **windowed()), frames, RLE, "none").getvalue()
    padded = stream[: -len(END)] + ITEM + bytes(4) + END
    assert padded.count(ITEM + bytes(4)) == 2  # the offset table, and a fragment behind the last frame
    assert render(BytesIO(padded), 8, frame=2).array[0, 0] == 20


def test_a_basic_offset_table_may_be_left_out() -> None:
    frames = np.stack([scene(32, 32, 8), scene(32, 32, 8)[::-1]])
    stream = with_frames(described(frames), [encoded(frame, JPEG_LS, 8) for frame in frames], JPEG_LS, "none")
    bare = stream.getvalue().replace(ITEM + bytes(4), b"", 1)
    assert len(bare) == len(stream.getvalue()) - 8
    for number in (1, 2):
        assert np.array_equal(render(BytesIO(bare), 32, frame=number).array, frames[number - 1])


@pytest.mark.parametrize("frame", [0, -1, 8])
def test_a_frame_that_is_not_there_is_said_so(frame: int) -> None:
    with pytest.raises(IconError, match=f"There is no frame {frame}: the image has 7"):
        render(file_of(FRAMES, **windowed()), 8, frame=frame)


def test_the_frame_is_the_representative_else_the_one_a_third_of_the_way() -> None:
    assert render(file_of(FRAMES, **windowed()), 8).frame == 3
    assert render(file_of(FRAMES, RepresentativeFrameNumber=6, **windowed()), 8).frame == 6
    assert render(file_of(FRAMES, RepresentativeFrameNumber=60, **windowed()), 8).frame == 3
    assert render(file_of(FRAMES, **windowed()), 8, frame=5).frame == 5
    assert render(file_of(FRAMES[0], **windowed()), 8).frame == 1


def test_frames_of_colours_are_found_too() -> None:
    frames = np.stack([np.full((6, 6, 3), (number, 2 * number, 3 * number), np.uint8) for number in (10, 20, 30)])
    for syntax in (EXPLICIT, RLE, JPEG_LS, J2K_LOSSLESS):
        stream = file_of(frames, syntax)
        assert render(stream, 6, frame=2).array[3, 3].tolist() == [20, 40, 60]


def test_every_source_fills_memory_with_what_it_reads(tmp_path: Path) -> None:
    data = bytes(range(200))
    deflater = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    deflated = deflater.compress(data) + deflater.flush()
    (tmp_path / "file").write_bytes(data)
    sources: list[Source] = [
        MemorySource(data),
        open_source(BytesIO(data)),
        open_source(tmp_path / "file"),
        InflatingSource(MemorySource(deflated), 0),
    ]
    for source in sources:
        for position, length in ((0, 200), (17, 20), (190, 20), (300, 4)):
            buffer = bytearray(length)
            there = source.read_into(position, memoryview(buffer))
            assert there == len(source.read(position, length))
            assert buffer[:there] == data[position : position + length]
        source.close()
    reopened = bytearray(4)
    assert sources[2].read_into(5, memoryview(reopened)) == 4
    assert reopened == data[5:9]


def test_a_file_that_shrinks_while_it_is_read_is_said_so(tmp_path: Path) -> None:
    path = tmp_path / "image.dcm"
    whole = file_of(scene(64, 64)).getvalue()
    path.write_bytes(whole)
    source = open_source(path)
    header = header_of(source)
    frame = FrameFinder(header, describe(header, Limits()), Limits()).frame(0)
    path.write_bytes(whole[:-100])
    with pytest.raises(IconError, match="cut off: 8092 of 8192 bytes"):
        frame.read_array()
    source.close()
