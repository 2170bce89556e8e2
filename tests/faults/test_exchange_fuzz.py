"""Bytes that nearly are messages: they end associations, and nothing else."""

import socket
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import UID

from findicon.dimse import Limits
from findicon.dimse.associate import (
    AssociateAccept,
    AssociateRequest,
    ContextResult,
    UserInformation,
    encode_accept,
)
from findicon.errors import PeerError
from findicon.query import Query, encode
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryFinder, MemoryMatch, study
from integration.raw_peer import (
    ABORT,
    COMMAND,
    CONTEXTS,
    CT,
    ECHO,
    EXPLICIT,
    FIND,
    LAST,
    RELEASE_RQ,
    associate_request,
    call,
    command,
    data_pdu,
    element,
    find_request,
    pdu,
    value,
)
from integration.raw_server import Caller, RawServer, response

STORE = data_pdu(5, COMMAND | LAST, command(1, data=True, sop_class=CT, more=element(0x1000, b"1.2.3\0")))
MESSAGES = (
    ECHO,
    find_request(),
    STORE + data_pdu(5, LAST, bytes(64)),
    data_pdu(3, COMMAND | LAST, command(0x0FFF)),
    RELEASE_RQ,
    ABORT,
)
LIMITS = Limits(network=2.0, associate=2.0, idle=2.0, release=0.05, pdu=8192)

commands = st.builds(
    lambda elements: b"".join(element(number, data) for number, data in elements),
    st.lists(
        st.tuples(
            st.sampled_from([0x0000, 0x0002, 0x0100, 0x0110, 0x0120, 0x0600, 0x0700, 0x0800, 0x0900, 0x1000, 0x1020]),
            st.one_of(
                st.binary(max_size=12), st.sampled_from([b"\x20\0", b"\x30\0", b"\1\0", b"\1\1", FIND.encode() + b"\0"])
            ),
        ),
        max_size=8,
    ),
)
values = st.builds(value, st.sampled_from([1, 3, 5, 7]), st.integers(0, 3), st.one_of(st.binary(max_size=40), commands))
pdus = st.one_of(
    st.sampled_from(MESSAGES),
    st.builds(pdu, st.just(4), st.lists(values, max_size=4).map(b"".join)),
    st.builds(pdu, st.integers(0, 255), st.binary(max_size=40)),
    st.binary(max_size=40),
)


@st.composite
def changed(draw: st.DrawFn, whole: st.SearchStrategy[bytes]) -> bytes:
    """Change a few bytes of what is right."""
    data = bytearray(draw(whole))
    for _ in range(draw(st.integers(0, 3)) if data else 0):
        data[draw(st.integers(0, len(data) - 1))] = draw(st.integers(0, 255))
    return bytes(data)


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    archive = MemoryArchive()
    archive.find = MemoryFinder([MemoryMatch(study(1))] * 3).find  # type: ignore[method-assign]
    with Server(archive, ingest=archive, limits=LIMITS) as running:
        yield running
        with Client(running.address) as client:
            client.echo()
            assert len(list(client.find(Query("STUDY")))) == 3


fuzzed = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def say(server: Server, *parts: bytes) -> None:
    """Say something, then hang up; whatever the server answers."""
    with call(server) as peer:
        try:
            for part in parts:
                peer.send(part)
            peer.socket.shutdown(socket.SHUT_WR)
            assert peer.is_closed()
        except (BrokenPipeError, ConnectionResetError, OSError):
            return


@fuzzed
@given(data=changed(st.just(associate_request(*CONTEXTS))))
def test_association_requests(server: Server, data: bytes) -> None:
    say(server, data)
    assert server.associations <= 2


@fuzzed
@given(data=st.lists(changed(pdus), max_size=6).map(b"".join))
def test_messages(server: Server, data: bytes) -> None:
    say(server, associate_request(*CONTEXTS), data)
    assert server.associations <= 2


@fuzzed
@given(data=changed(st.just(encode(Query("STUDY", PatientName="DOE*", icon=True).to_dataset(), UID(EXPLICIT)))))
def test_identifiers(server: Server, data: bytes) -> None:
    data += b"\0" * (len(data) % 2)
    asked = data_pdu(3, COMMAND | LAST, command(0x20, data=True, sop_class=FIND)) + data_pdu(3, LAST, data)
    with call(server) as peer:
        peer.associate(*CONTEXTS)
        peer.send(asked)
        statuses = [peer.status()]
        while statuses[-1] in {0xFF00, 0xFF01}:
            peer.receive()
            statuses.append(peer.status())
        peer.send(ECHO)
        assert peer.status() == 0, "the association lives on"
    assert statuses[-1] in {0x0000, 0xA900, *range(0xC000, 0xD000)}


ACCEPT = encode_accept(
    AssociateAccept(
        tuple(ContextResult(number, 0, EXPLICIT) for number in (1, 3, 5)),
        UserInformation(
            16384, window=(1, 1), roles={CT: (False, True)}, extended={FIND: b"\1"}, identity_answer=b"ticket"
        ),
    ),
    AssociateRequest("RAW", "FINDICON", (), UserInformation()),
)


@fuzzed
@given(data=changed(st.just(ACCEPT)), more=st.binary(max_size=40))
def test_accepts(data: bytes, more: bytes) -> None:
    def script(caller: Caller) -> None:
        caller.receive()
        caller.send(data + more)
        caller.socket.shutdown(socket.SHUT_WR)
        caller.is_closed()

    with RawServer(script) as raw, Client(raw.address, limits=LIMITS, timeout=2) as client:
        with pytest.raises(PeerError):
            list(client.find(Query("STUDY")))


def answer() -> Dataset:
    return study(1)


@fuzzed
@given(
    data=st.lists(
        changed(
            st.one_of(
                st.just(response(3, 1, 0xFF00, data=encode(answer(), UID(EXPLICIT)))),
                st.just(response(3, 1, 0x0000)),
                pdus,
            )
        ),
        max_size=5,
    ).map(b"".join)
)
def test_answers(monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    monkeypatch.setattr("findicon.scu.asking._message_ids", iter(range(100)))

    def script(caller: Caller) -> None:
        caller.accept()
        caller.request()
        caller.send(data)

    with RawServer(script) as raw, Client(raw.address, limits=LIMITS, timeout=2) as client:
        try:
            for match in client.find(Query("STUDY", icon=True)):
                assert match.icon is None or match.icon.to_array().size
        except PeerError:
            return
