"""Thumbnails over HTTP (PS3.18 10.4.1.1.4): four resources, media types, sizes, caching, pictograms."""

from io import BytesIO

import httpx
import numpy as np
import pytest
from PIL import Image

from findicon.icons import BurnedIn
from findicon.query import Level
from findicon.web import WebSettings
from support.samples import instance
from unit.web.conftest import SERIES, STUDY, served
from unit.web.shelf import Shelf

ROOT = "/dicom-web"
INSTANCE = f"{ROOT}/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.1"
ALL = (f"{ROOT}/studies/{STUDY}", f"{ROOT}/studies/{STUDY}/series/{SERIES}", INSTANCE, f"{INSTANCE}/frames/1")


def opened(response: httpx.Response) -> Image.Image:
    image = Image.open(BytesIO(response.content))
    image.load()
    return image


def large(shelf: Shelf, **attributes: object) -> str:
    """Put an image of 600 by 300 pixels on the shelf; give its path."""
    pixels = np.tile(np.arange(600, dtype=np.uint16) * 3, (300, 1))
    one = instance(Rows=300, Columns=600, PixelData=pixels.tobytes(), WindowCenter=900, WindowWidth=1800, **attributes)
    shelf.add(one)
    return f"{ROOT}/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"


@pytest.mark.parametrize("path", ALL)
def test_all_four_resources_give_a_jpeg(client: httpx.Client, path: str) -> None:
    response = client.get(f"{path}/thumbnail")
    assert response.status_code == 200
    assert response.headers["content-type"] == "image/jpeg"
    assert opened(response).format == "JPEG"


@pytest.mark.parametrize(("accept", "kind"), [("image/png", "PNG"), ("image/webp", "WEBP"), ("image/*", "JPEG")])
@pytest.mark.parametrize("path", ALL)
def test_other_formats_on_request(client: httpx.Client, path: str, accept: str, kind: str) -> None:
    assert opened(client.get(f"{path}/thumbnail", headers={"Accept": accept})).format == kind


def test_it_is_never_the_full_size(shelf: Shelf) -> None:
    path = large(shelf)
    with served(shelf) as client:
        assert opened(client.get(f"{path}/thumbnail")).size == (256, 128)
        assert opened(client.get(f"{path}/thumbnail?viewport=2000,2000")).size == (256, 128)
        assert opened(client.get(f"{path}/frames/1/thumbnail?viewport=2000,2000")).size == (256, 128)


@pytest.mark.parametrize(
    ("viewport", "size"), [("256,256", (256, 128)), ("100,100", (100, 50)), ("100,20", (40, 20)), ("1,1", (1, 1))]
)
def test_the_viewport_is_filled_without_distortion(shelf: Shelf, viewport: str, size: tuple[int, int]) -> None:
    path = large(shelf)
    with served(shelf) as client:
        for accept in ("image/jpeg", "image/png"):
            response = client.get(f"{path}/thumbnail?viewport={viewport}", headers={"Accept": accept})
            assert opened(response).size == size


def test_gray_stays_as_it_was(shelf: Shelf) -> None:
    path = large(shelf)
    with served(shelf) as client:
        jpeg = np.asarray(opened(client.get(f"{path}/thumbnail")).convert("L"), np.int16)
        png = np.asarray(
            opened(client.get(f"{path}/thumbnail", headers={"Accept": "image/png"})).convert("L"), np.int16
        )
    assert np.abs(jpeg - png).max() <= 2


@pytest.mark.parametrize("viewport", ["256", "0,10", "a,b", "10,10,0,0,5,5", "10,", "-1,5", "1e3,4", "999999,1"])
def test_a_malformed_viewport_is_400(client: httpx.Client, viewport: str) -> None:
    response = client.get(f"{INSTANCE}/thumbnail", params={"viewport": viewport})
    assert response.status_code == 400
    assert response.json()["detail"].startswith("viewport")


@pytest.mark.parametrize(
    "path",
    [
        "/studies/9.9.9",
        f"/studies/{STUDY}/series/9.9",
        f"/studies/9.9/series/{SERIES}",
        f"/studies/{STUDY}/series/{SERIES}/instances/9.9",
        f"/studies/{STUDY}/series/9.9/instances/{SERIES}.1",
        f"/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.1/frames/7",
    ],
)
def test_what_is_unknown_is_404(client: httpx.Client, path: str) -> None:
    assert client.get(f"{ROOT}{path}/thumbnail").status_code == 404


def test_what_cannot_be_decoded_is_404(shelf: Shelf) -> None:
    shelf.previews[Level.SERIES, SERIES] = None
    with served(shelf) as client:
        assert client.get(f"{ROOT}/studies/{STUDY}/series/{SERIES}/thumbnail").status_code == 404


@pytest.mark.parametrize("accept", ["image/jpeg", "image/png", "image/webp"])
def test_what_has_no_pixels_gets_a_pictogram(client: httpx.Client, accept: str) -> None:
    path = f"{ROOT}/studies/{STUDY}/series/1.2.826.0.1.1.2/thumbnail"
    response = client.get(path, headers={"Accept": accept})
    assert response.status_code == 200
    assert opened(response).size == (256, 256)
    assert opened(client.get(f"{path}?viewport=64,100", headers={"Accept": accept})).size == (64, 64)


@pytest.mark.parametrize("path", ALL)
def test_it_is_not_sent_again_to_those_who_have_it(client: httpx.Client, path: str) -> None:
    first = client.get(f"{path}/thumbnail")
    etag, modified = first.headers["etag"], first.headers["last-modified"]
    assert first.headers["cache-control"] == "private, max-age=300"
    for condition in ({"If-None-Match": etag}, {"If-None-Match": f'"x", W/{etag}'}, {"If-Modified-Since": modified}):
        again = client.get(f"{path}/thumbnail", headers=condition)
        assert (again.status_code, again.content) == (304, b"")
        assert again.headers["etag"] == etag
    other = client.get(f"{path}/thumbnail", headers={"If-None-Match": '"x"', "If-Modified-Since": modified})
    assert other.status_code == 200, "If-None-Match wins (RFC 9110 13.2.2)"
    small = client.get(f"{path}/thumbnail?viewport=8,8", headers={"If-None-Match": etag})
    assert small.status_code == 200
    png = client.get(f"{path}/thumbnail", headers={"If-None-Match": etag, "Accept": "image/png"})
    assert png.status_code == 200


def test_a_picture_made_anew_is_sent_again(shelf: Shelf) -> None:
    with served(shelf) as client:
        path = f"{ROOT}/studies/{STUDY}/thumbnail"
        etag = client.get(path).headers["etag"]
        shelf.previews[Level.STUDY, STUDY] = shelf.preview(Level.STUDY, "1.2.826.0.1.2")
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 304, "the very same picture"
        large(shelf, SeriesInstanceUID="1.2.3.4")
        shelf.previews[Level.STUDY, STUDY] = shelf.preview(Level.SERIES, "1.2.3.4")
        assert client.get(path, headers={"If-None-Match": etag}).status_code == 200


@pytest.mark.parametrize(
    ("setting", "is_shown"), [(BurnedIn.UNSET, False), (BurnedIn.BLANK, False), (BurnedIn.KEEP, True)]
)
def test_text_burned_in_gives_a_pictogram(shelf: Shelf, setting: BurnedIn, is_shown: bool) -> None:
    path = large(shelf, BurnedInAnnotation="YES")
    series, study = path.rpartition("/instances")[0], path.rpartition("/series")[0]
    with served(shelf, WebSettings(burned_in=setting)) as client:
        for resource in (study, series, path, f"{path}/frames/1"):
            size = opened(client.get(f"{resource}/thumbnail")).size
            assert (size == (256, 128)) is is_shown, resource
        clean = large(shelf, BurnedInAnnotation="NO")
        assert opened(client.get(f"{clean}/thumbnail")).size == (256, 128)


def test_who_knows_what_is_burned_in_is_asked(shelf: Shelf) -> None:
    class Knowing:
        def icon(self, level: Level, uid: str) -> bytes | None:
            return shelf.icon(level, uid)

        def preview(self, level: Level, uid: str) -> bytes | None:
            return shelf.preview(level, uid)

        def is_burned_in(self, level: Level, uid: str) -> bool:
            return level is Level.SERIES

    from findicon.web import WebServer, create_app

    app = create_app(shelf, Knowing(), shelf)
    with WebServer(app) as server, httpx.Client(base_url=server.address, trust_env=False) as client:
        study, series = (opened(client.get(f"{path}/thumbnail")).size for path in ALL[:2])
    assert (study, series) == ((16, 16), (256, 256))


def test_several_frames_are_one_picture(shelf: Shelf) -> None:
    frames = np.zeros((6, 16, 16), np.uint16)
    frames[2] = 2040
    path = large(shelf)
    one = instance(NumberOfFrames=6, PixelData=frames.tobytes())
    shelf.add(one)
    path = f"{ROOT}/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"
    with served(shelf) as client:
        third = np.asarray(opened(client.get(f"{path}/frames/1,2,3,4,5,6/thumbnail")))
        first = np.asarray(opened(client.get(f"{path}/frames/1/thumbnail")))
        assert client.get(f"{path}/frames/3,2/thumbnail").status_code == 400
        assert client.get(f"{path}/frames/0/thumbnail").status_code == 400
    assert third.mean() > 250
    assert first.mean() < 5


def test_pages_get_the_smaller_of_two_formats_where_it_is_named(client: httpx.Client) -> None:
    path = f"/studies/{STUDY}/picture"
    browser = client.get(path, headers={"Accept": "image/avif,image/webp,image/png,*/*;q=0.8"})
    again = client.get(path, headers={"Accept": "image/webp"})
    other = client.get(path, headers={"Accept": "*/*"})
    refusing = client.get(path, headers={"Accept": "image/webp;q=0,*/*"})
    assert browser.headers["content-type"] == "image/webp"
    assert "Accept" in browser.headers["vary"]
    assert again.content == browser.content
    assert other.headers["content-type"] == refusing.headers["content-type"] == "image/jpeg"
    assert browser.headers["etag"] != other.headers["etag"]
    unchanged = client.get(path, headers={"Accept": "image/webp", "If-None-Match": browser.headers["etag"]})
    assert unchanged.status_code == 304


def test_what_was_made_lately_is_made_once_and_has_an_end() -> None:
    from findicon.web.caching import Kept

    made: list[str] = []

    def make(name: str) -> bytes:
        made.append(name)
        return name.encode() * 10

    kept = Kept(room=25)
    for name in ("a", "b", "a", "c", "a", "b"):
        assert kept(name, lambda name=name: make(name)) == name.encode() * 10  # type: ignore[misc]
    assert made == ["a", "b", "c", "b"], "the one that was asked for longest ago went"
