"""Pictures of pages that were given a moment ago are given again, to whom they were meant for."""

import httpx
from starlette.requests import Request
from starlette.responses import Response

from findicon.query import Level
from findicon.web import hashed
from findicon.web.remembered import RememberedPictures
from findicon.web.settings import WebSettings
from unit.web.conftest import STUDY, served
from unit.web.shelf import Shelf

PICTURE = f"/studies/{STUDY}/picture"


def request(path: str, accept: str = "image/webp") -> Request:
    headers = [(b"accept", accept.encode())]
    return Request({"type": "http", "method": "GET", "path": path, "query_string": b"", "headers": headers})


def test_a_picture_is_given_again_without_being_looked_for(shelf: Shelf) -> None:
    with served(shelf) as client:
        first = client.get(PICTURE, headers={"Accept": "image/webp"})
        shelf.previews[Level.STUDY, STUDY] = b"gone"
        again = client.get(PICTURE, headers={"Accept": "image/webp"})
        known = client.get(PICTURE, headers={"Accept": "image/webp", "If-None-Match": first.headers["etag"]})
        metrics = client.get("/metrics").text
    assert (again.content, again.headers["etag"]) == (first.content, first.headers["etag"])
    assert {"content-security-policy", "x-content-type-options"} & {*again.headers} == {"x-content-type-options"}
    assert (known.status_code, known.content) == (304, b"")
    assert 'route="/studies/{study}/picture"' in metrics


def test_who_takes_something_else_gets_something_else(client: httpx.Client) -> None:
    webp, jpeg = (client.get(PICTURE, headers={"Accept": kind}) for kind in ("image/webp", "image/jpeg"))
    assert (webp.headers["content-type"], jpeg.headers["content-type"]) == ("image/webp", "image/jpeg")


def test_a_remembered_picture_is_for_those_who_may_ask(shelf: Shelf) -> None:
    with served(shelf, WebSettings(users={"anna": hashed("secret")})) as client:
        assert client.get(PICTURE, auth=("anna", "secret")).status_code == 200
        assert client.get(PICTURE).status_code == 401
        assert client.get(PICTURE, headers={"Host": "elsewhere.example"}).status_code == 421


def test_it_is_remembered_for_a_while_only() -> None:
    clock = [0.0]
    pictures = RememberedPictures(lambda: clock[0])
    pictures.keep(request("/a/picture"), Response(b"x", headers={"ETag": '"1"'}))
    assert pictures.answer(request("/a/picture").scope) is not None
    assert pictures.answer(request("/a/picture", "image/jpeg").scope) is None
    clock[0] += 61
    assert pictures.answer(request("/a/picture").scope) is None


def test_a_failure_is_not_remembered_and_room_has_an_end() -> None:
    pictures = RememberedPictures()
    pictures.keep(request("/a/picture"), Response(b"x", 404))
    assert pictures.answer(request("/a/picture").scope) is None
    for number in range(5):
        pictures.keep(request(f"/{number}/picture"), Response(bytes(10 << 20), headers={"ETag": '"1"'}))
    found = [pictures.answer(request(f"/{number}/picture").scope) is not None for number in range(5)]
    assert found == [False, False, True, True, True]
