"""The pages over HTTP, as a browser without JavaScript sees them."""

import io
import re
import zipfile
from html.parser import HTMLParser
from io import BytesIO

import httpx
import numpy as np
import pydicom
import pytest
from PIL import Image

from findicon.icons import BurnedIn
from findicon.query import Level
from findicon.web import OHIF, WEASIS, Viewer, WebSettings
from support.samples import instance
from unit.web.conftest import SERIES, STUDY, served
from unit.web.shelf import Shelf, Unsorted

HTML = {"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"}
VIEW = f"/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.2"


class Page(HTMLParser):
    """The links, pictures, forms and text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[dict[str, str | None]] = []
        self.images: list[dict[str, str | None]] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attributes)))
        if tag == "a":
            self.links.append(dict(attributes))
        if tag == "img":
            self.images.append(dict(attributes))

    def handle_data(self, data: str) -> None:
        self.words += data.split()

    @property
    def text(self) -> str:
        return " ".join(self.words)

    def turn(self, to: str) -> str:
        return next(str(one["href"]) for one in self.links if one.get("rel") == to)

    def link(self, part: str) -> str:
        return next(str(one["href"]) for one in self.links if part in str(one.get("href")))


def page(client: httpx.Client, path: str, status: int = 200) -> Page:
    response = client.get(path, headers=HTML)
    assert response.status_code == status, response.text
    assert response.headers["content-type"].startswith("text/html")
    return Page(response.text)


def test_the_first_page_shows_every_study_the_newest_first(client: httpx.Client) -> None:
    found = page(client, "/")
    assert "2 studies" in found.text
    assert found.text.index("DOE, JANE") < found.text.index("MÜLLER, JÖRG")
    pictures = [one for one in found.images if "/studies/" in str(one["src"])]
    assert all(one["alt"] is not None and one["width"] and one["height"] for one in pictures)
    for one in pictures:
        assert client.get(str(one["src"])).headers["content-type"] == "image/jpeg"


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("q=doe", ["DOE"]),
        ("q=jane+ct+2024", ["DOE"]),
        ("q=muller", ["MÜLLER"]),
        ("q=head", ["MÜLLER"]),
        ("q=p2", ["MÜLLER"]),
        ("q=a1", ["DOE"]),
        ("q=2023", ["MÜLLER"]),
        ("q=station:CT1", ["DOE"]),
        ("modality=MR", ["MÜLLER"]),
        ("modality=MR&modality=CT", ["DOE", "MÜLLER"]),
        ("from=2024-01-01&to=2024-12-31", ["DOE"]),
        ("description=Head", ["MÜLLER"]),
        ("station=MR1", ["MÜLLER"]),
        ("q=doe&modality=MR", []),
        ("q=*", ["DOE", "MÜLLER"]),
        ("after=nonsense&size=x&view=cube", ["DOE", "MÜLLER"]),
    ],
)
def test_searches(client: httpx.Client, query: str, names: list[str]) -> None:
    found = page(client, f"/?{query}")
    for name in ("DOE", "MÜLLER"):
        assert (f"{name}," in found.text) is (name in names), found.text


def test_both_views_hold_the_same(client: httpx.Client) -> None:
    table = page(client, "/?view=table")
    assert any(tag == "table" for tag, _ in table.tags)
    assert "DOE, JANE" in table.text
    assert "female, 54 years, born 1970-01-01" in table.text


def test_facets_count_and_can_be_chosen_and_taken_back(client: httpx.Client) -> None:
    first = page(client, "/")
    assert re.search(r"Modality CT 1 MR 1 SR 1", first.text)
    assert "2024 1 2023 1" in first.text
    chosen = page(client, first.link("modality=MR"))
    assert "1 study" in chosen.text
    assert any(one.get("aria-current") == "true" and "MR" not in str(one.get("href")) for one in chosen.links)
    assert "Remove MR" in chosen.text


def test_days_are_a_strip_of_pictures(client: httpx.Client) -> None:
    first = page(client, "/")
    assert "Latest days 2024-01-31 Wed · 1 study" in first.text
    day = page(client, first.link("from=2024-01-31"))
    assert "1 study" in day.text
    assert "Latest days" not in day.text


def test_pages_are_turned_over(shelf: Shelf) -> None:
    shelf.add(*[instance(PatientName=f"Q{number:02d}", StudyDate=f"202402{number:02d}") for number in range(1, 12)])
    with served(shelf, WebSettings(page_size=5)) as client:
        first = page(client, "/?q=q")
        second = page(client, first.turn("next"))
        third = page(client, second.turn("next"))
        back = page(client, second.turn("prev"))
    assert "Q11" in first.text
    assert "Q06" in second.text
    assert "Q01" in third.text
    assert back.text == first.text
    assert not any(one.get("rel") == "prev" for one in first.links)
    assert not any(one.get("rel") == "next" for one in third.links)


def test_counting_stops_somewhere(shelf: Shelf) -> None:
    shelf.add(*[instance(PatientName=f"Q{number:02d}") for number in range(8)])
    with served(shelf, WebSettings(most_counted=5)) as client:
        found, everything = page(client, "/?q=q"), page(client, "/")
    assert "5+ studies" in found.text
    assert "CT 5+" in found.text
    assert "10 studies" in everything.text
    assert re.search(r"Modality CT 5\+", everything.text), "the archive keeps no count of these"
    assert re.search(r"2024 9 2023 1", everything.text), "but of days"


def test_counting_all_that_is_found_is_exact(shelf: Shelf) -> None:
    shelf.add(*[instance(PatientName=f"Q{number:02d}") for number in range(8)])
    with served(shelf, WebSettings(most_counted=8, page_size=3)) as client:
        found = page(client, "/?q=q")
        second = page(client, found.turn("next"))
        third = page(client, second.turn("next"))
    assert "8 studies" in found.text
    assert "CT 8" in found.text
    assert "CT 8+" not in found.text
    shown = [re.findall(r"Q\d\d", one.text) for one in (found, second, third)]
    assert [len(one) for one in shown] == [3, 3, 2]
    assert sorted(name for names in shown for name in names) == [f"Q{number:02d}" for number in range(8)]


def test_nothing_found_says_what_helps(client: httpx.Client) -> None:
    found = page(client, "/?q=nobody+1999")
    assert "No study matches" in found.text
    assert 'for "nobody" and' in found.text
    assert "accession:A12" in found.text


def test_an_empty_archive_says_what_to_do(tmp_path: object) -> None:
    from pathlib import Path

    with served(Shelf(Path(str(tmp_path)) / "empty")) as client:
        assert "findicon index FOLDER" in page(client, "/").text


def test_a_field_that_is_none_is_said(client: httpx.Client) -> None:
    assert "nonsense:1 is no field" in page(client, "/?q=nonsense:1").text


def test_a_limit_of_the_archive_is_said(shelf: Shelf) -> None:
    shelf.limit = 1
    with served(shelf) as client:
        assert "narrow the search" in page(client, "/").text


def test_an_archive_that_does_not_sort_is_asked_first(shelf: Shelf) -> None:
    with served(shelf, finder=Unsorted(shelf), overview=None) as client:
        assert "Look for a study" in page(client, "/").text
        assert not shelf.asked
        found = page(client, "/?q=doe")
    assert "DOE, JANE" in found.text
    assert "Modality CT" not in found.text, "there is nothing to count with"


def test_study_series_and_images_without_javascript(client: httpx.Client) -> None:
    study = page(client, page(client, "/").link(f"/studies/{STUDY}"))
    assert "DOE, JANE P1 · female, 54 years" in study.text
    assert "1 · Axial" in study.text
    assert "2 · Report" in study.text
    images = page(client, study.link(f"series={SERIES}#images"))
    assert "CT, 3 images" in images.text
    image = page(client, images.link(f"/instances/{SERIES}.2"))
    assert "2 / 3" in image.text
    assert f"{SERIES}.3" in image.link("instances/" + SERIES + ".3")
    shown = next(one for one in image.images if "/frames/" in str(one["src"]))
    assert Image.open(BytesIO(client.get(str(shown["src"])).content)).size == (16, 16)
    last = page(client, image.link(f"{SERIES}.3?"))
    assert "3 / 3" in last.text


def test_parts_open_in_place(client: httpx.Client) -> None:
    panel = client.get(f"/studies/{STUDY}/panel").text.strip()
    images = client.get(f"/studies/{STUDY}/series/{SERIES}/panel").text.strip()
    viewer = client.get(f"{VIEW}?part=viewer").text.strip()
    assert panel.startswith("<section")
    assert panel.endswith("</section>")
    assert "<html" not in panel + images + viewer
    assert viewer.startswith("<section")
    listed = client.get(f"/studies/{STUDY}/series/{SERIES}/images.json").json()
    assert [one["uid"] for one in listed] == [f"{SERIES}.{number}" for number in (1, 2, 3)]


def test_windows_are_offered_and_applied(client: httpx.Client) -> None:
    first = page(client, VIEW)
    assert "0 As stored 1 Soft tissue 2 Lung" in first.text
    lung = page(client, first.link("window=-600%2C1500"))
    shown = next(str(one["src"]) for one in lung.images if "/frames/" in str(one["src"]))
    assert "window=-600%2C1500" in shown
    stored = np.asarray(Image.open(BytesIO(client.get(f"{VIEW}/frames/1/picture").content)))
    other = np.asarray(Image.open(BytesIO(client.get(shown).content)))
    assert not np.array_equal(stored, other)
    own = page(client, f"{VIEW}?center=100&width=50")
    assert any("window=100%2C50" in str(one["src"]) for one in own.images)


def test_windows_of_the_image_itself_are_offered(shelf: Shelf) -> None:
    shelf.add(
        instance(
            StudyInstanceUID="1.9", SeriesInstanceUID="1.9.1", SOPInstanceUID="1.9.1.1", Modality="MR",
            WindowCenter=[40, 300], WindowWidth=[400, 1500], WindowCenterWidthExplanation=["SOFT", "BONE VIEW"],
        )
    )  # fmt: skip
    with served(shelf) as client:
        found = page(client, "/studies/1.9/series/1.9.1/instances/1.9.1.1")
    assert "0 As stored 1 Bone view" in found.text


def test_frames_of_one_image_are_steps(shelf: Shelf) -> None:
    frames = np.zeros((4, 16, 16), np.uint16)
    shelf.add(
        instance(
            StudyInstanceUID="1.9", SeriesInstanceUID="1.9.1", SOPInstanceUID="1.9.1.1", NumberOfFrames=4,
            PixelData=frames.tobytes(),
        )
    )  # fmt: skip
    with served(shelf) as client:
        found = page(client, "/studies/1.9/series/1.9.1/instances/1.9.1.1?frame=3")
        assert "3 / 4" in found.text
        assert "frame=4" in found.link("frame=4")
        third_of_the_way = page(client, "/studies/1.9/series/1.9.1/instances/1.9.1.1")
        assert "2 / 4" in third_of_the_way.text
        assert "4 frames" in page(client, "/studies/1.9").text


@pytest.mark.parametrize(
    "query", ["size=9999", "window=1", "window=a,b", "window=1,0", "window=nan,5", "window=1,5,cubic", "window=1e99,5"]
)
def test_malformed_pictures_are_400(client: httpx.Client, query: str) -> None:
    assert client.get(f"{VIEW}/frames/1/picture?{query}").status_code == 400


def test_pictures_are_kept_by_browsers(client: httpx.Client) -> None:
    for path in (f"/studies/{STUDY}/picture", f"{VIEW}/picture", f"{VIEW}/frames/1/picture"):
        first = client.get(path)
        assert "max-age=300" in first.headers["cache-control"]
        assert client.get(path, headers={"If-None-Match": first.headers["etag"]}).status_code == 304


def test_a_page_shows_a_pictogram_whatever_goes_wrong(shelf: Shelf) -> None:
    shelf.previews[Level.STUDY, STUDY] = None
    with served(shelf) as client:
        assert Image.open(BytesIO(client.get(f"/studies/{STUDY}/picture").content)).size == (256, 256)
        assert client.get("/studies/9.9/picture").status_code == 404


def test_text_burned_in_is_shown_beside_the_name_unless_it_is_to_be_blank(shelf: Shelf) -> None:
    shelf.add(instance(StudyInstanceUID="1.9", BurnedInAnnotation="YES"))
    for setting, size in ((BurnedIn.UNSET, (16, 16)), (BurnedIn.BLANK, (256, 256))):
        with served(shelf, WebSettings(burned_in=setting)) as client:
            assert Image.open(BytesIO(client.get("/studies/1.9/picture").content)).size == size


def test_viewers_elsewhere_are_linked(shelf: Shelf) -> None:
    viewers = (Viewer("OHIF", OHIF, "https://ohif.example/"), Viewer("Weasis", WEASIS))
    with served(shelf, WebSettings(viewers=viewers)) as client:
        for path in (f"/studies/{STUDY}", VIEW):
            found = page(client, path)
            assert found.link("ohif") == f"https://ohif.example/viewer?StudyInstanceUIDs={STUDY}"
            weasis = found.link("weasis:")
            assert weasis.startswith("weasis://%24dicom%3Ars%20--url%20%22http%3A%2F%2F127.0.0.1")
            assert STUDY in weasis
        assert all("noreferrer" in str(one["rel"]) for one in found.links if "ohif" in str(one["href"]))


def test_a_study_is_downloaded_as_a_zip_file(client: httpx.Client, shelf: Shelf) -> None:
    response = client.get(f"/studies/{STUDY}/download")
    assert response.headers["content-disposition"] == f'attachment; filename="{STUDY}.zip"'
    with zipfile.ZipFile(io.BytesIO(response.content)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [
            "series001/00001.dcm", "series001/00002.dcm", "series001/00003.dcm", "series002/00004.dcm",
        ]  # fmt: skip
        read = pydicom.dcmread(io.BytesIO(archive.read("series001/00002.dcm")))
    assert read.SOPInstanceUID == f"{SERIES}.2"
    series = client.get(f"/studies/{STUDY}/series/{SERIES}/download")
    with zipfile.ZipFile(io.BytesIO(series.content)) as archive:
        assert len(archive.namelist()) == 3
    single = page(client, VIEW).link("accept=application/dicom")
    assert client.get(single, headers=HTML).content == (shelf.folder / f"{SERIES}.2.dcm").read_bytes()


def test_progress_and_status(client: httpx.Client) -> None:
    assert "2 pictures to come" in page(client, "/").text
    assert "2 pictures to come" in Page(client.get("/progress").text).text
    status = page(client, "/status")
    assert "Studies 2" in status.text
    assert "It is no DICOM file 1" in status.text


def test_colours_are_remembered(client: httpx.Client) -> None:
    response = client.get("/theme?to=dark&back=/?q=doe", headers=HTML)
    assert (response.status_code, response.headers["location"]) == (303, "/?q=doe")
    client.cookies.update(response.cookies)
    assert 'data-theme="dark"' in client.get("/", headers=HTML).text
    assert client.get("/theme?to=purple", headers=HTML).status_code == 400


@pytest.mark.parametrize(
    "back", ["//evil.example", "https://evil.example", "/\\evil.example", "javascript:x", "/a\r\nb"]
)
def test_colours_lead_nowhere_else(client: httpx.Client, back: str) -> None:
    response = client.get("/theme", params={"to": "dark", "back": back}, headers=HTML)
    assert response.headers["location"] == "/"


def test_assets_are_kept_until_they_change(client: httpx.Client) -> None:
    text = client.get("/", headers=HTML).text
    for name in ("findicon.css", "findicon.js", "mark.svg"):
        found = re.search(rf"/static/{re.escape(name)}\?v=\w+", text)
        assert found is not None
        response = client.get(found[0])
        assert "immutable" in response.headers["cache-control"]
        assert client.get(f"/static/{name}").headers["cache-control"] == "no-cache"
        assert client.get(found[0], headers={"If-None-Match": response.headers["etag"]}).status_code == 304
    assert client.get("/static/other.js").status_code == 404


@pytest.mark.parametrize(
    ("path", "status", "title"),
    [
        ("/studies/9.9", 404, "This is not here"),
        (f"/studies/{STUDY}?series=9.9", 404, "This is not here"),
        ("/nothing", 404, "This is not here"),
        ("/studies/abc", 400, "This cannot be understood"),
    ],
)
def test_what_goes_wrong_is_a_page(client: httpx.Client, path: str, status: int, title: str) -> None:
    found = page(client, path, status)
    assert title in found.text
    assert "Back to the studies" in found.text


def test_a_failing_archive_is_a_page(shelf: Shelf) -> None:
    from findicon.errors import CatalogueError

    shelf.failure = CatalogueError("/secret is locked")
    with served(shelf) as client:
        found = page(client, "/", 503)
    assert "The archive cannot answer now" in found.text
    assert "secret" not in found.text


def test_pages_carry_no_inline_script_or_style(client: httpx.Client) -> None:
    for path in ("/", "/?view=table", f"/studies/{STUDY}", VIEW, "/status", f"/studies/{STUDY}/panel"):
        response = client.get(path, headers=HTML)
        assert "script-src 'self'" in response.headers["content-security-policy"]
        for tag, attributes in Page(response.text).tags:
            assert tag != "style"
            assert tag != "script" or attributes.get("src")
            assert not any(name == "style" or name.startswith("on") for name in attributes), (path, tag, attributes)
            for name in ("href", "src", "action"):
                assert not str(attributes.get(name, "")).startswith("javascript:")


def test_what_files_say_is_never_markup(shelf: Shelf) -> None:
    evil = "<script>alert(1)</script>\"'><img src=x>"
    shelf.add(
        instance(
            StudyInstanceUID="1.9", SeriesInstanceUID="1.9.1", SOPInstanceUID="1.9.1.1", PatientName=evil,
            StudyDescription=evil, SeriesDescription=evil, PatientID=evil, StationName="<b>", AccessionNumber="<i>",
        )
    )  # fmt: skip
    with served(shelf) as client:
        for path in ("/", "/?view=table", "/studies/1.9", "/studies/1.9/series/1.9.1/instances/1.9.1.1"):
            text = client.get(path, headers=HTML).text
            assert "<script>alert" not in text
            assert "<img src=x" not in text
        searched = client.get("/", params={"q": evil, "description": evil}, headers=HTML).text
    assert "<script>alert" not in searched


def test_behind_a_proxy_every_address_has_its_prefix(shelf: Shelf) -> None:
    with served(shelf, WebSettings(public_url="https://pacs.example/findicon")) as client:
        for front in ("", "/findicon"):
            for path in ("/", f"/studies/{STUDY}", VIEW):
                text = client.get(front + path, headers=HTML).text
                for found in re.findall(r'(?:href|src|action|data-[a-z]+)="(/[^"]*)"', text):
                    assert found.startswith("/findicon/"), (path, found)
        assert client.get(f"/studies/{STUDY}/picture").status_code == 200
        assert client.get(f"/findicon/studies/{STUDY}/picture").status_code == 200


def test_what_nobody_foresaw_is_a_page_without_a_word_of_it(shelf: Shelf) -> None:
    shelf.failure = RuntimeError("secret")
    with served(shelf) as client:
        answer = client.get("/studies/1.2.826.0.1.1", headers={"Accept": "text/html"})
    assert answer.status_code == 500
    assert answer.headers["content-type"].startswith("text/html")
    assert "Content-Security-Policy" in answer.headers
    assert "The archive cannot answer now" in answer.text
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text


def test_what_an_address_says_does_not_grow_without_end(client: httpx.Client) -> None:
    many = "&".join(f"modality=M{number}" for number in range(3000))
    for path in (f"/?{many}", f"/?q={'x' * 30_000}", f"/?description={'x' * 30_000}", f"/?station={'x' * 30_000}"):
        answer = client.get(path, headers=HTML)
        assert answer.status_code == 200
        assert len(answer.content) < 100_000, path[:20]
