"""The file of an instance that arrives: a large one is written as it comes and synced, a small one stays at hand."""

import io
import os
from typing import NamedTuple

from ..errors import StorageError

_HELD = 1 << 18  # bytes; most slices of CT and MR with nothing to spare are half of that


class Whole(NamedTuple):
    """A file that is whole.

    Attributes
    ----------
    size, modified
        As the file system keeps them.
    data
        Its bytes where they were never more than fit in memory, and it is not synced; None where it is.
    """

    size: int
    modified: float
    data: bytearray | None


class IncomingFile(io.RawIOBase):
    """A new file that is written once, and made when there is something to write; a full disk is the storage's error.

    Parameters
    ----------
    path
        Where nothing is yet.
    head
        Its first bytes.

    Attributes
    ----------
    path
        As it was given.
    """

    def __init__(self, path: str, head: bytes) -> None:
        super().__init__()
        self.path = path
        self._held = bytearray(head)
        self._descriptor = -1
        self._has_more = False  # than what is held

    @property
    def is_small(self) -> bool:
        """Whether all its bytes are held."""
        return not self._has_more

    def writable(self) -> bool:
        """Tell that it is."""
        return True

    def write(self, data: "io.ReadableBuffer") -> int:  # type: ignore[name-defined]
        """Take some bytes; raises StorageError where the disk does not."""
        before = len(self._held)
        self._held += data
        after: int = len(self._held)
        if after > _HELD:
            self.flush()
        return after - before

    def flush(self) -> None:
        """Write what is held; raises StorageError."""
        if self._held:
            self._spill()
            self._has_more = True
            self._held = bytearray()

    def finish(self) -> Whole:
        """Write what is held, sync the file if it is large, and close it; raises StorageError or OSError."""
        self._spill()
        if self._has_more:
            os.fsync(self._descriptor)
        found = os.fstat(self._descriptor)
        data = None if self._has_more else self._held
        self.close()
        return Whole(found.st_size, found.st_mtime, data)

    def close(self) -> None:
        """Close the file; what is still held is of no use."""
        self._held = bytearray()
        super().close()
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _spill(self) -> None:
        left = memoryview(self._held)
        try:
            if self._descriptor < 0:
                self._descriptor = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o666)
            while left:
                left = left[os.write(self._descriptor, left) :]
        except OSError as exc:
            raise StorageError(f"{self.path} cannot be written: {exc.strerror}") from exc
        finally:
            left.release()
