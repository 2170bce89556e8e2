"""Instances of any size pass through in memory that does not grow with them, in both directions.

FINDICON_LARGE_INSTANCE is the size in bytes, 256 MiB unless given: ``FINDICON_LARGE_INSTANCE=2147483648 pytest -s`` on
this file passes 2 GiB through each way and prints how much the process grew.
"""

import io
import os
import threading
import tracemalloc
from collections.abc import Iterator
from contextlib import contextmanager
from typing import BinaryIO, cast

import psutil
import pytest

from findicon.dimse import Address, Limits, Peer
from findicon.errors import PeerError
from findicon.query import Query
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryFinder
from support.samples import instance

SIZE = int(os.environ.get("FINDICON_LARGE_INSTANCE", "268435456"))
MEMORY = 1 << 24  # what may be taken meanwhile: buffers of both sides, not the instance
RESIDENT = 1 << 25  # the same of the whole process: what its allocators keep, too
LOOK = 0.01


class Large(io.RawIOBase):
    """A file with one instance and zeros behind it, that takes no room anywhere."""

    def __init__(self, size: int) -> None:
        buffer = io.BytesIO()
        instance(SOPInstanceUID="1.2.3", StudyInstanceUID="1.2").save_as(buffer, enforce_file_format=True)
        self._head = buffer.getvalue()
        self._size = size
        self._at = 0

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        assert whence == 0
        self._at = offset
        return offset

    def tell(self) -> int:
        return self._at

    def read(self, count: int = -1) -> bytes:
        count = min(count, self._size - self._at)
        start, self._at = self._at, self._at + count
        head = self._head[start : start + count]
        return head + bytes(count - len(head))


class Discarding(MemoryArchive):
    """Counts what it is given, and finds one large instance."""

    received = 0
    finder = MemoryFinder()

    @contextmanager
    def receive(self, sop_class: str, sop_instance: str, transfer_syntax: str, sender: str) -> Iterator[BinaryIO]:
        archive = self

        class Count:
            def write(self, data: memoryview) -> int:
                archive.received += len(data)
                return len(data)

        yield cast("BinaryIO", Count())

    def open(self, sop_instance: str) -> BinaryIO:
        return cast("BinaryIO", Large(SIZE))


@contextmanager
def little_memory() -> Iterator[None]:
    """See that what Python takes, and the whole process, grows by little while the block runs."""
    before, most, over = resident(), [0], threading.Event()

    def look() -> None:
        while not over.wait(LOOK):
            most[0] = max(most[0], resident())

    looking = threading.Thread(target=look)
    tracemalloc.start()
    looking.start()
    try:
        yield
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
        over.set()
        looking.join()
    grown = max(most[0], resident()) - before
    print(f"{SIZE} bytes: Python took at most {peak} bytes, the process grew by {grown}")
    assert peak < MEMORY
    assert grown < RESIDENT


def resident() -> int:
    """Give the resident memory of this process in bytes."""
    return int(psutil.Process().memory_info().rss)


def test_store() -> None:
    archive = Discarding()
    with Server(archive, ingest=archive) as server, Client(server.address) as client, little_memory():
        client.store(cast("BinaryIO", Large(SIZE)))
    assert SIZE - 2000 < archive.received < SIZE


@pytest.mark.parametrize("verb", ["get", "move"])
def test_retrieve(verb: str) -> None:
    held = Discarding(instance(SOPInstanceUID="1.2.3", StudyInstanceUID="1.2"))
    kept = Discarding()
    with Server(MemoryFinder(), ingest=kept) as destination:
        peers = [
            Peer("we", Address("FINDICON", "127.0.0.1", 104), frozenset({"get", "move"})),
            Peer("there", Address("THERE", "127.0.0.1", destination.address.port)),
        ]
        with Server(held, source=held, peers=peers) as server, Client(server.address) as client, little_memory():
            query = Query("STUDY", StudyInstanceUID="1.2")
            done = client.get(query, kept) if verb == "get" else client.move(query, "THERE")
    assert done.completed == 1
    assert SIZE - 2000 < kept.received < SIZE


def test_above_the_limit_it_is_not_taken() -> None:
    archive = Discarding()
    limits = Limits(instance=1 << 20, release=0.2)
    with Server(archive, ingest=archive, limits=limits) as server, Client(server.address) as client:
        with pytest.raises(PeerError, match="aborted the association as provider"):
            client.store(cast("BinaryIO", Large(1 << 24)))
        client.echo()
    assert archive.received <= 1 << 20
