"""What scripts and notebooks make of answers: data frames, contact sheets, icons of thumbnails."""

import sys
from io import BytesIO

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from findicon.errors import IconError, QueryError
from findicon.icons import Icon
from findicon.show import contact_sheet, data_frame, icon_of_thumbnail, value_of


@pytest.fixture
def answers(answer, icon_items) -> list:
    return [
        answer(
            PatientName="Doe^Jane",
            StudyDate="20240131",
            ModalitiesInStudy=["CT", "SR"],
            NumberOfStudyRelatedInstances="60",
            PatientWeight="61.5",
            IconImageSequence=icon_items,
        ),
        answer(PatientName="Roe^Richard", StudyDate="", NumberOfStudyRelatedInstances=""),
    ]


def test_a_data_frame_has_a_row_for_each_answer(answers) -> None:
    frame = data_frame(answers)
    assert list(frame) == [
        "StudyDate",
        "ModalitiesInStudy",
        "PatientName",
        "PatientWeight",
        "NumberOfStudyRelatedInstances",
        "icon",
    ]
    assert frame.StudyDate[0] == pd.Timestamp("2024-01-31")
    assert frame.StudyDate.isna().tolist() == [False, True]
    assert frame.NumberOfStudyRelatedInstances.sum() == 60
    assert str(frame.NumberOfStudyRelatedInstances.dtype) == "Int64"
    assert frame.PatientWeight[0] == 61.5
    assert frame.ModalitiesInStudy[0] == "CT\\SR"
    assert isinstance(frame.icon[0], Icon)
    assert frame.icon[1] is None


def test_a_data_frame_of_chosen_columns(answers) -> None:
    frame = data_frame(answers, ["PatientName", "AccessionNumber"])
    assert list(frame) == ["PatientName", "AccessionNumber", "icon"]
    assert frame.AccessionNumber.tolist() == ["", ""]


def test_odd_values_are_missing_or_text(answer) -> None:
    frame = data_frame([answer(StudyDate="20240231", SeriesNumber=["1", "2"]), answer(SeriesNumber="3")])
    assert frame.StudyDate.isna().all()
    assert frame.SeriesNumber.tolist() == ["1\\2", "3"]


def test_no_answers_make_an_empty_frame() -> None:
    assert len(data_frame([])) == 0
    assert list(data_frame([], ["PatientName"])) == ["PatientName", "icon"]


def test_pandas_is_an_extra(answers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pandas", None)
    with pytest.raises(QueryError, match=r"pip install 'findicon\[pandas\]'"):
        data_frame(answers)


def test_values_inside_sequences(answer) -> None:
    requests = [Dataset(), Dataset(), Dataset()]
    requests[0].RequestedProcedureID = "R1"
    requests[1].RequestedProcedureID = "R2"
    dataset = answer(RequestAttributesSequence=requests).dataset
    assert value_of(dataset, "RequestAttributesSequence.RequestedProcedureID") == "R1\\R2"
    assert value_of(dataset, "RequestAttributesSequence.ScheduledProcedureStepID") == ""
    assert value_of(dataset, "RequestAttributesSequence.ScheduledProtocolCodeSequence.CodeValue") == ""
    assert value_of(dataset, "RequestAttributesSequence") == "3 items"
    assert value_of(dataset, "PatientName.Nothing") == ""
    frame = data_frame([answer(RequestAttributesSequence=requests)], ["RequestAttributesSequence.RequestedProcedureID"])
    assert frame.iloc[0, 0] == "R1\\R2"


def test_a_contact_sheet_has_a_place_for_each_answer(answers) -> None:
    sheet = contact_sheet(answers, columns=2, size=100)
    assert sheet.mode == "RGB"
    assert sheet.size == (2 * 112 + 12, 100 + 45 + 12 + 12)
    assert sheet.getpixel((62, 62)) == (255, 255, 255), "the white icon, enlarged to its square"
    assert sheet.getpixel((12 + 112 + 50, 80)) == (0, 0, 0), "no picture"
    text = np.asarray(sheet)[12 + 100 + 2 : 12 + 100 + 15, 12:60]
    assert text.max() > 200, "a name below it"


def test_a_sheet_of_many_is_a_little_wider_than_high(answers) -> None:
    width, height = contact_sheet(answers * 12, size=100).size
    assert 1 < width / height < 1.5


def test_no_answers_make_a_small_sheet() -> None:
    assert contact_sheet([]).size == (184, 229)


@pytest.mark.parametrize("how", [{"size": 8}, {"size": 5000}, {"columns": 0}])
def test_a_sheet_that_makes_no_sense(answers, how: dict) -> None:
    with pytest.raises(QueryError, match="cannot be drawn"):
        contact_sheet(answers, **how)


def test_a_sheet_that_would_be_too_large(answer) -> None:
    with pytest.raises(QueryError, match="200 answers is too large"):
        contact_sheet([answer(PatientName="Doe")] * 200, size=1024)


def encoded(image: Image.Image, kind: str) -> bytes:
    buffer = BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize(("kind", "mode"), [("JPEG", "L"), ("JPEG", "RGB"), ("JPEG", "CMYK"), ("PNG", "P")])
def test_a_thumbnail_becomes_an_icon(kind: str, mode: str) -> None:
    icon = icon_of_thumbnail(encoded(Image.new("RGB", (300, 150), (200, 10, 10)).convert(mode), kind), 64)
    assert (icon.columns, icon.rows) == (64, 32)
    assert bool(icon.palette) == (mode != "L")


def test_a_small_thumbnail_stays_small() -> None:
    assert icon_of_thumbnail(encoded(Image.new("L", (20, 10)), "JPEG"), 64).columns == 20


@pytest.mark.parametrize("data", [b"", b"GIF89a", b"\xff\xd8\xff\xe0 nothing", b"<html>"])
def test_what_is_no_picture_says_so(data: bytes) -> None:
    with pytest.raises(IconError, match="thumbnail cannot be read"):
        icon_of_thumbnail(data, 64)


def test_a_broken_picture_says_so() -> None:
    data = encoded(Image.effect_noise((64, 64), 90), "JPEG")
    with pytest.raises(IconError, match="thumbnail cannot be read"):
        icon_of_thumbnail(data[: len(data) // 2], 64)


def test_a_picture_that_would_fill_the_memory_says_so() -> None:
    data = bytearray(encoded(Image.new("L", (10, 10)), "PNG"))
    data[16:24] = (40_000).to_bytes(4, "big") * 2
    with pytest.raises(IconError, match="thumbnail cannot be read"):
        icon_of_thumbnail(bytes(data), 64)
