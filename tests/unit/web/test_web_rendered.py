"""Rendered resources over HTTP (PS3.18 8.3.5.1, 10.4.1.1.3)."""

from io import BytesIO

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from findicon.errors import IconError
from findicon.pixels import Picture
from findicon.web import WebSettings, Window
from support.samples import instance, real_file
from unit.web.conftest import SERIES, STUDY, served
from unit.web.parts import parts_of
from unit.web.shelf import Shelf
from unit.web.test_web_retrieve import path_of

ROOT = "/dicom-web"
INSTANCE = f"{ROOT}/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.1"


def pixels(response: httpx.Response) -> NDArray[np.uint8]:
    assert response.status_code == 200, response.text
    return np.asarray(Image.open(BytesIO(response.content)))


def png(client: httpx.Client, path: str, **parameters: str) -> NDArray[np.uint8]:
    return pixels(client.get(path, params=parameters, headers={"Accept": "image/png"}))


def put(shelf: Shelf, array: NDArray[np.uint16], **attributes: object) -> str:
    rows, columns = array.shape[-2:]
    one = instance(Rows=rows, Columns=columns, PixelData=array.tobytes(), **attributes)
    shelf.add(one)
    return f"{ROOT}/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"


@pytest.mark.parametrize("resource", ["rendered", "frames/1/rendered"])
@pytest.mark.parametrize(
    ("accept", "kind"),
    [("*/*", "JPEG"), ("image/png", "PNG"), ("image/gif", "GIF"), ("image/webp", "WEBP"), ("image/jpeg", "JPEG")],
)
def test_formats(client: httpx.Client, resource: str, accept: str, kind: str) -> None:
    response = client.get(f"{INSTANCE}/{resource}", headers={"Accept": accept})
    image = Image.open(BytesIO(response.content))
    assert (image.format, image.size) == (kind, (16, 16))
    assert response.headers["content-location"].endswith("/frames/1")


def test_what_a_client_has_is_not_sent_again(client: httpx.Client) -> None:
    first = client.get(f"{INSTANCE}/rendered")
    assert client.get(f"{INSTANCE}/rendered", headers={"If-None-Match": first.headers["etag"]}).status_code == 304
    other = client.get(f"{INSTANCE}/rendered?quality=50", headers={"If-None-Match": first.headers["etag"]})
    assert other.status_code == 200


def test_the_window_is_the_askers(shelf: Shelf) -> None:
    array = np.arange(0, 256, dtype=np.uint16)[None].repeat(4, 0)
    path = put(shelf, array, RescaleSlope=1, RescaleIntercept=-100)
    with served(shelf) as client:
        linear = png(client, f"{path}/rendered", window="27.5,256,linear")[0]
        exact = png(client, f"{path}/rendered", window="0,100,linear-exact")[0]
        sigmoid = png(client, f"{path}/rendered", window="0,100,sigmoid")[0]
    assert np.abs(linear.astype(int) - array[0]).max() <= 1
    units = array[0].astype(float) - 100
    assert np.abs(exact - np.clip((units / 100 + 0.5) * 255, 0, 255)).max() <= 1
    assert np.abs(sigmoid - 255 / (1 + np.exp(-4 * units / 100))).max() <= 1


def test_the_window_reaches_frames_of_enhanced_images(shelf: Shelf) -> None:
    from pydicom.dataset import Dataset

    array = np.stack([np.full((4, 4), 100, np.uint16), np.full((4, 4), 100, np.uint16)])

    def group(slope: int) -> Dataset:
        values, group = Dataset(), Dataset()
        values.RescaleSlope, values.RescaleIntercept, values.RescaleType = slope, 0, "US"
        group.PixelValueTransformationSequence = [values]
        return group

    path = put(shelf, array, NumberOfFrames=2, PerFrameFunctionalGroupsSequence=[group(1), group(2)])
    with served(shelf) as client:
        first, second = (
            png(client, f"{path}/frames/{number}/rendered", window="127.5,256,linear-exact") for number in (1, 2)
        )
    assert abs(int(first[0, 0]) - 100) <= 1
    assert abs(int(second[0, 0]) - 200) <= 1


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "MR_small_RLE.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm"])
def test_the_window_reaches_every_transfer_syntax(shelf: Shelf, name: str) -> None:
    shelf.take(real_file(name))
    with served(shelf) as client:
        low = png(client, f"{path_of(name)}/rendered", window="-30000,10,linear")
        wide = png(client, f"{path_of(name)}/rendered", window="500,4000,linear")
        high = png(client, f"{path_of(name)}/rendered", window="60000,10,linear")
    assert low.shape == wide.shape
    assert (low.min(), high.max()) == (255, 0)
    assert len(np.unique(wide)) > 2


@pytest.mark.parametrize(
    ("viewport", "shape"),
    [
        ("32,32", (16, 32)),
        ("64,64", (32, 64)),
        ("200,10", (10, 20)),
        ("64,64,0,0,32,32", (64, 64)),
        ("64,64,,,32,32", (64, 64)),
        ("64,64,32", (64, 64)),
        ("16,16,0,0,8,16", (16, 8)),
    ],
)
def test_the_viewport_is_filled(shelf: Shelf, viewport: str, shape: tuple[int, int]) -> None:
    path = put(shelf, np.arange(64, dtype=np.uint16)[None].repeat(32, 0), WindowCenter=32, WindowWidth=64)
    with served(shelf) as client:
        assert png(client, f"{path}/rendered", viewport=viewport).shape == shape


def test_a_part_of_the_image(shelf: Shelf) -> None:
    array = np.zeros((32, 64), np.uint16)
    array[8:16, 16:32] = 64
    path = put(shelf, array, WindowCenter=32, WindowWidth=64)
    with served(shelf) as client:
        inside = png(client, f"{path}/rendered", viewport="16,8,16,8,16,8")
        half = png(client, f"{path}/rendered", viewport="32,32,0,0,32,32")
        mirrored = png(client, f"{path}/rendered", viewport="32,32,0,0,-32,32")
        upside_down = png(client, f"{path}/rendered", viewport="32,32,0,0,32,-32")
        outside = client.get(f"{path}/rendered", params={"viewport": "9,9,64,0,5,5"})
    assert inside.min() > 250
    assert np.array_equal(half[:, ::-1], mirrored)
    assert np.array_equal(half[::-1], upside_down)
    assert outside.status_code == 400


def test_magnifying_interpolates(shelf: Shelf) -> None:
    path = put(shelf, np.array([[0, 4095]], np.uint16), WindowCenter=2048, WindowWidth=4096)
    with served(shelf) as client:
        row = png(client, f"{path}/rendered", viewport="9,9")[0].astype(int)
    assert list(row) == sorted(row)
    assert abs(row[4] - 128) <= 2


def test_quality_is_heard(real_shelf: Shelf) -> None:
    with served(real_shelf) as client:
        sizes = [
            len(client.get(f"{path_of('examples_ybr_color.dcm')}/rendered?quality={quality}").content)
            for quality in (5, 60, 100)
        ]
    assert sizes == sorted(sizes)
    assert sizes[0] * 3 < sizes[2]


def test_colour_is_colour(real_shelf: Shelf) -> None:
    with served(real_shelf) as client:
        array = png(client, f"{path_of('examples_ybr_color.dcm')}/rendered")
        jpeg = pixels(client.get(f"{path_of('examples_ybr_color.dcm')}/rendered?quality=100"))
    assert array.ndim == jpeg.ndim == 3
    assert np.abs(array.astype(int) - jpeg).mean() < 2


def test_frames_and_whole_studies_come_in_parts(real_shelf: Shelf, client: httpx.Client) -> None:
    related = {"Accept": 'multipart/related; type="image/png"'}
    study = parts_of(client.get(f"{ROOT}/studies/{STUDY}/rendered", headers=related))
    assert [part.content_type for part in study] == ["image/png"] * 3
    assert client.get(f"{ROOT}/studies/{STUDY}/rendered", headers={"Accept": "image/png"}).status_code == 406
    series = client.get(f"{ROOT}/studies/{STUDY}/series/{SERIES}/rendered", headers={"Accept": "*/*"})
    assert len(parts_of(series)) == 3
    report = client.get(f"{ROOT}/studies/{STUDY}/series/1.2.826.0.1.1.2/rendered", headers={"Accept": "*/*"})
    assert report.status_code == 404
    with served(real_shelf) as other:
        path = path_of("examples_ybr_color.dcm")
        frames = parts_of(other.get(f"{path}/frames/1,30/rendered", headers=related))
        assert [part.location.rpartition("/")[2] for part in frames] == ["1", "30"]
        assert len(parts_of(other.get(f"{path}/rendered", headers=related))) == 30
        assert other.get(f"{path}/frames/31/rendered").status_code == 404
        assert other.get(f"{path}/frames/1,31/rendered", headers=related).status_code == 404


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("window", "1,2"),
        ("window", "1,2,cubic"),
        ("window", "a,2,linear"),
        ("window", "1,0,linear"),
        ("window", "1,-5,sigmoid"),
        ("window", ",5,linear"),
        ("window", "nan,5,linear"),
        ("quality", "0"),
        ("quality", "101"),
        ("quality", "high"),
        ("quality", ""),
        ("viewport", "5"),
        ("viewport", "5,5,a"),
        ("viewport", "5,5,0,0,0,0"),
        ("viewport", "5,5,0,0,1,1,1"),
        ("viewport", "99999,1"),
        ("annotation", "name"),
        ("iccprofile", "cmyk"),
    ],
)
def test_malformed_parameters_are_named(client: httpx.Client, name: str, value: str) -> None:
    response = client.get(f"{INSTANCE}/rendered", params={name: value})
    assert response.status_code == 400
    assert response.json()["detail"].startswith(name)


def test_annotations_are_left_out_and_said_so(client: httpx.Client) -> None:
    response = client.get(f"{INSTANCE}/rendered?annotation=patient,technique&iccprofile=srgb")
    assert response.status_code == 200
    assert "The following annotation values are not supported: patient,technique" in response.headers["warning"]
    assert "iccprofile" in response.headers["warning"]
    assert "warning" not in client.get(f"{INSTANCE}/rendered?iccprofile=no").headers


def test_what_is_too_large_says_how_to_ask(shelf: Shelf) -> None:
    with served(shelf, WebSettings(largest_picture=8)) as client:
        whole = client.get(f"{INSTANCE}/rendered")
        assert whole.status_code == 413
        assert "viewport" in whole.json()["detail"]
        assert png(client, f"{INSTANCE}/rendered", viewport="8,8").shape == (8, 8)


def test_what_does_not_decode_is_404(shelf: Shelf) -> None:
    shelf.take(real_file("JPEG2000-embedded-sequence-delimiter.dcm"))
    with served(shelf) as client:
        broken = instance(Rows=999)
        shelf.add(broken)
        path = f"studies/{broken.StudyInstanceUID}/series/{broken.SeriesInstanceUID}/instances/{broken.SOPInstanceUID}"
        response = client.get(f"{ROOT}/{path}/rendered")
    assert response.status_code == 404
    assert "No picture can be made" in response.json()["detail"]


def test_another_renderer_can_be_joined(shelf: Shelf) -> None:
    asked: list[tuple[str, int, int | None, Window | None]] = []

    def renderer(sop_instance: str, size: int, frame: int | None, window: Window | None) -> Picture:
        asked.append((sop_instance, size, frame, window))
        if frame == 1 and window is None:
            raise IconError("It took too long")
        return Picture(np.full((4, 4), 9, np.uint8), frame)

    with served(shelf, renderer=renderer) as client:
        assert client.get(f"{INSTANCE}/rendered").status_code == 404
        assert png(client, f"{INSTANCE}/rendered", window="1,2,sigmoid").max() == 9
    assert asked[1] == (f"{SERIES}.1", 16, 1, Window(1, 2, "SIGMOID"))
