"""Peers that fail a client at each stage of each verb: what is raised, and that it names peer, status and comment."""

import socket
import struct
from collections.abc import Callable, Iterator
from io import BytesIO
from typing import Any

import pytest

from findicon.dimse import Limits
from findicon.errors import PeerAborted, PeerError, PeerRejected, PeerTimeout, StorageError
from findicon.query import Query, encode
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryFinder, study
from integration.raw_items import role
from integration.raw_peer import CT, EXPLICIT, LAST, RELEASE_RP, command, data_pdu, element, pdu
from integration.raw_server import Caller, RawServer, response
from support.samples import instance

STUDY = Query("STUDY", StudyInstanceUID="1.2")
ANSWER = encode(study(1, icon=False), EXPLICIT)  # type: ignore[arg-type]


def file_of(**attributes: Any) -> BytesIO:
    stream = BytesIO()
    instance(**attributes).save_as(stream, enforce_file_format=True)
    stream.seek(0)
    return stream


VERBS: dict[str, tuple[Callable[[Client], object], int]] = {
    "C-ECHO": (lambda client: client.echo(), 0x8030),
    "C-FIND": (lambda client: list(client.find(STUDY)), 0x8020),
    "C-STORE": (lambda client: client.store(file_of()), 0x8001),
    "C-GET": (lambda client: client.get(STUDY, MemoryArchive()), 0x8010),
    "C-MOVE": (lambda client: client.move(STUDY, "THERE"), 0x8021),
}


@pytest.mark.parametrize("verb", VERBS)
def test_a_failure_names_peer_status_and_comment(verb: str) -> None:
    run, field = VERBS[verb]

    def script(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        more = element(0x0902, b"the disk is full")
        caller.send(response(context, message, 0xC123, field=field, more=more))
        assert caller.receive()[0] == 5
        caller.send(RELEASE_RP)

    with RawServer(script) as server, Client(server.address) as client:
        with pytest.raises(PeerError) as caught:
            run(client)
    assert (caught.value.peer, caught.value.status, caught.value.comment) == (
        server.address,
        0xC123,
        "the disk is full",
    )
    assert str(caught.value).startswith(f"{server.address}: {verb} failed: ")
    assert str(caught.value).endswith(", status C123, comment 'the disk is full'")


STAGES: dict[str, tuple[Callable[[Caller], object], type[PeerError], str]] = {
    "it answers nothing": (lambda caller: None, PeerTimeout, "nothing came in time"),
    "it aborts": (lambda caller: caller.send(pdu(7, bytes((0, 0, 2, 6)))), PeerAborted, "as provider: invalid PDU"),
    "it closes": (lambda caller: caller.socket.shutdown(2), PeerAborted, "closed|reset"),
    "it releases": (lambda caller: caller.send(pdu(5, bytes(4))), PeerAborted, "released the association"),
    "half a command": (lambda caller: caller.send(pdu(4, bytes(50))[:30]), PeerTimeout, "nothing came in time"),
    "an answer to another": (
        lambda caller: caller.send(response(1, 0x7777, 0, field=0x8030)),
        PeerAborted,
        "instead of an answer to a ",
    ),
    "nonsense": (lambda caller: caller.send(b"\x99" * 10), PeerAborted, "unknown type 99"),
}


@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_ends_with_an_error_that_names_the_peer(verb: str, stage: str) -> None:
    say, error, says = STAGES[stage]

    def script(caller: Caller) -> None:
        caller.accept()
        caller.request()
        say(caller)
        caller.is_closed() if stage != "it closes" else None

    limits = Limits(network=0.2, release=0.05)
    with RawServer(script) as server, Client(server.address, timeout=0.2, limits=limits) as client:
        with pytest.raises(error, match=says) as caught:
            VERBS[verb][0](client)
        assert server.calls == 1  # an association that was new is not made again
    assert caught.value.peer == server.address


def test_a_peer_that_takes_nothing_meets_a_timeout() -> None:
    def script(caller: Caller) -> None:
        caller.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        caller.accept()
        assert caller.receive()[0] == 4
        stop.recv(1)

    waker, stop = socket.socketpair()
    with waker, stop, RawServer(script) as server:
        limits = Limits(network=0.2, release=0.05)
        with Client(server.address, limits=limits) as client, pytest.raises(PeerTimeout) as caught:
            client.store(file_of(NumberOfFrames=40_000, PixelData=bytes(40_000 * 512)))
        waker.send(b"\0")
    assert caught.value.peer == server.address


def test_a_connection_that_is_not_taken_meets_a_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    def never(*_: object, **__: object) -> socket.socket:
        raise TimeoutError("timed out")

    monkeypatch.setattr("socket.create_connection", never)
    with Client("PACS@192.0.2.1:104", timeout=7) as client:
        with pytest.raises(PeerTimeout, match="did not take the connection in 7 s") as caught:
            client.echo()
    assert caught.value.peer == "PACS@192.0.2.1:104"


def test_half_an_accept_meets_a_timeout() -> None:
    def script(caller: Caller) -> None:
        caller.receive()
        caller.send(pdu(2, bytes(80))[:40])
        caller.is_closed()

    with RawServer(script) as server, Client(server.address, timeout=0.1) as client:
        with pytest.raises(PeerTimeout, match="did not answer the association request"):
            client.echo()


def test_half_a_data_set_meets_a_timeout() -> None:
    def script(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        caller.send(response(context, message, 0xFF00, data=ANSWER)[:-20])
        caller.is_closed()

    with RawServer(script) as server:
        with Client(server.address, limits=Limits(network=0.1, release=0.05), timeout=5) as client:
            with pytest.raises(PeerTimeout):
                list(client.find(STUDY))


def test_an_answer_above_the_limit_is_not_taken() -> None:
    def script(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        told = command(0x8020, message, data=True, more=element(0x0900, b"\0\xff"))
        caller.send(data_pdu(context, 3, told) + data_pdu(context, 0, bytes(10_000)) * 200)
        caller.is_closed()

    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.05)) as client:
        with pytest.raises(PeerAborted, match="a data set of more than 1048576 bytes"):
            list(client.find(STUDY))


def test_leaving_a_peer_that_sends_without_end() -> None:
    """The rest of its answers is passed over, but a data set among them that has no end is not waited for."""

    def script(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        caller.send(response(context, message, 0xFF00, data=ANSWER))
        told = command(0x8020, message, data=True, more=element(0x0900, b"\0\xff"))
        caller.send(data_pdu(context, 3, told))
        try:
            while True:
                caller.send(data_pdu(context, 0, bytes(10_000)))
        except OSError:
            return

    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.05)) as client:
        matches = client.find(STUDY)
        next(matches)
        matches.close()


# what had begun is not begun again


@pytest.mark.parametrize(("heard", "calls"), [(False, 2), (True, 1)])
@pytest.mark.parametrize("verb", ["C-GET", "C-MOVE"])
def test_a_retrieval_is_asked_again_only_when_nothing_came_of_it(verb: str, heard: bool, calls: int) -> None:
    run, field = VERBS[verb]

    def first(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        caller.send(response(context, message, 0, field=field))
        context, message = caller.request()
        if heard:
            caller.send(response(context, message, 0xFF00, field=field))
        caller.send(pdu(7, bytes(4)))

    def second(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        caller.send(response(context, message, 0, field=field))
        caller.is_closed()

    with RawServer(first, second) as server, Client(server.address, limits=Limits(release=0.05)) as client:
        run(client)
        if heard:
            with pytest.raises(PeerAborted):
                run(client)
        else:
            run(client)
        assert server.calls == calls


# what a C-GET brings


def get_script(*said: Callable[[Caller, int], bytes]) -> Callable[[Caller], None]:
    def script(caller: Caller) -> None:
        body = caller.accept(user_items=role(CT, 0, 1))
        context, message = caller.request()
        storage = context_of(body, CT)
        for part in said:
            caller.send(part(caller, storage))
            answers.append(caller.answer())
        caller.send(response(context, message, 0, field=0x8010))
        caller.is_closed()

    answers: list[dict[int, bytes]] = []
    script.answers = answers  # type: ignore[attr-defined]
    return script


def context_of(body: bytes, abstract_syntax: str) -> int:
    """Give the ID of the first presentation context that was proposed for it."""
    return body[body.index(b"\x30\0" + struct.pack(">H", len(abstract_syntax)) + abstract_syntax.encode()) - 4]


def stored(uid: bytes, sop_class: str = CT) -> Callable[[Caller, int], bytes]:
    def say(_: Caller, storage: int) -> bytes:
        told = command(1, 9, data=True, sop_class=sop_class, more=element(0x1000, uid))
        return data_pdu(storage, 3, told) + data_pdu(storage, LAST, b"\x08\0\x18\0UI\4\0" + uid[:4])

    return say


def test_an_instance_that_cannot_be_kept_is_a_status_and_the_others_come() -> None:
    class Full(MemoryArchive):
        def receive(self, sop_class: str, sop_instance: str, transfer_syntax: str, sender: str) -> Any:
            if sop_instance == "1.2":
                raise StorageError("no space left on device")
            return super().receive(sop_class, sop_instance, transfer_syntax, sender)

    script = get_script(stored(b"1.2\0"), stored(b"1.3\0"), stored(b"../x"), stored(b"1.4\0", "1.2.3"))
    kept = Full()
    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.05)) as client:
        client.get(STUDY, kept)
    assert [struct.unpack("<H", one[0x0900])[0] for one in script.answers] == [0xA700, 0, 0x0117, 0xA900]  # type: ignore[attr-defined]
    assert list(kept.files) == ["1.3"]
    assert kept.senders == [server.address]


def test_a_peer_that_forgets_to_confirm_our_role_may_bring_instances_all_the_same() -> None:
    kept = MemoryArchive()

    def script(caller: Caller) -> None:
        body = caller.accept()  # no role is granted
        context, message = caller.request()
        caller.send(stored(b"1.2\0")(caller, context_of(body, CT)))
        assert struct.unpack("<H", caller.answer()[0x0900])[0] == 0
        caller.send(response(context, message, 0, field=0x8010))
        caller.is_closed()

    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.05)) as client:
        client.get(STUDY, kept)
    assert list(kept.files) == ["1.2"]


# what is said


def test_a_peer_without_the_service_says_so() -> None:
    with Server(MemoryFinder()) as server, Client(server.address) as client:
        for run in (VERBS["C-STORE"][0], VERBS["C-GET"][0], VERBS["C-MOVE"][0]):
            with pytest.raises(PeerRejected) as caught:
                run(client)
            assert caught.value.peer == str(server.address)
        client.echo()


def names(matches: Iterator[Any]) -> list[str]:
    return [str(match.dataset.PatientName) for match in matches]


@pytest.mark.parametrize(
    ("charset", "data"),
    [
        ("ISO_IR 100", "Müller".encode("latin-1")),
        ("ISO_IR 144", "Иван".encode("iso8859_5")),
        ("GB18030", "王^小东".encode("gb18030")),
        ("ISO 2022 IR 6\\ISO 2022 IR 87", b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B"),
    ],
)
def test_a_fallback_character_set_reads_answers_that_name_none(charset: str, data: bytes) -> None:
    answer = b"\x10\0\x10\0PN" + struct.pack("<H", len(data) + len(data) % 2) + data + b" " * (len(data) % 2)
    named = b"\x08\0\5\0CS\x0a\0ISO_IR 192" + b"\x10\0\x10\0PN\x08\0" + "Łódź ".encode()

    def script(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        for one in (answer, named):
            caller.send(response(context, message, 0xFF00, data=one))
        caller.send(response(context, message, 0))
        caller.is_closed()
        assert b"\x08\0\5\0CS" in caller.identifier

    with RawServer(script) as server:
        with Client(server.address, character_set=charset, limits=Limits(release=0.05)) as client:
            first, second = names(client.find(STUDY))
    assert first.split("=")[-1] in {"Müller", "Иван", "王^小东", "山田^太郎"}
    assert second == "Łódź"


def test_answers_are_decoded_when_they_are_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    decoded: list[int] = []

    def counting(data: bytes, transfer_syntax: Any) -> Any:
        decoded.append(len(data))
        return study(1, icon=False)

    def script(caller: Caller) -> None:
        caller.accept()
        context, message = caller.request()
        caller.send(
            response(context, message, 0xFF00, data=b"garbage that is no data set") * 3 + response(context, message, 0)
        )
        caller.is_closed()

    with RawServer(script) as server, Client(server.address, limits=Limits(release=0.05)) as client:
        matches = list(client.find(STUDY))
        assert len(matches) == 3
        with pytest.raises(PeerError, match="sent an answer that cannot be decoded"):
            assert matches[1].dataset
        monkeypatch.setattr("findicon.scu.answers.decode", counting)
        assert matches[0].dataset.PatientID == "P1"
        assert len(decoded) == 1
