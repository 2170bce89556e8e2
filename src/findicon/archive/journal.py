"""A journal: what instances that were just acknowledged consist of, on the disk in one write for all who came together.

A file of its own, with its name and its row, has the disk waited for several times. A record in a journal that is large
enough already has it waited for once, for everybody who stores at that moment. Files and rows follow by themselves and
are synced together, many at once; until then a journal stands for them, and after a loss of power the next start makes
them anew.

::

    token (8 bytes)   length of the UID   length of the file   CRC-32   SOP Instance UID   the file

A record without a file stands for one that was synced by itself, because it is large. The token is another one each
time a journal begins anew: what follows the last record is of an older token, or zeros.
"""

import os
import secrets
import struct
import zlib
from collections.abc import Iterator, Sequence
from typing import NamedTuple

SIZE = 1 << 23
"""Bytes of a journal: about two hundred slices of CT, which one sync then makes durable together."""

_HEAD = struct.Struct("<8sLLL")
_MOST_PIECES = 512  # in one write; systems take 1,024


class Record(NamedTuple):
    """What a journal holds of an instance.

    Attributes
    ----------
    sop_instance
        Its UID.
    data
        Its file; nothing where the file is on the disk already.
    """

    sop_instance: str
    data: bytes | bytearray

    @property
    def size(self) -> int:
        """How many bytes it takes in a journal."""
        return _HEAD.size + len(self.sop_instance) + len(self.data)


class Journal:
    """One journal, which one thread writes; made of zeros, so that a record changes bytes and nothing about the file.

    Parameters
    ----------
    path
        Where nothing is yet.

    Raises
    ------
    OSError
        From every method: the disk does not take it.
    """

    def __init__(self, path: str) -> None:
        self.path = path
        self._descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
        try:
            _write(self._descriptor, [bytes(SIZE)], 0)
            os.fsync(self._descriptor)
        except BaseException:
            self.close()
            os.unlink(path)  # noqa: PTH108
            raise
        self._begin()

    @property
    def is_empty(self) -> bool:
        """Whether it stands for nothing."""
        return not self._end

    def has_room(self, size: int) -> bool:
        """Tell whether so many bytes of records fit behind those that it has."""
        return self._end + size <= SIZE

    def append(self, records: Sequence[Record]) -> None:
        """Write records and wait for the disk."""
        pieces: list[bytes | bytearray] = []
        size = 0
        for record in records:
            name = record.sop_instance.encode("ascii")
            check = zlib.crc32(record.data, zlib.crc32(name))
            pieces += (_HEAD.pack(self._token, len(name), len(record.data), check), name, record.data)
            size += record.size
        _write(self._descriptor, pieces, self._end)
        os.fdatasync(self._descriptor)
        self._end += size

    def clear(self) -> None:
        """Begin anew: everything that it stands for is durable elsewhere."""
        _write(self._descriptor, [bytes(_HEAD.size)], 0)
        self._begin()

    def close(self) -> None:
        """Close the file, which stays; its descriptor's number may be another file's from now on."""
        descriptor, self._descriptor = self._descriptor, -1
        if descriptor >= 0:
            os.close(descriptor)

    def _begin(self) -> None:
        self._token = secrets.token_bytes(8)
        self._end = 0


def records_in(path: str) -> Iterator[Record]:
    """Read the records of a journal whose writer is no more; the last ones may be half there, and are left out."""
    with open(path, "rb") as file:  # noqa: PTH123
        token = b""
        while len(head := file.read(_HEAD.size)) == _HEAD.size:
            own, name_length, length, check = _HEAD.unpack(head)
            if own != (token or own) or not any(own) or not name_length or name_length + length > SIZE:
                return  # a head whose end never reached the disk would be a record of nothing, and its check fit
            token = own
            name, data = file.read(name_length), file.read(length)
            if len(data) < length or zlib.crc32(data, zlib.crc32(name)) != check:
                return
            yield Record(name.decode("ascii"), data)


def _write(descriptor: int, pieces: Sequence[bytes | bytearray], offset: int) -> None:
    for start in range(0, len(pieces), _MOST_PIECES):
        some = pieces[start : start + _MOST_PIECES]
        wanted, written = sum(map(len, some)), os.pwritev(descriptor, some, offset)
        while written < wanted:  # a disk that is nearly full, or a signal
            rest = b"".join(some)[written:]
            written += os.pwrite(descriptor, rest, offset + written)
        offset += wanted
