"""STOW-RS over HTTP (PS3.18 10.5, Annex I)."""

import json
from io import BytesIO

import httpx
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from findicon.errors import StorageError
from findicon.web import WebSettings
from support.samples import instance, real_file
from unit.web.conftest import STUDY, served
from unit.web.shelf import Shelf

ROOT = "/dicom-web"
JSON = {"Accept": "application/dicom+json"}


def file_of(dataset: Dataset) -> bytes:
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    return buffer.getvalue()


def payload(*bodies: bytes, kind: str = "application/dicom", boundary: str = "xyz") -> bytes:
    parts = b"".join(
        b"--%b\r\nContent-Type: %b\r\n\r\n%b\r\n" % (boundary.encode(), kind.encode(), body) for body in bodies
    )
    return parts + b"--%b--\r\n" % boundary.encode()


def post(
    client: httpx.Client, content: object, path: str = "/studies", kind: str = "application/dicom", **headers: str
) -> httpx.Response:
    fields = JSON | {"Content-Type": f'multipart/related; type="{kind}"; boundary=xyz'} | headers
    return client.post(ROOT + path, content=content, headers=fields)  # type: ignore[arg-type]


def references(response: httpx.Response, tag: str) -> list[dict[str, dict[str, list[object]]]]:
    found: list[dict[str, dict[str, list[object]]]] = response.json().get(tag, {}).get("Value", [])
    return found


def reasons(response: httpx.Response, tag: str = "00081198") -> list[object]:
    return [item["00081197"]["Value"][0] for item in references(response, tag)]


def test_instances_are_kept_and_can_be_had(client: httpx.Client, shelf: Shelf) -> None:
    new = [instance(StudyInstanceUID="1.2.9", SeriesInstanceUID="1.2.9.1") for _ in range(2)]
    response = post(client, payload(*map(file_of, new)))
    assert response.status_code == 200
    assert response.json()["00081190"]["Value"] == [f"{client.base_url}{ROOT}/studies/1.2.9"]
    stored = references(response, "00081199")
    assert [item["00081155"]["Value"][0] for item in stored] == [str(one.SOPInstanceUID) for one in new]
    address = str(stored[0]["00081190"]["Value"][0])
    again = client.get(address, headers={"Accept": "application/dicom"})
    assert pydicom.dcmread(BytesIO(again.content)).PixelData == new[0].PixelData
    assert shelf.senders == ["DICOMWEB@127.0.0.1"] * 2


@pytest.mark.parametrize(
    "name", ["MR_small_implicit.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm", "JPEG2000.dcm", "reportsi.dcm"]
)
def test_any_transfer_syntax_is_taken(client: httpx.Client, shelf: Shelf, name: str) -> None:
    data = real_file(name).read_bytes()
    assert post(client, payload(data)).status_code == 200
    stored = pydicom.dcmread(real_file(name))
    with shelf.open(str(stored.SOPInstanceUID)) as stream:
        assert pydicom.dcmread(stream) == stored


def test_a_payload_that_comes_in_small_pieces(client: httpx.Client, shelf: Shelf) -> None:
    one = instance(StudyInstanceUID="1.2.9")
    data = b"preamble\r\n" + payload(file_of(one), file_of(instance(StudyInstanceUID="1.2.9")))
    response = post(client, (data[at : at + 7] for at in range(0, len(data), 7)))
    assert response.status_code == 200
    assert len(references(response, "00081199")) == 2
    with shelf.open(str(one.SOPInstanceUID)) as stream:
        assert pydicom.dcmread(stream).PixelData == one.PixelData


def test_another_study_than_the_path_is_a_conflict(client: httpx.Client, shelf: Shelf) -> None:
    other = instance(StudyInstanceUID="1.2.9")
    response = post(client, payload(file_of(other)), f"/studies/{STUDY}")
    assert response.status_code == 409
    assert reasons(response) == [0xA900]
    assert shelf.undone == 1
    both = post(client, payload(file_of(other), file_of(instance(StudyInstanceUID=STUDY))), f"/studies/{STUDY}")
    assert both.status_code == 202
    assert len(references(both, "00081199")) == len(reasons(both)) == 1


def test_uids_that_contradict_each_other_are_refused(client: httpx.Client, shelf: Shelf) -> None:
    one = instance()
    data = file_of(one).replace(str(one.SOPInstanceUID).encode(), b"1" * len(str(one.SOPInstanceUID)), 1)
    response = post(client, payload(data))
    assert response.status_code == 409
    assert reasons(response) == [0xA900]
    assert shelf.undone == 1


@pytest.mark.parametrize("data", [b"", b"hello", b"\0" * 200, file_of(instance())[:140], b"\x02\0\0\0UL"])
def test_what_is_no_file_is_told(client: httpx.Client, data: bytes) -> None:
    response = post(client, payload(data))
    assert response.status_code == 409
    assert reasons(response, "0008119A") == [0xC000]


def test_a_file_without_its_preamble_is_taken(client: httpx.Client, shelf: Shelf) -> None:
    one = instance()
    assert post(client, payload(file_of(one)[132:])).status_code == 200
    with shelf.open(str(one.SOPInstanceUID)) as stream:
        assert pydicom.dcmread(stream).PixelData == one.PixelData


def test_a_file_without_its_study_is_told(client: httpx.Client) -> None:
    response = post(client, payload(file_of(instance(StudyInstanceUID=None))))
    assert response.status_code == 409
    assert reasons(response) == [0xC000]


def test_a_storage_that_fails_is_told(shelf: Shelf) -> None:
    class Full:
        def receive(self, *_: str) -> object:
            raise StorageError("/secret: no space left")

    with served(shelf, ingest=Full()) as client:
        response = post(client, payload(file_of(instance())))
    assert response.status_code == 409
    assert reasons(response) == [0x0110]
    assert "secret" not in response.text


@pytest.mark.parametrize(
    ("content", "kind", "status"),
    [
        (payload(file_of(instance()))[:-10], "application/dicom", 400),
        (b"", "application/dicom", 400),
        (b"--xyz--", "application/dicom", 400),
        (b"no boundary in it", "application/dicom", 400),
        (payload(b"x"), "image/jpeg", 415),
        (payload(b"{", kind="application/dicom+json"), "application/dicom+json", 400),
        (payload(b"<a", kind="application/dicom+xml"), "application/dicom+xml", 400),
        (payload(b'<!DOCTYPE a [<!ENTITY b "c">]><a/>', kind="application/dicom+xml"), "application/dicom+xml", 400),
        (payload(b"[1]", kind="application/dicom+json"), "application/dicom+json", 400),
        (payload(b"[" * 100_000, kind="application/dicom+json"), "application/dicom+json", 400),
        (b"--xyz\r\n" + b"A: b\r\n" * 5000, "application/dicom", 400),
    ],
)
def test_malformed_payloads(client: httpx.Client, content: bytes, kind: str, status: int) -> None:
    response = post(client, content, kind=kind)
    assert response.status_code == status, response.text
    assert response.headers["content-type"] == "application/problem+json"


def test_other_kinds_of_content_are_415(client: httpx.Client) -> None:
    headers = JSON | {"Content-Type": "application/json"}
    assert client.post(f"{ROOT}/studies", content=b"{}", headers=headers).status_code == 415
    assert post(client, payload(b"x"), **{"Content-Encoding": "gzip"}).status_code == 415
    unbounded = JSON | {"Content-Type": 'multipart/related; type="application/dicom"'}
    assert client.post(f"{ROOT}/studies", content=b"x", headers=unbounded).status_code == 400


def test_an_instance_beyond_the_limit_is_413(shelf: Shelf) -> None:
    data = payload(file_of(instance(PixelData=bytes(300_000))))
    with served(shelf, WebSettings(largest_instance=250_000)) as client:
        response = post(client, (data[at : at + 50_000] for at in range(0, len(data), 50_000)))
    assert response.status_code == 413
    assert shelf.undone == 1


def test_a_client_that_goes_away_leaves_nothing(shelf: Shelf) -> None:
    data = payload(file_of(instance()))[:1000]

    def pieces() -> object:
        yield data
        assert shelf.receiving.wait(60)
        raise OSError("gone")

    with served(shelf) as client:
        with pytest.raises(OSError, match="gone"):
            post(client, pieces())
        assert client.get("/healthz").status_code == 200
    assert shelf.undone == 1


def test_without_an_ingest_there_is_no_store(shelf: Shelf) -> None:
    with served(shelf, ingest=None) as client:
        assert post(client, payload(b"x")).status_code == 405


def test_the_answer_comes_as_xml_too(client: httpx.Client) -> None:
    response = post(client, payload(file_of(instance())), Accept="application/dicom+xml")
    assert response.status_code == 200
    assert b'<DicomAttribute tag="00081199"' in response.content


def metadata_payload(metadata: bytes, kind: str, *bulk: tuple[str, str, bytes]) -> bytes:
    parts = [b"--xyz\r\nContent-Type: %b\r\n\r\n%b\r\n" % (kind.encode(), metadata)]
    parts += [
        b"--xyz\r\nContent-Type: %b\r\nContent-Location: %b\r\n\r\n%b\r\n" % (one.encode(), place.encode(), data)
        for one, place, data in bulk
    ]
    return b"".join(parts) + b"--xyz--"


def test_metadata_with_bulk_data(client: httpx.Client, shelf: Shelf) -> None:
    one = instance(PatientName="MÜLLER")
    described = one.to_json_dict()
    described["7FE00010"] = {"vr": "OW", "BulkDataURI": "pixels"}
    described = {tag: value for tag, value in described.items() if not tag.startswith("0002")}
    data = metadata_payload(
        json.dumps([described]).encode(),
        "application/dicom+json",
        ("application/octet-stream", "pixels", one.PixelData),
    )
    response = post(client, data, kind="application/dicom+json")
    assert response.status_code == 200, response.text
    with shelf.open(str(one.SOPInstanceUID)) as stream:
        read = pydicom.dcmread(stream)
    assert read.PixelData == one.PixelData
    assert read.PatientName == "MÜLLER"


def test_metadata_with_compressed_pixels(client: httpx.Client, shelf: Shelf) -> None:
    stored = pydicom.dcmread(real_file("JPEG2000.dcm"))
    frame = next(pydicom.encaps.generate_frames(stored.PixelData, number_of_frames=1))
    described = stored.to_json_dict(bulk_data_threshold=100, bulk_data_element_handler=lambda _: "pixels")
    described = {tag: value for tag, value in described.items() if not tag.startswith("0002")}
    data = metadata_payload(json.dumps([described]).encode(), "application/dicom+json", ("image/jp2", "pixels", frame))
    assert post(client, data, kind="application/dicom+json").status_code == 200
    with shelf.open(str(stored.SOPInstanceUID)) as stream:
        read = pydicom.dcmread(stream)
    assert read.file_meta.TransferSyntaxUID == "1.2.840.10008.1.2.4.90"
    assert (read.pixel_array == stored.pixel_array).all()


def test_metadata_as_xml(client: httpx.Client, shelf: Shelf) -> None:
    path = f"{ROOT}/studies/{STUDY}/series/1.2.826.0.1.1.2/metadata"
    response = client.get(path, headers={"Accept": 'multipart/related; type="application/dicom+xml"'})
    xml = response.content.split(b"\r\n\r\n")[1].rpartition(b"\r\n--")[0].replace(b"1.2.826.0.1.1.2.1", b"1.2.826.9")
    answer = post(client, metadata_payload(xml, "application/dicom+xml"), kind="application/dicom+xml")
    assert answer.status_code == 200, answer.text
    with shelf.open("1.2.826.9") as stream:
        assert pydicom.dcmread(stream).PatientName == "DOE^JANE"


def test_metadata_whose_bulk_data_is_missing_is_told(client: httpx.Client) -> None:
    described = {"00080018": {"vr": "UI", "Value": ["1.2"]}, "7FE00010": {"vr": "OW", "BulkDataURI": "nowhere"}}
    data = metadata_payload(json.dumps([described]).encode(), "application/dicom+json")
    assert post(client, data, kind="application/dicom+json").status_code == 409


def test_the_syntaxes_that_samples_are_written_in() -> None:
    assert {ImplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian} == {
        pydicom.dcmread(real_file(name)).file_meta.TransferSyntaxUID
        for name in ("MR_small_implicit.dcm", "MR_small_bigendian.dcm", "image_dfl.dcm")
    }
