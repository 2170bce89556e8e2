"""HTTPS: with a certificate of our own, and with certificates that whoever asks has to show."""

import ssl
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from dicomweb_client.api import DICOMwebClient
from requests import Session

from findicon.web import WebServer, WebSettings, create_app, hashed
from integration.certificates import CLIENT, SERVER, STRANGER
from support.samples import instance
from unit.web.shelf import Shelf

JSON = {"Accept": "application/dicom+json"}


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    shelf = Shelf(tmp_path / "shelf")
    shelf.add(instance(StudyInstanceUID="1.2.3"))
    return shelf


@pytest.fixture
def closed(shelf: Shelf) -> Iterator[str]:
    """A server that asks for certificates; give its address."""
    app = create_app(shelf, shelf, shelf)
    with WebServer(app, certificate=SERVER.certificate, key=SERVER.key, authorities=SERVER.authorities) as server:
        yield server.address


def client(context: ssl.SSLContext) -> httpx.Client:
    return httpx.Client(verify=context, trust_env=False, timeout=60)


def test_who_shows_a_certificate_comes_in(closed: str) -> None:
    assert closed.startswith("https://")
    with client(CLIENT.client_context()) as asking:
        answer = asking.get(f"{closed}/dicom-web/studies", headers=JSON)
        assert [one["0020000D"]["Value"] for one in answer.json()] == [["1.2.3"]]
        assert answer.json()[0]["00081190"]["Value"] == [f"{closed}/dicom-web/studies/1.2.3"]
        assert asking.get(f"{closed}/", headers={"Accept": "text/html"}).status_code == 200


def test_a_stranger_and_who_shows_none_do_not(closed: str) -> None:
    none = ssl.create_default_context(cafile=str(CLIENT.authorities))
    none.check_hostname = False
    for context in (STRANGER.client_context(), none):
        with client(context) as asking, pytest.raises(httpx.TransportError):
            asking.get(f"{closed}/healthz")
    with client(CLIENT.client_context()) as asking:
        assert asking.get(f"{closed}/healthz").status_code == 200


def test_who_talks_plainly_is_not_answered(closed: str) -> None:
    with pytest.raises(httpx.TransportError):
        httpx.get(closed.replace("https", "http") + "/healthz", trust_env=False)


def test_dicomweb_client_with_a_certificate(closed: str) -> None:
    session = Session()
    session.trust_env = False
    session.cert = (str(CLIENT.certificate), str(CLIENT.key))
    session.verify = str(CLIENT.authorities)
    found = DICOMwebClient(f"{closed}/dicom-web", session=session).search_for_studies()
    session.close()
    assert [one["0020000D"]["Value"] for one in found] == [["1.2.3"]]


def test_names_and_passwords_over_tls(shelf: Shelf) -> None:
    app = create_app(shelf, shelf, shelf, settings=WebSettings(users={"anna": hashed("secret")}))
    context = ssl.create_default_context(cafile=str(CLIENT.authorities))
    with WebServer(app, certificate=SERVER.certificate, key=SERVER.key) as server, client(context) as asking:
        address = f"{server.address}/dicom-web/studies"
        assert asking.get(address, headers=JSON).status_code == 401
        assert asking.get(address, headers=JSON, auth=("anna", "wrong")).status_code == 401
        assert asking.get(address, headers=JSON, auth=("anna", "secret")).status_code == 200
