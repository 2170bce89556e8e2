"""Answers as CSV and as a contact sheet."""

import base64
import csv
import re
from io import BytesIO, StringIO

import pytest
from PIL import Image

from findicon.show import cards_html, picture_html, png_of, write_csv, write_html


def test_csv_has_a_column_for_each_keyword(answer) -> None:
    stream = StringIO(newline="")
    matches = [
        answer(PatientName="Doe^Jane", ModalitiesInStudy=["CT", "MR"], StudyDescription='with "quotes", commas'),
        answer(PatientName="Roe^John"),
    ]
    write_csv(matches, stream, ["PatientName", "ModalitiesInStudy", "StudyDescription"])
    assert list(csv.reader(StringIO(stream.getvalue()))) == [
        ["PatientName", "ModalitiesInStudy", "StudyDescription"],
        ["Doe^Jane", "CT\\MR", 'with "quotes", commas'],
        ["Roe^John", "", ""],
    ]


def page(matches, **how) -> str:
    stream = StringIO()
    write_html(matches, stream, title=how.pop("title", "Answers"), **how)
    return stream.getvalue()


def test_a_sheet_needs_nothing_else(answer, icon_items) -> None:
    text = page([answer(PatientName="Doe^Jane", IconImageSequence=icon_items)])
    sources = re.findall(r'src="data:image/png;base64,([^"]+)"', text)
    assert len(sources) == 1
    assert Image.open(BytesIO(base64.b64decode(sources[0]))).size == (16, 16)
    assert "http" not in text
    assert "<script" not in text


def test_what_peers_send_is_text(answer) -> None:
    text = page([answer(PatientName="<script>alert(1)</script>^J", StudyDescription='" onload="x')], title="<b>&")
    assert "<script" not in text
    assert "&lt;script&gt;" in text
    assert "<title>&lt;b&gt;&amp;</title>" in text
    assert "&quot; onload=&quot;x" in text


def test_a_sheet_shows_what_was_asked_for(answer) -> None:
    text = page([answer(PatientName="Doe^Jane", ReferringPhysicianName="Who")], wanted=["ReferringPhysicianName"])
    assert "ReferringPhysicianName: Who" in text


def test_cards_of_any_level_stand_side_by_side(answer) -> None:
    text = cards_html([answer("STUDY", PatientName="Doe^Jane"), answer("IMAGE", InstanceNumber="3")])
    assert "Doe, Jane" in text
    assert "Image 3" in text
    assert text.count("no picture") == 2


def test_a_picture_as_png(answer, icon_items) -> None:
    icon = answer(IconImageSequence=icon_items).icon
    assert Image.open(BytesIO(png_of(icon))).getpixel((0, 0)) == 255


@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("-x", "'-x"),
        ("-12.5", "-12.5"),
        ("=Yamada^Tarou", "'=Yamada^Tarou"),
        ("DOE", "DOE"),
    ],
)
def test_no_cell_is_a_formula(answer, value: str, cell: str) -> None:
    stream = StringIO()
    write_csv([answer(PatientID=value)], stream, ["PatientID"])
    assert stream.getvalue().splitlines()[1] == cell


def test_a_picture_in_a_cell_of_a_data_frame(answer, icon_items) -> None:
    (with_icon, without) = answer(IconImageSequence=icon_items), answer()
    assert picture_html(with_icon.icon).startswith('<img alt="" src="data:image/png;base64,')
    assert picture_html(without.icon) == ""
