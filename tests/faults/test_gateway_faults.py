"""Upstream down, dying, slow, talking rubbish or refusing us: the asker is told, and all is well once it is back."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID

from findicon.catalogue import Catalogue
from findicon.dimse import Peer
from findicon.errors import PeerError
from findicon.gateway import Gateway, GatewaySettings, upstream_at
from findicon.query import Cancel, Level, Match, Query, never
from findicon.scp import Server
from findicon.scu import Client
from integration.test_gateway_answering import ScriptedArchive, images, pictures, studies, until
from peers.programs import free_port
from support.gateways import PATIENT, Standing, gateway_before
from support.web_archive import WebArchive, web_server

PLAIN = Query("STUDY", defaults=False, StudyInstanceUID="")
QUICK = {"timeout": 1.0}


class Upstream:
    """An archive on a port of its own, that can be stopped and started again."""

    def __init__(self, archive: ScriptedArchive) -> None:
        self.archive = archive
        self.port = free_port()
        self._server: Server | None = None
        self._ending: list[threading.Thread] = []

    @property
    def address(self) -> str:
        return f"SCRIPTED@127.0.0.1:{self.port}"

    def start(self, **settings: object) -> None:
        archive = settings.pop("finder", self.archive)
        self._server = Server(archive, ae_title="SCRIPTED", port=self.port, source=self.archive, **settings)

    def stop(self) -> None:
        for thread in self._ending:
            thread.join()
        if self._server is not None:
            self._server.stop(grace=0.0)
            self._server = None

    def die(self) -> None:
        """End every association at once, from within one of them."""
        server = self._server
        assert server is not None
        thread = threading.Thread(target=server.stop, kwargs={"grace": 0.0})
        self._ending.append(thread)
        thread.start()
        until(lambda: not server._main.is_alive())
        for service in list(server._threads.values()):
            if service is not None:
                service.interrupt(now=True)


@pytest.fixture
def upstream() -> Iterator[Upstream]:
    one = Upstream(ScriptedArchive(*images(6, 2)))
    yield one
    one.stop()


@contextmanager
def standing(upstream: Upstream, folder: Path, **settings: object) -> Iterator[Standing]:
    with ExitStack() as stack:
        one = stack.enter_context(
            gateway_before(upstream.address, folder / "c.sqlite", client=QUICK, settings={"budget": 5.0, **settings})
        )
        yield one


def failure(standing: Standing, query: Query) -> tuple[PeerError, int]:
    """Ask, and give the failure that comes, with the number of answers before it."""
    answers = 0
    with Client(standing.address) as client:
        matches = client.find(query)
        while True:
            try:
                next(matches)
            except PeerError as error:
                return error, answers
            answers += 1


def recovers(standing: Standing) -> None:
    until(lambda: standing.gateway.waiting == 0)
    assert len(standing.ask(PLAIN)) == 6
    until(lambda: pictures(standing.ask(studies())) == 6)


@pytest.mark.parametrize("query", [PLAIN, studies()], ids=["plain", "with pictures"])
def test_down_at_the_start(upstream: Upstream, tmp_path: Path, query: Query) -> None:
    with standing(upstream, tmp_path) as gateway:
        error, answers = failure(gateway, query)
        assert answers == 0
        assert error.status == 0xC001
        assert "cannot be reached" in error.comment
        upstream.start()
        recovers(gateway)


@pytest.mark.parametrize("query", [PLAIN, studies()], ids=["plain", "with pictures"])
def test_dying_in_the_middle_of_answers(upstream: Upstream, tmp_path: Path, query: Query) -> None:
    upstream.start()
    with standing(upstream, tmp_path) as gateway:
        recovers(gateway)
        upstream.archive.before = lambda index: upstream.die() if index == 3 else None
        error, answers = failure(gateway, query)
        assert error.status == 0xC001
        assert error.comment
        assert answers <= 3
        upstream.archive.before = lambda index: None
        upstream.stop()
        upstream.start()
        recovers(gateway)


def test_dying_in_the_middle_of_a_c_get(upstream: Upstream, tmp_path: Path) -> None:
    died = threading.Event()

    class Dying(ScriptedArchive):
        def open(self, sop_instance: str):  # type: ignore[no-untyped-def]
            if not died.is_set():
                died.set()
                upstream.die()
            return super().open(sop_instance)

    upstream.archive = Dying(*images(6, 2))
    upstream.start()
    with standing(upstream, tmp_path, retries=(0.2, 0.5, 1.0, 2.0)) as gateway:
        answers = gateway.ask(studies())
        assert len(answers) == 6, "no picture is no failure of the query"
        assert died.is_set()
        upstream.stop()
        upstream.start()
        recovers(gateway)


@pytest.mark.parametrize("query", [PLAIN, studies()], ids=["plain", "with pictures"])
def test_answering_too_slowly(upstream: Upstream, tmp_path: Path, query: Query) -> None:
    upstream.start()
    go_on = threading.Event()
    with standing(upstream, tmp_path) as gateway:
        recovers(gateway)
        upstream.archive.before = lambda index: (go_on.wait(30), None)[1] if index == 3 else None
        error, answers = failure(gateway, query)
        go_on.set()
        assert error.status == 0xC001
        assert "in time" in error.comment
        assert answers == 3
        upstream.archive.before = lambda index: None
        recovers(gateway)


class Rubbish(Match):
    def encoded(self, transfer_syntax: UID) -> bytes:
        return b"this is certainly no data set of anybody"


@pytest.mark.parametrize("query", [PLAIN, studies()], ids=["plain", "with pictures"])
def test_sending_answers_that_are_no_data_sets(upstream: Upstream, tmp_path: Path, query: Query) -> None:
    class Talking(ScriptedArchive):
        is_mad = False

        def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
            for index, match in enumerate(super().find(query, cancel)):
                yield Rubbish() if self.is_mad and index == 2 and query.level is Level.STUDY else match

    archive = Talking(*images(6, 2))
    upstream.archive = archive
    upstream.start()
    with standing(upstream, tmp_path) as gateway:
        recovers(gateway)
        archive.is_mad = True
        error, answers = failure(gateway, query)
        assert error.status == 0xC001
        assert "no data set" in error.comment
        assert answers <= 2
        archive.is_mad = False
        recovers(gateway)


def test_sending_what_is_no_dicom_at_all(tmp_path: Path) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as listener:

        def talk() -> None:
            for _ in range(20):
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                with connection:
                    connection.recv(1024)
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")

        talker = threading.Thread(target=talk, daemon=True)
        talker.start()
        address = f"WEB@127.0.0.1:{listener.getsockname()[1]}"
        with gateway_before(address, tmp_path / "c.sqlite", client=QUICK) as gateway:
            error, answers = failure(gateway, studies())
        assert answers == 0
        assert error.status == 0xC001
        assert "answered the association request with" in error.comment


@pytest.mark.parametrize(
    ("peers", "said"),
    [
        ([Peer.at("SOMEBODY@127.0.0.1:104", verbs=("find", "get"))], "calling AE title not recognized"),
        ([Peer.at("FINDICON@127.0.0.1:104", verbs=("echo",))], "does not offer C-FIND"),
    ],
    ids=["our AE title", "presentation contexts"],
)
def test_refusing_us(upstream: Upstream, tmp_path: Path, peers: list[Peer], said: str) -> None:
    upstream.start(peers=peers)
    with standing(upstream, tmp_path, forgotten_after=0.0) as gateway:
        for query in (PLAIN, studies()):
            error, answers = failure(gateway, query)
            assert answers == 0
            assert error.status == 0xC001
            assert error.comment
        assert said in whole_text(gateway)
        upstream.stop()
        upstream.start()
        recovers(gateway)


def whole_text(standing: Standing) -> str:
    """Give what the gateway itself says: on the wire it is cut to 64 characters."""
    with pytest.raises(PeerError) as caught:
        list(standing.gateway.find(PLAIN))
    return str(caught.value)


def test_a_c_get_that_is_refused_leaves_answers_without_pictures(upstream: Upstream, tmp_path: Path) -> None:
    upstream.start(peers=[Peer.at("FINDICON@127.0.0.1:104", verbs=("echo", "find"))])
    with standing(upstream, tmp_path) as gateway:
        answers = gateway.ask(studies())
    assert len(answers) == 6
    assert pictures(answers) == 0


def test_a_query_that_upstream_refuses_is_refused(upstream: Upstream, tmp_path: Path) -> None:
    upstream.start()
    with standing(upstream, tmp_path) as gateway:
        until(lambda: gateway.gateway.waiting == 0)
        identifier = Dataset()
        identifier.QueryRetrieveLevel = "SERIES"
        identifier.SeriesInstanceUID = ""
        with Client(gateway.address) as client, pytest.raises(PeerError) as caught:
            list(client.find(identifier))
        assert caught.value.status == 0xA900


def test_a_renderer_that_fails_hurts_nobody(upstream: Upstream, tmp_path: Path) -> None:
    def explode(path: str, size: int, frame: int | None) -> object:
        raise RuntimeError("a bug")

    upstream.start()
    with gateway_before(upstream.address, tmp_path / "c.sqlite", render=explode) as gateway:
        answers = gateway.ask(studies())
    assert len(answers) == 6
    assert pictures(answers) == 0


def test_a_catalogue_that_fails_costs_pictures_only(
    upstream: Upstream, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from findicon.catalogue import IconCache
    from findicon.errors import CatalogueError

    def fail(*_: object, **__: object) -> None:
        raise CatalogueError("The disk is full")

    upstream.start()
    with standing(upstream, tmp_path, budget=0.5) as gateway:
        until(lambda: gateway.gateway.waiting == 0)
        for name in ("get", "put"):
            monkeypatch.setattr(IconCache, name, fail)
        answers = gateway.ask(studies())
        assert len(answers) == 6
        assert pictures(answers) == 0
        monkeypatch.undo()
        recovers(gateway)


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"status": 503}, "503"),
        ({"status": 401}, "401"),
        ({"body": b"<html>"}, "cannot be decoded"),
        ({"body": b'[{"0020000D": 7}]'}, "cannot be decoded"),
    ],
    ids=["busy", "refusing us", "no JSON", "no data set"],
)
@pytest.mark.parametrize("query", [PLAIN, studies()], ids=["plain", "with pictures"])
def test_a_web_server_that_fails(tmp_path: Path, wrong: dict[str, object], said: str, query: Query) -> None:
    archive = WebArchive(images(3, 1), **wrong)  # type: ignore[arg-type]
    with (
        web_server(archive) as address,
        closing(upstream_at(address)) as upstream,
        Catalogue(str(tmp_path / "c.sqlite")) as catalogue,
        Gateway(upstream, catalogue, settings=GatewaySettings(**PATIENT)) as gateway,
        Server(gateway, source=gateway) as server,
        Client(str(server.address)) as client,
    ):
        found = []
        with pytest.raises(PeerError) as caught:
            found += client.find(query)
        assert found == []
        assert caught.value.status == 0xC001
        assert caught.value.comment
        with pytest.raises(PeerError, match=said):  # on the wire the comment is cut to 64 characters
            list(gateway.find(query))
        archive.status, archive.body = 200, None
        assert len(list(client.find(query))) == 3
    with pytest.raises(PeerError, match="cannot be reached"):
        list(upstream.find(query))
