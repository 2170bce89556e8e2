"""Deflated data sets, inflated as far as they are read (PS3.5 A.5)."""

import zlib

from ..errors import StorageError
from .files import Source, copied

_STEP = 1 << 18
_LARGEST = 1 << 30
# A thousandth of it is enough to make so many bytes of a header, every eight of which may be an element to walk over.
# Longer ones are believed where they are made of something: contours and documents deflate to a twentieth at best.
_LARGEST_HEADER = 1 << 23
_BELIEVED = 32


class InflatingSource:
    """A deflated data set as a Source; what was inflated is kept until it is told to `forget`.

    Until it is told to `expect_pixels` it inflates no further than a header may be long, or than its own bytes let one
    believe.

    Parameters
    ----------
    source
        The file.
    begin
        Where the deflated bytes begin, behind the file meta information.
    """

    def __init__(self, source: Source, begin: int) -> None:
        self.name = source.name
        self._source = source
        self._begin = self._next = begin
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._data = bytearray()
        self._forgotten = 0
        self._end_of_header: int | None = _LARGEST_HEADER

    def reaches(self, end: int) -> bool:
        """Whether the data set is at least `end` bytes long; raises StorageError."""
        self._inflate(end)
        return end <= self._forgotten + len(self._data)

    def read(self, position: int, length: int) -> bytes:
        """Read `length` bytes of the inflated data set at `position`; raises StorageError."""
        self._inflate(position + length)
        start = position - self._forgotten
        return bytes(memoryview(self._data)[start : start + length])

    def read_into(self, position: int, buffer: memoryview) -> int:
        """Fill a buffer from `position` on; raises StorageError."""
        return copied(self.read(position, len(buffer)), buffer)

    def forget(self, before: int) -> None:
        """Keep nothing before a position, which is not read again: whoever reads on and on takes no more memory."""
        if before > self._forgotten:
            del self._data[: before - self._forgotten]
            self._forgotten = before

    def expect_header(self, position: int) -> None:
        """Inflate from a position on no further than a header may be long."""
        self._end_of_header = position + _LARGEST_HEADER

    def expect_pixels(self) -> None:
        """Inflate from now on as far as is asked for."""
        self._end_of_header = None

    def close(self) -> None:
        """Close the file; what was inflated stays."""
        self._source.close()

    def _inflate(self, end: int) -> None:
        while (reached := self._forgotten + len(self._data)) < end and not self._inflater.eof:
            if self._end_of_header is not None and reached > self._end_of_header:
                used = self._next - self._begin - len(self._inflater.unconsumed_tail)
                if reached > _BELIEVED * used:
                    raise StorageError(f"The header of {self.name} inflates to more than {_LARGEST_HEADER} bytes")
            if len(self._data) > _LARGEST:
                raise StorageError(f"{self.name} inflates to more than {_LARGEST} bytes")
            compressed = self._inflater.unconsumed_tail
            if not compressed:
                compressed = self._source.read(self._next, _STEP)
                self._next += len(compressed)
                if not compressed:
                    return
            most = self._forgotten + _LARGEST if self._end_of_header is None else self._end_of_header
            try:
                self._data += self._inflater.decompress(compressed, max(_STEP, min(end, most) - reached))
            except zlib.error as exc:
                raise StorageError(f"{self.name} cannot be inflated: {exc}") from exc
