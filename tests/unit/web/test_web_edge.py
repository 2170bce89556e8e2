"""What every request passes and every answer carries: hosts, origins, prefix, headers, HEAD, compression, figures."""

import gzip
import logging

import httpx
import pytest

from findicon.errors import QueryError
from findicon.web import WebServer, WebSettings, create_app
from unit.web.conftest import SERIES, STUDY, served
from unit.web.shelf import Shelf

JSON = {"Accept": "application/dicom+json"}
STUDIES = "/dicom-web/studies"


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1", 200),
        ("localhost:9999", 200),
        ("[::1]:1", 200),
        ("evil.example", 421),
        ("127.0.0.1.evil.example", 421),
        ("", 400),
        ("a b", 400),
        ("127.0.0.1@evil.example", 400),
        ("127.0.0.1/../x", 400),
    ],
)
def test_only_our_own_names_are_answered_to(client: httpx.Client, host: str, status: int) -> None:
    assert client.get(STUDIES, headers=JSON | {"Host": host}).status_code == status


def test_addresses_are_made_of_names_that_are_allowed_only(shelf: Shelf) -> None:
    settings = WebSettings(public_url="https://pacs.example/findicon")
    with served(shelf, settings) as client:
        response = client.get(STUDIES, headers=JSON | {"Host": "pacs.example", "X-Forwarded-Host": "evil.example"})
        for path in ("/findicon/dicom-web/studies", STUDIES):
            (address, *_) = client.get(path, headers=JSON).json()[0]["00081190"]["Value"]
            assert address == f"https://pacs.example/findicon/dicom-web/studies/{STUDY}"
    assert "evil" not in response.text


def test_any_name_can_be_allowed(shelf: Shelf) -> None:
    with served(shelf, WebSettings(allowed_hosts=("*",))) as client:
        assert client.get(STUDIES, headers=JSON | {"Host": "any.example"}).status_code == 200


@pytest.mark.parametrize(("origin", "status"), [("https://evil.example", 403), ("null", 403), (None, 415)])
def test_other_sites_may_not_send(client: httpx.Client, origin: str | None, status: int) -> None:
    headers = JSON | ({"Origin": origin} if origin else {})
    assert client.post(STUDIES, content=b"x", headers=headers).status_code == status
    own = str(client.base_url).rstrip("/")
    assert client.post(STUDIES, content=b"x", headers=JSON | {"Origin": own}).status_code == 415


def test_sites_that_are_allowed_may_read(shelf: Shelf) -> None:
    origin = {"Origin": "https://ohif.example"}
    with served(shelf, WebSettings(allowed_origins=("https://ohif.example",))) as client:
        response = client.get(STUDIES, headers=JSON | origin)
        preflight = client.options(STUDIES, headers=origin | {"Access-Control-Request-Method": "GET"})
        other = client.get(STUDIES, headers=JSON | {"Origin": "https://evil.example"})
        thumbnail = client.get(f"{STUDIES}/{STUDY}/thumbnail", headers=origin)
    assert response.headers["access-control-allow-origin"] == "https://ohif.example"
    assert preflight.status_code == 200
    assert "access-control-allow-origin" not in other.headers
    assert thumbnail.headers["cross-origin-resource-policy"] == "cross-origin"


def test_head_is_get_without_a_body(client: httpx.Client) -> None:
    for path in (STUDIES, f"{STUDIES}/{STUDY}/thumbnail", "/healthz"):
        got, head = client.get(path, headers={"Accept": "*/*"}), client.head(path, headers={"Accept": "*/*"})
        assert (head.status_code, head.content) == (200, b"")
        assert head.headers.get("content-length") == got.headers.get("content-length")


@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "TRACE"])
def test_other_methods_are_405(client: httpx.Client, method: str) -> None:
    response = client.request(method, STUDIES, headers=JSON)
    assert response.status_code == 405
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    [
        "/nothing",
        "/dicom-web",
        f"{STUDIES}/../../etc/passwd",
        f"{STUDIES}/..%2f..%2fetc%2fpasswd",
        f"{STUDIES}/{STUDY}/series/{SERIES}/instances/%00",
        f"{STUDIES}/{STUDY}%0d%0aX-Injected:%20yes/thumbnail",
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "//evil.example/dicom-web/studies",
    ],
)
def test_paths_that_lead_elsewhere_lead_nowhere(client: httpx.Client, path: str) -> None:
    response = client.send(client.build_request("GET", str(client.base_url).rstrip("/") + path, headers=JSON))
    assert response.status_code in {400, 404}
    assert "x-injected" not in response.headers
    assert "root:" not in response.text


def test_headers_cannot_be_injected_by_values(client: httpx.Client) -> None:
    response = client.get(f"{STUDIES}?fuzzymatching=true%0d%0aX-Injected:%20yes", headers=JSON)
    assert response.status_code == 400
    assert "x-injected" not in response.headers


def test_json_is_compressed_for_those_who_take_it(client: httpx.Client) -> None:
    request = client.build_request("GET", STUDIES, headers=JSON | {"Accept-Encoding": "gzip"})
    response = client.send(request, stream=True)
    data = b"".join(response.iter_raw())
    assert response.headers["content-encoding"] == "gzip"
    assert "Accept-Encoding" in response.headers["vary"]
    plain = client.get(STUDIES, headers=JSON | {"Accept-Encoding": "identity"})
    assert "content-encoding" not in plain.headers
    assert gzip.decompress(data) == plain.content
    refused = client.get(STUDIES, headers=JSON | {"Accept-Encoding": "gzip;q=0"})
    assert "content-encoding" not in refused.headers


def test_what_is_compressed_already_is_left_alone(client: httpx.Client) -> None:
    for path, accept in (("/thumbnail", "image/jpeg"), ("", 'multipart/related; type="application/dicom"')):
        response = client.get(f"{STUDIES}/{STUDY}{path}", headers={"Accept": accept, "Accept-Encoding": "gzip"})
        assert "content-encoding" not in response.headers


def test_streams_are_compressed_too(shelf: Shelf) -> None:
    from support.samples import instance

    shelf.add(*[instance(PatientID=f"Q{number}") for number in range(220)])
    with served(shelf) as client:
        compressed = client.get(STUDIES, headers=JSON | {"Accept-Encoding": "gzip"})
        plain = client.get(STUDIES, headers=JSON | {"Accept-Encoding": "identity"})
    assert compressed.headers["content-encoding"] == "gzip"
    assert compressed.json() == plain.json()


def test_figures_count_routes_and_name_nobody(client: httpx.Client) -> None:
    client.get(f"{STUDIES}?PatientName=DOE*", headers=JSON)
    client.get(f"{STUDIES}/{STUDY}/thumbnail")
    text = client.get("/metrics").text
    assert 'findicon_http_requests_total{method="GET",route="/dicom-web/studies",status="200"} 1.0' in text
    assert 'route="/dicom-web/studies/{study}/thumbnail"' in text
    assert 'findicon_archive{level="study"} 2.0' in text
    assert 'findicon_http_pictures_total{kind="preview"} 1.0' in text
    assert "DOE" not in text
    assert STUDY not in text


def test_health(client: httpx.Client, shelf: Shelf) -> None:
    assert client.get("/healthz").json() == {"status": "ok"}


def test_an_archive_that_cannot_be_read_is_not_healthy(shelf: Shelf) -> None:
    from findicon.errors import CatalogueError

    class Broken(Shelf):
        def counts(self) -> dict[object, int]:  # type: ignore[override]
            raise CatalogueError("gone")

    with served(shelf, overview=Broken(shelf.folder)) as client:
        assert client.get("/healthz").status_code == 503
        assert client.get("/metrics").status_code == 200


def test_the_log_names_no_patient_and_the_audit_trail_does(
    client: httpx.Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "findicon")
    caplog.set_level(logging.DEBUG, "uvicorn")
    audit = logging.getLogger("findicon.audit")
    audit.addHandler(caplog.handler)
    try:
        client.get(f"{STUDIES}?PatientName=SECRETNAME", headers=JSON)
    finally:
        audit.removeHandler(caplog.handler)
    ordinary = [record for record in caplog.records if record.name != "findicon.audit"]
    assert ordinary
    assert not any("SECRETNAME" in str(vars(record)) for record in ordinary)
    (entry,) = [record for record in caplog.records if record.name == "findicon.audit"]
    assert vars(entry)["keys"] == {"PatientName": "SECRETNAME"}
    assert vars(entry)["host"] == "127.0.0.1"


def test_a_port_that_is_taken_is_an_error(shelf: Shelf) -> None:
    app = create_app(shelf, shelf, shelf)
    with WebServer(app) as server:
        with pytest.raises(QueryError, match=f"port {server.port}"):
            WebServer(app, port=server.port).start()


def test_the_server_stops_and_leaves_no_thread(shelf: Shelf) -> None:
    import threading

    before = set(threading.enumerate())
    with WebServer(create_app(shelf, shelf, shelf)) as server:
        assert httpx.get(f"{server.address}/healthz", trust_env=False).status_code == 200
    left = {thread for thread in set(threading.enumerate()) - before if thread.name == "web"}
    assert not left
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"{server.address}/healthz", trust_env=False)


def test_capabilities_are_described(client: httpx.Client) -> None:
    wadl = client.options("/dicom-web/", headers={"Accept": "application/vnd.sun.wadl+xml"})
    assert wadl.status_code == 200
    assert f'<resources base="{client.base_url}/dicom-web">' in wadl.text
    assert '<resource path="thumbnail"><method name="GET"' in wadl.text
    description = client.options("/dicom-web/", headers={"Accept": "application/json"}).json()
    assert description == client.get("/openapi.json").json()
    assert not any(
        "422" in operation["responses"] for item in description["paths"].values() for operation in item.values()
    )
