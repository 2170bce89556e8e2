"""C-MOVE through the gateway: upstream sends to whom it knows, the gateway to whom upstream does not know."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

import pytest

from findicon.dimse import Peer
from findicon.errors import PeerError
from findicon.query import Model, Query, Retrieved
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_archive import MemoryArchive
from integration.test_gateway_answering import ScriptedArchive, images, until
from peers.programs import free_port
from support.gateways import Standing, gateway_before

STUDY = Query("STUDY", defaults=False, StudyInstanceUID="1.2.1")


@contextmanager
def standing(archive: ScriptedArchive, folder: Path, knows: tuple[str, ...]) -> Iterator[Standing]:
    """Put a gateway before an archive that knows these destinations."""
    peers = [Peer.at("FINDICON@127.0.0.1:104", verbs=("echo", "find", "get", "move"))]
    peers += [Peer.at(address, verbs=()) for address in knows]
    with Server(archive, ae_title="SCRIPTED", source=archive, peers=peers) as upstream:
        with gateway_before(str(upstream.address), folder / "c.sqlite") as one:
            until(lambda: one.gateway.waiting == 0)
            yield one


def test_upstream_sends_to_a_destination_that_it_knows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    archive, moved = ScriptedArchive(*images(3, 4)), MemoryArchive()
    told: list[tuple[int, int]] = []

    def tell(came: Retrieved, remaining: int) -> None:
        told.append((came.completed, remaining))

    with Server(moved, ae_title="STATION", ingest=moved) as station:
        with standing(archive, tmp_path, (str(station.address),)) as one:
            monkeypatch.setattr(one.gateway, "open", None)  # nothing comes through here
            with Client(one.address) as client:
                for model in Model:
                    keys = {"PatientID": "P1"} if model is Model.PATIENT_ROOT else {}
                    query = Query("STUDY", model=model, defaults=False, StudyInstanceUID="1.2.1", **keys)
                    assert client.move(query, "STATION", progress=tell).completed == 4
    assert sorted(moved.files) == [f"1.2.1.1.{number}" for number in range(1, 5)]
    assert told == [(1, 3), (2, 2), (3, 1)] * 2


def test_a_cancel_reaches_upstream(tmp_path: Path) -> None:
    archive, moved = ScriptedArchive(*images(2, 30)), MemoryArchive()
    begun = threading.Event()
    go_on = threading.Event()

    class Slow(MemoryArchive):
        @contextmanager
        def receive(self, *arguments: str) -> Iterator[BinaryIO]:
            with moved.receive(*arguments) as stream:
                yield stream
            begun.set()
            if len(moved.files) == 3:
                assert go_on.wait(30)

    slow = Slow()
    cancelled = threading.Event()

    with Server(slow, ae_title="STATION", ingest=slow) as station:
        with standing(archive, tmp_path, (str(station.address),)) as one:

            def move(query: Query, destination: str, cancel=lambda: False, **more: object):  # type: ignore[no-untyped-def]
                def looked() -> bool:
                    if cancel():
                        cancelled.set()
                    return cancelled.is_set()

                return type(one.gateway).move(one.gateway, query, destination, looked, **more)

            one.gateway.move = move  # type: ignore[method-assign]
            with Client(one.address) as client:
                results: list[Retrieved] = []
                thread = threading.Thread(target=lambda: results.append(client.move(STUDY, "STATION", begun.is_set)))
                thread.start()
                assert cancelled.wait(30)
                go_on.set()
                thread.join()
    assert results[0].cancelled
    assert len(moved.files) < 30


def test_what_upstream_says_of_a_failure_is_passed_on(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(3, 4))
    with standing(archive, tmp_path, (f"STATION@127.0.0.1:{free_port()}",)) as one:
        with Client(one.address) as client, pytest.raises(PeerError) as caught:
            client.move(STUDY, "STATION")
    assert caught.value.status == 0xA702
    assert "cannot be reached" in caught.value.comment


def test_the_gateway_sends_to_whom_upstream_does_not_know(tmp_path: Path) -> None:
    archive, moved = ScriptedArchive(*images(3, 4)), MemoryArchive()
    with Server(moved, ae_title="STATION", ingest=moved) as station, standing(archive, tmp_path, ()) as one:
        peers = [Peer.at(station.address, verbs=()), Peer.at("ASKER@127.0.0.1:104", verbs=("find", "move"))]
        gateway = one.gateway
        with Server(gateway, source=gateway, relay=gateway, peers=peers) as server:
            with Client(str(server.address), calling_ae_title="ASKER") as client:
                assert client.move(STUDY, "STATION").completed == 4
                with pytest.raises(PeerError) as caught:
                    client.move(STUDY, "NOBODY")
    assert len(moved.files) == 4
    assert caught.value.status == 0xA801


def test_upstream_that_dies_while_it_sends_is_a_failure(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(1))

    def fail(*_: object, **__: object) -> None:
        raise PeerError("SCRIPTED", "the connection was reset")

    with standing(archive, tmp_path, ()) as one:
        one.upstream.move = fail  # type: ignore[assignment]
        with Client(one.address) as client, pytest.raises(PeerError) as caught:
            client.move(STUDY, "STATION")
    assert caught.value.status == 0xC001
    assert "reset" in caught.value.comment
