"""The client against servers made of bytes, and against our own: what it raises, what it keeps, what it makes again."""

import threading
from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset

from findicon.dimse import Address, Limits, Peer, UserIdentity
from findicon.errors import PeerAborted, PeerError, PeerRejected, PeerTimeout, QueryError
from findicon.query import Cancel, Match, Options, Query, encode, never
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import ActingFinder, MemoryFinder, MemoryMatch, study
from integration.raw_peer import RELEASE_RQ, element, find_request, item, pdu
from integration.raw_server import EXPLICIT, Caller, RawServer, response
from support.samples import instance, write

ANSWER = encode(study(1, icon=False), EXPLICIT)  # type: ignore[arg-type]


def answers(count: int, status: int = 0, more: bytes = b"") -> bytes:
    return response(3, 1, 0xFF00, data=ANSWER) * count + response(3, 1, status, more=more)


# what goes wrong


def test_nobody_listens() -> None:
    with RawServer(lambda caller: None) as server:
        address = server.address
    with Client(address) as client, pytest.raises(PeerError, match="cannot be reached") as caught:
        client.echo()
    assert caught.value.peer == address


def test_a_host_that_is_none() -> None:
    with Client("A@no-such-host.invalid:104") as client, pytest.raises(PeerError, match="no-such-host"):
        client.echo()


@pytest.mark.parametrize(
    ("answer", "error", "says"),
    [
        (pdu(3, b"\0\1\1\7"), PeerRejected, "for good: called AE title not recognized"),
        (pdu(3, b"\0\2\3\2"), PeerRejected, "for now: local limit exceeded"),
        (pdu(7, bytes(4)), PeerAborted, "aborted the association request"),
        (pdu(6, bytes(4)), PeerAborted, "instead of an answer to the association request"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", PeerAborted, "request with HTTP, not DICOM"),
        (pdu(2, bytes(80)), PeerRejected, "none of our presentation contexts"),
        (pdu(2, bytes(68) + b"\x21\0\0\xff"), PeerAborted, "an item of 255 bytes"),
        (b"", PeerAborted, "ended the association request"),
    ],
)
def test_what_an_association_request_meets(answer: bytes, error: type[PeerError], says: str) -> None:
    def script(caller: Caller) -> None:
        caller.receive()
        caller.send(answer)

    with RawServer(script) as server, Client(server.address) as client:
        with pytest.raises(error, match=says) as caught:
            client.echo()
    assert caught.value.peer == server.address


def test_an_association_request_that_is_not_answered() -> None:
    with RawServer(Caller.is_closed) as server, Client(server.address, timeout=0.1) as client:
        with pytest.raises(PeerTimeout, match="did not answer the association request"):
            client.echo()


def test_a_peer_that_takes_no_data() -> None:
    def script(caller: Caller) -> None:
        caller.accept(largest=6)
        assert caller.receive()[0] == 7

    with RawServer(script) as server, Client(server.address) as client:
        with pytest.raises(PeerAborted, match="leaves no room for data"):
            client.echo()


def test_a_context_that_the_peer_does_not_accept() -> None:
    def script(caller: Caller) -> None:
        caller.accept(results={3: 3, 5: 3})
        assert caller.receive()[0] == 5
        caller.send(pdu(6, bytes(4)))

    with RawServer(script) as server, Client(server.address) as client:
        with pytest.raises(PeerRejected, match="does not offer C-FIND"):
            client.find(Query("STUDY"))


@pytest.mark.parametrize(
    ("sent", "error", "says"),
    [
        (b"", PeerAborted, "closed"),
        (pdu(7, b"\0\0\0\0"), PeerAborted, "aborted the association"),
        (RELEASE_RQ, PeerAborted, "released the association instead of answering"),
        (find_request(), PeerAborted, "a message 0020 instead of an answer"),
        (response(3, 1, 0xFF00), PeerAborted, "without its identifier"),
        (response(3, 9999, 0), PeerAborted, "instead of an answer"),
        (response(3, 1, 0xFF00, data=ANSWER)[:-5], PeerAborted, "closed"),
        (pdu(4, b"\xff" * 20), PeerAborted, "a presentation data value of"),
    ],
)
def test_what_an_answer_is_not(sent: bytes, error: type[PeerError], says: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("findicon.scu.asking._message_ids", iter(range(100)))

    def script(caller: Caller) -> None:
        caller.accept()
        caller.request()
        caller.send(answers(2)[: -len(response(3, 1, 0))] + sent)

    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.2)) as client:
        matches = client.find(Query("STUDY"))
        assert [next(matches).dataset.PatientID for _ in range(2)] == ["P1", "P1"]
        with pytest.raises(error, match=says):
            next(matches)
        with pytest.raises(StopIteration):
            next(matches)


@pytest.mark.parametrize("cancel", [never, lambda: False], ids=["never", "asked"])
def test_an_answer_that_does_not_come_in_time(cancel: Cancel) -> None:
    def script(caller: Caller) -> None:
        caller.accept()
        caller.request()
        assert caller.receive()[0] == 7

    with RawServer(script) as server, Client(server.address, timeout=0.1) as client:
        with pytest.raises(PeerTimeout):
            next(client.find(Query("STUDY"), cancel))


def test_a_failure_says_peer_status_and_comment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("findicon.scu.asking._message_ids", iter(range(100)))

    def script(caller: Caller) -> None:
        caller.accept()
        caller.request()
        caller.send(answers(1, 0xA700, more=element(0x0902, b"come back later ")))
        assert caller.receive()[0] == 5
        caller.send(pdu(6, bytes(4)))

    with RawServer(script) as server, Client(server.address) as client:
        matches = client.find(Query("STUDY"))
        next(matches)
        with pytest.raises(PeerError) as caught:
            next(matches)
    assert str(caught.value) == (
        f"{server.address}: C-FIND failed: Refused: Out of Resources, status A700, comment 'come back later'"
    )


def test_a_question_that_cannot_be_encoded() -> None:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.Rows = 1
    identifier["Rows"]._value = "not a number"
    with Server(MemoryFinder()) as server, Client(server.address) as client:
        with pytest.raises(QueryError, match="cannot be encoded"):
            client.find(identifier)
        client.echo()


# what is kept and made again


def test_one_association_serves_many_questions() -> None:
    finder = MemoryFinder([MemoryMatch(study(number)) for number in range(3)])
    with Server(finder) as server, Client(server.address) as client:
        client.echo()
        for _ in range(10):
            assert len(list(client.find(Query("STUDY")))) == 3
        assert server.associations == 1


def test_questions_inside_the_answers_of_another_one() -> None:
    finder = MemoryFinder([MemoryMatch(study(number)) for number in range(3)])
    with Server(finder) as server, Client(server.address) as client:
        found = [(one, two) for one in client.find(Query("STUDY")) for two in client.find(Query("STUDY"))]
        assert len(found) == 9
        assert server.associations == 2


def test_many_threads_may_ask_at_once() -> None:
    finder = MemoryFinder([MemoryMatch(study(number)) for number in range(20)])
    counts: list[int] = []
    with Server(finder) as server, Client(server.address) as client:

        def ask() -> None:
            counts.extend(len(list(client.find(Query("STUDY")))) for _ in range(20))

        threads = [threading.Thread(target=ask) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert counts == [20] * 160


@pytest.mark.parametrize("end", [pdu(7, bytes(4)), RELEASE_RQ, b""], ids=["abort", "release", "close"])
def test_an_idle_association_that_has_ended_is_made_again(end: bytes) -> None:
    def script(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        caller.send(response(context, message, 0, field=0x8030) + end)

    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.1, network=5.0)) as client:
        for _ in range(3):
            client.echo()
        assert server.calls == 3


@pytest.mark.parametrize("end", [pdu(7, bytes(4)), b""], ids=["abort", "close"])
def test_it_may_end_just_when_it_is_used_again(end: bytes) -> None:
    def first(caller: Caller) -> None:
        caller.accept()
        caller.answer_echo()
        caller.request()
        caller.send(end)

    def second(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        caller.send(response(context, message, 0xFF00, data=ANSWER) + response(context, message, 0))
        caller.is_closed()

    limits = Limits(release=0.1, network=0.5)
    with RawServer(first, second) as server, Client(server.address, limits=limits, timeout=5) as client:
        client.echo()
        assert len(list(client.find(Query("STUDY")))) == 1
        assert server.calls == 2


# leaving early


def test_leaving_early_cancels() -> None:
    statuses: list[str] = []

    def forever(query: Query, cancel: Cancel) -> Iterator[Match]:
        match = MemoryMatch(study(1))
        try:
            while True:
                yield match
        finally:
            statuses.append("cancelled")

    with Server(ActingFinder(forever)) as server, Client(server.address) as client:
        for _ in client.find(Query("STUDY")):
            break
        with client.find(Query("STUDY")) as matches:
            next(matches)
        matches = client.find(Query("STUDY"))
        next(matches)
        matches.close()
        assert list(matches) == []
        assert len(list(client.find(Query("STUDY", limit=5)))) == 5
        assert server.associations == 1
    assert statuses == ["cancelled"] * 4


def test_the_asker_cancels_while_nothing_comes() -> None:
    def nothing(query: Query, cancel: Cancel) -> Iterator[Match]:
        while not cancel():
            pass
        return iter(())

    with Server(ActingFinder(nothing)) as server, Client(server.address) as client:
        assert list(client.find(Query("STUDY"), lambda: True)) == []
        client.echo()
        assert server.associations == 1


def test_a_peer_that_does_not_stop_is_aborted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("findicon.scu.asking._message_ids", iter(range(100)))
    monkeypatch.setattr("findicon.scu.answers._DRAIN", 0.1)

    def script(caller: Caller) -> None:
        caller.accept()
        caller.request()
        caller.send(answers(1)[: -len(response(3, 1, 0))])
        caller.request()
        assert caller.field == 0x0FFF
        assert caller.receive()[0] == 7

    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.1)) as client:
        matches = client.find(Query("STUDY"))
        next(matches)
        matches.close()


def test_offset_and_limit() -> None:
    finder = MemoryFinder([MemoryMatch(study(number)) for number in range(10)])
    with Server(finder) as server, Client(server.address) as client:
        found = [str(one.dataset.PatientID) for one in client.find(Query("STUDY", offset=3, limit=4))]
        assert found == ["P3", "P4", "P5", "P6"]
        assert len(list(client.find(Query("STUDY", limit=10)))) == 10
        assert list(client.find(Query("STUDY", limit=0))) == []
        assert list(client.find(Query("STUDY", offset=10))) == []


# what is said


def test_the_request_names_a_character_set_and_the_answer_is_read_with_the_peers() -> None:
    plain = Dataset()
    plain.QueryRetrieveLevel = "STUDY"
    plain.add_new(0x00100010, "PN", "Müller".encode("latin-1"))
    finder = MemoryFinder([MemoryMatch(plain)])
    with Server(finder) as server:
        with Client(server.address) as client:
            list(client.find(Query("STUDY", PatientName="Ö*")))
        known = Peer("pacs", server.address, character_set="ISO_IR 100")
        with Client(known) as client:
            (match,) = client.find(Query("STUDY", PatientName="Ö*"))
            list(client.find(Query("STUDY", PatientName="Ł*")))
            list(client.find(Query("STUDY", character_sets=["ISO_IR 101"])))
    assert str(match.dataset.PatientName) == "Müller"
    assert "Müller".encode("latin-1") in match.encoded(EXPLICIT)  # type: ignore[arg-type]
    assert [one.character_sets for one in finder.asked] == [
        ("ISO_IR 192",),
        ("ISO_IR 100",),
        ("ISO_IR 192",),
        ("ISO_IR 101",),
    ]
    assert [one.keys[0x00100010].values for one in finder.asked[:3]] == [("Ö*",), ("Ö*",), ("Ł*",)]


def test_options_are_negotiated() -> None:
    finder = MemoryFinder()
    asked = Options(relational=True, timezone=True)
    with Server(finder, options=Options(relational=True)) as server, Client(server.address) as client:
        list(client.find(Query("IMAGE", options=asked)))
        list(client.find(Query("STUDY")))
    assert [one.options for one in finder.asked] == [Options(relational=True), Options()]


def test_a_user_identity_goes_out() -> None:
    bodies: list[bytes] = []

    def script(caller: Caller) -> None:
        bodies.append(caller.accept())
        caller.answer_echo()
        caller.is_closed()

    identity = UserIdentity(2, b"jane", b"secret")
    limits = Limits(network=0.5, release=0.1)
    with RawServer(script) as server, Client(server.address, identity=identity, limits=limits) as client:
        client.echo()
    assert item(0x58, b"\2\0\0\4jane\0\6secret") in bodies[0]


def test_an_echo_that_fails() -> None:
    def script(caller: Caller) -> None:
        caller.accept()
        caller.answer_echo(0x0122)
        caller.is_closed()

    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.1)) as client:
        with pytest.raises(PeerError, match="C-ECHO failed: Refused: SOP Class Not Supported, status 0122"):
            client.echo()


# store, get and move over a loopback


def test_store_get_and_move_between_two_of_us(tmp_path: object) -> None:
    held, kept = MemoryArchive(), MemoryArchive()
    with Server(MemoryFinder(), ingest=kept) as destination:
        peers = [
            Peer("we", Address("FINDICON", "127.0.0.1", 104), frozenset({"echo", "find", "store", "get", "move"})),
            Peer("there", Address("THERE", "127.0.0.1", destination.address.port)),
        ]
        with Server(held, ingest=held, source=held, peers=peers) as server, Client(server.address) as client:
            for number in range(5):
                client.store(write(instance(SOPInstanceUID=f"1.2.{number}", StudyInstanceUID="1.2"), tmp_path))  # type: ignore[arg-type]
            remaining: list[int] = []
            got = MemoryArchive()
            query = Query("STUDY", StudyInstanceUID="1.2")
            done = client.get(query, got, progress=lambda _, left: remaining.append(left))
            moved = client.move(query, "THERE")
            nothing = client.get(Query("STUDY", StudyInstanceUID="9.9"), got)
            stopped = client.get(query, got, lambda: True)
    assert sorted(got.files) == sorted(kept.files) == sorted(held.files) == [f"1.2.{number}" for number in range(5)]
    assert got.dataset("1.2.3").PixelData == instance().PixelData
    assert (done.completed, done.failed, done.cancelled) == (5, 0, False)
    assert (moved.completed, moved.failed) == (5, 0)
    assert remaining == [4, 3, 2, 1]
    assert (nothing.completed, nothing.failed) == (0, 0)
    assert stopped.cancelled
    assert stopped.completed < 5


def test_a_move_destination_that_is_down_is_a_failure() -> None:
    held = MemoryArchive(instance(SOPInstanceUID="1.2.1", StudyInstanceUID="1.2"))
    with RawServer(lambda caller: None) as gone:
        port = int(gone.address.rpartition(":")[2])
    peers = [
        Peer("we", Address("FINDICON", "127.0.0.1", 104), frozenset({"move"})),
        Peer("there", Address("THERE", "127.0.0.1", port)),
    ]
    with Server(held, source=held, peers=peers) as server, Client(server.address) as client:
        with pytest.raises(PeerError) as caught:
            client.move(Query("STUDY", StudyInstanceUID="1.2"), "THERE")
    assert caught.value.status == 0xA702
    assert "cannot be reached" in caught.value.comment
