"""What people send who mean harm: refused with a sentence, never a stack trace, and the server goes on."""

import socket
import struct

import httpx
import pytest

from findicon.web import WebServer, create_app
from unit.web.conftest import SERIES, STUDY
from unit.web.shelf import Shelf

ANY = {"Accept": "*/*"}
INSTANCE = f"/dicom-web/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.1"
HOST = b"Host: 127.0.0.1\r\n"


def raw(port: int, request: bytes) -> bytes:
    """Send bytes, and give all that comes back until the other side closes."""
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"GET / HTTP/1.1\r\n" + HOST + b"X: " + b"a" * 100_000 + b"\r\n\r\n",
        b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\n" + HOST + b"\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Host: evil.example\r\n\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nxx",
        b"GET / HTTP/1.1\r\n" + HOST + b"X : y\r\n\r\n",
        b"GET / HTTP/1.1\r\n" + HOST + b"X: a\r\n b\x00\r\n\r\n",
        b"GET  / HTTP/1.1\r\n" + HOST + b"\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
        b"\x00" * 1000,
    ],
    ids=[
        "head",
        "path",
        "two hosts",
        "no host",
        "negative",
        "two lengths",
        "space",
        "folded",
        "spaces",
        "TLS",
        "zeros",
    ],
)
def test_malformed_requests_are_refused_and_the_server_goes_on(shelf: Shelf, request_bytes: bytes) -> None:
    with WebServer(create_app(shelf, shelf, shelf)) as server:
        answer = raw(server.port, request_bytes)
        assert answer == b"" or answer.startswith(b"HTTP/1.1 4"), answer[:100]
        assert b"Traceback" not in answer
        assert httpx.get(f"{server.address}/healthz", trust_env=False).status_code == 200


def test_two_requests_hidden_in_one_are_not_two(shelf: Shelf) -> None:
    hidden = b"GET /metrics HTTP/1.1\r\n" + HOST + b"\r\n"
    head = b"POST /dicom-web/studies HTTP/1.1\r\n" + HOST + b"Accept: */*\r\nConnection: close\r\n"
    body = b"0\r\n\r\n" + hidden
    smuggled = head + b"Content-Length: %d\r\nTransfer-Encoding: chunked\r\n\r\n" % len(body) + body
    with WebServer(create_app(shelf, shelf, shelf, ingest=shelf)) as server:
        answer = raw(server.port, smuggled)
    assert b"findicon_http_requests" not in answer
    assert answer.count(b"HTTP/1.1 ") <= 1


@pytest.mark.parametrize(
    ("path", "named"),
    [
        (f"{INSTANCE}/rendered?viewport=0,0", "viewport"),
        (f"{INSTANCE}/rendered?viewport=1e9,5", "viewport"),
        (f"{INSTANCE}/rendered?viewport=99999,99999", "viewport"),
        (f"{INSTANCE}/rendered?viewport=5,5&viewport=6,6", "viewport"),
        (f"{INSTANCE}/rendered?window=nan,nan,linear", "window"),
        (f"{INSTANCE}/rendered?window=1,0,linear", "window"),
        (f"{INSTANCE}/rendered?quality=101", "quality"),
        (f"{INSTANCE}/rendered?annotation=everything", "annotation"),
        (f"{INSTANCE}/rendered?iccprofile=evil", "iccprofile"),
        (f"{INSTANCE}/thumbnail?viewport=5,5,5,5", "viewport"),
        (f"{INSTANCE}/frames/0", "frames"),
        (f"{INSTANCE}/frames/2,1", "frames"),
        (f"{INSTANCE}/frames/1,1", "frames"),
        (f"{INSTANCE}/frames/{'1' * 30}", "frames"),
        (f"{INSTANCE}/frames/1%2c2,%20", "frames"),
        (f"{INSTANCE}/bulkdata/7FE0001", "path of a value"),
        (f"{INSTANCE}/bulkdata/../../../etc/passwd", ""),
        (f"{INSTANCE}?accept=*/*", "accept"),
        ("/dicom-web/studies?PatientName=%ff%fe&limit=1e3", "limit"),
        ("/dicom-web/studies?offset=-1", "offset"),
        ("/dicom-web/studies?StudyDate=20241399", "StudyDate"),
        ("/dicom-web/studies?StudyDate=20240101-20230101-", "StudyDate"),
        ("/dicom-web/studies?00100010.00100020=x", "00100010.00100020"),
        ("/dicom-web/studies?IconImageSequence=x", "IconImageSequence"),
        ("/dicom-web/studies?emptyvaluematching=1", "emptyvaluematching"),
    ],
)
def test_wrong_parameters_are_400_and_named(client: httpx.Client, path: str, named: str) -> None:
    answer = client.send(client.build_request("GET", str(client.base_url).rstrip("/") + path, headers=ANY))
    assert answer.status_code in ({400} if named else {400, 404}), answer.text
    assert named in answer.json()["detail"]
    assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize("resource", ["", "/metadata", "/rendered", "/thumbnail", "/frames/1", "/bulkdata/7FE00010"])
def test_what_is_not_there_is_404(client: httpx.Client, resource: str) -> None:
    for uids in (("9.9", SERIES, f"{SERIES}.1"), (STUDY, "9.9", f"{SERIES}.1"), (STUDY, SERIES, "9.9")):
        path = "/dicom-web/studies/{}/series/{}/instances/{}".format(*uids)
        answer = client.get(path + resource, headers=ANY)
        assert answer.status_code == 404, (uids, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "accept", ["text/html", "image/tiff", "*/*;q=0", "application/dicom+json;q=0", ";;;", "a" * 5000, "image/*;q=nan"]
)
@pytest.mark.parametrize("resource", ["", "/metadata", "/thumbnail", "/frames/1"])
def test_what_cannot_be_given_is_406(client: httpx.Client, accept: str, resource: str) -> None:
    answer = client.get(INSTANCE + resource, headers={"Accept": accept})
    assert answer.status_code == 406, answer.text
    assert "there is" in answer.json()["detail"].lower()


def nested(depth: int) -> bytes:
    """File Meta Information of sequences in sequences, as deep as its limit lets it be."""
    head = struct.pack("<HH2sHL", 2, 0x0100, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    return bytes(128) + b"DICM" + head * depth


@pytest.mark.parametrize(
    "file",
    [
        nested(3000),
        bytes(128) + b"DICM" + b"\x02\x00\x10\x00UI\xff\xff" + b"1" * 100_000,
        bytes(128) + b"DICM" + struct.pack("<HH2sHL", 2, 1, b"OB", 0, 0xFFFFFFF0) + b"x" * 100,
        b"MZ" * 5000,
        b"",
    ],
    ids=["nested", "long", "longer than it is", "a program", "nothing"],
)
def test_what_is_no_file_is_refused_as_one(client: httpx.Client, shelf: Shelf, file: bytes) -> None:
    body = b"--x\r\nContent-Type: application/dicom\r\n\r\n" + file + b"\r\n--x--\r\n"
    kind = 'multipart/related; type="application/dicom"; boundary=x'
    headers = {"Accept": "application/dicom+json", "Content-Type": kind}
    answer = client.post("/dicom-web/studies", content=body, headers=headers)
    assert answer.status_code == 409
    assert answer.json()["0008119A"]["Value"][0]["00081197"]["Value"] == [0xC000]
    assert shelf.senders == []


@pytest.mark.parametrize("kind", ["application/dicom+json", "application/dicom+xml"])
@pytest.mark.parametrize("depth", [200, 20_000])
def test_metadata_that_is_nested_without_end_is_refused(client: httpx.Client, kind: str, depth: int) -> None:
    if kind.endswith("json"):
        text = '{"00081115":{"vr":"SQ","Value":[' * depth + "{}" + "]}}" * depth
    else:
        one = '<DicomAttribute tag="00081115" vr="SQ"><Item number="1">'
        text = f"<NativeDicomModel>{one * depth}{'</Item></DicomAttribute>' * depth}</NativeDicomModel>"
    body = f"--x\r\nContent-Type: {kind}\r\n\r\n{text}\r\n--x--\r\n".encode()
    headers = {"Accept": "application/dicom+json", "Content-Type": f'multipart/related; type="{kind}"; boundary=x'}
    answer = client.post("/dicom-web/studies", content=body, headers=headers)
    assert answer.status_code in {400, 409}
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "query",
    [
        "before=99999999~~1.2",
        "after=20241399~99~1.2",
        "after=~~1",
        "from=0000-00-00&to=9999-99-99",
        "q=%00%ff%fe",
        "q=" + "*" * 400,
        "q=%22" * 100,
        "q=birth:9999-99-99+date:x+since:+until:+id:",
        "modality=%5c%5c&description=*&station=?",
        "size=0&view=evil",
        "size=99999999999999999999",
        "q=StudyInstanceUID:x+00100010:y+PixelData:z+IconImageSequence:a",
    ],
)
def test_pages_take_whatever_an_address_says(client: httpx.Client, query: str) -> None:
    answer = client.get(f"/?{query}", headers={"Accept": "text/html"})
    assert answer.status_code in {200, 400}, answer.text
    assert "Traceback" not in answer.text


@pytest.mark.parametrize(
    "back",
    ["//evil.example", "/\\evil.example", "https://evil.example", "/%0d%0aX-Injected:%20yes", "javascript:1", ""],
)
def test_the_colours_lead_to_no_other_site(client: httpx.Client, back: str) -> None:
    answer = client.get(f"/theme?to=dark&back={back}", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["location"] == "/"
    assert "x-injected" not in answer.headers
