"""Attributes without a column and sequences: answered and matched from the stored header."""

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from contract.making import record
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.query import Key, Match, Options, Query, decode, encode


def code(value: str, meaning: str) -> Dataset:
    item = Dataset()
    item.CodeValue = value
    item.CodingSchemeDesignator = "99LOCAL"
    item.CodeMeaning = meaning
    return item


def header(**values: object) -> bytes:
    dataset = Dataset()
    for name, value in values.items():
        setattr(dataset, name, value)
    return encode(dataset, ExplicitVRLittleEndian)


@pytest.fixture
def finder(catalogue: Catalogue) -> CatalogueFinder:
    catalogue.add(
        [
            record(
                1,
                1,
                1,
                header=header(
                    SpecificCharacterSet="ISO_IR 100",
                    StudyInstanceUID="1.2.1",
                    KVP="120.0",
                    ImageComments="Größe",
                    EchoTime="3.5",
                    ExposureTimeInms=1.5,
                    FrameIncrementPointer=0x00181063,
                    ProcedureCodeSequence=[code("A1", "Schädel"), code("B2", "Thorax")],
                    AnatomicRegionSequence=[code("C3", "Kopf")],
                ),
            ),
            record(1, 1, 2, header=header(SpecificCharacterSet="ISO_IR 100", KVP="80")),
        ]
    )
    return CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")


def ask(
    finder: CatalogueFinder, level: str, *keys: Key, options: Options | None = None, **keywords: str
) -> list[Match]:
    return list(finder.find(Query(level, defaults=False, keys=keys, options=options, **keywords)))


def item(**keywords: str) -> Key:
    inner = tuple(Key.named(name, value) for name, value in keywords.items())
    return Key(0x00081032, "SQ", items=(inner,))  # Procedure Code Sequence


@pytest.mark.parametrize("syntax", [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian])
def test_any_attribute_of_an_image_is_answered(finder: CatalogueFinder, syntax: str) -> None:
    (match,) = ask(
        finder, "IMAGE", SOPInstanceUID="1.2.1.1.1", KVP="", ImageComments="", ExposureTimeInms="", EchoTime="",
        FrameIncrementPointer="", AnatomicRegionSequence="", SliceThickness="",
    )  # fmt: skip
    answer = decode(match.encoded(syntax), syntax)
    assert match.all_keys_supported
    assert answer.KVP == 120
    assert answer.ImageComments == "Größe"
    assert answer.ExposureTimeInms == 1.5
    assert answer.FrameIncrementPointer == 0x00181063
    assert answer.AnatomicRegionSequence[0].CodeMeaning == "Kopf"
    assert answer["SliceThickness"].is_empty


def test_any_attribute_of_an_image_is_matched(finder: CatalogueFinder) -> None:
    assert len(ask(finder, "IMAGE", KVP="120")) == 1
    assert len(ask(finder, "IMAGE", ImageComments="Gr*")) == 1
    assert len(ask(finder, "IMAGE", KVP="121")) == 0


def test_relational_questions_reach_such_attributes_from_above(finder: CatalogueFinder) -> None:
    relational = Options(relational=True)
    assert len(ask(finder, "STUDY", options=relational, KVP="120", StudyInstanceUID="")) == 1
    assert len(ask(finder, "STUDY", options=relational, KVP="121", StudyInstanceUID="")) == 0
    assert len(ask(finder, "STUDY", options=relational, KVP="80", ImageComments="Gr*")) == 0, "not the same image"


def test_a_whole_sequence_is_answered_above_the_images(finder: CatalogueFinder) -> None:
    (match,) = ask(finder, "STUDY", Key(0x00081032, "SQ"))
    assert match.all_keys_supported
    assert match.dataset.SpecificCharacterSet == "ISO_IR 192"
    assert [one.CodeMeaning for one in match.dataset.ProcedureCodeSequence] == ["Schädel", "Thorax"]


def test_matching_items_come_with_the_attributes_asked_for(finder: CatalogueFinder) -> None:
    (match,) = ask(finder, "STUDY", item(CodeValue="A*", CodeMeaning="", LongCodeValue=""))
    (only,) = match.dataset.ProcedureCodeSequence
    assert (only.CodeValue, only.CodeMeaning) == ("A1", "Schädel")
    assert "CodingSchemeDesignator" not in only
    assert only["LongCodeValue"].is_empty
    assert ask(finder, "STUDY", item(CodeValue="A1", CodeMeaning="Thorax")) == []


@pytest.mark.parametrize(
    "name", ["PixelData", "00091001", "TransferSyntaxUID", "PerFrameFunctionalGroupsSequence", "00FF0010"]
)
def test_what_headers_do_not_keep_is_not_supported(finder: CatalogueFinder, name: str) -> None:
    matches = ask(finder, "IMAGE", Key.named(name), SOPInstanceUID="")
    assert len(matches) == 2
    assert not matches[0].all_keys_supported
    assert Key.named(name).tag not in matches[0].dataset


def test_sequences_follow_the_instance_that_speaks_for_the_study(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.remove(["/files/1/1/1.dcm"])
    (match,) = ask(finder, "STUDY", Key(0x00081032, "SQ"))
    assert match.dataset["ProcedureCodeSequence"].is_empty


def test_a_damaged_header_has_no_attributes(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(2, 1, 1, header=b"\x08\x00\x32\x10SQ")])
    (match,) = ask(finder, "IMAGE", StudyInstanceUID="1.2.2", KVP="", AnatomicRegionSequence="")
    assert match.dataset["KVP"].is_empty
