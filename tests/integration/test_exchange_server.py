"""The server against bytes: doors, limits, cancels, failures; and that it lives through all of them."""

import os
import resource
import struct
import threading
import zlib
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from io import BytesIO

import pytest

from findicon.dimse import Address, Limits, Peer, UserIdentity
from findicon.errors import CatalogueError, QueryError, StorageError
from findicon.query import Cancel, Match, Query
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import ActingFinder, MemoryFinder, MemoryMatch, study
from integration.raw_items import results
from integration.raw_peer import (
    ABORT,
    CANCEL,
    COMMAND,
    CT,
    ECHO,
    EXPLICIT,
    FIND,
    IMPLICIT,
    LAST,
    VERIFICATION,
    associate_request,
    call,
    command,
    data_pdu,
    element,
    find_request,
    item,
)


def lives(server: Server) -> bool:
    with Client(server.address) as client:
        client.echo()
    return True


# doors


def test_without_peers_only_this_machine_may_be_listened_to() -> None:
    with pytest.raises(QueryError, match="name the peers that may call"):
        Server(MemoryFinder(), host="0.0.0.0")
    with Server(MemoryFinder(), host="0.0.0.0", peers=[Peer("a", Address("A", "127.0.0.1", 104))]) as server:
        with Client(Address("X", "127.0.0.1", server.address.port), calling_ae_title="A") as client:
            client.echo()


def test_two_peers_with_one_ae_title() -> None:
    peers = [Peer(name, Address("A", name, 104)) for name in ("one", "two")]
    with pytest.raises(QueryError, match="Peers one and two have the same AE title A"):
        Server(MemoryFinder(), peers=peers)


def test_a_port_that_is_taken() -> None:
    with Server(MemoryFinder()) as server, pytest.raises(QueryError, match="Cannot listen on 127"):
        Server(MemoryFinder(), port=server.address.port)


def test_ipv6() -> None:
    with Server(MemoryFinder([MemoryMatch(study(1))]), host="::1") as server:
        assert server.address.host == "::1"
        with Client(str(server.address)) as client:
            assert len(list(client.find(Query("STUDY")))) == 1


def test_a_verb_that_a_peer_may_not_use_is_refused_by_the_user() -> None:
    peers = [Peer("a", Address("RAW", "127.0.0.1", 104), frozenset({"echo"}))]
    archive = MemoryArchive()
    with Server(archive, peers=peers, ingest=archive, source=archive) as server, call(server) as peer:
        body = peer.associate(
            (1, VERIFICATION, [IMPLICIT]), (3, FIND, [EXPLICIT]), (5, CT, [EXPLICIT]), (7, "1.2.3", [EXPLICIT])
        )
        assert {number: result for number, (result, _) in results(body).items()} == {1: 0, 3: 1, 5: 1, 7: 1}


def test_a_verb_that_is_refused_is_logged_with_its_reason(caplog: pytest.LogCaptureFixture) -> None:
    peers = [Peer("a", Address("RAW", "127.0.0.1", 104), frozenset({"echo"}))]
    archive = MemoryArchive()
    with caplog.at_level("INFO", "findicon"):
        with Server(archive, peers=peers, ingest=archive, source=archive) as server, call(server) as peer:
            peer.associate((1, VERIFICATION, [IMPLICIT]), (3, FIND, [EXPLICIT]), (5, CT, [EXPLICIT]))
    (record,) = (one for one in caplog.records if one.message == "presentation contexts refused")
    assert record.reason == "peer a has not the verbs find, store"  # type: ignore[attr-defined]


def test_a_caller_that_is_rejected_and_one_that_asks_for_nothing_served_are_logged(
    caplog: pytest.LogCaptureFixture,
) -> None:
    peers = [Peer("a", Address("RAW", "127.0.0.1", 104))]
    with caplog.at_level("INFO", "findicon"):
        with Server(MemoryFinder(), peers=peers) as server:
            with call(server) as peer:
                peer.send(associate_request(calling="STRANGER"))
                assert peer.receive()[0] == 3
            with call(server) as peer:
                peer.associate((1, "1.2.3", [IMPLICIT]))
    reasons = {one.message: getattr(one, "reason", "") for one in caplog.records}
    assert reasons["association rejected"] == "calling AE title not recognized"
    assert reasons["presentation contexts refused"].startswith("none has an abstract syntax")


# associating


@pytest.mark.parametrize(
    ("settings", "answer"),
    [
        ({"version": 2}, (1, 2, 2)),
        ({"application": "1.2.3"}, (1, 1, 2)),
    ],
)
def test_what_cannot_be_accepted_is_rejected(settings: dict[str, object], answer: tuple[int, int, int]) -> None:
    with Server(MemoryFinder()) as server:
        with call(server) as peer:
            peer.send(associate_request(**settings))  # type: ignore[arg-type]
            assert peer.receive() == (3, bytes((0, *answer)))
        assert lives(server)


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", "no association request but HTTP, not DICOM"),
        (b"\x16\x03\x01\2\0\1\0\1\xfc\3\3", "no association request but TLS, not DICOM"),
        (b"\x7fELF\1\1\1\1", "no association request but something that is no DICOM: 7f 45 4c 46 01 01 01 01"),
    ],
)
def test_who_speaks_something_else_is_logged_by_its_name(
    caplog: pytest.LogCaptureFixture, data: bytes, reason: str
) -> None:
    with caplog.at_level("INFO", "findicon"):
        with Server(MemoryFinder()) as server, call(server) as peer:
            peer.send(data)
            assert peer.receive() == (7, bytes(4))
    (record,) = (one for one in caplog.records if one.message == "no association")
    assert record.reason == reason  # type: ignore[attr-defined]


@pytest.mark.parametrize("data", [ECHO, ABORT, b"GET / HTTP/1.1\r\n\r\n", associate_request(largest=7), bytes(6)])
def test_what_is_no_association_request(data: bytes) -> None:
    with Server(MemoryFinder()) as server:
        with call(server) as peer:
            peer.send(data)
            kind, _ = peer.receive()
            assert kind in {0, 7}
        assert lives(server)


def test_a_caller_that_never_asks_meets_a_timeout() -> None:
    with Server(MemoryFinder(), limits=Limits(associate=0.1, release=0.1)) as server:
        with call(server) as peer:
            assert peer.receive() == (0, b"")
        with call(server) as peer:
            peer.send(associate_request()[:80])
            assert peer.receive() == (0, b"")


def test_an_idle_association_is_aborted() -> None:
    with Server(MemoryFinder(), limits=Limits(idle=0.1, release=0.1)) as server, call(server) as peer:
        peer.associate()
        assert peer.receive() == (7, bytes(4))


def test_limits_of_associations() -> None:
    limits = Limits(associations=3, associations_per_caller=2)
    with Server(MemoryFinder(), limits=limits) as server:
        with call(server) as one, call(server) as two, call(server) as three, call(server) as four:
            one.associate(calling="A")
            two.associate(calling="A")
            three.send(associate_request(calling="A"))
            assert three.receive() == (3, bytes((0, 2, 3, 2)))
            three.socket.close()
            four.associate(calling="B")
            with call(server) as five:
                five.send(associate_request(calling="C"))
                assert five.receive() == (3, bytes((0, 2, 3, 2)))
            one.send(ECHO)
            assert one.status() == 0


def test_a_process_with_very_many_descriptors_can_serve() -> None:
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 1400 if hard == resource.RLIM_INFINITY else min(hard, 1400)
    assert wanted > 1200, "this system lets a process have too few descriptors to show anything"
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), hard))
    try:
        with ExitStack() as stack:
            for _ in range(1100):
                stack.callback(os.close, os.open(os.devnull, os.O_RDONLY))
            with Server(MemoryFinder([MemoryMatch(study(1))])) as server, Client(server.address) as client:
                assert len(list(client.find(Query("STUDY")))) == 1
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_whoever_connects_and_asks_for_nothing_takes_no_place_from_others() -> None:
    limits = Limits(associations=1000, associations_per_caller=1, release=0.1)
    with Server(MemoryFinder(), limits=limits) as server, ExitStack() as stack:
        for _ in range(33):
            stack.enter_context(call(server))
        with call(server) as peer:
            assert peer.is_closed()


def test_what_a_caller_calls_itself_cannot_write_into_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "findicon"):
        with Server(MemoryFinder(), peers=[Peer("a", Address("RAW", "127.0.0.1", 104))]) as server:
            with call(server) as peer:
                peer.send(associate_request(calling="A\nB\x1b[2J"))
                assert peer.receive()[0] == 3
    told = [one.peer for one in caplog.records if one.message == "association rejected" and hasattr(one, "peer")]
    assert told
    assert all(one.startswith("A?B?[2J@") for one in told)


def test_a_request_with_very_many_transfer_syntaxes() -> None:
    archive = MemoryArchive()
    syntaxes = [f"1.2.{number}" for number in range(4000)]
    with Server(archive, ingest=archive) as server, call(server) as peer:
        peer.associate((1, CT, [*syntaxes, EXPLICIT]))
        peer.send(data_pdu(1, COMMAND | LAST, command(0x30)))
        assert peer.status() == 0


# messages


def test_echo_and_find_by_hand() -> None:
    with Server(MemoryFinder([MemoryMatch(study(1))])) as server, call(server) as peer:
        peer.associate()
        peer.send(ECHO)
        assert peer.status() == 0
        peer.send(find_request())
        assert peer.status() == 0xFF00
        kind, body = peer.receive()
        assert (kind, body[4:6]) == (4, bytes((3, LAST)))
        answer = peer.answer()
        assert answer[0x0900] == b"\0\0"
        assert answer[0x0120] == b"\1\0"
        assert answer[0x0100] == b"\x20\x80"
        assert answer[0x0800] == b"\1\1"


def test_an_unknown_request_is_unrecognized_and_the_association_lives() -> None:
    with Server(MemoryFinder()) as server, call(server) as peer:
        peer.associate()
        peer.send(data_pdu(1, COMMAND | LAST, command(0x0140, data=True)) + data_pdu(1, LAST, bytes(100)))
        answer = peer.answer()
        assert answer[0x0900] == struct.pack("<H", 0x0211)
        assert answer[0x0100] == struct.pack("<H", 0x8140)
        peer.send(ECHO)
        assert peer.status() == 0


@pytest.mark.parametrize("field", [0x0020, 0x0010, 0x0021, 0x0001])
def test_a_request_on_a_presentation_context_of_another_service(field: int) -> None:
    with Server(MemoryFinder()) as server, call(server) as peer:
        peer.associate()
        peer.send(data_pdu(1, COMMAND | LAST, command(field, data=True)) + data_pdu(1, LAST, bytes(10)))
        assert peer.status() == 0x0122
        peer.send(ECHO)
        assert peer.status() == 0


@pytest.mark.parametrize(
    "data",
    [
        data_pdu(1, COMMAND | LAST, command(0x8030)),
        data_pdu(1, COMMAND | LAST, element(0x0100, b"\x30\0")),
        data_pdu(1, COMMAND | LAST, element(0x0100, b"\x30\0") + element(0x0110, b"")),
        data_pdu(1, COMMAND | LAST, element(0x0100, b"\x30\0") + element(0x0110, bytes(12))),
        data_pdu(1, COMMAND | LAST, b"\0" * 9),
    ],
    ids=["a response", "no Message ID", "an empty one", "a long one", "no command set"],
)
def test_a_message_without_place_ends_the_association_only(data: bytes) -> None:
    with Server(MemoryFinder(), limits=Limits(release=0.1)) as server:
        with call(server) as peer:
            peer.associate()
            peer.send(data)
            assert peer.receive()[0] == 7
        assert lives(server)


@pytest.mark.parametrize("data", [b"\x08\0\x52\0CS\xff\xff", b"garbage, that is no data set at all", b"\xff" * 64])
def test_an_identifier_that_cannot_be_decoded_fails_and_the_association_lives(data: bytes) -> None:
    with Server(MemoryFinder()) as server, call(server) as peer:
        peer.associate()
        peer.send(data_pdu(3, COMMAND | LAST, command(0x20, data=True, sop_class=FIND)) + data_pdu(3, LAST, data))
        assert peer.status() in {0xC000, 0xA900}
        peer.send(ECHO)
        assert peer.status() == 0


def empty_fragments(context_id: int, control: int) -> bytes:
    return data_pdu(context_id, control, b"") * 150


@pytest.mark.parametrize(
    "data",
    [
        empty_fragments(1, COMMAND),
        data_pdu(3, COMMAND | LAST, command(0x20, data=True, sop_class=FIND)) + empty_fragments(3, 0),
    ],
    ids=["of a command", "of a data set"],
)
def test_endless_empty_fragments_end_the_association(data: bytes) -> None:
    with Server(MemoryFinder(), limits=Limits(release=0.1)) as server:
        with call(server) as peer:
            peer.associate()
            peer.send(data)
            assert peer.receive() == (7, bytes((0, 0, 2, 6)))
        assert lives(server)


def test_some_empty_fragments_are_borne() -> None:
    with Server(MemoryFinder()) as server, call(server) as peer:
        peer.associate()
        for _ in range(3):
            peer.send(data_pdu(1, COMMAND, b"") * 60 + ECHO)
            assert peer.status() == 0


@pytest.mark.parametrize("deflated", [False, True], ids=["many keys", "a bomb"])
def test_an_identifier_that_would_take_all_our_time_fails(deflated: bool) -> None:
    syntax = "1.2.840.10008.1.2.1.99" if deflated else EXPLICIT
    if deflated:
        compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
        data = compressor.compress(bytes(1 << 26)) + compressor.flush()
    else:
        data = b"".join(struct.pack("<HH2sH", 0x0009, number, b"LO", 0) for number in range(2000))
    with Server(MemoryFinder()) as server, call(server) as peer:
        peer.associate((1, VERIFICATION, [IMPLICIT]), (3, FIND, [syntax]))
        peer.send(data_pdu(3, COMMAND | LAST, command(0x20, data=True, sop_class=FIND)) + data_pdu(3, LAST, data))
        answer = peer.answer()
        assert answer[0x0900] == struct.pack("<H", 0xC000 if deflated else 0xA700)
        assert answer[0x0902]
        peer.send(ECHO)
        assert peer.status() == 0


def test_an_identifier_above_the_limit_ends_the_association() -> None:
    with Server(MemoryFinder(), limits=Limits(identifier=1000, release=0.1)) as server:
        with call(server) as peer:
            peer.associate()
            peer.send(
                data_pdu(3, COMMAND | LAST, command(0x20, data=True, sop_class=FIND)) + data_pdu(3, 0, bytes(2000))
            )
            assert peer.receive()[0] == 7
        assert lives(server)


def test_a_late_cancel_is_ignored() -> None:
    with Server(MemoryFinder()) as server, call(server) as peer:
        peer.associate()
        peer.send(find_request())
        assert peer.status() == 0
        peer.send(CANCEL + ECHO)
        assert peer.status() == 0


# answers


def test_no_answer_waits_for_the_next_one() -> None:
    seen = threading.Event()

    def slow(query: Query, cancel: Cancel) -> Iterator[Match]:
        for number in range(5):
            yield MemoryMatch(study(number))
        assert seen.wait(20), "the asker has not seen the first answers, though they were given"
        yield MemoryMatch(study(5))

    with Server(ActingFinder(slow)) as server, call(server) as peer:
        peer.associate()
        peer.send(find_request())
        for _ in range(5):
            assert peer.status() == 0xFF00
            peer.receive()
        seen.set()
        assert peer.status() == 0xFF00
        peer.receive()
        assert peer.status() == 0


def test_a_cancel_is_seen_between_answers_and_by_a_finder_that_gives_none() -> None:
    found: list[str] = []

    def forever(query: Query, cancel: Cancel) -> Iterator[Match]:
        match = MemoryMatch(study(1))
        try:
            while True:
                yield match
        finally:
            found.append("closed")

    def nothing(query: Query, cancel: Cancel) -> Iterator[Match]:
        while not cancel():
            pass
        found.append("seen")
        return iter(())

    for act in (forever, nothing):
        with Server(ActingFinder(act)) as server, call(server) as peer:
            peer.associate()
            peer.send(find_request() + CANCEL)
            status = peer.status()
            while status == 0xFF00:
                peer.receive()
                status = peer.status()
            assert status == 0xFE00
            peer.send(ECHO)
            assert peer.status() == 0
    assert found == ["closed", "seen"]


@pytest.mark.parametrize(
    "data", [ECHO, find_request(2), b"\x99" * 20, ABORT], ids=["echo", "find", "nonsense", "abort"]
)
def test_what_has_no_place_between_answers_ends_the_association(data: bytes) -> None:
    closed = threading.Event()

    def forever(query: Query, cancel: Cancel) -> Iterator[Match]:
        match = MemoryMatch(study(1))
        try:
            while True:
                yield match
        finally:
            closed.set()

    with Server(ActingFinder(forever), limits=Limits(release=0.1)) as server:
        with call(server) as peer:
            peer.associate()
            peer.send(find_request() + data)
            assert peer.is_closed()
        assert closed.wait(20)
        assert lives(server)


@pytest.mark.parametrize(
    ("held", "status", "comment"), [(3, 0, ""), (4, 0xA700, "More than 3 matches: only the first 3 were sent")]
)
def test_matches_are_limited_and_say_so(held: int, status: int, comment: str) -> None:
    finder = MemoryFinder([MemoryMatch(study(number)) for number in range(held)])
    with Server(finder, limits=Limits(matches=3)) as server, call(server) as peer:
        peer.associate()
        peer.send(find_request())
        for _ in range(3):
            assert peer.status() == 0xFF00
            peer.receive()
        answer = peer.answer()
    assert answer[0x0900] == struct.pack("<H", status)
    assert answer.get(0x0902, b"").decode().strip() == comment


def test_a_cancel_of_another_request_is_none() -> None:
    def some(query: Query, cancel: Cancel) -> Iterator[Match]:
        match = MemoryMatch(study(1))
        for _ in range(2000):
            assert not cancel()
            yield match

    with Server(ActingFinder(some)) as server, call(server) as peer:
        peer.associate()
        peer.send(find_request() + data_pdu(3, COMMAND | LAST, command(0x0FFF, 77)))
        count = 0
        while (status := peer.status()) == 0xFF00:
            peer.receive()
            count += 1
    assert (count, status) == (2000, 0)


def test_a_peer_that_takes_no_answers_ends_the_finder() -> None:
    closed = threading.Event()

    def forever(query: Query, cancel: Cancel) -> Iterator[Match]:
        match = MemoryMatch(study(1))
        try:
            while True:
                yield match
        finally:
            closed.set()

    with Server(ActingFinder(forever), limits=Limits(network=0.2, release=0.1)) as server, call(server) as peer:
        peer.associate()
        peer.send(find_request())
        assert closed.wait(20)
        assert lives(server)


def test_a_user_identity_is_no_reason_to_fail() -> None:
    identity = item(0x58, b"\2\1\0\4jane\0\6secret")
    with Server(MemoryFinder()) as server, call(server) as peer:
        body = peer.associate(user_items=identity)
        assert b"\x59" not in body[-20:]
        peer.send(ECHO)
        assert peer.status() == 0


def test_a_user_identity_is_checked_by_whoever_can() -> None:
    def check(user: UserIdentity) -> bytes | None:
        return b"" if (user.primary, user.secondary) == (b"jane", b"secret") else None

    with Server(MemoryFinder(), check_user=check) as server:
        for passcode, kind in ((b"secret", 2), (b"guess", 3)):
            identity = item(0x58, b"\2\1\0\4jane" + len(passcode).to_bytes(2, "big") + passcode)
            with call(server) as peer:
                peer.send(associate_request(user_items=identity))
                got, body = peer.receive()
                assert got == kind
                assert body.endswith(item(0x59, b"\0\0")) if kind == 2 else body == bytes((0, 1, 1, 1))
        assert lives(server)


# store


def store_request(sop_class: str = CT, instance: bytes = b"1.2.3\0") -> bytes:
    return data_pdu(1, COMMAND | LAST, command(1, data=True, sop_class=sop_class, more=element(0x1000, instance)))


@pytest.mark.parametrize(
    ("request_pdu", "status"),
    [
        (store_request(), 0),
        (store_request(instance=b"../../etc/passwd"), 0x0117),
        (store_request(sop_class=VERIFICATION), 0xA900),
    ],
)
def test_store_checks_what_it_is_told(request_pdu: bytes, status: int) -> None:
    archive = MemoryArchive()
    with Server(archive, ingest=archive) as server, call(server) as peer:
        peer.associate((1, CT, [EXPLICIT]))
        peer.send(request_pdu + data_pdu(1, 0, bytes(100)) + data_pdu(1, LAST, bytes(100)))
        assert peer.status() == status
        assert list(archive.files) == (["1.2.3"] if status == 0 else [])
        peer.send(store_request() + data_pdu(1, LAST, bytes(100)))
        assert peer.status() == 0


@pytest.mark.parametrize(
    ("error", "status", "comment"),
    [
        (
            StorageError("/srv/x is another", status=0xA900),
            0xA900,
            "The data set is not the instance that was announced",
        ),
        (StorageError("/srv/x is nothing", status=0xC000), 0xC000, "The data set cannot be understood"),
        (StorageError("/srv/x cannot be written"), 0xA700, "The instance cannot be kept"),
        (CatalogueError("sqlite is locked"), 0xA700, "The instance cannot be kept"),
        (KeyError("x"), 0xC000, "Internal error, see the log of the receiver"),
    ],
)
def test_a_store_that_fails_says_why_and_nothing_about_our_files(error: Exception, status: int, comment: str) -> None:
    class Refusing(MemoryArchive):
        @contextmanager
        def receive(self, *what: str) -> Iterator[BytesIO]:  # type: ignore[override]
            yield BytesIO()
            raise error

    archive = Refusing()
    with Server(archive, ingest=archive) as server, call(server) as peer:
        peer.associate((1, CT, [EXPLICIT]))
        peer.send(store_request() + data_pdu(1, LAST, bytes(100)))
        answer = peer.answer()
        assert answer[0x0900] == struct.pack("<H", status)
        assert answer[0x0902].decode().strip() == comment
        peer.send(store_request())
        peer.send(data_pdu(1, LAST, bytes(100)))
        assert peer.status() == status


def test_an_ingest_that_fails_in_the_middle_is_a_status() -> None:
    class Full(MemoryArchive):
        def receive(self, *what: str) -> object:  # type: ignore[override]
            context = super().receive(*what)
            stream = context.__enter__()

            class Stream:
                def write(self, data: memoryview) -> None:
                    if len(stream.getvalue()) > 50:  # type: ignore[attr-defined]
                        raise OSError("no space left on device")
                    stream.write(data)

            class Context:
                def __enter__(self) -> Stream:
                    return Stream()

                def __exit__(self, *error: object) -> object:
                    return context.__exit__(*error)  # type: ignore[arg-type]

            return Context()

    archive = Full()
    with Server(archive, ingest=archive) as server, call(server) as peer:
        peer.associate((1, CT, [EXPLICIT]))
        peer.send(store_request() + data_pdu(1, 0, bytes(100)) * 5 + data_pdu(1, LAST, bytes(100)))
        assert peer.status() == 0xA700
        assert (archive.files, archive.undone) == ({}, 1)


def test_a_data_set_that_breaks_off_is_undone() -> None:
    archive = MemoryArchive()
    with Server(archive, ingest=archive) as server:
        with call(server) as peer:
            peer.associate((1, CT, [EXPLICIT]))
            peer.send(store_request() + data_pdu(1, 0, bytes(100)))
        assert lives(server)
    assert (archive.files, archive.undone) == ({}, 1)


# stopping


def test_stopping_aborts_idle_associations_and_lets_busy_ones_end() -> None:
    working, go_on = threading.Event(), threading.Event()

    def slow(query: Query, cancel: Cancel) -> Iterator[Match]:
        working.set()
        assert go_on.wait(20)
        yield MemoryMatch(study(1))

    server = Server(ActingFinder(slow))
    with call(server) as idle, call(server) as busy:
        idle.associate()
        busy.associate()
        busy.send(find_request())
        assert working.wait(20)
        stopping = threading.Thread(target=server.stop, kwargs={"grace": 20})
        stopping.start()
        assert idle.receive() == (7, bytes(4))
        go_on.set()
        assert busy.status() == 0xFF00
        busy.receive()
        assert busy.status() == 0
        assert busy.receive() == (7, bytes(4))
        busy.socket.close()
        stopping.join()
    assert not [one.name for one in threading.enumerate() if one.name.startswith("findicon")]


def test_stopping_does_not_wait_for_ever() -> None:
    stop_waiting = threading.Event()

    def stuck(query: Query, cancel: Cancel) -> Iterator[Match]:
        stop_waiting.wait(20)
        return iter(())

    server = Server(ActingFinder(stuck), limits=Limits(release=0.1))
    with call(server) as peer:
        peer.associate()
        peer.send(find_request())
        server.stop(grace=0.1)
        stop_waiting.set()
        assert peer.is_closed()
