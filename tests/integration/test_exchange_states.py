"""The states of PS3.8 9.2 and the messages of PS3.7, out of order: each ends as the tables say, and only itself."""

import struct
from collections.abc import Iterator

import pytest

from findicon.dimse import Limits
from findicon.errors import PeerError
from findicon.query import Cancel, Match, Query
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import ActingFinder, MemoryFinder, MemoryMatch, study
from integration.raw_peer import (
    ABORT,
    COMMAND,
    CT,
    ECHO,
    EXPLICIT,
    FIND,
    GET,
    IMPLICIT,
    LAST,
    MOVE,
    RELEASE_RP,
    RELEASE_RQ,
    VERIFICATION,
    associate_request,
    call,
    command,
    data_pdu,
    element,
    find_request,
    identifier,
    pdu,
    value,
)
from integration.raw_server import Caller, RawServer, response

SERVICES = (
    (1, VERIFICATION, [IMPLICIT]),
    (3, FIND, [EXPLICIT]),
    (5, GET, [EXPLICIT]),
    (7, MOVE, [EXPLICIT]),
    (9, CT, [EXPLICIT]),
)
HASTY = Limits(release=0.1)


def answering(limits: Limits = HASTY) -> Server:
    archive = MemoryArchive()
    return Server(archive, ingest=archive, source=archive, limits=limits)


def lives(server: Server) -> bool:
    with call(server) as peer:
        peer.associate()
        peer.send(ECHO)
        return peer.status() == 0


# before the association (Sta2)


FIRST = {
    "an accept": pdu(2, bytes(68)),
    "a rejection": pdu(3, b"\0\1\1\1"),
    "data": ECHO,
    "a release": RELEASE_RQ,
    "an answer to a release": RELEASE_RP,
    "an unknown type": pdu(8, bytes(4)),
    "type zero": bytes(10),
    "an endless request": struct.pack(">BxI", 1, 0xFFFFFFFF),
    "a short request": pdu(1, bytes(67)),
    "an item that lies": associate_request(more_items=struct.pack(">BxH", 0x20, 0xFFFF)),
}


@pytest.mark.parametrize("what", FIRST)
def test_whatever_else_comes_first_is_aborted(what: str, caplog: pytest.LogCaptureFixture) -> None:
    """AA-1 of PS3.8 Table 9-8: in Sta2 the source of the abort is the user, whatever it was."""
    with caplog.at_level("INFO", "findicon"), answering() as server:
        with call(server) as peer:
            peer.send(FIRST[what])
            assert peer.receive() == (7, bytes(4))
            assert peer.is_closed()
        assert lives(server)
    (record,) = (one for one in caplog.records if one.message == "no association")
    assert record.reason.startswith("no association request but")  # type: ignore[attr-defined]


def test_an_abort_that_comes_first_is_not_answered(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "findicon"), answering() as server:
        with call(server) as peer:
            peer.send(ABORT)
            assert peer.receive() == (0, b"")
        assert lives(server)
    (record,) = (one for one in caplog.records if one.message == "no association")
    assert record.reason == "no association request: the peer aborted"  # type: ignore[attr-defined]


# waiting for the other side to close (Sta13, ARTIM)


@pytest.mark.parametrize(
    ("said", "kind"),
    [(associate_request(application="1.2"), 3), (b"\x99" * 6, 7), (associate_request() + RELEASE_RQ, 2)],
    ids=["rejected", "aborted", "released"],
)
def test_who_does_not_close_is_closed(said: bytes, kind: int) -> None:
    with answering(Limits(release=0.05)) as server, call(server) as peer:
        peer.send(said)
        assert peer.receive()[0] == kind
        if kind == 2:
            assert peer.receive() == (6, bytes(4))
        assert peer.receive() == (0, b"")  # though this side has said nothing since
        assert lives(server)


def test_what_comes_after_the_end_is_passed_over() -> None:
    with answering(Limits(release=20.0)) as server:
        with call(server) as peer:
            peer.associate()
            peer.send(RELEASE_RQ + ECHO + find_request() + ABORT + b"\x99" * 100_000)
            assert peer.receive() == (6, bytes(4))
            assert peer.receive() == (0, b"")
        assert lives(server)


# established (Sta6)


@pytest.mark.parametrize("source", [0, 1, 2, 9])
@pytest.mark.parametrize("reason", [0, 6, 250])
def test_an_abort_ends_it_whatever_its_source_and_reason(source: int, reason: int) -> None:
    with answering() as server:
        with call(server) as peer:
            peer.associate()
            peer.send(pdu(7, bytes((0, 0, source, reason))))
            assert peer.receive() == (0, b"")
        assert lives(server)


OUT_OF_PLACE: dict[str, tuple[bytes, int]] = {
    "a second request": (associate_request(), 2),
    "an accept": (pdu(2, bytes(68)), 2),
    "a rejection": (pdu(3, bytes(4)), 2),
    "an answer to a release": (RELEASE_RP, 2),
    "an unknown type": (pdu(0xFF, b"1234"), 1),
    "a long abort": (pdu(7, bytes(5)), 6),
    "a long release": (pdu(5, bytes(400)), 6),
    "a value of no length": (pdu(4, struct.pack(">I", 0) + b"\1\3"), 6),
    "a value of one byte": (pdu(4, struct.pack(">I", 1) + b"\1\3"), 6),
    "a value beyond its PDU": (pdu(4, struct.pack(">IBB", 0xFFFFFFFF, 1, 3) + b"abc"), 6),
    "a value, then half a header": (pdu(4, value(1, 3, command(0x30)) + b"\0\0\0"), 6),
    "a context that nobody knows": (data_pdu(99, COMMAND | LAST, command(0x30)), 6),
    "an even context": (data_pdu(2, COMMAND | LAST, command(0x30)), 6),
    "a data set alone": (data_pdu(3, LAST, identifier(level="STUDY")), 5),
    "a command set in two contexts": (data_pdu(1, COMMAND, command(0x30)[:20]) + data_pdu(3, 3, command(0x30)[20:]), 6),
    "a data set in another context": (
        data_pdu(3, 3, command(0x20, data=True, sop_class=FIND)) + data_pdu(1, LAST, identifier(level="STUDY")),
        6,
    ),
    "a command set instead of a data set": (data_pdu(3, 3, command(0x20, data=True, sop_class=FIND)) + ECHO, 5),
    "a release instead of a data set": (data_pdu(3, 3, command(0x20, data=True, sop_class=FIND)) + RELEASE_RQ, 2),
    "an element twice": (data_pdu(1, 3, command(0x30, more=element(0x0800, b"\1\1"))), 6),
    "a length that lies": (data_pdu(1, 3, command(0x30)[:-4] + b"\xff\xff\1\1"), 6),
}


@pytest.mark.parametrize("what", OUT_OF_PLACE)
def test_what_has_no_place_is_a_provider_abort_with_its_reason(what: str, caplog: pytest.LogCaptureFixture) -> None:
    data, reason = OUT_OF_PLACE[what]
    with caplog.at_level("INFO", "findicon"), answering() as server:
        with call(server) as peer:
            peer.associate(*SERVICES)
            peer.send(data)
            assert peer.receive() == (7, bytes((0, 0, 2, reason)))
        assert lives(server)
    lost = [one for one in caplog.records if one.message == "association lost"]  # that of `lives` may be told first
    said = [(one.peer.partition(":")[0], one.reason.partition("received")[0]) for one in lost]  # type: ignore[attr-defined]
    assert ("RAW@127.0.0.1", "aborted the association: ") in said


def test_a_data_set_after_a_command_that_has_none() -> None:
    with answering() as server, call(server) as peer:
        peer.associate(*SERVICES)
        peer.send(ECHO + data_pdu(1, LAST, b"more"))
        assert peer.status() == 0
        assert peer.receive() == (7, bytes((0, 0, 2, 5)))


@pytest.mark.parametrize(
    ("context", "field", "sop_class", "status"),
    [(3, 0x20, FIND, 0xA900), (5, 0x10, GET, 0xA900), (7, 0x21, MOVE, 0xA900), (9, 0x01, CT, 0xC000)],
    ids=["find", "get", "move", "store"],
)
def test_a_command_without_its_data_set_is_a_status(context: int, field: int, sop_class: str, status: int) -> None:
    with answering() as server, call(server) as peer:
        peer.associate(*SERVICES)
        peer.send(data_pdu(context, 3, command(field, sop_class=sop_class, more=element(0x1000, b"1.2.3\0"))))
        answer = peer.answer()
        assert answer[0x0900] == struct.pack("<H", status)
        assert answer[0x0902]
        peer.send(ECHO)
        assert peer.status() == 0


def test_a_command_and_a_data_set_in_fragments_of_one_byte() -> None:
    finder = MemoryFinder([MemoryMatch(study(1))])
    asked, keys = command(0x20, 7, data=True, sop_class=FIND), identifier(level="STUDY", name="DOE*", uid="")
    pieces = [value(3, COMMAND | (LAST if n == len(asked) - 1 else 0), asked[n : n + 1]) for n in range(len(asked))]
    pieces += [value(3, LAST if n == len(keys) - 1 else 0, keys[n : n + 1]) for n in range(len(keys))]
    for each in (b"".join(pdu(4, piece) for piece in pieces), pdu(4, b"".join(pieces))):
        with Server(finder) as server, call(server) as peer:
            peer.associate()
            peer.send(each)
            assert peer.status() == 0xFF00
            peer.receive()
            assert peer.answer()[0x0120] == b"\7\0"
    assert [str(one.keys[0x00100010].values) for one in finder.asked] == ["('DOE*',)"] * 2


@pytest.mark.parametrize("field", [0x0100, 0x0110, 0x0120, 0x0130, 0x0140, 0x0150, 0x0002, 0x7FFF, 0x0000])
def test_an_operation_that_nobody_knows_is_unrecognized(field: int) -> None:
    with answering() as server, call(server) as peer:
        peer.associate(*SERVICES)
        peer.send(data_pdu(1, 3, command(field, 300)))
        answer = peer.answer()
        assert answer[0x0900] == struct.pack("<H", 0x0211)
        assert answer[0x0100] == struct.pack("<H", field | 0x8000)
        assert answer[0x0120] == struct.pack("<H", 300)
        peer.send(ECHO)
        assert peer.status() == 0


@pytest.mark.parametrize("field", [0x0030, 0x0150, 0x0020])
def test_a_data_set_that_nobody_reads_has_an_end(field: int) -> None:
    """One that goes with a C-ECHO, an unknown operation or a query is passed over, but not for ever."""
    with answering(Limits(identifier=5000, release=0.1)) as server:
        for count, ends in ((4, False), (6, True)):
            with call(server) as peer:
                peer.associate()
                peer.send(data_pdu(1, 3, command(field, data=True)) + data_pdu(1, 0, bytes(1000)) * count)
                if not ends:
                    peer.send(data_pdu(1, LAST, b""))
                assert (peer.receive()[0] == 7) == ends
        assert lives(server)


@pytest.mark.parametrize("message", [0, 1, 0xFFFF])
def test_a_message_id_may_be_used_again(message: int) -> None:
    with Server(MemoryFinder([MemoryMatch(study(1))])) as server, call(server) as peer:
        peer.associate()
        for _ in range(3):
            peer.send(data_pdu(1, 3, command(0x30, message)))
            assert peer.answer()[0x0120] == struct.pack("<H", message)
            peer.send(find_request(message))
            assert peer.answer()[0x0120] == struct.pack("<H", message)
            peer.receive()
            assert peer.answer()[0x0120] == struct.pack("<H", message)


@pytest.mark.parametrize("priority", [b"", b"\2\0", b"\xff\xff"], ids=["none", "low", "nonsense"])
def test_a_priority_is_of_no_account(priority: bytes) -> None:
    with Server(MemoryFinder()) as server, call(server) as peer:
        peer.associate()
        asked = command(0x20, data=True, sop_class=FIND, more=element(0x0700, priority))
        peer.send(data_pdu(3, 3, asked) + data_pdu(3, LAST, identifier(level="STUDY", uid="")))
        assert peer.status() == 0


@pytest.mark.parametrize(
    ("context", "field", "sop_class", "status"),
    [
        (3, 0x20, GET, 0x0122),
        (3, 0x20, "1.2.3.4", 0x0122),
        (3, 0x20, "", 0),
        (5, 0x10, FIND, 0x0122),
        (7, 0x21, "1.2.840.10008.5.1.4.1.2.1.2", 0x0122),
        (9, 0x01, FIND, 0xA900),
    ],
)
def test_a_sop_class_that_is_not_the_abstract_syntax(context: int, field: int, sop_class: str, status: int) -> None:
    with answering() as server, call(server) as peer:
        peer.associate(*SERVICES)
        asked = command(field, data=True, sop_class=sop_class, more=element(0x1000, b"1.2.3\0"))
        peer.send(data_pdu(context, 3, asked) + data_pdu(context, LAST, identifier(level="STUDY", uid="1.2")))
        assert peer.status() == status
        peer.send(ECHO)
        assert peer.status() == 0


def test_two_contexts_take_turns_and_do_not_mix() -> None:
    finder = MemoryFinder([MemoryMatch(study(number, icon=False)) for number in range(3)])
    with Server(finder) as server, call(server) as peer:
        peer.associate((1, VERIFICATION, [IMPLICIT]), (3, FIND, [EXPLICIT]), (5, FIND, [IMPLICIT]))
        told = b"\x08\0\x52\0\x06\0\0\0STUDY \x20\0\x0d\0\0\0\0\0"
        for _ in range(3):
            peer.send(find_request())
            for context, syntax in ((3, EXPLICIT), (5, IMPLICIT)):
                if context == 5:
                    peer.send(data_pdu(5, 3, command(0x20, 2, data=True, sop_class=FIND)) + data_pdu(5, LAST, told))
                for match in finder.matches:
                    assert peer.status() == 0xFF00
                    body = peer.receive()[1]
                    assert body[4] == context
                    assert body[6:] == match.encoded(syntax)  # type: ignore[arg-type]
                assert peer.status() == 0


def test_a_cancel_with_a_data_set_is_nonsense() -> None:
    def forever(query: Query, cancel: Cancel) -> Iterator[Match]:
        match = MemoryMatch(study(1, icon=False))
        while True:
            yield match

    with Server(ActingFinder(forever), limits=HASTY) as server:
        with call(server) as peer:
            peer.associate()
            peer.send(find_request() + data_pdu(3, 3, command(0x0FFF, data=True)) + data_pdu(3, LAST, b"why?"))
            assert peer.is_closed()
        assert lives(server)


# as the side that asks: releases and their collision (PS3.8 7.2.2.7)


def kept(script_end: object) -> RawServer:
    def script(caller: Caller) -> None:
        caller.accept()
        caller.answer_echo()
        script_end(caller)  # type: ignore[operator]

    return RawServer(script)


def test_in_a_release_collision_the_requestor_answers_first() -> None:
    said: list[int] = []

    def end(caller: Caller) -> None:
        kind, _ = caller.receive()
        said.append(kind)
        caller.send(RELEASE_RQ)  # both have asked now; our answer comes only after the requestor's
        said.append(caller.receive()[0])
        caller.send(RELEASE_RP)
        said.append(caller.receive()[0])

    with kept(end) as server:
        with Client(server.address, limits=Limits(release=20.0)) as client:
            client.echo()
    assert said == [5, 6, 0]


def test_a_release_that_is_never_answered_ends_by_itself() -> None:
    def end(caller: Caller) -> None:
        assert caller.receive()[0] == 5
        caller.send(RELEASE_RQ)
        assert caller.receive()[0] == 6
        assert caller.receive()[0] == 0

    with kept(end) as server, Client(server.address, limits=Limits(release=0.02)) as client:
        client.echo()


def test_data_that_is_still_on_its_way_passes_before_the_release() -> None:
    def end(caller: Caller) -> None:
        assert caller.receive()[0] == 5
        caller.send(response(3, 1, 0xFF00, data=bytes(5000)) + response(3, 1, 0) + RELEASE_RP)
        assert caller.receive()[0] == 0

    with kept(end) as server, Client(server.address, limits=Limits(release=20.0)) as client:
        client.echo()


@pytest.mark.parametrize(
    ("source", "reason", "says"),
    [
        (0, 0, "aborted the association$"),
        (2, 0, "as provider: reason not specified"),
        (2, 1, "as provider: unrecognized PDU"),
        (2, 2, "as provider: unexpected PDU"),
        (2, 4, "as provider: unrecognized PDU parameter"),
        (2, 5, "as provider: unexpected PDU parameter"),
        (2, 6, "as provider: invalid PDU parameter value"),
        (2, 3, "as provider: reason 3"),
    ],
)
def test_an_abort_tells_the_asker_who_and_why(source: int, reason: int, says: str) -> None:
    def script(caller: Caller) -> None:
        caller.accept()
        caller.request()
        caller.send(pdu(7, bytes((0, 0, source, reason))))

    with RawServer(script) as server, Client(server.address, limits=HASTY) as client:
        with pytest.raises(PeerError, match=says) as caught:
            client.echo()
    assert caught.value.peer == server.address
