"""Who sends or reads slowly: nobody else waits for it, and nothing stays open for it."""

import io
import socket
import threading
from pathlib import Path
from typing import BinaryIO

import httpx

from findicon.web import WebServer, WebSettings, create_app
from support.samples import instance
from unit.web.shelf import Shelf

JSON = {"Accept": "application/dicom+json"}
STORE = (
    "POST /dicom-web/studies HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/dicom+json\r\n"
    'Content-Type: multipart/related; type="application/dicom"; boundary=x\r\nContent-Length: 1000000\r\n\r\n--x\r\n'
)
MANY_MORE_THAN_THREADS = 60


class Large(Shelf):
    """A shelf of instances that are too large for what lies between two sockets."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self.was_closed = threading.Event()

    def open(self, sop_instance: str) -> BinaryIO:
        shelf = self

        class Watched(io.BytesIO):
            def close(self) -> None:
                super().close()
                shelf.was_closed.set()

        with super().open(sop_instance) as stream:
            return Watched(stream.read() + bytes(1 << 26))


def test_senders_that_send_nothing_keep_nobody_from_asking(shelf: Shelf) -> None:
    with WebServer(create_app(shelf, shelf, shelf, ingest=shelf)) as server:
        senders = [socket.create_connection(("127.0.0.1", server.port)) for _ in range(MANY_MORE_THAN_THREADS)]
        for sender in senders:
            sender.sendall(STORE.encode())
        with httpx.Client(base_url=server.address, trust_env=False, timeout=60) as client:
            assert len(client.get("/dicom-web/studies", headers=JSON).json()) == 2
        for sender in senders:
            sender.close()


def test_a_sender_that_stops_is_told_so_and_leaves_nothing(shelf: Shelf) -> None:
    settings = WebSettings(patience=0.1)
    with WebServer(create_app(shelf, shelf, shelf, ingest=shelf, settings=settings)) as server:
        with socket.create_connection(("127.0.0.1", server.port), timeout=60) as sender:
            sender.sendall(STORE.encode())
            answer = b"".join(iter(lambda: sender.recv(4096), b""))
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b"Nothing of the payload came for 0.1 s" in answer
    assert shelf.undone == 0
    assert shelf.senders == []


def test_a_reader_that_takes_nothing_is_given_up(tmp_path: Path) -> None:
    shelf = Large(tmp_path / "large")
    shelf.add(instance(StudyInstanceUID="1.2", SeriesInstanceUID="1.3", SOPInstanceUID="1.4"))
    app = create_app(shelf, shelf, shelf, settings=WebSettings(patience=0.1))
    with WebServer(app) as server, socket.create_connection(("127.0.0.1", server.port)) as reader:
        path = "/dicom-web/studies/1.2/series/1.3/instances/1.4"
        head = f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/dicom; transfer-syntax=*\r\n\r\n"
        reader.sendall(head.encode())
        assert shelf.was_closed.wait(60)


def test_answers_are_all_taken_before_the_first_is_sent(shelf: Shelf) -> None:
    """Whoever reads them slowly keeps no database from tidying up."""
    shelf.add(*[instance(PatientID=f"Q{number}") for number in range(240)])
    with WebServer(create_app(shelf, shelf, shelf)) as server:
        with httpx.stream("GET", f"{server.address}/dicom-web/studies", headers=JSON, trust_env=False) as response:
            assert response.status_code == 200
            assert shelf.closed == len(shelf.asked), "the finder was let go when the head came"


def test_a_limit_of_the_archive_that_cuts_many_answers_is_said(shelf: Shelf) -> None:
    shelf.add(*[instance(PatientID=f"Q{number}") for number in range(240)])
    shelf.limit = 230
    with WebServer(create_app(shelf, shelf, shelf)) as server:
        response = httpx.get(f"{server.address}/dicom-web/studies", headers=JSON, trust_env=False)
    assert len(response.json()) == 230
    assert "additional results" in response.headers["warning"]
