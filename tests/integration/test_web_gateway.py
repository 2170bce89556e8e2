"""The pages over a gateway: another archive answers, which neither sorts nor counts."""

import re
from collections.abc import Iterator
from contextlib import ExitStack

import httpx
import pytest

from findicon.archive import FileSource, index
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.scp import Server
from findicon.web import WebServer, create_app
from support.gateways import gateway_before
from support.samples import write_series

DAYS = ("20240301", "20220101", "20230615")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("gateway")
    (folder / "files").mkdir()
    for number, day in enumerate(DAYS):
        names = {"PatientName": f"DOE^J{number}", "PatientID": f"P{number}"}
        write_series(folder / "files", 3, StudyDate=day, StudyDescription="Chest", **names)
    with ExitStack() as stack:
        catalogue = stack.enter_context(Catalogue(str(folder / "archive.sqlite")))
        index([folder / "files"], catalogue, workers=1)
        finder = CatalogueFinder(catalogue, retrieve_ae_title="ARCHIVE")
        archive = stack.enter_context(Server(finder, source=FileSource(catalogue)))
        gateway = stack.enter_context(gateway_before(str(archive.address), folder / "gateway.sqlite")).gateway
        app = create_app(gateway, gateway, gateway, ingest=gateway)
        server = stack.enter_context(WebServer(app))
        yield stack.enter_context(httpx.Client(base_url=server.address, trust_env=False, timeout=60))


def links(html: str, pattern: str) -> list[str]:
    return re.findall(rf'href="({pattern})"', html)


def test_without_a_question_it_asks_for_one(client: httpx.Client) -> None:
    first = client.get("/")
    assert first.status_code == 200
    assert "Look for a study" in first.text
    assert 'class="filters"' not in first.text, "another archive counts nothing"


def test_what_is_found_is_sorted_here(client: httpx.Client) -> None:
    found = client.get("/?q=doe")
    assert found.status_code == 200
    assert re.findall(r"Doe, J\d|DOE, J\d", found.text) == ["DOE, J0", "DOE, J2", "DOE, J1"]
    narrower = client.get("/?q=doe+2023")
    assert "DOE, J2" in narrower.text
    assert "DOE, J0" not in narrower.text


@pytest.mark.parametrize("view", ["grid", "table"])
def test_pages_are_turned(client: httpx.Client, view: str) -> None:
    first = client.get(f"/?q=doe&size=2&view={view}").text
    (older,) = links(first, r"[^\"]*after=[^\"]*")
    second = client.get(older.replace("&amp;", "&")).text
    assert "DOE, J1" in second
    assert "DOE, J0" not in second


def test_down_to_the_frames(client: httpx.Client) -> None:
    study = links(client.get("/?q=doe+2024").text, r"/studies/[\d.]+")[0]
    page = client.get(study).text
    assert "3 images" in page
    image = links(page, rf"{study}/series/[\d.]+/instances/[\d.]+")[0]
    assert client.get(image).status_code == 200
    for picture in (f"{study}/picture", f"{image}/picture", f"{image}/frames/1/picture"):
        answer = client.get(picture)
        assert (answer.status_code, answer.headers["content-type"]) == (200, "image/jpeg"), picture
        assert answer.content.startswith(b"\xff\xd8")
    assert client.get(f"{study}/download").content.startswith(b"PK")


def test_dicomweb_is_there_too(client: httpx.Client) -> None:
    json = {"Accept": "application/dicom+json"}
    studies = client.get("/dicom-web/studies?PatientName=DOE*&limit=2&offset=1", headers=json).json()
    assert len(studies) == 2
    uid = studies[0]["0020000D"]["Value"][0]
    assert len(client.get(f"/dicom-web/studies/{uid}/instances", headers=json).json()) == 3
    thumbnail = client.get(f"/dicom-web/studies/{uid}/thumbnail?viewport=64,64")
    assert (thumbnail.status_code, thumbnail.headers["content-type"]) == (200, "image/jpeg")
    assert client.get("/dicom-web/studies/1.2.3/thumbnail").status_code == 404
