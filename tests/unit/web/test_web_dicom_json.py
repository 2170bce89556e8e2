"""Data sets as DICOM JSON and XML (PS3.18 Annex F, PS3.19 A.1), beside pydicom's reading of them."""

import json
from pathlib import Path
from xml.etree import ElementTree

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.uid import ExplicitVRLittleEndian

from findicon.errors import StorageError
from findicon.pixels import read_header
from findicon.query import EncodedMatch, encode
from findicon.web.attributes import of_bytes, of_header, of_match
from findicon.web.dicomweb.dicom_json import json_text
from findicon.web.dicomweb.dicom_xml import xml_text
from support.samples import real_file

FILES = (
    "CT_small.dcm", "MR_small_implicit.dcm", "MR_small_bigendian.dcm", "rtplan.dcm", "reportsi.dcm", "chrH31.dcm",
    "waveform_ecg.dcm", "image_dfl.dcm", "liver_1frame.dcm", "priv_SQ.dcm", "examples_palette.dcm",
)  # fmt: skip


def answer(**values: object) -> Dataset:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    return dataset


def written(dataset: Dataset) -> dict[str, dict[str, object]]:
    read: dict[str, dict[str, object]] = json.loads(json_text(of_bytes(encode(dataset, ExplicitVRLittleEndian))))
    return read


def test_values_have_the_types_of_their_vrs() -> None:
    read = written(
        answer(
            PatientName="Müller^Jörg=山田^太郎=やまだ^たろう",
            NumberOfStudyRelatedSeries="3",
            PatientWeight="70.50",
            Rows=512,
            ModalitiesInStudy=["CT", "SR"],
            StudyDate="20240131",
            StudyID="",
            ImageComments="a \\ b",
        )
    )
    assert read["00100010"]["Value"] == [
        {"Alphabetic": "Müller^Jörg", "Ideographic": "山田^太郎", "Phonetic": "やまだ^たろう"}
    ]
    assert read["00201206"] == {"vr": "IS", "Value": [3]}
    assert read["00101030"] == {"vr": "DS", "Value": [70.5]}
    assert read["00280010"] == {"vr": "US", "Value": [512]}
    assert read["00080061"]["Value"] == ["CT", "SR"]
    assert read["00200010"] == {"vr": "SH"}, "an empty attribute has no Value (F.2.5)"
    assert read["00204000"]["Value"] == ["a \\ b"]
    assert list(read) == sorted(read)


def test_an_empty_value_between_others_is_null() -> None:
    assert written(answer(ImageType=["A", "", "C"]))["00080008"]["Value"] == ["A", None, "C"]


def test_text_says_that_it_is_utf8_whatever_it_was() -> None:
    dataset = answer(PatientName="MÜLLER^JÖRG")
    dataset.SpecificCharacterSet = "ISO_IR 100"
    read = written(dataset)
    assert read["00080005"]["Value"] == ["ISO_IR 192"]
    assert read["00100010"]["Value"] == [{"Alphabetic": "MÜLLER^JÖRG"}]


def test_a_picture_is_inline() -> None:
    item = Dataset()
    item.Rows = item.Columns = 2
    item.add_new(0x7FE00010, "OB", bytes([0, 1, 2, 3]))
    read = written(answer(IconImageSequence=[item]))
    (inner,) = read["00880200"]["Value"]
    assert inner["7FE00010"] == {"vr": "OB", "InlineBinary": "AAECAw=="}
    assert written(answer(IconImageSequence=[]))["00880200"] == {"vr": "SQ"}


def test_numbers_that_are_none_stay_strings() -> None:
    dataset = answer()
    with pydicom.config.disable_value_validation():
        dataset.add_new(0x00201208, "IS", "")
        data = encode(dataset, ExplicitVRLittleEndian)
    data += b"\x20\x00\x10\x12IS\x04\x00abc "
    data += b"\x28\x00\x50\x10DS\x04\x00+1.5"
    read = json.loads(json_text(of_bytes(data)))
    assert read["00201210"]["Value"] == ["abc"]
    assert read["00281050"]["Value"] == [1.5]


@pytest.mark.parametrize(
    "data", [b"\x10\x00\x10\x00PN\xff\x00DOE", b"\x10", b"\x88\x00\x00\x02SQ\0\0\x08\0\0\0garbage!"]
)
def test_what_is_no_data_set_is_told(data: bytes) -> None:
    with pytest.raises(StorageError, match="no valid data set"):
        of_match(EncodedMatch(data, ExplicitVRLittleEndian))


def plain(value: object, vr: str) -> object:
    values = list(value) if isinstance(value, MultiValue | list) else [value]
    return [
        float(str(one)) if vr in {"DS", "FD", "FL"} and one not in {None, ""} else str("" if one is None else one)
        for one in values
    ]


@pytest.mark.parametrize("name", FILES)
def test_metadata_reads_back_as_the_file_itself(name: str) -> None:
    path = real_file(name)
    text = json_text(of_header(read_header(path), lambda place: f"http://here/{place}", longest=1 << 20))
    read = Dataset.from_json(text, lambda *_: b"")
    file = pydicom.dcmread(path)
    for element in file:
        tag = int(element.tag)
        if tag in {0x00080005, 0x7FE00010} or tag & 0xFFFF == 0 or tag >= 0xFFFA0000:
            continue
        assert f"{tag:08X}" in json.loads(text), element
        if element.VR != "SQ" and not isinstance(element.value, bytes):
            assert plain(read[tag].value, element.VR) == plain(element.value, element.VR), element


@pytest.mark.parametrize("name", FILES)
def test_xml_holds_what_json_holds(name: str) -> None:
    header = read_header(real_file(name))
    document = ElementTree.fromstring(xml_text(of_header(header, lambda place: place)))
    tags = [attribute.get("tag") for attribute in document]
    assert tags == list(json.loads(json_text(of_header(header, lambda place: place))))


def test_xml_names_components_and_escapes() -> None:
    document = ElementTree.fromstring(
        xml_text(of_bytes(encode(answer(PatientName="DOE^JANE", StudyDescription="<&>"), ExplicitVRLittleEndian)))
    )
    name = document.find("DicomAttribute[@keyword='PatientName']/PersonName/Alphabetic")
    assert name is not None
    assert [(part.tag, part.text) for part in name] == [("FamilyName", "DOE"), ("GivenName", "JANE")]
    assert document.findtext("DicomAttribute[@tag='00081030']/Value") == "<&>"


def test_long_values_are_given_by_address(tmp_path: Path) -> None:
    header = read_header(real_file("examples_palette.dcm"))
    read = json.loads(json_text(of_header(header, lambda place: f"http://here/{place}", longest=100)))
    assert read["00281201"]["BulkDataURI"] == "http://here/00281201"
    assert read["7FE00010"]["BulkDataURI"] == "http://here/7FE00010"
