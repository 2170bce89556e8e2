"""Deflated data sets, inflated as far as they are read (PS3.5 A.5)."""

import zlib

from ..errors import StorageError
from .files import Source, copied

_STEP = 1 << 18
_LARGEST = 1 << 30


class InflatingSource:
    """A deflated data set as a Source; what was inflated is kept until it is told to `forget`.

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
        self._next = begin
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS)
        self._data = bytearray()
        self._forgotten = 0

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

    def close(self) -> None:
        """Close the file; what was inflated stays."""
        self._source.close()

    def _inflate(self, end: int) -> None:
        end -= self._forgotten
        while len(self._data) < end and not self._inflater.eof:
            if len(self._data) > _LARGEST:
                raise StorageError(f"{self.name} inflates to more than {_LARGEST} bytes")
            compressed = self._inflater.unconsumed_tail
            if not compressed:
                compressed = self._source.read(self._next, _STEP)
                self._next += len(compressed)
                if not compressed:
                    return
            try:
                self._data += self._inflater.decompress(compressed, max(_STEP, min(end, _LARGEST) - len(self._data)))
            except zlib.error as exc:
                raise StorageError(f"{self.name} cannot be inflated: {exc}") from exc
