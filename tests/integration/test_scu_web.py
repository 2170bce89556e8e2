"""A DICOMweb server asked from Python: who we are, whom we trust, what is never shown, where pictures come from."""

import base64
import json
import logging
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from pydicom.dataset import Dataset

import findicon
from findicon.dimse import Tls
from findicon.errors import PeerError, PeerRejected, QueryError
from findicon.scp import Server
from findicon.scu import Client, WebClient
from integration.certificates import CERTIFICATES, CLIENT, SERVER, STRANGER
from integration.memory_finder import MemoryFinder
from support.samples import instance
from support.web_archive import jpeg

TRUSTING = Tls(authorities=CERTIFICATES / "authority.pem")


@dataclass
class Service:
    """Three studies of one series each, whose answers do not repeat the UIDs of the path."""

    status: int = 200
    thumbnail: bytes | None = field(default_factory=lambda: jpeg(instance()))
    asked: list[str] = field(default_factory=list)
    authorizations: list[str | None] = field(default_factory=list)

    def answer(self, path: str) -> tuple[int, bytes]:
        if path.endswith("/thumbnail?viewport=128,128"):
            return (200, self.thumbnail) if self.thumbnail is not None else (404, b"")
        if "offset=0" not in path:
            return self.status, b"[]"
        if "/series" in path:
            return self.status, json.dumps([{"0020000E": {"vr": "UI", "Value": ["1.2.9"]}}]).encode()
        uids = [{"0020000D": {"vr": "UI", "Value": [f"1.2.{number}"]}} for number in range(3)]
        return self.status, json.dumps(uids).encode()


@contextmanager
def serving(service: Service, tls: Tls | None = None) -> Iterator[str]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            service.asked.append(self.path)
            service.authorizations.append(self.headers["Authorization"])
            status, body = service.answer(self.path)
            self.send_response(status)
            self.send_header("Content-Type", "application/dicom+json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    class Quiet(ThreadingHTTPServer):
        def handle_error(self, *_: object) -> None:
            """A handshake that fails is the test's business."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.server_context().wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/dicom-web"
        server.shutdown()
        thread.join()


def test_a_web_address_makes_a_web_client() -> None:
    service = Service()
    with serving(service) as address, findicon.Client(address, timeout=5.0, calling_ae_title="ME") as client:
        assert isinstance(client, WebClient)
        matches = client.find(findicon.Query("STUDY", icon=True))
        assert [str(one.dataset.StudyInstanceUID) for one in matches] == ["1.2.0", "1.2.1", "1.2.2"]
        assert matches._repr_html_().count("data:image/png;base64,") == 3
    assert {one.icon.columns for one in matches if one.icon} == {16}
    assert sum("thumbnail" in path for path in service.asked) == 3


def test_pictures_are_there_when_the_client_is_closed() -> None:
    with serving(Service()) as address:
        with findicon.Client(address) as client:
            found = list(client.find(findicon.Query("STUDY", icon=True)))
        assert all(one.icon is not None for one in found)


def test_nobody_fetches_what_was_not_asked_for() -> None:
    service = Service()
    with serving(service) as address, findicon.Client(address) as client:
        assert [one.icon for one in client.find(findicon.Query("STUDY"))] == [None] * 3
    assert not any("thumbnail" in path for path in service.asked)


@pytest.mark.parametrize(("thumbnail", "problem"), [(None, ""), (b"no picture", "neither a JPEG nor a PNG")])
def test_a_thumbnail_that_is_none_fails_no_answer(thumbnail: bytes | None, problem: str) -> None:
    with serving(Service(thumbnail=thumbnail)) as address, findicon.Client(address) as client:
        first, *_ = client.find(findicon.Query("STUDY", icon=True))
        assert first.icon is None
        assert problem in first.icon_problem
        assert bool(first.icon_problem) == bool(problem)


def test_a_loop_that_is_left_fetches_no_more() -> None:
    with serving(Service()) as address, findicon.Client(address) as client:
        with client.find(findicon.Query("STUDY", icon=True)) as matches:
            next(matches)
        assert list(matches) == []


def test_the_uids_of_the_path_stand_in_the_answers() -> None:
    with serving(Service()) as address, findicon.Client(address) as client:
        (series,) = next(client.find(findicon.Query("STUDY"))).series(icon=False)
    assert str(series.dataset.StudyInstanceUID) == "1.2.0"
    assert str(series.dataset.SeriesInstanceUID) == "1.2.9"


def test_a_data_set_may_ask_too() -> None:
    request = Dataset()
    request.QueryRetrieveLevel = "SERIES"
    request.StudyInstanceUID = "1.2.0"
    request.SeriesInstanceUID = ""
    service = Service()
    with serving(service) as address, findicon.Client(address) as client:
        assert len(list(client.find(request))) == 1
        with pytest.raises(QueryError, match="Query/Retrieve Level is missing"):
            client.find(Dataset())
    assert service.asked[0].startswith("/dicom-web/studies/1.2.0/series?")


def secret(address: str) -> str:
    return address.replace("://", "://j%40ne:s%C3%A9cr%3At@")


def test_name_and_password_of_the_address_go_out_and_are_shown_nowhere(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    service = Service()
    with serving(service) as address, findicon.Client(secret(address)) as client:
        assert len(list(client.find(findicon.Query("STUDY")))) == 3
        assert client.address == address
        shown = [repr(client), str(vars(client)), caplog.text, *service.asked]
    assert service.authorizations[0] == f"Basic {base64.b64encode('j@ne:sécr:t'.encode()).decode()}"
    assert not any(word in text for text in shown for word in ("cr:t", "cr%3At", "j%40ne"))


@pytest.mark.parametrize("status", [401, 404, 500])
def test_a_failure_tells_the_address_without_the_password(status: int) -> None:
    with serving(Service(status=status)) as address, findicon.Client(secret(address)) as client:
        with pytest.raises(PeerError, match=f"answered {status}") as caught:
            list(client.find(findicon.Query("STUDY")))
    assert caught.value.peer == address
    assert "cr" not in str(caught.value).replace("Error", "")


@pytest.mark.parametrize(
    "address",
    [
        "http://",
        "http://me:geheim@",
        "https://me:geheim@host:port/x",
        "http://me:geheim@host/x?key=geheim",
        "ftp://me:geheim@h",
    ],
)
def test_an_address_that_is_none_is_not_repeated_with_its_password(address: str) -> None:
    with pytest.raises(QueryError, match="is no DICOMweb address: write http") as caught:
        WebClient(address)
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("value", ["geheim\r\nX: y", "gehéim"])
def test_a_header_that_is_none(value: str) -> None:
    with pytest.raises(QueryError, match="'Authorization' has characters") as caught:
        WebClient("http://h/x", headers={"Authorization": value})
    assert "geh" not in str(caught.value)


def test_both_sides_show_their_certificates() -> None:
    with serving(Service(), SERVER) as address, findicon.Client(address, tls=CLIENT) as client:
        assert len(list(client.find(findicon.Query("STUDY")))) == 3


def test_the_environment_does_not_change_whom_we_trust(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(CERTIFICATES / "authority.pem"))
    stranger = Tls(CLIENT.certificate, CLIENT.key, authorities=CERTIFICATES / "stranger.pem")
    with serving(Service(), SERVER) as address, findicon.Client(address, tls=stranger) as client:
        with pytest.raises(PeerError, match=r"TLS handshake failed: .*certificate verify failed"):
            list(client.find(findicon.Query("STUDY")))


@pytest.mark.parametrize("tls", [None, TRUSTING, STRANGER])
def test_who_is_not_trusted_gets_nothing(tls: Tls | None) -> None:
    service = Service()
    with serving(service, SERVER) as address, findicon.Client(address, tls=tls) as client:
        with pytest.raises(PeerError):
            list(client.find(findicon.Query("STUDY")))
    assert service.asked == []


def test_files_that_are_no_certificates() -> None:
    with pytest.raises(QueryError, match="TLS cannot use"):
        findicon.Client("https://h/x", tls=Tls(authorities=CERTIFICATES / "client.key"))


def test_a_port_where_dicom_is_spoken() -> None:
    with Server(MemoryFinder()) as server:
        with findicon.Client(f"http://127.0.0.1:{server.address.port}/dicom-web") as client:
            with pytest.raises(PeerError, match=r"cannot be reached: \S+") as caught:
                list(client.find(findicon.Query("STUDY")))
    assert not str(caught.value).endswith(": ")


def test_a_dicom_address_where_the_web_is_spoken() -> None:
    with serving(Service()) as address:
        port = address.rpartition(":")[2].partition("/")[0]
        with Client(f"PACS@127.0.0.1:{port}") as client, pytest.raises(PeerError) as caught:
            client.echo()
    assert not isinstance(caught.value, PeerRejected)


def test_a_port_where_nothing_is_said() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        with findicon.Client(f"http://127.0.0.1:{port}", timeout=0.2) as client:
            with pytest.raises(PeerError, match=r"did not answer in 0.2 s"):
                list(client.find(findicon.Query("STUDY")))
