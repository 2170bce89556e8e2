"""A thousand associations, opened and dropped in every state, leave no thread, no descriptor and no memory behind."""

import gc
import logging
import resource
import socket
import ssl
import threading
import tracemalloc
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest

from findicon.dimse import Limits
from findicon.scp import Server
from findicon.scu import Client
from integration.certificates import CLIENT, SERVER
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryMatch, study
from integration.raw_peer import (
    ABORT,
    COMMAND,
    CONTEXTS,
    CT,
    ECHO,
    LAST,
    RELEASE_RQ,
    RawPeer,
    associate_request,
    call,
    command,
    data_pdu,
    element,
    find_request,
)

STORE_RQ = command(0x0001, data=True, sop_class=CT, more=element(0x1000, b"1.2.3\0"))
LIMITS = Limits(release=0.5, associate=30.0)


class Archive(MemoryArchive):
    """Finds two thousand studies, and keeps what is stored."""

    MATCHES = [MemoryMatch(study(number)) for number in range(20)] * 100

    def find(self, query: object, cancel: object = None) -> Iterator[MemoryMatch]:
        return iter(self.MATCHES)


def before_the_request(peer: RawPeer) -> None:
    pass


def in_the_request(peer: RawPeer) -> None:
    peer.send(associate_request(*CONTEXTS)[:70])


def after_the_request(peer: RawPeer) -> None:
    peer.send(associate_request(*CONTEXTS))


def after_the_answer(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)


def in_a_pdu(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(ECHO[:10])


def in_a_command(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(data_pdu(3, COMMAND, command(0x20)[:30]))


def before_the_identifier(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(find_request()[:100])


def in_a_data_set(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(data_pdu(5, COMMAND | LAST, STORE_RQ) + data_pdu(5, 0, bytes(5000)))


def before_the_answers(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(find_request())


def in_the_answers(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(find_request())
    for _ in range(5):
        peer.receive()


def after_a_store(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(data_pdu(5, COMMAND | LAST, STORE_RQ) + data_pdu(5, LAST, bytes(500)))
    assert peer.status() == 0


def after_the_abort(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(ABORT)


def after_the_release(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(RELEASE_RQ)


def with_nonsense(peer: RawPeer) -> None:
    peer.associate(*CONTEXTS)
    peer.send(b"\x99" * 100)


STATES: tuple[Callable[[RawPeer], None], ...] = (
    before_the_request,
    in_the_request,
    after_the_request,
    after_the_answer,
    in_a_pdu,
    in_a_command,
    before_the_identifier,
    in_a_data_set,
    before_the_answers,
    in_the_answers,
    after_a_store,
    after_the_abort,
    after_the_release,
    with_nonsense,
)


def descriptors() -> int:
    folder = Path("/proc/self/fd")
    return sum(1 for _ in folder.iterdir()) if folder.exists() else resource.getrlimit(resource.RLIMIT_NOFILE)[0]


@contextmanager
def dropped(server: Server, reset: bool, tls: ssl.SSLContext | None) -> Iterator[RawPeer]:
    with call(server) as peer:
        if tls is not None:
            peer.socket = tls.wrap_socket(peer.socket)
        if reset:  # closing sends a reset instead of a farewell
            peer.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, b"\1\0\0\0\0\0\0\0")
        yield peer


def drop(server: Server, rounds: int, tls: ssl.SSLContext | None) -> None:
    for number in range(rounds):
        for state in STATES:
            with dropped(server, number % 2 == 1, tls) as peer:
                state(peer)
    while server.associations:  # each ends by itself; the test's own time limit catches one that does not
        for thread in threading.enumerate():
            if thread.name.startswith("findicon-127"):
                thread.join()


@pytest.fixture
def no_records() -> Iterator[None]:
    """Keep pytest from collecting what is logged, which would count as memory left behind."""
    logging.disable()
    yield
    logging.disable(logging.NOTSET)


@pytest.mark.usefixtures("no_records")
@pytest.mark.parametrize("over", ["tcp", "tls"])
def test_a_thousand_associations_in_every_state(over: str) -> None:
    archive = Archive()
    tls = replace(CLIENT, check_host_name=False) if over == "tls" else None
    context = tls.client_context() if tls else None
    with Server(archive, ingest=archive, source=archive, limits=LIMITS, tls=SERVER if tls else None) as server:
        drop(server, 2, context)  # whatever is made once is made now
        gc.collect()
        threads, files = threading.active_count(), descriptors()
        tracemalloc.start()
        before = tracemalloc.take_snapshot()
        drop(server, 1000 // len(STATES) + 1, context)
        gc.collect()
        grown = sum(max(0, one.size_diff) for one in tracemalloc.take_snapshot().compare_to(before, "filename"))
        tracemalloc.stop()
        assert threading.active_count() == threads
        assert descriptors() == files
        assert grown < 300_000, "bytes, of which a single association has more in its buffers"
        with Client(server.address, tls=tls) as client:
            client.echo()
    assert not [one.name for one in threading.enumerate() if one.name.startswith("findicon")]
