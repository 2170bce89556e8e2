"""Where bytes come from: the only module of this room that opens paths.

Everything above reads by position and never the whole file, so that an image of many frames costs what one costs.
"""

import io
import os
from typing import BinaryIO, Protocol

from ..errors import StorageError


class Source(Protocol):
    """Bytes that are read by position."""

    name: str
    """What to call it in an error."""

    def reaches(self, end: int) -> bool:
        """Whether the source is at least `end` bytes long."""
        ...

    def read(self, position: int, length: int) -> bytes:
        """Read `length` bytes at `position`, fewer only where the source ends."""
        ...

    def read_into(self, position: int, buffer: memoryview) -> int:
        """Fill a buffer from `position` on; give how many bytes there were, fewer only where the source ends."""
        ...

    def close(self) -> None:
        """Give back what the source holds open; reading again opens it again."""
        ...


class MemorySource:
    """Bytes that are already here."""

    def __init__(self, data: bytes, name: str = "the data set") -> None:
        self.name = name
        self._data = data

    def reaches(self, end: int) -> bool:
        """Whether there are at least `end` bytes."""
        return end <= len(self._data)

    def read(self, position: int, length: int) -> bytes:
        """Read `length` bytes at `position`."""
        return self._data[position : position + length]

    def read_into(self, position: int, buffer: memoryview) -> int:
        """Fill a buffer from `position` on."""
        return copied(self.read(position, len(buffer)), buffer)

    def close(self) -> None:
        """Do nothing: memory is not held open."""


class StreamSource:
    """A binary file object; its position is put back by nobody, and closing it stays with the caller."""

    def __init__(self, stream: BinaryIO) -> None:
        name = getattr(stream, "name", None)
        self.name = name if isinstance(name, str) else "the stream"
        self._stream = stream
        try:
            self._size = stream.seek(0, os.SEEK_END)
        except (OSError, ValueError) as exc:
            raise StorageError(f"{self.name} cannot be read by position: {exc}") from exc

    def reaches(self, end: int) -> bool:
        """Whether the stream is at least `end` bytes long."""
        return end <= self._size

    def read(self, position: int, length: int) -> bytes:
        """Read `length` bytes at `position`; raises StorageError."""
        length = min(length, self._size - position)
        if length <= 0:
            return b""
        try:
            self._stream.seek(position)
            return self._stream.read(length)
        except (OSError, ValueError) as exc:
            raise StorageError(f"{self.name} cannot be read: {exc}") from exc

    def read_into(self, position: int, buffer: memoryview) -> int:
        """Fill a buffer from `position` on; raises StorageError."""
        return copied(self.read(position, len(buffer)), buffer)

    def close(self) -> None:
        """Leave the stream open: it is the caller's."""


class FileSource:
    """A file, opened at the first read; after `close` each read opens it for itself."""

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.name = os.fspath(path)
        self._file: io.FileIO | None = None
        self._size = -1
        self._is_kept_open = True

    def reaches(self, end: int) -> bool:
        """Whether the file was at least `end` bytes long when it was opened first."""
        if self._size < 0:
            self.read(0, 0)
        return end <= self._size

    def read(self, position: int, length: int) -> bytes:
        """Read `length` bytes at `position`; raises StorageError."""
        file = self._file or self._open()
        try:
            return _read(file, position, min(length, self._size - position))  # a length that lies allocates nothing
        except OSError as exc:
            raise StorageError(f"{self.name} cannot be read: {_reason(exc)}") from exc
        finally:
            if not self._is_kept_open:
                file.close()

    def read_into(self, position: int, buffer: memoryview) -> int:
        """Fill a buffer from `position` on; raises StorageError."""
        file = self._file or self._open()
        try:
            return _fill(file, position, buffer)
        except OSError as exc:
            raise StorageError(f"{self.name} cannot be read: {_reason(exc)}") from exc
        finally:
            if not self._is_kept_open:
                file.close()

    def close(self) -> None:
        """Close the file."""
        self._is_kept_open = False
        if self._file is not None:
            self._file.close()
            self._file = None

    def _open(self) -> io.FileIO:
        try:
            file = io.FileIO(self.name)
            if self._size < 0:
                self._size = file.seek(0, os.SEEK_END)
        except (OSError, ValueError) as exc:
            raise StorageError(f"{self.name} cannot be opened: {_reason(exc)}") from exc
        if self._is_kept_open:
            self._file = file
        return file


def _read(file: io.FileIO, position: int, length: int) -> bytes:
    if length <= 0:
        return b""
    file.seek(position)
    data = file.read(length) or b""
    while len(data) < length:  # a system may give less than asked for
        more = file.read(length - len(data))
        if not more:
            break
        data += more
    return data


def _fill(file: io.FileIO, position: int, buffer: memoryview) -> int:
    file.seek(position)
    filled = file.readinto(buffer)
    while 0 < filled < len(buffer):  # a system may give less than asked for
        more = file.readinto(buffer[filled:])
        if not more:
            break
        filled += more
    return filled


def copied(data: bytes, buffer: memoryview) -> int:
    """Copy bytes to the beginning of a buffer; give how many."""
    buffer[: len(data)] = data
    return len(data)


def open_source(source: str | os.PathLike[str] | BinaryIO) -> Source:
    """Make a Source of a path or of a binary file object; a path is opened at the first read."""
    if isinstance(source, str | os.PathLike):
        return FileSource(source)
    return StreamSource(source)


def _reason(exc: Exception) -> str:
    return getattr(exc, "strerror", None) or str(exc)
