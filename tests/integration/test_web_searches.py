"""QIDO-RS over a real catalogue, as PS3.18 8.3.4 and 10.6 have it line by line."""

from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest
from pydicom.dataset import Dataset

from integration.web_archive import web_archive
from support.samples import instance, write
from unit.web.parts import parts_of

JSON = {"Accept": "application/dicom+json"}
STUDY = "1.2.826.0.1.7"


def with_request(number: int, **attributes: Any) -> Dataset:
    dataset = instance(
        StudyInstanceUID=f"{STUDY}.{number}",
        SeriesInstanceUID=f"{STUDY}.{number}.1",
        SOPInstanceUID=f"{STUDY}.{number}.1.1",
        PatientID=f"P{number}",
        **attributes,
    )
    request = Dataset()
    request.RequestedProcedureID, request.ScheduledProcedureStepID = f"RP{number}", f"SPS{number}"
    dataset.RequestAttributesSequence = [request]
    return dataset


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[httpx.Client]:
    folder = tmp_path_factory.mktemp("searches")
    names = ("MEIER^ANNA", "MAYER^HANS", "SMITH^JANE", "MÜLLER^JÖRG")
    for number, name in enumerate(names, 1):
        made = with_request(number, PatientName=name, StudyDate=f"2024010{number}", SpecificCharacterSet="ISO_IR 100")
        write(made, folder / "files")
    with web_archive(folder / "files", folder) as served:
        with httpx.Client(base_url=served.dicomweb, trust_env=False, timeout=120) as client:
            yield client


def found(client: httpx.Client, path: str) -> list[str]:
    """Give the last number of the study of each answer."""
    answer = client.get(path, headers=JSON)
    assert answer.status_code in {200, 204}, answer.text
    answers = answer.json() if answer.status_code == 200 else []
    return sorted(one["0020000D"]["Value"][0].rpartition(".")[2] for one in answers)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("PatientID=P2", "2"),
        ("00100020=P2", "2"),
        ("PatientID=P2&00100010=MAYER*", "2"),
        ("PatientName=m*", "124"),
        ("PatientName=M%C3%BCller*", "4"),
        ("PatientName=muller*", "4"),
        ("PatientName=M?YER*", "2"),
        ("StudyDate=20240102-20240103", "23"),
        ("StudyDate=-20240102", "12"),
        ("StudyDate=20240103-", "34"),
        (f"StudyInstanceUID={STUDY}.1,{STUDY}.3", "13"),
        (f"StudyInstanceUID={STUDY}.1%5C{STUDY}.3", "13"),
        ("ModalitiesInStudy=CT", "1234"),
        ("Modality=CT&PatientID=P1", "1"),
        ("Modality=MR", ""),
        ("PatientName=", "1234"),
        ("PatientName=mayer&fuzzymatching=true", "12"),
        ("PatientName=mayer&fuzzymatching=false", ""),
        ("StudyDescription=%22%22&emptyvaluematching=true", ""),
        ("RequestAttributesSequence.RequestedProcedureID=RP3", "3"),
        ("00400275.00400009=SPS4", "4"),
        ("RequestAttributesSequence.RequestedProcedureID=RP3&00400275.00400009=SPS4", ""),
    ],
)
@pytest.mark.parametrize("resource", ["/studies", "/series", "/instances"])
def test_parameters_match(client: httpx.Client, resource: str, query: str, expected: str) -> None:
    assert found(client, f"{resource}?{query}") == list(expected)


def test_nothing_more_is_warned_about_what_is_done(client: httpx.Client) -> None:
    asked = "PatientName=mayer&fuzzymatching=true&emptyvaluematching=true&multiplevaluematching=true"
    assert "warning" not in client.get(f"/studies?{asked}", headers=JSON).headers


def test_a_sequence_comes_back_with_its_item(client: httpx.Client) -> None:
    (series,) = client.get(f"/studies/{STUDY}.2/series", headers=JSON).json()
    (item,) = series["00400275"]["Value"]
    assert item["00401001"]["Value"] == ["RP2"]
    assert item["00400009"]["Value"] == ["SPS2"]


@pytest.mark.parametrize(
    ("field", "tag"),
    [("StudyDescription", "00081030"), ("00081030", "00081030"), ("PatientID,StudyDescription", "00081030")],
)
def test_fields_are_included_by_keyword_and_tag(client: httpx.Client, field: str, tag: str) -> None:
    without = client.get("/studies?PatientID=P1", headers=JSON).json()[0]
    (study,) = client.get(f"/studies?PatientID=P1&includefield={field}", headers=JSON).json()
    assert tag not in without
    assert study[tag]["Value"]


def test_all_fields_are_more_than_the_usual_ones(client: httpx.Client) -> None:
    for resource in ("/studies", "/series", "/instances"):
        (usual,) = client.get(f"{resource}?PatientID=P1", headers=JSON).json()
        (whole,) = client.get(f"{resource}?PatientID=P1&includefield=all", headers=JSON).json()
        assert set(usual) < set(whole), resource
        assert "00880200" not in whole
        assert "7FE00010" not in whole


def test_pages_of_limit_and_offset_are_the_whole(client: httpx.Client) -> None:
    pages = [client.get(f"/studies?limit=3&offset={offset}", headers=JSON) for offset in (0, 3)]
    uids = [one["0020000D"]["Value"][0] for page in pages for one in page.json()]
    assert len(uids) == len(set(uids)) == 4
    assert pages[0].headers["warning"].startswith(f"299 {str(client.base_url).rstrip('/')}: There are 1 additional")
    assert "warning" not in pages[1].headers
    assert client.get("/studies?offset=4", headers=JSON).status_code == 204


def test_names_and_items_in_xml(client: httpx.Client) -> None:
    accept = {"Accept": 'multipart/related; type="application/dicom+xml"'}
    (part,) = parts_of(client.get("/series?PatientID=P4", headers=accept))
    document = ElementTree.fromstring(part.body)
    name = document.find("DicomAttribute[@tag='00100010']/PersonName/Alphabetic")
    assert name is not None
    assert [one.text for one in name] == ["MÜLLER", "JÖRG"]
    nested = document.find("DicomAttribute[@tag='00400275']/Item/DicomAttribute[@tag='00401001']/Value")
    assert nested is not None
    assert nested.text == "RP4"


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        ("application/json, application/dicom+json;q=0.9", "application/json"),
        ('application/dicom+json;q=0.1, multipart/related; type="application/dicom+xml"', "multipart/related"),
        ("text/html, application/*;q=0.5", "application/dicom+json"),
        ("application/dicom+json;q=0, */*", "multipart/related"),
    ],
)
def test_the_best_of_several_media_types(client: httpx.Client, accept: str, kind: str) -> None:
    answer = client.get("/studies", headers={"Accept": accept})
    assert answer.headers["content-type"].partition(";")[0] == kind
