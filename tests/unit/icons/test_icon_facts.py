"""Header facts: what is read out of files, right and strange."""

from io import BytesIO

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import KeyObjectSelectionDocumentStorage, generate_uid

from findicon.icons import Facts
from findicon.pixels import read_header
from support.samples import instance, real_file, real_files


def facts_of(**attributes: object) -> Facts:
    buffer = BytesIO()
    instance(**attributes).save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    return Facts.from_header(read_header(buffer))


def code(value: str) -> Dataset:
    dataset = Dataset()
    dataset.CodeValue, dataset.CodingSchemeDesignator = value, "DCM"
    return dataset


def reference(uid: str, *frames: int) -> Dataset:
    """Make a content item of an IMAGE reference (PS3.16 TID 2010)."""
    referenced, item = Dataset(), Dataset()
    referenced.ReferencedSOPInstanceUID = uid
    if frames:
        referenced.ReferencedFrameNumber = list(frames)
    item.RelationshipType, item.ValueType = "CONTAINS", "IMAGE"
    item.ReferencedSOPSequence = [referenced]
    return item


def test_the_facts_of_an_image() -> None:
    uid = generate_uid()
    facts = facts_of(
        SOPInstanceUID=uid,
        SeriesNumber=4,
        InstanceNumber=17,
        ImageType=["ORIGINAL", "PRIMARY", "AXIAL"],
        ImageOrientationPatient=[1, 0, 0, 0, 1, 0],
        ImagePositionPatient=[-100, -90, 12.5],
        NumberOfFrames=None,
    )
    assert facts.sop_instance == uid
    assert (facts.modality, facts.series_number, facts.instance_number, facts.frames) == ("CT", 4, 17, 1)
    assert (facts.rows, facts.columns, facts.has_pixels, facts.burned_in) == (16, 16, True, False)
    assert (facts.image_type, facts.flavor) == (("ORIGINAL", "PRIMARY", "AXIAL"), "AXIAL")
    assert (facts.normal, facts.position) == ((0.0, 0.0, 1.0), 12.5)
    assert (facts.title, facts.references, facts.frame) == ("", (), None)


def test_an_oblique_plane_is_projected_on_its_normal() -> None:
    half = 0.5**0.5
    facts = facts_of(ImageOrientationPatient=[half, half, 0, 0, 0, -1], ImagePositionPatient=[-10, 10, 3])
    assert facts.normal == (-0.7071, 0.7071, 0.0)
    assert facts.position == pytest.approx(20 * half, abs=1e-3)


@pytest.mark.parametrize(
    ("orientation", "position"),
    [
        (None, [0, 0, 1]),
        ([1, 0, 0, 0, 1, 0], None),
        ([0, 0, 0, 0, 0, 0], [0, 0, 1]),
        ([1, 0, 0, 1, 0, 0], [0, 0, 1]),
        ([1, 0, 0, 0, 1], [0, 0, 1]),
        ([1, 0, 0, 0, 1, 0], [0, 0]),
    ],
)
def test_planes_that_make_no_sense_give_no_position(orientation: list[float], position: list[float]) -> None:
    facts = facts_of(ImageOrientationPatient=orientation, ImagePositionPatient=position)
    assert (facts.normal, facts.position) == ((), None)


@pytest.mark.parametrize(("value", "burned_in"), [("YES", True), ("NO", False), ("", False), (None, False)])
def test_burned_in_annotation(value: str | None, burned_in: bool) -> None:
    assert facts_of(BurnedInAnnotation=value).burned_in is burned_in


def test_a_whole_slide_tells_its_size() -> None:
    facts = facts_of(TotalPixelMatrixRows=70000, TotalPixelMatrixColumns=90000, NumberOfFrames=400)
    assert (facts.matrix_rows, facts.matrix_columns, facts.frames) == (70000, 90000, 400)


def test_a_key_object_tells_what_it_points_at() -> None:
    text = Dataset()
    text.RelationshipType, text.ValueType, text.TextValue = "CONTAINS", "TEXT", "look here"
    facts = facts_of(
        SOPClassUID=KeyObjectSelectionDocumentStorage,
        Modality="KO",
        ConceptNameCodeSequence=[code("113000")],
        ContentSequence=[text, reference("1.2.3"), reference("1.2.4", 7, 9)],
    )
    assert facts.title == "113000"
    assert facts.references == (("1.2.3", 0), ("1.2.4", 7), ("1.2.4", 9))


def test_a_key_object_with_malformed_content_is_a_key_object_without() -> None:
    whole = instance(SOPClassUID=KeyObjectSelectionDocumentStorage, ConceptNameCodeSequence=[code("113000")])
    buffer = BytesIO()
    whole.save_as(buffer, enforce_file_format=True)
    data = buffer.getvalue()
    item = data.index(b"\xfe\xff\x00\xe0", data.index(b"\x40\x00\x43\xa0"))
    broken = data[:item] + b"\xfe\xff\x07\xe0" + data[item + 4 :]
    facts = Facts.from_header(read_header(BytesIO(broken)))
    assert (facts.sop_class, facts.title, facts.references) == (KeyObjectSelectionDocumentStorage, "", ())


def test_other_documents_have_no_title() -> None:
    facts = facts_of(ConceptNameCodeSequence=[code("113000")], ContentSequence=[reference("1.2.3")])
    assert (facts.title, facts.references) == ("", ())


@pytest.mark.parametrize("value", ["", "one", "1e9999", "-"])
def test_numbers_that_are_none(value: str) -> None:
    dataset = instance()
    dataset.add_new(0x00200013, "LO", value)
    dataset.add_new(0x00280008, "LO", value)
    buffer = BytesIO()
    dataset.save_as(buffer, enforce_file_format=True)
    buffer.seek(0)
    facts = Facts.from_header(read_header(buffer))
    assert (facts.instance_number, facts.frames) == (None, 1)


def test_a_real_file() -> None:
    facts = Facts.from_header(read_header(real_file("CT_small.dcm")))
    assert (facts.modality, facts.rows, facts.flavor) == ("CT", 128, "AXIAL")
    assert (facts.normal, facts.position) == ((0.0, 0.0, 1.0), -75.7)


def test_every_real_file_that_has_a_header_has_facts() -> None:
    read = 0
    for path in real_files():
        try:
            header = read_header(path)
        except Exception:  # noqa: BLE001 -- what is no DICOM file is the header's business
            continue
        assert Facts.from_header(header).frames >= 1
        read += 1
    assert read > 60
