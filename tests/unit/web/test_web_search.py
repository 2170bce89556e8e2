"""QIDO-RS over HTTP (PS3.18 10.6)."""

from collections.abc import Iterator
from xml.etree import ElementTree

import httpx
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from findicon.errors import CatalogueError, PeerError, PeerTimeout
from findicon.query import Cancel, EncodedMatch, Match, Options, Query, never
from findicon.web import WebSettings
from unit.web.conftest import SERIES, STUDY, served
from unit.web.parts import parts_of
from unit.web.shelf import Shelf

JSON = {"Accept": "application/dicom+json"}
ROOT = "/dicom-web"


def values(answer: dict[str, dict[str, list[object]]], tag: str) -> list[object]:
    return answer[tag].get("Value", [])


def test_studies_come_with_their_address(client: httpx.Client) -> None:
    response = client.get(f"{ROOT}/studies", params={"PatientID": "P1"}, headers=JSON)
    assert response.status_code == 200
    assert response.headers["content-type"] == "application/dicom+json"
    (study,) = response.json()
    assert values(study, "0020000D") == [STUDY]
    assert values(study, "00081190") == [f"{client.base_url}{ROOT}/studies/{STUDY}"]
    assert list(study) == sorted(study)
    assert "00080052" not in study


def test_nothing_is_204_without_a_body(client: httpx.Client) -> None:
    response = client.get(f"{ROOT}/studies", params={"PatientID": "NOBODY"}, headers=JSON)
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize(
    ("path", "count"),
    [
        ("/studies", 2),
        ("/series", 3),
        ("/instances", 5),
        (f"/studies/{STUDY}/series", 2),
        (f"/studies/{STUDY}/instances", 4),
        (f"/studies/{STUDY}/series/{SERIES}/instances", 3),
    ],
)
def test_every_resource_is_searched(client: httpx.Client, path: str, count: int) -> None:
    assert len(client.get(ROOT + path, headers=JSON).json()) == count


def test_pages_say_what_remains(client: httpx.Client) -> None:
    first = client.get(f"{ROOT}/instances", params={"limit": 2}, headers=JSON)
    assert len(first.json()) == 2
    assert first.headers["warning"].endswith("There are 3 additional results that can be requested")
    last = client.get(f"{ROOT}/instances", params={"limit": 2, "offset": 4}, headers=JSON)
    assert len(last.json()) == 1
    assert "warning" not in last.headers
    assert client.get(f"{ROOT}/instances", params={"offset": 9}, headers=JSON).status_code == 204
    assert client.get(f"{ROOT}/instances", params={"limit": 0}, headers=JSON).status_code == 204


def test_the_servers_own_limit_is_said_too(shelf: Shelf) -> None:
    with served(shelf, WebSettings(most_answers=3)) as client:
        response = client.get(f"{ROOT}/instances", headers=JSON)
    assert len(response.json()) == 3
    assert "2 additional results" in response.headers["warning"]


def test_a_finder_that_cuts_its_answers_is_heard(shelf: Shelf) -> None:
    shelf.limit = 3
    with served(shelf) as client:
        response = client.get(f"{ROOT}/instances", headers=JSON)
    assert len(response.json()) == 3
    assert "additional results" in response.headers["warning"]


def test_xml_comes_in_parts(client: httpx.Client) -> None:
    response = client.get(f"{ROOT}/studies", headers={"Accept": 'multipart/related; type="application/dicom+xml"'})
    assert response.status_code == 200
    parts = parts_of(response)
    assert [part.content_type for part in parts] == ["application/dicom+xml"] * 2
    assert ElementTree.fromstring(parts[0].body).find("DicomAttribute[@tag='0020000D']") is not None


def test_the_icon_is_inline_where_it_is_asked_for(client: httpx.Client) -> None:
    for path in ("/instances", "/studies", "/series"):
        answers = client.get(ROOT + path, params={"includefield": "00880200"}, headers=JSON).json()
        with_pictures = [one for one in answers if values(one, "00880200")]
        assert with_pictures
        (item,) = values(with_pictures[0], "00880200")
        assert item["7FE00010"]["InlineBinary"]
    without = client.get(f"{ROOT}/instances", headers=JSON).json()
    assert not any("00880200" in one for one in without)


def test_the_extension_can_be_switched_off(shelf: Shelf) -> None:
    with served(shelf, WebSettings(icon_extension=False)) as client:
        studies = client.get(f"{ROOT}/studies", params={"includefield": "00880200"}, headers=JSON).json()
        images = client.get(f"{ROOT}/instances", params={"includefield": "00880200"}, headers=JSON).json()
    assert not any("00880200" in one for one in studies)
    assert all("00880200" in one for one in images)


@pytest.mark.parametrize(
    ("accept", "status"),
    [("application/json", 200), ("*/*", 200), ("text/html", 406), ("application/dicom+xml", 406), ("image/jpeg", 406)],
)
def test_what_is_acceptable(client: httpx.Client, accept: str, status: int) -> None:
    assert client.get(f"{ROOT}/studies", headers={"Accept": accept}).status_code == status


def test_a_request_without_accept_is_not_acceptable(client: httpx.Client) -> None:
    request = client.build_request("GET", f"{ROOT}/studies")
    del request.headers["accept"]
    response = client.send(request)
    assert response.status_code == 406
    assert "Accept" in response.json()["detail"]


def test_the_accept_parameter_goes_first(client: httpx.Client) -> None:
    def get(accept: str) -> httpx.Response:
        return client.get(f"{ROOT}/studies", params={"accept": accept}, headers={"Accept": "*/*"})

    assert get("application/json").headers["content-type"] == "application/json"
    assert get("*/*").status_code == 400
    assert get("application/dicom+json,image/jpeg").status_code == 400


@pytest.mark.parametrize(
    ("path", "named"),
    [
        ("/studies?foo=1", "foo"),
        ("/studies?limit=x", "limit"),
        ("/studies?StudyDate=tomorrow", "StudyDate"),
        ("/studies/abc/series", "study"),
        (f"/studies/{'1.' * 40}1/series", "study"),
        ("/studies?includefield=Nope", "includefield"),
    ],
)
def test_what_is_malformed_is_400_with_its_name(client: httpx.Client, path: str, named: str) -> None:
    response = client.get(ROOT + path, headers=JSON)
    assert response.status_code == 400
    assert named in response.json()["detail"]
    assert response.headers["content-type"] == "application/problem+json"


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (CatalogueError("/secret/path/catalogue.sqlite is locked"), 503),
        (PeerError("PACS@secret:104", "it died"), 502),
        (PeerTimeout("PACS@secret:104", "too late"), 504),
        (RuntimeError("secret"), 500),
    ],
)
def test_failures_have_a_status_and_tell_nothing_more(shelf: Shelf, failure: Exception, status: int) -> None:
    shelf.failure = failure
    with served(shelf) as client:
        response = client.get(f"{ROOT}/studies", headers=JSON)
    assert response.status_code == status
    assert "secret" not in response.text
    assert "Traceback" not in response.text


def test_fuzzy_matching_that_is_not_there_is_warned_about(client: httpx.Client) -> None:
    response = client.get(f"{ROOT}/studies", params={"fuzzymatching": "true"}, headers=JSON)
    assert response.status_code == 200
    assert "Only literal matching has been performed." in response.headers["warning"]


def test_the_finder_is_let_go(shelf: Shelf) -> None:
    with served(shelf) as client:
        client.get(f"{ROOT}/instances", params={"limit": 1}, headers=JSON)
        client.get(f"{ROOT}/studies", headers=JSON)
    assert shelf.closed == len(shelf.asked)


def test_many_answers_stream(shelf: Shelf) -> None:
    from support.samples import instance

    shelf.add(*[instance(PatientID=f"Q{number}") for number in range(240)])
    with served(shelf) as client:
        response = client.get(f"{ROOT}/studies", params={"PatientID": "Q*"}, headers=JSON)
        limited = client.get(f"{ROOT}/studies", params={"PatientID": "Q*", "limit": "230"}, headers=JSON)
    assert response.headers["transfer-encoding"] == "chunked"
    assert len(response.json()) == 240
    assert len(limited.json()) == 230
    assert "10 additional results" in limited.headers["warning"]


def test_an_answer_of_another_archive_that_is_no_data_set_is_its_failure(shelf: Shelf) -> None:
    class Broken:
        options = Options()

        def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
            yield EncodedMatch(b"\x08\x00\x20\x00DA", ExplicitVRLittleEndian)

    with served(shelf, finder=Broken(), overview=None) as client:
        assert client.get("/?q=doe").status_code == 502
