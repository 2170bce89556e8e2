"""The frames of an instance as they are in its file (PS3.5 8.2, A.4)."""

import io
from collections.abc import Iterator
from itertools import count
from typing import BinaryIO, cast

import numpy as np
from pydicom.encaps import get_frame

from ..errors import IconError, StorageError
from ..pixels import Header
from .attributes import little_endian, pixel_vr

_UNDEFINED = 0xFFFFFFFF
_EXTENDED_OFFSETS, _EXTENDED_LENGTHS = 0x7FE00001, 0x7FE00002
_PIECE = 1 << 18
_ITEM = b"\xfe\xff\x00\xe0"


class PixelData:
    """The top-level pixel data of an instance whose file stays open.

    Parameters
    ----------
    header
        Of the file.

    Raises
    ------
    IconError
        There are no pixels.
    """

    def __init__(self, header: Header) -> None:
        pixels, source = header.pixels, header.source
        if pixels is None or source is None or not pixels.length:
            raise IconError("There are no pixels in it")
        self._header = header
        self._pixels = pixels
        self._source = source
        self.frames = max(header.integer(0x00280008) or 1, 1)
        self.is_compressed = pixels.length == _UNDEFINED

    @property
    def length(self) -> int:
        """Of native pixel data, in bytes."""
        return self._pixels.length

    def whole(self) -> Iterator[bytes]:
        """Give native pixel data from its first to its last byte, in pieces, little endian."""
        vr = pixel_vr(self._header)
        end = self._pixels.position + self._pixels.length
        for position in range(self._pixels.position, end, _PIECE):
            wanted = min(_PIECE, end - position)
            piece = self._source.read(position, wanted)
            if len(piece) < wanted:
                raise StorageError(f"The pixel data of {self._source.name} ends too early")
            yield little_endian(vr, piece, self._header)

    def joined(self) -> Iterator[bytes]:
        """Give compressed pixel data without the heads of its fragments, in pieces: the stream of a video."""
        position = self._pixels.position
        for number in count():
            head = self._source.read(position, 8)
            tag, length = head[:4], int.from_bytes(head[4:], "little")
            if tag != _ITEM or len(head) < 8:
                return
            position += 8
            for begin in range(position, position + length, _PIECE) if number else ():  # the first one is the table
                yield self._source.read(begin, min(_PIECE, position + length - begin))
            position += length

    def frame(self, number: int) -> bytes:
        """Give one frame, 1-based: native and little endian, or the compressed stream without fragment heads.

        Raises
        ------
        IconError
            There is no such frame, or it is cut off.
        """
        if not 1 <= number <= self.frames:
            raise IconError(f"There is no frame {number}: the instance has {self.frames}")
        return self._fragments(number) if self.is_compressed else self._native(number)

    def _fragments(self, number: int) -> bytes:
        header = self._header
        stream = cast("BinaryIO", io.BufferedReader(_Stream(header, self._pixels.position), 1 << 16))
        tables = [header.raw(tag) for tag in (_EXTENDED_OFFSETS, _EXTENDED_LENGTHS)]
        offsets = (tables[0], tables[1]) if all(tables) else None
        try:
            return get_frame(stream, number - 1, extended_offsets=offsets, number_of_frames=self.frames)
        except Exception as exc:  # pydicom raises whatever a malformed encapsulation leads it to
            raise IconError(f"Frame {number} is not to be found: {exc}") from exc

    def _native(self, number: int) -> bytes:
        bits = frame_bits(self._header)
        first, last = (number - 1) * bits, number * bits
        begin, end = first // 8, (last + 7) // 8
        data = self._source.read(self._pixels.position + begin, end - begin) if end <= self._pixels.length else b""
        if len(data) < end - begin:
            raise IconError(f"Frame {number} is cut off")
        if bits % 8:
            return _shifted(data, first % 8, bits)
        return little_endian(pixel_vr(self._header), data, self._header)


def frame_bits(header: Header) -> int:
    """Give the length of a native frame in bits (PS3.5 8.1.1, 8.2)."""
    allocated = header.integer(0x00280100) or 0
    if header.pixels is not None and header.pixels.tag != 0x7FE00010:
        allocated = 32 if header.pixels.tag == 0x7FE00008 else 64
    samples = header.integer(0x00280002) or 1
    if header.text(0x00280004) == "YBR_FULL_422":
        samples = 2
    return (header.integer(0x00280010) or 0) * (header.integer(0x00280011) or 0) * samples * allocated


def _shifted(data: bytes, first: int, bits: int) -> bytes:
    """Give a frame of single bits that begins inside a byte, from the first bit of its own first byte."""
    unpacked = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[first : first + bits]
    return np.packbits(unpacked, bitorder="little").tobytes()


class _Stream(io.RawIOBase):
    """The source of a header as a file object, from a position on."""

    def __init__(self, header: Header, position: int) -> None:
        assert header.source is not None
        self._source = header.source
        self._begin = position
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_END:
            raise io.UnsupportedOperation("the end is not known")
        self._at = offset if whence == io.SEEK_SET else self._at + offset
        return self._at

    def readinto(self, buffer: bytearray) -> int:  # type: ignore[override]
        data = self._source.read(self._begin + self._at, len(buffer))
        buffer[: len(data)] = data
        self._at += len(data)
        return len(data)
