"""Encoded data sets taken apart (PS3.5 7)."""

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.query import Malformed, elements_of, encode

SYNTAXES = {True: ExplicitVRLittleEndian, False: ImplicitVRLittleEndian}


def nested() -> Dataset:
    inner = Dataset()
    inner.CodeValue = "A1"
    item = Dataset()
    item.CodeMeaning = "Chest"
    item.EquivalentCodeSequence = [inner]
    dataset = Dataset()
    dataset.StudyDate = "20200101"
    dataset.ProcedureCodeSequence = [item, Dataset()]
    dataset.Rows = 512
    return dataset


@pytest.mark.parametrize("explicit", [True, False])
@pytest.mark.parametrize("undefined", [True, False])
def test_sequences_of_any_length(explicit: bool, undefined: bool) -> None:
    dataset = nested()
    for sequence in (dataset["ProcedureCodeSequence"], dataset.ProcedureCodeSequence[0]["EquivalentCodeSequence"]):
        sequence.is_undefined_length = undefined
        for item in sequence.value:
            item.is_undefined_length_sequence_item = undefined
    date, sequence, rows = elements_of(encode(dataset, SYNTAXES[explicit]), explicit=explicit)
    assert (date.tag, date.vr, date.value) == (0x00080020, "DA", b"20200101")
    assert (rows.vr, rows.value) == ("US", b"\x00\x02")
    assert sequence.vr == "SQ"
    first, second = sequence.items
    assert second == ()
    meaning, equivalent = first
    assert meaning.value == b"Chest "
    assert equivalent.items[0][0].value == b"A1"


def test_a_sequence_in_vr_un_is_implicit_inside() -> None:
    item = struct.pack("<HHL", 0x0008, 0x0100, 2) + b"A1"
    value = struct.pack("<HHL", 0xFFFE, 0xE000, len(item)) + item + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    data = struct.pack("<HH2sHL", 0x0008, 0x1032, b"UN", 0, 0xFFFFFFFF) + value
    (sequence,) = elements_of(data, explicit=True)
    assert sequence.items[0][0].value == b"A1"


@pytest.mark.parametrize(
    ("data", "tag"),
    [
        (b"\x08\x00\x20\x00DA\x08\x002020", 0x00080020),
        (b"\x08\x00\x20\x00DA", 0),
        (b"\x08\x00\x20\x00\x08\x00\x00\x002020", 0x00080020),
        (b"\x08\x00\x32\x10SQ\x00\x00\x08\x00\x00\x00\x08\x00\x00\x01\x02\x00\x00\x00", 0x00081032),
        (b"\x08\x00\x32\x10SQ\x00\x00\x08\x00\x00\x00\xfe\xff\x00\xe0\xff\x00\x00\x00", 0x00081032),
        (b"\xe0\x7f\x10\x00OW\x00\x00", 0x7FE00010),
    ],
    ids=["too long", "half a head", "no VR", "no item", "item too long", "half a long head"],
)
def test_what_is_no_data_set_says_where(data: bytes, tag: int) -> None:
    with pytest.raises(Malformed) as error:
        elements_of(data, explicit=True)
    assert error.value.tag == tag


def test_sequences_do_not_nest_for_ever() -> None:
    data = b""
    for _ in range(40):
        item = struct.pack("<HHL", 0xFFFE, 0xE000, len(data)) + data
        data = struct.pack("<HHL", 0x0008, 0x1032, len(item)) + item
    with pytest.raises(Malformed, match="nest"):
        elements_of(data, explicit=False)


@given(data=st.binary(max_size=200), explicit=st.booleans())
def test_any_bytes_are_taken_apart_or_refused(data: bytes, explicit: bool) -> None:
    with suppress(Malformed):
        assert sum(8 + len(element.value) for element in elements_of(data, explicit=explicit)) <= len(data)
