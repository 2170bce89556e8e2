"""C-MOVE: what its destination is told, destinations that refuse, fail or die halfway, and what the asker learns."""

import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from findicon.dimse import Address, Limits, Peer
from findicon.errors import PeerError
from findicon.query import Query
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryFinder
from integration.raw_peer import (
    ABORT,
    ECHO,
    EXPLICIT,
    IMPLICIT,
    LAST,
    MOVE,
    RELEASE_RQ,
    VERIFICATION,
    RawPeer,
    call,
    command,
    data_pdu,
    element,
    identifier,
)
from integration.raw_server import Caller, RawServer
from integration.test_exchange_retrieval import archive_of, counts, number
from support.samples import instance

STUDY = Query("STUDY", StudyInstanceUID="1.2")
Elements = dict[int, bytes]


def take(caller: Caller) -> Elements | None:
    """Take a C-STORE request with its data set; None at a release."""
    kind, body = caller.receive()
    if kind != 4:
        assert kind in {5, 0}
        return None
    caller._rest = body
    elements = caller.answer()
    control = 0
    while not control & LAST:
        _, part = caller.receive()
        control = part[5]
    elements[0xFFFF] = body[4:5]
    return elements


def stored(caller: Caller, elements: Elements, status: int) -> None:
    told = command(0x8001, number(elements, 0x0110) or 0, more=element(0x0900, struct.pack("<H", status)))
    caller.send(data_pdu(elements[0xFFFF][0], 3, told))


@contextmanager
def moving(script: Callable[[Caller], None], count: int = 3, **limits: float) -> Iterator[tuple[Server, RawServer]]:
    archive = archive_of(count)
    with RawServer(script) as there:
        peers = [
            Peer("we", Address("FINDICON", "127.0.0.1", 104), frozenset({"echo", "move"})),
            Peer("raw", Address("RAW", "127.0.0.1", 104), frozenset({"echo", "move"})),
            Peer("there", Address("THERE", "127.0.0.1", Address.parse(there.address).port)),
        ]
        bounds = Limits(release=0.1, **limits)  # type: ignore[arg-type]
        with Server(archive, source=archive, peers=peers, limits=bounds) as server:
            yield server, there
            with Client(server.address) as client:
                client.echo()


@pytest.mark.parametrize("priority", [0, 1, 2])
def test_each_sub_operation_says_for_whom_it_is(priority: int) -> None:
    took: list[Elements] = []
    requests: list[bytes] = []

    def script(caller: Caller) -> None:
        requests.append(caller.accept())
        while (elements := take(caller)) is not None:
            took.append(elements)
            stored(caller, elements, 0)
        caller.send(b"\x06\0\0\0\0\4\0\0\0\0")

    with moving(script) as (server, _), call(server) as peer:
        peer.associate((1, VERIFICATION, [IMPLICIT]), (3, MOVE, [EXPLICIT]))
        more = element(0x0600, b"THERE ") + element(0x0700, struct.pack("<H", priority))
        peer.send(data_pdu(3, 3, command(0x21, 500, data=True, sop_class=MOVE, more=more)))
        peer.send(data_pdu(3, LAST, identifier(level="STUDY", uid="1.2\0")))
        answers = [peer.answer() for _ in range(3)]
    assert requests[0][4:36] == b"THERE".ljust(16) + b"FINDICON".ljust(16)
    assert [counts(one) for one in answers] == [(2, 1, 0, 0), (1, 2, 0, 0), (None, 3, 0, 0)]
    assert [number(one, 0x0700) for one in took] == [priority] * 3
    assert [one[0x1030].strip() for one in took] == [b"RAW"] * 3
    assert [number(one, 0x1031) for one in took] == [500] * 3
    assert len({number(one, 0x0110) for one in took}) == 3


ENDS: dict[str, Callable[[Caller], object]] = {
    "it closes": lambda caller: caller.socket.close(),
    "it aborts": lambda caller: caller.send(ABORT),
    "it releases": lambda caller: caller.send(RELEASE_RQ),
    "it talks nonsense": lambda caller: caller.send(b"\x99" * 20),
    "it answers something else": lambda caller: stored(caller, {0xFFFF: b"\1", 0x0110: b"\x63\0"}, 0),
    "it says nothing": lambda caller: None,
}


@pytest.mark.parametrize("how", ENDS)
def test_a_destination_that_dies_halfway_fails_what_is_left(how: str) -> None:
    def script(caller: Caller) -> None:
        caller.accept()
        first = take(caller)
        assert first is not None
        stored(caller, first, 0)
        assert take(caller) is not None
        ENDS[how](caller)
        if how != "it closes":
            caller.is_closed()

    with moving(script, network=0.3) as (server, _), Client(server.address) as client:
        done = client.move(STUDY, "THERE")
        client.echo()
    assert (done.completed, done.failed, done.warnings) == (1, 2, 0)
    assert list(done.failed_instances) == ["1.2.1", "1.2.2"]


def test_statuses_of_the_destination_are_counted() -> None:
    def script(caller: Caller) -> None:
        caller.accept()
        for status in (0, 0xB000, 0xA700):
            elements = take(caller)
            assert elements is not None
            stored(caller, elements, status)
        assert take(caller) is None

    with moving(script) as (server, _), Client(server.address) as client:
        done = client.move(STUDY, "THERE")
    assert (done.completed, done.failed, done.warnings, done.failed_instances) == (1, 1, 1, ("1.2.2",))


REFUSALS: dict[str, Callable[[Caller], object]] = {
    "rejects": lambda caller: (caller.receive(), caller.send(b"\3\0\0\0\0\4\0\1\1\7"), caller.is_closed()),
    "aborts": lambda caller: (caller.receive(), caller.send(ABORT), caller.is_closed()),
    "takes no context": lambda caller: (caller.accept(results=dict.fromkeys(range(1, 9, 2), 3)), caller.is_closed()),
    "closes": lambda caller: caller.receive(),
    "says nothing": lambda caller: caller.is_closed(),
}


@pytest.mark.parametrize("how", REFUSALS)
def test_a_destination_that_cannot_be_reached_fails_everything_by_name(how: str) -> None:
    with moving(REFUSALS[how], associate=0.3) as (server, _), call(server) as peer:
        ask(peer)
        answer = peer.answer()
        assert (number(answer, 0x0900), counts(answer)) == (0xA702, (None, 0, 3, 0))
        assert answer[0x0902].startswith(b"THERE@127.0.0.1:")
        body = peer.receive()[1]
        assert body[5] == LAST
        assert b"1.2.0\\1.2.1\\1.2.2" in body


def test_a_destination_that_nobody_knows_is_named_and_nothing_is_sent() -> None:
    with moving(lambda caller: None) as (server, there), Client(server.address) as client:
        with pytest.raises(PeerError, match="status A801") as caught:
            client.move(STUDY, "NOBODY")
        assert there.calls == 0
    assert caught.value.comment == "NOBODY is no known move destination"


class Waiting:
    """A destination that takes an instance, and answers once it is told to."""

    def __init__(self) -> None:
        self.took, self.go_on = threading.Event(), threading.Event()
        self.next_kind = -1

    def __call__(self, caller: Caller) -> None:
        caller.accept()
        elements = take(caller)
        assert elements is not None
        self.took.set()
        assert self.go_on.wait(20)
        stored(caller, elements, 0)
        self.next_kind = caller.receive()[0]


def ask(peer: RawPeer) -> None:
    peer.associate((1, VERIFICATION, [IMPLICIT]), (3, MOVE, [EXPLICIT]))
    peer.send(data_pdu(3, 3, command(0x21, 5, data=True, sop_class=MOVE, more=element(0x0600, b"THERE "))))
    peer.send(data_pdu(3, LAST, identifier(level="STUDY", uid="1.2\0")))


def test_a_cancel_stops_after_the_instance_that_is_on_its_way() -> None:
    there = Waiting()
    with moving(there) as (server, _), call(server) as peer:
        ask(peer)
        assert there.took.wait(20)
        peer.send(data_pdu(3, 3, command(0x0FFF, 5)))
        there.go_on.set()
        assert number(peer.answer(), 0x0900) == 0xFF00
        answer = peer.answer()
        assert (number(answer, 0x0900), counts(answer)) == (0xFE00, (2, 1, 0, 0))
        peer.send(ECHO)
        assert peer.status() == 0
    assert there.next_kind == 5  # released in order


def test_an_asker_that_goes_away_ends_the_destinations_association() -> None:
    there = Waiting()
    with moving(there) as (server, _):
        with call(server) as peer:
            ask(peer)
            assert there.took.wait(20)
            peer.send(ABORT)
        there.go_on.set()
    assert there.next_kind == 7


def test_a_destination_may_take_each_kind_in_its_own_context() -> None:
    """Two SOP classes, and an instance of a third that it does not take: that one fails alone."""
    archive = MemoryArchive(
        instance(SOPInstanceUID="1.2.0", StudyInstanceUID="1.2"),
        instance(SOPInstanceUID="1.2.1", StudyInstanceUID="1.2", SOPClassUID="1.2.840.10008.5.1.4.1.1.4"),
        instance(SOPInstanceUID="1.2.2", StudyInstanceUID="1.2", SOPClassUID="1.2.840.10008.5.1.4.1.1.7"),
    )
    took: list[str] = []

    def script(caller: Caller) -> None:
        caller.accept(results={5: 0, 9: 3, 11: 3})
        while (elements := take(caller)) is not None:
            took.append(elements[0x1000].rstrip(b"\0").decode())
            stored(caller, elements, 0)

    with RawServer(script) as there:
        peers = [
            Peer("we", Address("FINDICON", "127.0.0.1", 104), frozenset({"move"})),
            Peer("there", Address("THERE", "127.0.0.1", Address.parse(there.address).port)),
        ]
        with Server(archive, source=archive, peers=peers, limits=Limits(release=0.1)) as server:
            with Client(server.address) as client:
                done = client.move(STUDY, "THERE")
    assert took == ["1.2.0", "1.2.1"]
    assert done.failed_instances == ("1.2.2",)


def test_a_server_without_a_source_offers_no_moves() -> None:
    with Server(MemoryFinder()) as server, Client(server.address) as client:
        with pytest.raises(PeerError, match="abstract syntax not supported"):
            client.move(STUDY, "THERE")
