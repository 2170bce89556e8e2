"""Instances, metadata, bulk data and frames over HTTP (PS3.18 10.4)."""

from io import BytesIO
from pathlib import Path

import httpx
import numpy as np
import pydicom
import pytest
from pydicom.uid import ExplicitVRLittleEndian

from findicon.web import WebSettings
from support.samples import instance, real_file
from unit.web.conftest import SERIES, STUDY, served
from unit.web.parts import parts_of
from unit.web.shelf import Shelf

ROOT = "/dicom-web"
INSTANCE = f"{ROOT}/studies/{STUDY}/series/{SERIES}/instances/{SERIES}.1"
DICOM = 'multipart/related; type="application/dicom"'
OCTETS = 'multipart/related; type="application/octet-stream"'


def path_of(name: str) -> str:
    file = pydicom.dcmread(real_file(name), stop_before_pixels=True)
    return f"{ROOT}/studies/{file.StudyInstanceUID}/series/{file.SeriesInstanceUID}/instances/{file.SOPInstanceUID}"


def get(client: httpx.Client, path: str, accept: str) -> httpx.Response:
    return client.get(path, headers={"Accept": accept})


@pytest.mark.parametrize(
    ("path", "count"), [(f"{ROOT}/studies/{STUDY}", 4), (f"{ROOT}/studies/{STUDY}/series/{SERIES}", 3), (INSTANCE, 1)]
)
def test_instances_come_in_parts(client: httpx.Client, path: str, count: int) -> None:
    response = get(client, path, DICOM)
    assert response.status_code == 200
    parts = parts_of(response)
    assert len(parts) == count
    for part in parts:
        assert part.content_type == f"application/dicom; transfer-syntax={ExplicitVRLittleEndian}"
        assert part.location.endswith(str(pydicom.dcmread(BytesIO(part.body)).SOPInstanceUID))


def test_an_instance_comes_alone_on_request(client: httpx.Client, shelf: Shelf) -> None:
    response = get(client, INSTANCE, "application/dicom")
    assert response.content == (shelf.folder / f"{SERIES}.1.dcm").read_bytes()
    assert response.headers["content-disposition"] == f'attachment; filename="{SERIES}.1.dcm"'
    link = client.get(f"{INSTANCE}?accept=application/dicom", headers={"Accept": "text/html,*/*;q=0.8"})
    assert link.content == response.content
    assert get(client, f"{ROOT}/studies/{STUDY}", "application/dicom").status_code == 406
    not_again = client.get(INSTANCE, headers={"Accept": "application/dicom", "If-None-Match": response.headers["etag"]})
    assert not_again.status_code == 304


@pytest.mark.parametrize("name", ["MR_small_bigendian.dcm", "image_dfl.dcm", "CT_small.dcm", "waveform_ecg.dcm"])
def test_native_files_come_in_explicit_little_endian(shelf: Shelf, name: str) -> None:
    shelf.take(real_file(name))
    stored = pydicom.dcmread(real_file(name))
    with served(shelf) as client:
        response = get(client, path_of(name), "application/dicom")
    assert response.status_code == 200
    read = pydicom.dcmread(BytesIO(response.content))
    assert read.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert read.PatientID == stored.PatientID
    if "PixelData" in stored:
        assert np.array_equal(read.pixel_array, stored.pixel_array)


@pytest.mark.parametrize("name", ["MR_small_RLE.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm"])
def test_compressed_files_are_decoded_or_given_as_they_are(real_shelf: Shelf, name: str) -> None:
    stored = pydicom.dcmread(real_file(name))
    with served(real_shelf) as client:
        decoded = get(client, path_of(name), "application/dicom")
        as_stored = get(client, path_of(name), "application/dicom; transfer-syntax=*")
        named = get(client, path_of(name), f"application/dicom; transfer-syntax={stored.file_meta.TransferSyntaxUID}")
        other = get(client, path_of(name), "application/dicom; transfer-syntax=1.2.840.10008.1.2.4.80")
    assert as_stored.content == named.content == real_file(name).read_bytes()
    assert other.status_code == 406
    assert decoded.status_code == 200
    read = pydicom.dcmread(BytesIO(decoded.content))
    assert read.file_meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert read.pixel_array.shape == stored.pixel_array.shape


def test_implicit_files_never_leave_as_they_are(shelf: Shelf) -> None:
    shelf.take(real_file("MR_small_implicit.dcm"))
    with served(shelf) as client:
        response = get(client, path_of("MR_small_implicit.dcm"), "application/dicom; transfer-syntax=*")
    assert pydicom.dcmread(BytesIO(response.content)).file_meta.TransferSyntaxUID == ExplicitVRLittleEndian


def test_metadata_names_bulk_data_that_can_be_had(client: httpx.Client) -> None:
    (metadata,) = get(client, f"{INSTANCE}/metadata", "application/dicom+json").json()
    assert "00020010" not in metadata
    address = metadata["7FE00010"]["BulkDataURI"]
    response = get(client, address, "application/octet-stream")
    assert response.status_code == 200
    assert len(response.content) == 512
    (part,) = parts_of(get(client, address, OCTETS))
    assert part.body == response.content


@pytest.mark.parametrize(
    ("path", "count"), [(f"{ROOT}/studies/{STUDY}", 4), (f"{ROOT}/studies/{STUDY}/series/{SERIES}", 3), (INSTANCE, 1)]
)
def test_metadata_of_every_resource(client: httpx.Client, path: str, count: int) -> None:
    assert len(get(client, f"{path}/metadata", "application/dicom+json").json()) == count
    xml = get(client, f"{path}/metadata", 'multipart/related; type="application/dicom+xml"')
    assert len(parts_of(xml)) == count


def test_metadata_is_not_sent_again(client: httpx.Client) -> None:
    first = get(client, f"{INSTANCE}/metadata", "application/dicom+json")
    headers = {"Accept": "application/dicom+json", "If-None-Match": first.headers["etag"]}
    assert client.get(f"{INSTANCE}/metadata", headers=headers).status_code == 304


@pytest.mark.parametrize("resource", ["bulkdata", "pixeldata"])
def test_all_pixels_of_a_series(client: httpx.Client, resource: str) -> None:
    parts = parts_of(get(client, f"{ROOT}/studies/{STUDY}/series/{SERIES}/{resource}", OCTETS))
    assert [len(part.body) for part in parts] == [512] * 3
    assert len({part.location for part in parts}) == 3


def test_pixels_of_what_has_none_are_404(client: httpx.Client) -> None:
    path = f"{ROOT}/studies/{STUDY}/series/1.2.826.0.1.1.2"
    assert get(client, f"{path}/pixeldata", OCTETS).status_code == 404
    assert get(client, f"{path}/instances/1.2.826.0.1.1.2.1/frames/1", OCTETS).status_code == 404


def test_a_value_inside_a_sequence(real_shelf: Shelf) -> None:
    with served(real_shelf) as client:
        path = path_of("waveform_ecg.dcm")
        (metadata,) = get(client, f"{path}/metadata", "application/dicom+json").json()
        address = metadata["54000100"]["Value"][0]["54001010"]["BulkDataURI"]
        response = get(client, address, "application/octet-stream")
        missing = get(client, f"{path}/bulkdata/54000100/9/54001010", "application/octet-stream")
        malformed = get(client, f"{path}/bulkdata/..%2F..%2Fetc", "application/octet-stream")
    file = pydicom.dcmread(real_file("waveform_ecg.dcm"))
    assert response.content == file.WaveformSequence[0].WaveformData
    assert missing.status_code == 404
    assert malformed.status_code == 400


def test_frames_of_native_pixels(shelf: Shelf) -> None:
    pixels = np.arange(3 * 256, dtype=np.uint16)
    one = instance(NumberOfFrames=3, PixelData=pixels.tobytes())
    shelf.add(one)
    path = f"{ROOT}/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"
    with served(shelf) as client:
        parts = parts_of(get(client, f"{path}/frames/1,3", OCTETS))
        single = get(client, f"{path}/frames/2", "application/octet-stream")
        anything = get(client, f"{path}/frames/2", "*/*")
        assert get(client, f"{path}/frames/4", OCTETS).status_code == 404
        assert get(client, f"{path}/frames/2,1", OCTETS).status_code == 400
        assert get(client, f"{path}/frames/1,2", "application/octet-stream").status_code == 406
        assert get(client, f"{path}/frames/1", 'multipart/related; type="image/jls"').status_code == 406
    assert [part.body for part in parts] == [pixels[:256].tobytes(), pixels[512:].tobytes()]
    assert [part.location.rpartition("/")[2] for part in parts] == ["1", "3"]
    assert single.content == pixels[256:512].tobytes()
    assert parts_of(anything)[0].body == single.content


@pytest.mark.parametrize(
    ("name", "media_type"),
    [
        ("MR_small_RLE.dcm", "image/dicom-rle"),
        ("JPEG2000.dcm", "image/jp2"),
        ("SC_rgb_jpeg_dcmtk.dcm", "image/jpeg"),
    ],
)
def test_frames_of_compressed_pixels(real_shelf: Shelf, name: str, media_type: str) -> None:
    stored = pydicom.dcmread(real_file(name))
    syntax = stored.file_meta.TransferSyntaxUID
    with served(real_shelf) as client:
        path = f"{path_of(name)}/frames/1"
        (compressed,) = parts_of(get(client, path, f'multipart/related; type="{media_type}"'))
        (as_stored,) = parts_of(get(client, path, f"{OCTETS}; transfer-syntax=*"))
        (decoded,) = parts_of(get(client, path, OCTETS))
        (anything,) = parts_of(get(client, path, "*/*"))
        (bulk,) = parts_of(get(client, f"{path_of(name)}/pixeldata", f'multipart/related; type="{media_type}"'))
    frame = next(pydicom.encaps.generate_frames(stored.PixelData, number_of_frames=1))
    assert compressed.body == as_stored.body == bulk.body == frame
    assert compressed.content_type == f"{media_type}; transfer-syntax={syntax}"
    assert decoded.body == anything.body
    assert decoded.content_type == f"application/octet-stream; transfer-syntax={ExplicitVRLittleEndian}"
    assert len(decoded.body) == stored.pixel_array.nbytes


def test_decoded_colour_comes_as_the_metadata_say(shelf: Shelf, tmp_path: Path) -> None:
    stored = pydicom.dcmread(real_file("SC_rgb_rle_16bit.dcm"))
    by_pixel = stored.pixel_array
    stored.PlanarConfiguration = 1
    stored.save_as(tmp_path / "planes.dcm")
    shelf.take(tmp_path / "planes.dcm")
    with served(shelf) as client:
        path = path_of("SC_rgb_rle_16bit.dcm")
        frame = get(client, f"{path}/frames/1", "application/octet-stream").content
        file = get(client, path, "application/dicom").content
    assert frame == by_pixel.transpose(2, 0, 1).astype("<u2").tobytes()
    assert np.array_equal(pydicom.dcmread(BytesIO(file)).pixel_array, by_pixel)


def test_frames_of_single_bits(real_shelf: Shelf) -> None:
    stored = pydicom.dcmread(real_file("liver_1frame.dcm"))
    with served(real_shelf) as client:
        response = get(client, f"{path_of('liver_1frame.dcm')}/frames/1", "application/octet-stream")
    bits = np.unpackbits(np.frombuffer(response.content, np.uint8), bitorder="little")
    assert np.array_equal(bits[: stored.Rows * stored.Columns], stored.pixel_array.ravel())


def test_frames_of_single_bits_that_begin_inside_a_byte(shelf: Shelf) -> None:
    frames = np.random.default_rng(1).integers(0, 2, (3, 3, 3), np.uint8)
    one = instance(
        Rows=3, Columns=3, BitsAllocated=1, BitsStored=1, HighBit=0, NumberOfFrames=3,
        PixelData=pydicom.pixels.pack_bits(frames.ravel()),
    )  # fmt: skip
    shelf.add(one)
    path = f"{ROOT}/studies/{one.StudyInstanceUID}/series/{one.SeriesInstanceUID}/instances/{one.SOPInstanceUID}"
    with served(shelf) as client:
        for number in (1, 2, 3):
            data = get(client, f"{path}/frames/{number}", "application/octet-stream").content
            bits = np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little")[:9]
            assert np.array_equal(bits, frames[number - 1].ravel())


def test_an_octet_stream_of_an_instance_is_its_bulk_data(client: httpx.Client) -> None:
    (part,) = parts_of(get(client, INSTANCE, OCTETS))
    assert len(part.body) == 512


@pytest.mark.parametrize("path", ["/studies/9.9", f"/studies/{STUDY}/series/9.9", f"{INSTANCE[10:]}9"])
@pytest.mark.parametrize("more", ["", "/metadata", "/bulkdata"])
def test_what_is_not_there_is_404(client: httpx.Client, path: str, more: str) -> None:
    assert get(client, f"{ROOT}{path}{more}", "*/*").status_code == 404


def test_an_instance_whose_file_is_gone_is_404(client: httpx.Client, shelf: Shelf) -> None:
    (shelf.folder / f"{SERIES}.1.dcm").unlink()
    for path in (INSTANCE, f"{INSTANCE}/metadata", f"{INSTANCE}/frames/1", f"{INSTANCE}/rendered"):
        response = get(client, path, "*/*")
        assert response.status_code == 404
        assert str(shelf.folder) not in response.text


def test_too_many_are_413(shelf: Shelf) -> None:
    with served(shelf, WebSettings(most_instances=2, most_frames=2)) as client:
        assert get(client, f"{ROOT}/studies/{STUDY}", DICOM).status_code == 413
        assert get(client, f"{INSTANCE}/frames/1,2,3", OCTETS).status_code == 413
