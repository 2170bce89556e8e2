"""The DICOM JSON Model (PS3.18 Annex F), with pydicom's own writer as oracle."""

import base64
import json
from io import StringIO

import pytest
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.errors import FindiconError
from findicon.query import EncodedMatch, encode
from findicon.show import json_of, write_json, write_json_lines
from support.samples import real_files

_SMALL_ENOUGH = 60_000


def oracle(dataset: Dataset) -> dict:
    """What pydicom writes, with F.2.5 (no Value in what is empty), UTF-8 for character set and no padding inside."""

    def value_of(value):
        return (value.strip(" ") if isinstance(value, str) else value) or (None if value in ("", {}) else value)

    def mended(one: dict) -> dict:
        made = {}
        for tag, element in one.items():
            values = element.get("Value") or []
            values = [mended(item) if element["vr"] == "SQ" else value_of(item) for item in values]
            made[tag] = {"vr": element["vr"]} | ({"Value": values} if values else {})
            if element.get("InlineBinary"):
                made[tag]["InlineBinary"] = element["InlineBinary"]
        if "00080005" in made:
            made["00080005"] = {"vr": "CS", "Value": ["ISO_IR 192"]}
        return made

    return mended({tag: element for tag, element in dataset.to_json_dict().items() if not tag.endswith("0000")})


# badVR.dcm: its IS 1A is more than pydicom's writer bears
REAL = [path for path in real_files() if path.stat().st_size < _SMALL_ENOUGH and path.name != "badVR.dcm"]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_headers_agree_with_pydicom(path) -> None:
    dataset = dcmread(path, stop_before_pixels=True, force=True)
    plain = Dataset()
    plain.update({element.tag: element for element in dataset if element.VR != "UN" and not element.tag.is_private})
    assert json_of(match_of(plain)) == oracle(plain)


def match_of(dataset: Dataset, syntax: str = ExplicitVRLittleEndian) -> EncodedMatch:
    return EncodedMatch(encode(dataset, syntax), syntax)


def test_an_implicit_answer_reads_the_same() -> None:
    dataset = Dataset()
    dataset.PatientName = "Doe^Jane"
    dataset.NumberOfStudyRelatedSeries = 3
    assert json_of(match_of(dataset, ImplicitVRLittleEndian)) == json_of(match_of(dataset))


def test_an_icon_is_inline(answer, icon_items) -> None:
    made = json_of(answer(IconImageSequence=icon_items))
    item = made["00880200"]["Value"][0]
    assert item["00280010"] == {"vr": "US", "Value": [16]}
    assert base64.b64decode(item["7FE00010"]["InlineBinary"]) == icon_items[0].PixelData


def test_what_is_empty_has_no_value(answer) -> None:
    made = json_of(answer(PatientName="", StudyDate="", IconImageSequence=[], NumberOfStudyRelatedSeries=""))
    for tag in ("00100010", "00080020", "00880200", "00201206"):
        assert set(made[tag]) == {"vr"}, "PS3.18 F.2.5"


def test_an_empty_value_among_others_is_null(answer) -> None:
    assert json_of(answer(ModalitiesInStudy=["CT", "", "MR"]))["00080061"]["Value"] == ["CT", None, "MR"]


def test_names_have_their_groups(answer) -> None:
    made = json_of(answer(SpecificCharacterSet="ISO_IR 192", PatientName="Yamada^Tarou=山田^太郎"))
    assert made["00100010"]["Value"] == [{"Alphabetic": "Yamada^Tarou", "Ideographic": "山田^太郎"}]
    assert made["00080005"]["Value"] == ["ISO_IR 192"]


def test_numbers_that_are_none_stay_text() -> None:
    data = b"\x20\x00\x13\x00IS\x02\x001A"
    assert json_of(EncodedMatch(data, ExplicitVRLittleEndian))["00200013"]["Value"] == ["1A"]


def test_not_a_number_is_valid_json(answer) -> None:
    made = json_of(answer(EventTimeOffset=float("nan")))
    assert json.loads(json.dumps(made, allow_nan=False))["00082134"]["Value"] == ["nan"]


def test_sequences_of_undefined_length(answer) -> None:
    dataset = Dataset()
    item = Dataset()
    item.RequestedProcedureID = "R1"
    inner = Dataset()
    inner.CodeValue = "X"
    item.RequestedProcedureCodeSequence = [inner]
    dataset.RequestAttributesSequence = [item, Dataset()]
    defined = json_of(match_of(dataset))
    for sequence in (dataset["RequestAttributesSequence"], item["RequestedProcedureCodeSequence"]):
        sequence.is_undefined_length = True
        for one in sequence.value:
            one.is_undefined_length_sequence_item = True
    undefined = match_of(dataset)
    assert b"\xff\xff\xff\xff" in undefined.encoded(ExplicitVRLittleEndian)
    assert json_of(undefined) == defined
    assert defined["00400275"]["Value"][1] == {}


@pytest.mark.parametrize(
    "data",
    [
        b"\x10\x00\x10\x00PN\xff\x00Doe",
        b"\x10\x00\x10\x00PN",
        b"\x40\x00\x75\x02SQ\x00\x00\xff\xff\xff\xff\xfe\xff\x00\xe0\xff\xff\xff\xff",
        b"\x40\x00\x75\x02SQ\x00\x00\x08\x00\x00\x00notitems",
        b"\x28\x00\x10\x00US\x03\x00abc",
        b"\xe0\x7f\x10\x00OB\x00\x00\xff\xff\xff\xff",
    ],
)
def test_broken_bytes_are_one_sentence(data: bytes) -> None:
    with pytest.raises(FindiconError, match="not a valid data set"):
        json_of(EncodedMatch(data, ExplicitVRLittleEndian))


@pytest.mark.parametrize("count", [0, 1, 3])
def test_writers_write_every_answer(answer, count: int) -> None:
    matches = [answer(PatientID=str(number)) for number in range(count)]
    array, lines = StringIO(), StringIO()
    write_json(matches, array)
    write_json_lines(matches, lines)
    assert json.loads(array.getvalue()) == [json_of(match) for match in matches]
    assert [json.loads(line) for line in lines.getvalue().splitlines()] == [json_of(match) for match in matches]
