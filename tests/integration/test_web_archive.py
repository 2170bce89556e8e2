"""The web over a real catalogue: paging and searching in SQL, storing, many at once, clients that go away."""

import re
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from io import BytesIO
from pathlib import Path

import httpx
import pytest
from PIL import Image

from findicon.archive import FileSource
from findicon.catalogue import Catalogue, CatalogueFinder, InstanceRecord
from findicon.icons import Facts
from findicon.query import tag_of
from findicon.web import WebServer, WebSettings, create_app
from integration.web_archive import Served, web_archive
from support import archive
from support.samples import instance, write

HTML, JSON = {"Accept": "text/html"}, {"Accept": "application/dicom+json"}
NAMES = ("DOE^JANE", "DOE^JOHN", "MÜLLER^JÖRG", "山田^太郎", "ROE^RICHARD")
TEXTS = ("CT head", "Chest routine", "ABDOMEN")


def record(number: int) -> InstanceRecord:
    """Make a study of one image; every seventh has no date, and many share a moment."""
    values = {
        "StudyInstanceUID": f"1.2.{number}",
        "SeriesInstanceUID": f"1.2.{number}.1",
        "SOPInstanceUID": f"1.2.{number}.1.1",
        "StudyDate": "" if number % 7 == 0 else f"202401{number % 28 + 1:02d}",
        "StudyTime": ("", "10", "1000", "100000")[number % 4],
        "PatientName": NAMES[number % 5],
        "PatientID": f"P{number % 40}",
        "StudyDescription": TEXTS[number % 3],
        "Modality": ("CT", "MR")[number % 2],
        "StationName": f"S{number % 3}",
    }
    facts = Facts(f"1.2.{number}.1.1", study=f"1.2.{number}", series=f"1.2.{number}.1")
    attributes = {tag_of(name): value for name, value in values.items()}
    return InstanceRecord(attributes, facts, f"/nowhere/{number}", 1, 1.0, "1.2.840.10008.1.2.1")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("web catalogue")
    with ExitStack() as stack:
        catalogue = stack.enter_context(Catalogue(str(folder / "catalogue.sqlite")))
        catalogue.add(record(number) for number in range(1, 1201))
        finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")
        app = create_app(finder, catalogue, FileSource(catalogue), overview=catalogue)
        server = stack.enter_context(WebServer(app))
        yield stack.enter_context(httpx.Client(base_url=server.address, trust_env=False, timeout=60))


def walked(client: httpx.Client, query: str, turn: str = "next") -> list[str]:
    """Turn pages over until there is no further one; give the UIDs in their order."""
    found, path = [], f"/?{query}"
    while path:
        text = client.get(path, headers=HTML).text
        found += re.findall(r'data-study="([0-9.]+)"', text)
        link = re.search(rf'rel="{turn}" href="([^"]+)"', text)
        path = link[1].replace("&amp;", "&") if link else ""
    return found


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("size=97", lambda number: True),
        ("size=200&modality=CT", lambda number: number % 2 == 0),
        ("q=doe", lambda number: number % 5 in {0, 1}),
        ("q=doe+jane+mr", lambda number: number % 10 == 5),
        ("q=muller", lambda number: number % 5 == 2),
        ("q=山田", lambda number: number % 5 == 3),
        ("q=chest", lambda number: number % 3 == 1),
        ("q=abdomen+roe", lambda number: number % 15 == 14),
        ("q=p7", lambda number: number % 40 == 7),
        ("station=S1&q=ct", lambda number: number % 3 == 1 and number % 2 == 0),
        ("q=2024-01-05", lambda number: number % 28 == 4 and number % 7),
        ("from=2024-01-05&to=2024-01-06&size=7", lambda number: number % 28 in {4, 5} and number % 7),
        ("q=nobody", lambda number: False),
    ],
)
def test_every_study_that_matches_is_shown_once(client: httpx.Client, query: str, wanted: object) -> None:
    uids = walked(client, query)
    expected = {f"1.2.{number}" for number in range(1, 1201) if wanted(number)}  # type: ignore[operator]
    assert len(uids) == len(set(uids))
    assert set(uids) == expected


def test_pages_go_back_as_they_came(client: httpx.Client) -> None:
    text = client.get("/?size=100", headers=HTML).text
    first = re.findall(r'data-study="([0-9.]+)"', text)
    for _ in range(5):
        link = re.search(r'rel="next" href="([^"]+)"', text)
        assert link is not None
        text = client.get(link[1].replace("&amp;", "&"), headers=HTML).text
    for _ in range(5):
        link = re.search(r'rel="prev" href="([^"]+)"', text)
        assert link is not None
        text = client.get(link[1].replace("&amp;", "&"), headers=HTML).text
    assert re.findall(r'data-study="([0-9.]+)"', text) == first


def test_counts_of_everything_and_of_a_search(client: httpx.Client) -> None:
    everything = client.get("/", headers=HTML).text
    assert "<h1>1,200 studies</h1>" in everything
    some = client.get("/?q=roe", headers=HTML).text
    assert "<h1>240 studies</h1>" in some
    many = client.get("/?modality=CT&modality=MR", headers=HTML).text
    assert "<h1>1,000+ studies</h1>" in many


def test_a_thousand_answers(client: httpx.Client) -> None:
    response = client.get("/dicom-web/studies?limit=1000", headers=JSON)
    assert len(response.json()) == 1000
    assert "200 additional results" in response.headers["warning"]
    assert len(client.get("/dicom-web/studies", headers=JSON).json()) == 1200


def test_stations_are_counted_by_studies(client: httpx.Client) -> None:
    text = client.get("/?q=doe", headers=HTML).text
    assert re.search(r"S0</span> <span class=\"count\">160", text)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("web archive")
    with web_archive(archive.fill(folder / "files"), folder, WebSettings(page_size=30)) as served:
        yield served


@pytest.fixture
def real(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.address, trust_env=False, timeout=120) as client:
        yield client


def test_every_picture_of_a_real_archive_is_one(real: httpx.Client) -> None:
    text = real.get("/", headers=HTML).text
    pictures = set(re.findall(r'src="(/studies/[^"]+/picture)"', text))
    assert len(pictures) >= 15
    for address in pictures:
        response = real.get(address)
        assert response.headers["content-type"] == "image/jpeg"
        assert max(Image.open(BytesIO(response.content)).size) <= 256


def test_what_is_stored_appears_with_its_picture(real: httpx.Client, tmp_path: Path) -> None:
    path = write(instance(StudyInstanceUID="1.2.826.0.1.55", PatientName="STORED^NOW"), tmp_path)
    body = b"--x\r\nContent-Type: application/dicom\r\n\r\n" + path.read_bytes() + b"\r\n--x--\r\n"
    headers = JSON | {"Content-Type": 'multipart/related; type="application/dicom"; boundary=x'}
    assert real.post("/dicom-web/studies", content=body, headers=headers).status_code == 200
    assert "STORED, NOW" in real.get("/?q=stored", headers=HTML).text
    assert real.get("/dicom-web/studies/1.2.826.0.1.55/thumbnail").status_code == 200


def test_many_at_once(served: Served, real: httpx.Client) -> None:
    studies = [one["0020000D"]["Value"][0] for one in real.get("/dicom-web/studies", headers=JSON).json()]

    def ask(number: int) -> int:
        with httpx.Client(base_url=served.address, trust_env=False, timeout=120) as client:
            paths = (f"/dicom-web/studies/{studies[number % len(studies)]}/metadata", "/", "/dicom-web/instances")
            return max(client.get(path, headers={"Accept": "*/*"}).status_code for path in paths)

    with ThreadPoolExecutor(24) as pool:
        assert set(pool.map(ask, range(96))) == {200}


def test_clients_that_go_away_leave_nothing_open(served: Served, real: httpx.Client) -> None:
    series = next(one for one in real.get("/dicom-web/series", headers=JSON).json() if one["00201209"]["Value"][0] == 9)
    study, uid = series["0020000D"]["Value"][0], series["0020000E"]["Value"][0]
    path = f"/dicom-web/studies/{study}/series/{uid}"
    related = {"Accept": 'multipart/related; type="application/dicom"; transfer-syntax=*'}

    def open_files() -> list[str]:
        found = []
        for link in Path("/proc/self/fd").iterdir():
            with suppress(FileNotFoundError):
                found.append(str(link.readlink()))
        return [path for path in found if "/files/" in path]

    threads = threading.active_count()
    for _ in range(20):
        with httpx.Client(base_url=served.address, trust_env=False) as client:
            with client.stream("GET", path, headers=related) as response:
                next(response.iter_raw(64))
    assert real.get(path, headers=related).status_code == 200
    assert open_files() == []
    assert threading.active_count() <= threads + 40, "no more than the pool of the web"
