"""Finding the elements of encoded answers, in both VRs, with every kind of length, and refusing what is no data set."""

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.gateway.elements import NoDataSetError, Scanner
from findicon.query import decode, encode

ANY = range(1 << 32)
ICON = 0x00880200
SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)


def elements(data: bytes, syntax: str) -> list[tuple[int, int, int, int]]:
    found, _ = Scanner(syntax, ANY, ICON).scan(data)
    return [(tag, *where) for tag, where in found.items()]


def answer(*, undefined: bool = False) -> Dataset:
    dataset = Dataset()
    dataset.StudyDate = "20240131"
    dataset.PatientName = "DOE^JANE"
    inner = Dataset()
    inner.CodeValue = "X"
    inner.ConceptNameCodeSequence = [Dataset()]
    inner.ConceptNameCodeSequence[0].CodeMeaning = "deep"
    items = Sequence([inner, Dataset()])
    dataset.ProcedureCodeSequence = items
    dataset.StudyInstanceUID = "1.2.3"
    dataset.add_new(0x00091001, "UN", b"\0\1\2\3")
    if undefined:
        dataset["ProcedureCodeSequence"].is_undefined_length = True
        inner["ConceptNameCodeSequence"].is_undefined_length = True
        inner.is_undefined_length_sequence_item = True
        inner.ConceptNameCodeSequence[0].is_undefined_length_sequence_item = True
    return dataset


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("undefined", [False, True])
def test_every_element_is_found_where_it_is(syntax: str, undefined: bool) -> None:
    dataset = answer(undefined=undefined)
    data = encode(dataset, syntax)
    found = elements(data, syntax)
    assert [tag for tag, *_ in found] == [int(element.tag) for element in dataset]
    assert [start for _, start, _, _ in found] == [0, *(end for *_, end in found[:-1])]
    assert found[-1][3] == len(data)
    for tag, start, value, end in found:
        alone = decode(data[start:end], syntax)
        assert [int(element.tag) for element in alone] == [tag]
        if tag == 0x0020000D:
            assert data[value:end] == b"1.2.3\0"


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_only_those_that_are_wanted_and_the_place_for_another(syntax: str) -> None:
    dataset = answer()
    data = encode(dataset, syntax)
    found, place = Scanner(syntax, {0x0020000D, 0x00100010, 0x00100020}, 0x00100015).scan(data)
    assert list(found) == [0x00100010, 0x0020000D]
    assert place == found[0x0020000D][0]
    assert Scanner(syntax, (), ICON).scan(data) == ({}, len(data))


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_an_empty_data_set_has_none(syntax: str) -> None:
    assert elements(b"", syntax) == []


@pytest.mark.parametrize(
    "data",
    [
        b"rubbish that is no data set at all",
        struct.pack("<HH2sH", 8, 0x20, b"DA", 200) + b"2024",
        struct.pack("<HH2sH", 8, 0x20, b"da", 4) + b"2024",
        struct.pack("<HH2sHL", 8, 0x1032, b"SQ", 0, 0xFFFFFFFF),
        struct.pack("<HH2sHL", 8, 0x1032, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHL", 8, 0x20, 4) + b"2024",
        b"\x08",
    ],
)
def test_rubbish_is_refused(data: bytes) -> None:
    with pytest.raises(NoDataSetError):
        elements(data, ExplicitVRLittleEndian)


def test_sequences_do_not_nest_for_ever() -> None:
    deep = struct.pack("<HH2sHL", 8, 0x1032, b"SQ", 0, 0xFFFFFFFF) + struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
    with pytest.raises(NoDataSetError, match="deep"):
        elements(deep * 5000, ExplicitVRLittleEndian)


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_one_after_the_other(syntax: str) -> None:
    scanner = Scanner(syntax, ANY, ICON)
    for undefined in (False, True, False):
        data = encode(answer(undefined=undefined), syntax)
        assert scanner.scan(data) == Scanner(syntax, ANY, ICON).scan(data)
    with pytest.raises(NoDataSetError):
        scanner.scan(data[:-1])


@given(st.binary(max_size=300), st.sampled_from(SYNTAXES))
def test_whatever_comes_it_is_elements_or_refused(data: bytes, syntax: str) -> None:
    try:
        found = elements(data, syntax)
    except NoDataSetError:
        return
    assert all(start < value <= end <= len(data) for _, start, value, end in found)
