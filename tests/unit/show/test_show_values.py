"""Values as people read them."""

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ImplicitVRLittleEndian

from findicon.query import decode
from findicon.show.values import date_text, kind_text, list_text, name_text, time_text, value_of


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("Doe^John", "Doe, John"),
        ("Doe^John^Quincy^Dr.^III", "Doe, Dr. John Quincy, III"),
        ("Doe", "Doe"),
        ("OB^^^^", "OB"),
        ("^^^^", ""),
        ("", ""),
        ("Yamada^Tarou=山田^太郎=やまだ^たろう", "Yamada, Tarou 山田 太郎"),
        ("=山田^太郎", "山田, 太郎"),
        ("Doe^John^too^many^groups^here", "Doe, many John too, groups"),
    ],
)
def test_names(value: str, text: str) -> None:
    assert name_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"),
    [("20240131", "2024-01-31"), ("1997.04.24", "1997-04-24"), ("", ""), ("soon", "soon"), ("202401", "202401")],
)
def test_dates(value: str, text: str) -> None:
    assert date_text(value) == text


@pytest.mark.parametrize(
    ("value", "text"), [("072730.000000", "07:27"), ("0727", "07:27"), ("07", "07"), ("", ""), ("07:27:30", "07:27")]
)
def test_times(value: str, text: str) -> None:
    assert time_text(value) == text


def test_lists_name_each_value_once() -> None:
    assert list_text("CT\\MR\\CT\\") == "CT, MR"


@pytest.mark.parametrize(
    ("uid", "text"),
    [
        ("1.2.840.10008.5.1.4.1.1.2", "CT Image"),
        ("1.2.840.10008.5.1.4.1.1.1.2", "Digital Mammography X-Ray Image"),
        ("1.2.3.4", "1.2.3.4"),
        ("", ""),
    ],
)
def test_kinds(uid: str, text: str) -> None:
    assert kind_text(uid) == text


def test_several_values_keep_their_backslashes() -> None:
    dataset = Dataset()
    dataset.ModalitiesInStudy = ["CT", "MR"]
    assert value_of(dataset, "ModalitiesInStudy") == "CT\\MR"
    assert value_of(dataset, "PatientName") == ""


def test_a_value_that_breaks_its_vr_is_shown_as_it_came() -> None:
    # (0020,0013) Instance Number, IS, with the value 1A
    dataset = decode(b"\x20\x00\x13\x00\x02\x00\x00\x001A", ImplicitVRLittleEndian)
    assert value_of(dataset, "InstanceNumber") == "1A"


def test_control_characters_never_reach_the_terminal() -> None:
    dataset = Dataset()
    dataset.PatientComments = "x\x1b]0;title\x07y\r\nz"
    assert value_of(dataset, "PatientComments") == "x ]0;title y  z"
