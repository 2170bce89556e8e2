from io import BytesIO
from pathlib import Path

import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.archive.stored_header import stored_header
from findicon.pixels import read_header
from findicon.query import decode
from support.samples import instance, real_file


def stored(dataset: Dataset, transfer_syntax: str = ExplicitVRLittleEndian) -> Dataset:
    dataset.file_meta.TransferSyntaxUID = transfer_syntax
    buffer = BytesIO()
    pydicom.dcmwrite(
        buffer,
        dataset,
        implicit_vr=transfer_syntax == ImplicitVRLittleEndian,
        little_endian=transfer_syntax != ExplicitVRBigEndian,
        enforce_file_format=True,
    )
    return decode(stored_header(read_header(BytesIO(buffer.getvalue()))), ExplicitVRLittleEndian)


def item(**attributes: str) -> Dataset:
    dataset = Dataset()
    for keyword, value in attributes.items():
        setattr(dataset, keyword, value)
    return dataset


@pytest.mark.parametrize("transfer_syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian])
def test_the_header_is_the_same_in_whatever_way_it_was_written(transfer_syntax: str) -> None:
    nested = item(CodeValue="1", CodeMeaning="inner")
    outer = item(CodeValue="2", CodeMeaning="outer")
    outer.EquivalentCodeSequence = [nested, item(CodeValue="3")]
    dataset = instance(
        ProcedureCodeSequence=[outer, item(CodeValue="4")],
        ReferencedStudySequence=[],
        EchoTime=3.5,
        FrameIncrementPointer=[0x00181063],
        RecommendedDisplayFrameRateInFloat=29.97,
        SimpleFrameList=[1, 70000],
    )
    found = stored(dataset, transfer_syntax)
    for keyword in ("PatientName", "Rows", "EchoTime", "ProcedureCodeSequence", "FrameIncrementPointer"):
        assert found[keyword].value == dataset[keyword].value, keyword
    assert list(found.SimpleFrameList) == [1, 70000]
    assert found.RecommendedDisplayFrameRateInFloat == pytest.approx(29.97)
    assert len(found.ReferencedStudySequence) == 0


def test_what_is_private_bulk_long_or_of_the_file_is_left_out() -> None:
    dataset = instance(ImageComments="x" * 5000, RedPaletteColorLookupTableData=b"\0" * 512)
    dataset.add_new(0x00091001, "LO", "private")
    dataset.add_new(0x00880200, "SQ", [item(CodeValue="icon")])
    found = stored(dataset)
    for tag in (0x00020010, 0x00091001, 0x00204000, 0x00281201, 0x00880200, 0x7FE00010):
        assert tag not in found
    assert found.PatientID == "P1"


def test_a_sequence_that_is_too_long_is_kept_empty() -> None:
    found = stored(instance(ProcedureCodeSequence=[item(CodeMeaning="x" * 60) for _ in range(400)]))
    assert len(found.ProcedureCodeSequence) == 0


@pytest.mark.parametrize("name", ["CT_small.dcm", "rtplan.dcm", "reportsi.dcm", "MR_small.dcm", "image_dfl.dcm"])
def test_real_headers_are_kept_as_pydicom_reads_them(name: str) -> None:
    path: Path = real_file(name)
    whole = pydicom.dcmread(path, stop_before_pixels=True)
    found = decode(stored_header(read_header(path)), ExplicitVRLittleEndian)
    assert len(found) > 10
    for element in found:
        assert element.value == whole[element.tag].value, element.tag


def test_text_keeps_its_character_set() -> None:
    found = stored(instance(SpecificCharacterSet="ISO_IR 100", PatientName="Müller^Jörg"))
    assert str(found.PatientName) == "Müller^Jörg"
