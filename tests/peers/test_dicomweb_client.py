"""dicomweb-client as a real peer: every search, retrieval and store it can make, and the calls of two viewers."""

from collections.abc import Iterator
from io import BytesIO

import httpx
import numpy as np
import pydicom
import pytest
import requests
from dicomweb_client.api import DICOMwebClient
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from integration.web_archive import Served, web_archive
from support import archive
from support.samples import instance, real_file

pytestmark = pytest.mark.xdist_group("dicomweb")


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("dicomweb")
    with web_archive(archive.fill(folder / "files"), folder) as served:
        yield served


@pytest.fixture
def client(served: Served) -> Iterator[DICOMwebClient]:
    session = requests.Session()
    session.trust_env = False
    yield DICOMwebClient(served.dicomweb, session=session)
    session.close()


def found(answers: list[dict[str, dict[str, object]]]) -> list[Dataset]:
    return [Dataset.from_json(answer) for answer in answers]


def uids_of(name: str) -> tuple[str, str, str]:
    file = pydicom.dcmread(real_file(name), stop_before_pixels=True)
    return str(file.StudyInstanceUID), str(file.SeriesInstanceUID), str(file.SOPInstanceUID)


def test_searches_at_every_level(client: DICOMwebClient) -> None:
    studies = found(client.search_for_studies())
    assert len(studies) >= 16
    study = next(one for one in studies if one.NumberOfStudyRelatedInstances == 9)
    series = found(client.search_for_series(study.StudyInstanceUID))
    assert [one.NumberOfSeriesRelatedInstances for one in series] == [9]
    uid = series[0].SeriesInstanceUID
    images = found(client.search_for_instances(study.StudyInstanceUID, uid))
    assert sorted(int(one.InstanceNumber) for one in images) == list(range(1, 10))
    assert len(client.search_for_instances(study.StudyInstanceUID)) == 9
    assert len(client.search_for_series()) >= 16
    assert len(client.search_for_instances()) >= 28


def test_searches_with_filters_fields_and_pages(client: DICOMwebClient) -> None:
    (study,) = found(client.search_for_studies(search_filters={"PatientID": "1CT1"}))
    assert "CT" in study.ModalitiesInStudy
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    by_uid = client.search_for_studies(search_filters={"StudyInstanceUID": study.StudyInstanceUID})
    assert len(by_uid) == 1
    (with_field,) = found(client.search_for_studies(search_filters={"PatientID": "1CT1"}, fields=["StudyDescription"]))
    assert with_field.StudyDescription == "e+1"
    pages = [client.search_for_instances(limit=10, offset=offset) for offset in (0, 10, 20)]
    keys = [answer["00080018"]["Value"][0] for page in pages for answer in page]
    assert len(keys) == len(set(keys)) == sum(map(len, pages))
    everything = client.search_for_instances(limit=7, get_remaining=True)
    assert len(everything) == len(client.search_for_instances())


def test_pictures_in_answers(client: DICOMwebClient) -> None:
    for search in (client.search_for_studies, client.search_for_series, client.search_for_instances):
        answers = found(search(fields=["IconImageSequence"]))
        pictures = [one for one in answers if one.IconImageSequence]
        assert len(answers) - len(pictures) <= 4, "only plan, report and waveform have no picture"
        for one in pictures:
            (icon,) = one.IconImageSequence
            assert len(icon.PixelData) == icon.Rows * icon.Columns + icon.Rows * icon.Columns % 2


def test_metadata_at_every_level(client: DICOMwebClient) -> None:
    study, series, instance_uid = uids_of("CT_small.dcm")
    one = Dataset.from_json(client.retrieve_instance_metadata(study, series, instance_uid), lambda *_: b"")
    file = pydicom.dcmread(real_file("CT_small.dcm"))
    assert one.PatientName == file.PatientName
    assert list(one.ImagePositionPatient) == list(file.ImagePositionPatient)
    assert len(client.retrieve_series_metadata(study, series)) == 1
    assert len(client.retrieve_study_metadata(study)) == 1


@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "rtplan.dcm", "image_dfl.dcm"])
def test_instances_as_they_are_stored(client: DICOMwebClient, name: str) -> None:
    study, series, instance_uid = uids_of(name)
    file = pydicom.dcmread(real_file(name))
    as_stored = client.retrieve_instance(study, series, instance_uid, media_types=(("application/dicom", "*"),))
    assert as_stored.SOPInstanceUID == instance_uid
    assert client.retrieve_series(study, series)[0].PatientID == file.PatientID
    assert client.retrieve_study(study)[0].PatientID == file.PatientID
    assert next(client.iter_series(study, series)).SOPInstanceUID == instance_uid
    assert next(client.iter_study(study)).SOPInstanceUID == instance_uid


@pytest.mark.parametrize("name", ["JPEG2000.dcm", "MR_small_RLE.dcm", "SC_rgb_jpeg_dcmtk.dcm", "CT_small.dcm"])
def test_instances_in_explicit_little_endian(client: DICOMwebClient, name: str) -> None:
    read = client.retrieve_instance(*uids_of(name), media_types=(("application/dicom", str(ExplicitVRLittleEndian)),))
    assert read.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert read.pixel_array.shape == pydicom.dcmread(real_file(name)).pixel_array.shape


def test_frames(client: DICOMwebClient) -> None:
    uids = uids_of("SC_rgb_rle_2frame.dcm")
    file = pydicom.dcmread(real_file("SC_rgb_rle_2frame.dcm"))
    octets = (("application/octet-stream", str(ExplicitVRLittleEndian)),)
    frames = client.retrieve_instance_frames(*uids, frame_numbers=[1, 2], media_types=octets)
    assert [np.frombuffer(frame, np.uint8).size for frame in frames] == [file.Rows * file.Columns * 3] * 2
    assert np.array_equal(np.frombuffer(frames[1], np.uint8), file.pixel_array[1].ravel())
    stored = client.retrieve_instance_frames(
        *uids, frame_numbers=[2], media_types=(("image/dicom-rle", "1.2.840.10008.1.2.5"),)
    )
    assert stored[0] == list(pydicom.encaps.generate_frames(file.PixelData, number_of_frames=2))[1]
    assert list(client.iter_instance_frames(*uids, frame_numbers=[1, 2], media_types=octets)) == frames
    j2k = uids_of("JPEG2000.dcm")
    (codestream,) = client.retrieve_instance_frames(*j2k, frame_numbers=[1], media_types=("image/jp2",))
    assert codestream.startswith(b"\xff\x4f\xff\x51")


def test_bulk_data(client: DICOMwebClient, served: Served) -> None:
    uids = uids_of("CT_small.dcm")
    metadata = client.retrieve_instance_metadata(*uids)
    address = metadata["7FE00010"]["BulkDataURI"]
    assert address.startswith(served.dicomweb)
    pixels = pydicom.dcmread(real_file("CT_small.dcm")).PixelData
    assert client.retrieve_bulkdata(address) == [pixels]
    octets = (("application/octet-stream", str(ExplicitVRLittleEndian)),)
    assert client.retrieve_bulkdata(address, media_types=octets) == [pixels]
    part = client.retrieve_bulkdata(address, media_types=("application/octet-stream",), byte_range=(10, 19))
    assert part in ([pixels[10:20]], [pixels])
    assert list(client.iter_bulkdata(address)) == [pixels]


def test_rendered(client: DICOMwebClient) -> None:
    uids = uids_of("CT_small.dcm")
    for media_type, kind in (("image/jpeg", "JPEG"), ("image/png", "PNG"), ("image/gif", "GIF")):
        image = Image.open(BytesIO(client.retrieve_instance_rendered(*uids, media_types=(media_type,))))
        assert (image.format, image.size) == (kind, (128, 128))
    small = client.retrieve_instance_rendered(
        *uids, media_types=("image/png",), params={"viewport": "64,64", "window": "40,400,linear", "quality": "80"}
    )
    assert Image.open(BytesIO(small)).size == (64, 64)
    frame = client.retrieve_instance_frames_rendered(
        *uids_of("SC_rgb_rle_2frame.dcm"), frame_numbers=[2], media_types=("image/jpeg",)
    )
    assert Image.open(BytesIO(frame)).mode == "RGB"
    series = client.retrieve_series_rendered(*uids[:2])
    assert b"Content-Type: image/jpeg" in series, "several pictures come in parts"


def test_store_and_find_again(client: DICOMwebClient) -> None:
    new = [instance(StudyInstanceUID="1.2.826.0.1.77", SeriesInstanceUID="1.2.826.0.1.77.1") for _ in range(3)]
    answer = client.store_instances(new)
    assert len(answer.ReferencedSOPSequence) == 3
    assert answer.RetrieveURL.endswith("/studies/1.2.826.0.1.77")
    assert len(client.search_for_instances("1.2.826.0.1.77")) == 3
    again = client.retrieve_instance("1.2.826.0.1.77", "1.2.826.0.1.77.1", str(new[0].SOPInstanceUID))
    assert again.PixelData == new[0].PixelData
    assert len(client.store_instances(new, study_instance_uid="1.2.826.0.1.77").ReferencedSOPSequence) == 3


def test_what_is_not_there(client: DICOMwebClient) -> None:
    with pytest.raises(requests.HTTPError, match="404"):
        client.retrieve_study_metadata("1.2.3.4.5")
    with pytest.raises(requests.HTTPError, match="406"):
        client.retrieve_series_rendered(*uids_of("CT_small.dcm")[:2], media_types=("image/jpeg",))


@pytest.fixture
def browser(served: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=served.dicomweb, trust_env=False, timeout=60) as client:
        yield client


@pytest.mark.parametrize("accept", ["*/*", "image/jpeg", "image/avif,image/webp,image/apng,image/*,*/*;q=0.8"])
def test_ohif_asks_for_pictures_of_series(browser: httpx.Client, accept: str) -> None:
    study, series, _ = uids_of("CT_small.dcm")
    response = browser.get(f"/studies/{study}/series/{series}/thumbnail?viewport=256,256", headers={"Accept": accept})
    image = Image.open(BytesIO(response.content))
    assert (response.status_code, image.format, image.size) == (200, "JPEG", (128, 128))
    assert browser.get(f"/studies/{study}/series/1.2.3/thumbnail?viewport=256,256").status_code == 404


def test_ohif_falls_back_on_an_instance(browser: httpx.Client) -> None:
    study, series, _ = uids_of("MR_small_RLE.dcm")
    path = f"/studies/{study}/series/{series}/instances"
    (found,) = browser.get(f"{path}?limit=1", headers={"Accept": "application/dicom+json"}).json()
    uid = found["00080018"]["Value"][0]
    for resource in ("thumbnail", "rendered", "frames/1/rendered", "frames/1/thumbnail"):
        response = browser.get(f"{path}/{uid}/{resource}?viewport=256,256", headers={"Accept": "image/jpeg"})
        assert (response.status_code, response.headers["content-type"]) == (200, "image/jpeg")


def test_weasis_asks_for_thumbnails_and_falls_back_on_rendered(browser: httpx.Client) -> None:
    study, series, instance_uid = uids_of("CT_small.dcm")
    headers = {"Accept": "image/jpeg"}
    base = f"/studies/{study}/series/{series}"
    for path in (f"{base}/thumbnail", f"{base}/instances/{instance_uid}/thumbnail"):
        assert browser.get(f"{path}?viewport=256%2C256", headers=headers).status_code == 200
    unknown = browser.get(f"/studies/{study}/series/1.2.3/thumbnail?viewport=256%2C256", headers=headers)
    assert unknown.status_code == 404, "which is what makes it fall back"
    count = browser.get(f"/studies/{study}/series", headers={"Accept": "application/dicom+json"}).json()
    middle = count[0]["00201209"]["Value"][0] // 2
    answers = browser.get(
        f"{base}/instances?limit=1&offset={middle}", headers={"Accept": "application/dicom+json"}
    ).json()
    uid = answers[0]["00080018"]["Value"][0]
    rendered = browser.get(f"{base}/instances/{uid}/rendered?viewport=256%2C256", headers=headers)
    assert Image.open(BytesIO(rendered.content)).size == (256, 256)
