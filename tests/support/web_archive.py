"""A DICOMweb server in memory: as much of QIDO-RS and WADO-RS as a test switches on."""

import json
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from io import BytesIO
from urllib.parse import parse_qs, urlsplit

from PIL import Image
from pydicom.dataset import Dataset

from findicon.dimse import Tls
from findicon.icons import make_icon

_LEVELS = {"studies": "StudyInstanceUID", "series": "SeriesInstanceUID", "instances": "SOPInstanceUID"}
_PATH = re.compile(r"/(studies|series|instances)(?:/([0-9.]+))?")


@dataclass
class WebArchive:
    """Instances, and what the server can do with them.

    Attributes
    ----------
    offers
        Of thumbnail, rendered, frames, instance.
    page
        The most answers it gives at once.
    knows_offset
        Whether it skips answers when it is asked to.
    status
        What it answers to everything, when it is not 200.
    asked
        The paths that were asked, with their query strings.
    """

    datasets: list[Dataset]
    offers: frozenset[str] = frozenset({"thumbnail", "rendered", "frames", "instance"})
    page: int = 1000
    knows_offset: bool = True
    status: int = 200
    body: bytes | None = None
    asked: list[str] = field(default_factory=list)

    def asked_for(self, word: str) -> int:
        return sum(word in path for path in self.asked)


@contextmanager
def web_server(archive: WebArchive, tls: Tls | None = None) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1, by HTTPS with a Tls; give the address."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            archive.asked.append(self.path)
            kind, body = _answer(archive, self.path)
            status = archive.status if archive.status != 200 else (200 if body is not None else 404)
            body = body or b""
            self.send_response(status)
            self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Quiet(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, *_: object) -> None:
            """A handshake that fails is the test's business."""

    with Quiet(("127.0.0.1", 0), Handler) as server:
        if tls is not None:
            server.socket = tls.server_context().wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        try:
            yield f"{'https' if tls else 'http'}://127.0.0.1:{server.server_address[1]}/dicom-web"
        finally:
            server.shutdown()
            thread.join()


def _answer(archive: WebArchive, path: str) -> tuple[str, bytes | None]:
    if archive.body is not None:
        return "application/dicom+json", archive.body
    parts = urlsplit(path)
    uids = {_LEVELS[name]: uid for name, uid in _PATH.findall(parts.path) if uid}
    found = [one for one in archive.datasets if all(one[name].value == uid for name, uid in uids.items())]
    last = parts.path.rsplit("/", 1)[-1]
    if last in _LEVELS:
        return "application/dicom+json", _search(archive, found, last, parse_qs(parts.query, keep_blank_values=True))
    if not found:
        return "text/plain", None
    one = found[len(found) // 3]
    if last in {"thumbnail", "rendered"} and last in archive.offers:
        return "image/jpeg", jpeg(one)
    if last == "metadata" and "frames" in archive.offers:
        described = one.to_json_dict()
        described.pop("7FE00010", None)
        return "application/dicom+json", json.dumps([described]).encode()
    if "/frames/" in parts.path and "frames" in archive.offers:
        number, length = int(last), len(one.PixelData) // int(one.get("NumberOfFrames", 1))
        return _multipart("application/octet-stream", one.PixelData[(number - 1) * length : number * length])
    if (
        last not in {"thumbnail", "rendered", "metadata"}
        and "/frames/" not in parts.path
        and "instance" in archive.offers
    ):
        buffer = BytesIO()
        one.save_as(buffer, enforce_file_format=True)
        return _multipart("application/dicom", buffer.getvalue())
    return "text/plain", None


def _search(archive: WebArchive, found: list[Dataset], level: str, query: dict[str, list[str]]) -> bytes:
    limit, offset = int(query.pop("limit", ["1000"])[0]), int(query.pop("offset", ["0"])[0])
    wanted = [int(tag, 16) for value in query.pop("includefield", []) for tag in value.split(",")]
    for tag, values in query.items():
        if re.fullmatch("[0-9A-F]{8}", tag):
            allowed = values[0].split(",")
            found = [one for one in found if str(one.get(int(tag, 16)).value) in allowed]
    entities: dict[str, list[Dataset]] = {}
    for one in found:
        entities.setdefault(str(one[_LEVELS[level]].value), []).append(one)
    answers = []
    for uid, instances in entities.items():
        answer = Dataset()
        for tag in {*wanted, 0x0020000D, *([0x0020000E] if level != "studies" else [])}:
            if tag in instances[0]:
                answer.add(instances[0][tag])
        setattr(answer, _LEVELS[level], uid)
        if 0x00201208 in wanted:
            answer.NumberOfStudyRelatedInstances = len(instances)
        if 0x00201209 in wanted:
            answer.NumberOfSeriesRelatedInstances = len(instances)
        answers.append(answer.to_json_dict())
    start = offset if archive.knows_offset else 0
    return json.dumps(answers[start : start + min(limit, archive.page)]).encode()


def jpeg(dataset: Dataset, colour: bool = False) -> bytes:
    """Render an instance as a server would."""
    image: Image.Image = make_icon(dataset, 128).to_image()
    buffer = BytesIO()
    (image.convert("RGB") if colour else image).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def _multipart(kind: str, body: bytes) -> tuple[str, bytes]:
    whole = b"".join((b"--part\r\nContent-Type: ", kind.encode(), b"\r\n\r\n", body, b"\r\n--part--\r\n"))
    return f'multipart/related; type="{kind}"; boundary=part', whole
