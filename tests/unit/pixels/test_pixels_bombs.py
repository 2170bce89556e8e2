"""Headers made to be walked through for ever: refused after a bounded part of them, with bounded memory."""

import random
import struct
import tracemalloc
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO

import pytest
from pydicom.uid import ExplicitVRLittleEndian

from findicon.errors import IconError, StorageError
from findicon.icons import make_icon
from findicon.pixels import native_pieces, read_header
from unit.pixels.making import DEFLATED, EXPLICIT, IMPLICIT, file_of, scene

SEQUENCE = b"\x08\0\x12\x11SQ\0\0\xff\xff\xff\xff"
ITEM = b"\xfe\xff\0\xe0\0\0\0\0"
OPEN_ITEM = b"\xfe\xff\0\xe0\xff\xff\xff\xff"
ELEMENT = b"\x09\0\x01\0LO\0\0"
LONG = b"\x09\0\x01\x10OB\0\0" + struct.pack("<I", 1 << 17) + bytes(1 << 17)
INFLATED = 1 << 25


def beginning(syntax: str) -> bytes:
    """Give a file's preamble and meta group."""
    whole = file_of(scene(4, 4), syntax).getvalue()
    return whole[: 144 + struct.unpack_from("<I", whole, 140)[0]]


def deflated(first: bytes, repeated: bytes, then: bytes = b"") -> BytesIO:
    """Give a deflated file of 32 MiB, nearly all of it a repetition."""
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    many = repeated * max((1 << 20) // len(repeated), 1)
    pieces = [deflater.compress(first), *(deflater.compress(many) for _ in range(INFLATED // len(many)))]
    return BytesIO(beginning(DEFLATED) + b"".join([*pieces, deflater.compress(then), deflater.flush()]))


@contextmanager
def within(megabytes: int) -> Iterator[None]:
    tracemalloc.start()
    try:
        yield
        assert tracemalloc.get_traced_memory()[1] < megabytes << 20
    finally:
        tracemalloc.stop()


BOMBS = {
    "items": (SEQUENCE, ITEM),
    "items in an item": (SEQUENCE + OPEN_ITEM + SEQUENCE, ITEM),
    "items far down": (SEQUENCE + (OPEN_ITEM + SEQUENCE) * 38, ITEM),
    "elements of an item": (SEQUENCE + OPEN_ITEM, ELEMENT),
    "fragments": (b"\x09\0\x01\x10OB\0\0\xff\xff\xff\xff", ITEM),
    "elements": (ELEMENT, ELEMENT),
    "long values": (ELEMENT, LONG),
    "one long value": (b"\x08\0\x08\0UT\0\0\xfe\xff\xff\x7f", bytes(1 << 20)),
}


@pytest.mark.parametrize("name", BOMBS)
def test_a_deflated_header_that_goes_on_for_ever_is_refused(name: str) -> None:
    with pytest.raises(StorageError, match="header of the stream inflates to more than 8388608 bytes"):
        read_header(deflated(*BOMBS[name]))


@pytest.mark.parametrize("name", ["items", "long values", "one long value"])
def test_it_takes_little_memory(name: str) -> None:
    bomb = deflated(*BOMBS[name])
    with within(40), pytest.raises(StorageError, match="inflates to more than"):
        read_header(bomb)


def test_a_long_deflated_header_that_is_made_of_something_is_read() -> None:
    contours = random.Random(0).randbytes(3 << 20).hex().encode()
    whole = file_of(scene(4, 4), DEFLATED).getvalue()
    inflated = zlib.decompress(whole[len(beginning(DEFLATED)) :], -15)
    item = b"\xfe\xff\0\xe0" + struct.pack("<I", len(contours)) + contours
    deflater = zlib.compressobj(9, zlib.DEFLATED, -15)
    data = deflater.compress(SEQUENCE + item * 2 + b"\xfe\xff\xdd\xe0\0\0\0\0" + inflated) + deflater.flush()
    header = read_header(BytesIO(beginning(DEFLATED) + data))
    assert len(header.raw(0x00081112)) == 2 * len(item)
    assert header.integer(0x00280010) == 4


def test_delimiters_that_go_on_for_ever_are_refused() -> None:
    delimiter = b"\xfe\xff\x0d\xe0\0\0\0\0"
    bombs = deflated(b"\x08\0\x08\0CS\0\0", delimiter), BytesIO(beginning(EXPLICIT) + ELEMENT + delimiter * 1000)
    for bomb in bombs:
        with within(8), pytest.raises(StorageError, match="a delimiter stands at byte"):
            read_header(bomb)


def test_odd_bytes_in_a_deflated_data_set_are_not_left_to_pydicom() -> None:
    with within(8), pytest.raises(StorageError, match=r"\(0008,0008\) has the VR b'ZZ'"):
        read_header(deflated(b"\x08\0\x08\0ZZ\x04\0abcd", ELEMENT))


def test_of_odd_bytes_pydicom_gets_a_part() -> None:
    class Counting(BytesIO):
        taken = 0

        def read(self, size: int | None = -1, /) -> bytes:
            data = super().read(size)
            self.taken += len(data)
            return data

    stream = Counting(beginning(EXPLICIT) + b"\x08\0\x08\0ZZ\x04\0abcd" + SEQUENCE + ITEM * (1 << 18))
    with pytest.raises(StorageError, match=r"\(0008,0008\) has the VR b'ZZ'"):
        read_header(stream)
    assert stream.taken < 3 << 19


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT])
def test_a_sequence_without_an_end_is_not_read_beyond_what_a_header_may_be(syntax: str) -> None:
    sequence = SEQUENCE if syntax == EXPLICIT else b"\x08\0\x12\x11\xff\xff\xff\xff"
    one = b"\xfe\xff\0\xe0" + struct.pack("<I", 1 << 20) + bytes(1 << 20)
    with within(900), pytest.raises(StorageError, match="its header is longer than 134217728 bytes"):
        read_header(BytesIO(beginning(syntax) + sequence + one * 140))


def test_a_long_sequence_is_read_in_few_steps_and_walked_once() -> None:
    class Counting(BytesIO):
        reads = 0

        def read(self, size: int | None = -1, /) -> bytes:
            self.reads += 1
            return super().read(size)

    items = (b"\xfe\xff\0\xe0" + struct.pack("<I", 1024) + ELEMENT * 128) * 20_000
    whole = file_of(scene(4, 4), EXPLICIT, PatientName="DOE^JOE").getvalue()
    at = whole.index(b"\x10\0\x10\0PN")
    stream = Counting(whole[:at] + SEQUENCE + items + b"\xfe\xff\xdd\xe0\0\0\0\0" + whole[at:])
    header = read_header(stream)
    assert stream.reads < 20
    assert header.raw(0x00081112) == items
    assert header.text(0x00100010) == "DOE^JOE"


def test_an_icon_of_a_bomb_is_an_error() -> None:
    with within(40), pytest.raises(IconError, match="inflates to more than"):
        make_icon(deflated(*BOMBS["items"]))


def test_what_stands_behind_pixels_is_no_bomb_either() -> None:
    whole = file_of(scene(4, 4), DEFLATED).getvalue()
    inflated = zlib.decompress(whole[len(beginning(DEFLATED)) :], -15)
    bomb = deflated(inflated + b"\xfa\xff\xfa\xff" + SEQUENCE[4:], ITEM)
    with within(60), pytest.raises(StorageError, match="inflates to more than"):
        list(native_pieces(bomb, ExplicitVRLittleEndian))


def test_pixels_may_be_longer_than_a_header() -> None:
    frame = scene(2048, 4096)
    header = read_header(file_of(frame, DEFLATED))
    assert header.pixels is not None
    assert header.source is not None
    assert header.source.read(header.pixels.position, frame.nbytes) == frame.tobytes()
