"""What is agreed on before the first message, byte for byte: each item of the A-ASSOCIATE PDUs against scripts."""

import struct

import pytest

from findicon.dimse import Address, Limits, Peer
from findicon.dimse.associate import IMPLEMENTATION_CLASS
from findicon.query import Query
from findicon.scp import Branch, BranchServer, Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryFinder, MemoryMatch, study
from integration.raw_items import counted, items, results, role, user_items
from integration.raw_peer import (
    COMMAND,
    CT,
    ECHO,
    EXPLICIT,
    FIND,
    GET,
    IMPLICIT,
    JPEG,
    LAST,
    MR,
    VERIFICATION,
    associate_request,
    call,
    command,
    data_pdu,
    find_request,
    item,
)
from integration.raw_server import Caller, RawServer, response

# rejections (PS3.8 Table 9-21)


REJECTIONS: dict[str, tuple[dict[str, object], tuple[int, int, int]]] = {
    "a version without its first bit": ({"version": 0xFFFE}, (1, 2, 2)),
    "no version": ({"version": 0}, (1, 2, 2)),
    "another application context": ({"application": "1.2.840.10008.3.1.1.2"}, (1, 1, 2)),
    "an empty application context": ({"application": ""}, (1, 1, 2)),
    "a stranger": ({"calling": "STRANGER"}, (1, 1, 3)),
    "a title in other letters": ({"calling": "raw"}, (1, 1, 3)),
    "a called title that is none of ours": ({"called": "NOBODY"}, (1, 1, 7)),
    "a user who is not known": ({"user_items": item(0x58, b"\1\0" + counted("mallory") + b"\0\0")}, (1, 1, 1)),
}


@pytest.mark.parametrize("what", REJECTIONS)
def test_a_rejection_has_result_source_and_reason(what: str) -> None:
    settings, answer = REJECTIONS[what]
    archive = MemoryArchive()
    server = BranchServer(
        {"FINDICON": Branch(archive, archive, archive)},
        peers=[Peer("a", Address("RAW", "127.0.0.1", 104))],
        check_user=lambda user: None,
        limits=Limits(release=0.1),
    )
    with server:
        with call(server) as peer:
            peer.send(associate_request(**settings))  # type: ignore[arg-type]
            assert peer.receive() == (3, bytes((0, *answer)))
            assert peer.is_closed()
        with call(server) as peer:
            peer.associate()
            peer.send(ECHO)
            assert peer.status() == 0


@pytest.mark.parametrize("version", [1, 3, 0xFFFF])
def test_a_version_with_more_bits_is_answered_with_ours(version: int) -> None:
    with Server(MemoryFinder()) as server, call(server) as peer:
        body = peer.associate(version=version)
        assert body[:2] == b"\0\1"
        peer.send(ECHO)
        assert peer.status() == 0


# identity, lengths, windows


def test_an_accept_says_who_we_are_and_what_we_take() -> None:
    with Server(MemoryFinder(), limits=Limits(pdu=54321)) as server, call(server) as peer:
        body = peer.associate(calling="RAW", called="ANY TITLE")
    assert body[4:36] == b"ANY TITLE".ljust(16) + b"RAW".ljust(16)
    assert next(items(body[68:])) == (0x10, b"1.2.840.10008.3.1.1.1")
    said = user_items(body)
    assert said == {
        0x51: [struct.pack(">I", 54321)],
        0x52: [IMPLEMENTATION_CLASS.encode()],
        0x55: [b"FINDICON"],
    }


@pytest.mark.parametrize("asked", [(0, 0), (1, 1), (5, 0), (65535, 65535)])
def test_one_operation_at_a_time_whatever_is_asked(asked: tuple[int, int]) -> None:
    with Server(MemoryFinder()) as server, call(server) as peer:
        body = peer.associate(user_items=item(0x53, struct.pack(">HH", *asked)))
        assert user_items(body)[0x53] == [b"\0\1\0\1"]
        peer.send(ECHO * 3)  # it asks three things at once all the same: each has its turn
        assert [peer.status() for _ in range(3)] == [0, 0, 0]


def test_two_queries_at_once_end_an_association_that_agreed_on_one() -> None:
    finder = MemoryFinder([MemoryMatch(study(1))] * 50_000)
    with Server(finder, limits=Limits(release=0.1)) as server:
        with call(server) as peer:
            peer.associate(user_items=item(0x53, b"\0\2\0\2"))
            peer.send(find_request(1) + find_request(2))
            kind = 4
            while kind == 4:
                kind, body = peer.receive()
            assert (kind, body) == (7, bytes((0, 0, 2, 2)))
        with call(server) as peer:
            peer.associate()


@pytest.mark.parametrize("largest", [8, 9, 11, 20, 100, 127])
def test_every_pdu_keeps_to_a_tiny_maximum_length(largest: int) -> None:
    matches = [MemoryMatch(study(number, icon=False)) for number in range(3)]
    with Server(MemoryFinder(matches)) as server, call(server) as peer:
        peer.associate(largest=largest)
        peer.send(find_request())
        commands = data = b""
        statuses = []
        while not statuses or statuses[-1] == 0xFF00:
            kind, body = peer.receive()
            assert kind == 4
            assert len(body) <= largest
            assert struct.unpack_from(">I", body)[0] == len(body) - 4
            if body[5] & COMMAND:
                commands += body[6:]
                if body[5] & LAST:
                    at = commands.index(struct.pack("<HHI", 0, 0x0900, 2))
                    statuses.append(struct.unpack_from("<H", commands, at + 8)[0])
                    commands = b""
            else:
                data += body[6:]
    assert statuses == [0xFF00] * 3 + [0]
    assert data == b"".join(one.encoded(EXPLICIT) for one in matches)  # type: ignore[arg-type]


@pytest.mark.parametrize("largest", [1, 6, 7])
def test_a_maximum_length_without_room_for_data_is_an_abort(largest: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "findicon"):
        with Server(MemoryFinder(), limits=Limits(release=0.1)) as server, call(server) as peer:
            peer.send(associate_request(largest=largest))
            assert peer.receive() == (7, bytes((0, 0, 2, 6)))
    (record,) = (one for one in caplog.records if one.message == "no association")
    assert "leaves no room for data" in record.reason  # type: ignore[attr-defined]


def test_without_a_limit_answers_come_in_large_pdus() -> None:
    big = study(1, icon=False)
    big.TextValue = "x" * 60_000
    with Server(MemoryFinder([MemoryMatch(big)])) as server, call(server) as peer:
        peer.associate(largest=0)
        peer.send(find_request())
        assert peer.status() == 0xFF00
        assert len(peer.receive()[1]) > 60_000


@pytest.mark.parametrize(("more", "ends"), [(0, False), (1, True)])
def test_our_own_maximum_length_is_kept_by_the_other_side(more: int, ends: bool) -> None:
    with Server(MemoryFinder(), limits=Limits(pdu=4096, release=0.1)) as server, call(server) as peer:
        peer.associate()
        asked = data_pdu(3, COMMAND | LAST, command(0x20, data=True, sop_class=FIND))
        filler = struct.pack("<HH2sH", 0x0010, 0x0010, b"PN", 4096 - 6 - 8 + more) + b" " * (4096 - 6 - 8 + more)
        peer.send(asked + data_pdu(3, LAST, filler))
        assert (peer.receive()[0] == 7) == ends


# presentation contexts and roles


def test_each_presentation_context_has_its_own_answer() -> None:
    archive = MemoryArchive()
    with Server(archive, ingest=archive) as server, call(server) as peer:
        body = peer.associate(
            (1, FIND, [JPEG, IMPLICIT]),
            (3, FIND, [EXPLICIT]),
            (5, FIND, [JPEG]),
            (7, FIND, []),
            (9, GET, [IMPLICIT]),
            (11, "1.2.840.10008.5.1.4.31", [IMPLICIT]),
            (255, CT, [JPEG]),
            (253, CT, [IMPLICIT, EXPLICIT]),
        )
        answered = results(body)
        assert list(answered) == [1, 3, 5, 7, 9, 11, 255, 253]
        assert {number: result for number, (result, _) in answered.items()} == {
            1: 0,
            3: 0,
            5: 4,
            7: 4,
            9: 3,  # a server without a source retrieves nothing
            11: 3,  # worklists
            255: 0,
            253: 0,
        }
        assert [answered[number][1] for number in (1, 3, 255, 253)] == [IMPLICIT, EXPLICIT, JPEG, EXPLICIT]
        for number in (1, 3):  # each context speaks its own transfer syntax
            peer.send(data_pdu(number, COMMAND | LAST, command(0x20, data=True, sop_class=FIND)))
            peer.send(
                data_pdu(
                    number, LAST, b"\x08\0\x52\0CS\x06\0STUDY " if number == 3 else b"\x08\0\x52\0\x06\0\0\0STUDY "
                )
            )
            assert peer.status() == 0


def test_a_context_that_was_refused_cannot_be_used() -> None:
    with Server(MemoryFinder(), limits=Limits(release=0.1)) as server, call(server) as peer:
        body = peer.associate((1, VERIFICATION, [JPEG]), (3, VERIFICATION, [IMPLICIT]))
        assert results(body)[1][0] == 4
        peer.send(data_pdu(1, COMMAND | LAST, command(0x30)))
        assert peer.receive() == (7, bytes((0, 0, 2, 6)))


def test_an_association_of_128_contexts() -> None:
    archive = MemoryArchive()
    with Server(archive, ingest=archive) as server, call(server) as peer:
        body = peer.associate(
            *((2 * number + 1, (VERIFICATION, CT, "1.2.3")[number % 3], [IMPLICIT]) for number in range(128))
        )
        assert len(results(body)) == 128
        peer.send(data_pdu(253, COMMAND | LAST, command(0x30)))  # the 127th
        assert peer.status() == 0


def test_an_association_without_contexts_is_logged_and_of_no_use(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "findicon"):
        with Server(MemoryFinder(), limits=Limits(release=0.1)) as server, call(server) as peer:
            whole = associate_request((1, VERIFICATION, [IMPLICIT]))
            context = whole[whole.index(b"\x20\0", 74) :][: 4 + 4 + 4 + len(VERIFICATION) + 4 + len(IMPLICIT)]
            rest = whole[6:].replace(context, b"")
            peer.send(whole[:2] + struct.pack(">I", len(rest)) + rest)
            kind, body = peer.receive()
            assert (kind, results(body)) == (2, {})
            peer.send(ECHO)
            assert peer.receive()[0] == 7
    assert "presentation contexts refused" in [one.message for one in caplog.records]


def test_roles_are_answered_for_each_class_that_names_them() -> None:
    archive = MemoryArchive()
    with Server(archive, ingest=archive, source=archive) as server, call(server) as peer:
        body = peer.associate(
            (1, CT, [EXPLICIT]),
            (3, CT, [JPEG]),
            (5, MR, [EXPLICIT]),
            (7, FIND, [EXPLICIT]),
            (9, "1.2.840.10008.5.1.4.1.1.7", [EXPLICIT]),
            user_items=role(CT, 0, 1)
            + role(MR, 1, 1)
            + role(FIND, 1, 1)
            + role("1.2.3", 1, 1)
            + role(VERIFICATION, 0, 1),
        )
        assert [result for result, _ in results(body).values()] == [0] * 5
        assert user_items(body)[0x54] == [
            counted(CT) + b"\0\1",
            counted(MR) + b"\1\1",
            counted(FIND) + b"\1\0",  # nobody queries us backwards
        ]


@pytest.mark.parametrize(
    ("verbs", "asked", "results_by_context", "granted"),
    [
        ({"get"}, role(CT, 0, 1), {1: 0, 3: 1}, [counted(CT) + b"\0\1"]),
        ({"get"}, role(CT, 1, 1), {1: 0, 3: 1}, [counted(CT) + b"\0\1"]),
        ({"get"}, role(CT, 1, 0), {1: 1, 3: 1}, None),
        ({"store"}, role(CT, 1, 1) + role(MR, 0, 1), {1: 0, 3: 1}, [counted(CT) + b"\1\0"]),
        ({"store", "get"}, role(MR, 0, 0), {1: 0, 3: 1}, None),
    ],
    ids=["gets", "gets and may not store", "may not store", "stores and may not get", "no role at all"],
)
def test_roles_that_a_peer_may_not_take_are_refused(
    verbs: set[str], asked: bytes, results_by_context: dict[int, int], granted: list[bytes] | None
) -> None:
    archive = MemoryArchive()
    peers = [Peer("a", Address("RAW", "127.0.0.1", 104), frozenset(verbs))]
    with Server(archive, ingest=archive, source=archive, peers=peers) as server, call(server) as peer:
        body = peer.associate((1, CT, [EXPLICIT]), (3, MR, [EXPLICIT]), user_items=asked)
    assert {number: result for number, (result, _) in results(body).items()} == results_by_context
    assert user_items(body).get(0x54) == granted


@pytest.mark.parametrize("uid", [b"1.2.\xff\xfe", b"\xc3\xa9", b"1.2.3" * 40, b"what?"])
def test_a_uid_that_is_none_is_refused_and_not_stored_by(uid: bytes, caplog: pytest.LogCaptureFixture) -> None:
    """Neither an abstract syntax nor a transfer syntax of such a name is accepted, nor does it end the others."""
    archive = MemoryArchive()
    placed = "X" * len(uid)
    with caplog.at_level("INFO", "findicon"):
        with Server(archive, ingest=archive) as server, call(server) as peer:
            asked = associate_request(
                (1, VERIFICATION, [IMPLICIT]), (3, placed, [EXPLICIT]), (5, CT, [placed, EXPLICIT]), (7, CT, [placed])
            )
            peer.send(asked.replace(placed.encode(), uid))
            kind, body = peer.receive()
            assert kind == 2
            assert {number: result for number, (result, _) in results(body).items()} == {1: 0, 3: 3, 5: 0, 7: 4}
            assert results(body)[5][1] == EXPLICIT
            peer.send(ECHO)
            assert peer.status() == 0
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


@pytest.mark.parametrize("uid", ["1..2", "1.02.3", "1.2.", ".1"])
def test_a_private_uid_that_is_not_quite_right_is_taken_as_it_is(uid: str, caplog: pytest.LogCaptureFixture) -> None:
    archive = MemoryArchive()
    with caplog.at_level("INFO"):
        with Server(archive, ingest=archive) as server, call(server) as peer:
            assert results(peer.associate((1, uid, [uid]), (3, CT, [uid]))) == {1: (0, uid), 3: (0, uid)}
    assert {one.name.partition(".")[0] for one in caplog.records} == {"findicon"}


# as the side that asks


def test_a_request_says_who_we_are_and_what_we_take() -> None:
    bodies: list[bytes] = []

    def script(caller: Caller) -> None:
        bodies.append(caller.accept())
        caller.answer_echo()
        caller.is_closed()

    with RawServer(script) as server, Client(server.address, limits=Limits(pdu=33333, release=0.1)) as client:
        client.echo()
    (body,) = bodies
    assert body[:2] == b"\0\1"
    assert body[4:36] == b"RAW".ljust(16) + b"FINDICON".ljust(16)
    assert user_items(body) == {
        0x51: [struct.pack(">I", 33333)],
        0x52: [IMPLEMENTATION_CLASS.encode()],
        0x55: [b"FINDICON"],
    }


@pytest.mark.parametrize("largest", [8, 13, 64, 4096, 0])
def test_our_requests_keep_to_the_peers_maximum_length(largest: int) -> None:
    def script(caller: Caller) -> None:
        caller.accept(largest=largest)
        whole = b""
        control = 0
        while control != LAST:
            kind, body = caller.receive()
            assert kind == 4
            assert len(body) <= (largest or 1 << 20)
            control = body[5]
            whole += body[6:] if control & COMMAND else b""
        message = struct.unpack_from("<H", whole, whole.index(struct.pack("<HHI", 0, 0x0110, 2)) + 8)[0]
        caller.send(response(3, message, 0))
        caller.is_closed()

    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.1)) as client:
        assert list(client.find(Query("STUDY", PatientName="DOE^" + "J" * 50))) == []
