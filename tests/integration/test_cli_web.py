"""``findicon find https://...``: a DICOMweb server of a few lines, its answers and its thumbnails."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from pathlib import Path
from typing import ClassVar
from urllib.parse import parse_qs, urlsplit

import pytest
from PIL import Image

from findicon.cli import run
from support.samples import instance

MULTIPART = b"--x\r\nContent-Type: application/dicom\r\n\r\n%s\r\n--x--\r\n"


def element(vr: str, *values: object) -> dict[str, object]:
    return {"vr": vr, "Value": list(values)}


class Web(BaseHTTPRequestHandler):
    """Two studies of one series of one image each; which ways to a picture it has, the test says."""

    asked: ClassVar[list[str]] = []
    has_thumbnails: ClassVar[bool] = True
    has_rendered: ClassVar[bool] = True

    def do_GET(self) -> None:
        url = urlsplit(self.path)
        type(self).asked.append(url.path)
        parts = url.path.removeprefix("/dicom-web/").split("/")
        has_picture = {"thumbnail": self.has_thumbnails, "rendered": self.has_rendered}.get(parts[-1])
        if has_picture:
            self._answer("image/jpeg", picture())
        elif has_picture is False or not url.path.startswith("/dicom-web/"):
            self.send_error(404)
        elif len(parts) % 2:
            offset = int(parse_qs(url.query).get("offset", ["0"])[0])
            self._answer("application/dicom+json", json.dumps(answers(parts)[offset:]).encode())
        elif len(parts) == 6:
            self._answer('multipart/related; type="application/dicom"; boundary=x', MULTIPART % file())
        else:
            self.send_error(404)

    def _answer(self, kind: str, body: bytes) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


def answers(parts: list[str]) -> list[dict[str, object]]:
    if parts[0] == "studies" and len(parts) == 1:
        return [
            {
                "0020000D": element("UI", f"1.2.{number}"),
                "00100010": element("PN", {"Alphabetic": f"Müller^{number}"}),
                "00080061": element("CS", "CT"),
            }
            for number in (1, 2)
        ]
    found = {"0020000E": element("UI", f"{parts[1]}.1"), "00080060": element("CS", "CT")}
    if parts[-1] == "instances":
        found |= {"00080018": element("UI", f"{parts[1]}.1.1"), "00080016": element("UI", "1.2.840.10008.5.1.4.1.1.2")}
    return [found]


def picture() -> bytes:
    buffer = BytesIO()
    Image.new("RGB", (128, 64), (200, 30, 30)).save(buffer, "JPEG")
    return buffer.getvalue()


def file() -> bytes:
    buffer = BytesIO()
    instance().save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


@pytest.fixture
def address(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    for name in ("has_thumbnails", "has_rendered"):
        monkeypatch.setattr(Web, name, True)
    monkeypatch.setattr(Web, "asked", [])
    server = ThreadingHTTPServer(("127.0.0.1", 0), Web)
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/dicom-web"
    server.shutdown()
    thread.join()
    server.server_close()


def sizes() -> dict[str, tuple[int, int]]:
    found = {}
    for path in Path("icons").glob("*.png"):
        with Image.open(path) as one:
            found[path.stem] = one.size
    return found


def test_answers_as_of_any_peer(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", address, "--format", "jsonl"]) == 0
    came = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [one["00100010"]["Value"][0]["Alphabetic"] for one in came] == ["Müller^1", "Müller^2"]
    assert not any("thumbnail" in path for path in Web.asked)


def test_pictures_are_its_thumbnails(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", address, "--save-icons", "icons", "--format", "jsonl"]) == 0
    came = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(one["00880200"]["Value"][0]["00280011"]["Value"] == [64] for one in came), "as icons"
    assert sizes() == {"1.2.1": (64, 32), "1.2.2": (64, 32)}


def test_a_name_leads_down_and_uids_are_known(address: str) -> None:
    assert run(["find", address, "--level", "image", "--save-icons", "icons", "--format", "csv"]) == 0
    assert set(sizes()) == {"1.2.1.1.1", "1.2.2.1.1"}
    assert "/dicom-web/studies/1.2.1/series/1.2.1.1/instances/1.2.1.1.1/thumbnail" in Web.asked


@pytest.mark.parametrize(("has_rendered", "size"), [(True, (64, 32)), (False, (16, 16))])
def test_without_thumbnails_one_image_stands_for_it(
    address: str, has_rendered: bool, size: tuple[int, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Web, "has_thumbnails", False)
    monkeypatch.setattr(Web, "has_rendered", has_rendered)
    assert run(["find", address, "--save-icons", "icons", "--format", "csv"]) == 0
    assert sizes() == {}, "nothing is retrieved without being told"
    assert run(["find", address, "--fallback", "--save-icons", "icons", "--format", "csv"]) == 0
    assert sizes() == {"1.2.1": size, "1.2.2": size}


def test_a_tree(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", address, "--tree"]) == 0
    out = capsys.readouterr().out
    assert out.count("Image") >= 2
    assert "Müller, 1" in out


def test_patients_are_none_of_its_levels(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", address, "--level", "patient"]) == 2
    assert capsys.readouterr().err == "findicon: DICOMweb has no PATIENT level\n"


def test_a_service_that_is_not_there(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", address.removesuffix("/dicom-web") + "/elsewhere/at/all"]) == 1
    assert "answered 404" in capsys.readouterr().err
