"""Tables in the terminal, at the widths people have."""

from io import StringIO

import pytest
from PIL import Image
from pydicom.dataset import Dataset
from rich.console import Console

from findicon.query import Match
from findicon.show import print_table, show
from findicon.show.halfblocks import HalfBlocks


def printed(matches: list[Match], *, width: int = 80, colours: bool = True, pictures: bool = True, **how) -> str:
    stream = StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colours,
        color_system="truecolor" if colours else None,
        _environ={"TERM": "xterm"},
    )
    print_table(matches, console, pictures=pictures, **how)
    return stream.getvalue()


@pytest.fixture
def study(answer, icon_items) -> Match:
    return answer(
        PatientName="Doe^Jane",
        PatientID="P1",
        PatientBirthDate="19700102",
        PatientSex="F",
        StudyDate="20240131",
        StudyTime="101500",
        StudyDescription="Chest",
        ModalitiesInStudy=["CT", "SR"],
        StudyInstanceUID="1.2.3",
        NumberOfStudyRelatedSeries="1",
        NumberOfStudyRelatedInstances="60",
        IconImageSequence=icon_items,
    )


@pytest.mark.parametrize("width", [80, 200])
def test_a_card_beside_its_picture(study: Match, width: int) -> None:
    text = printed([study] * 4, width=width, colours=False)
    for part in ("Doe, Jane", "P1 · born 1970-01-02 · female", "2024-01-31 10:15 · CT, SR", "1 series · 60 images"):
        assert part in text
    assert max(map(len, text.splitlines())) <= width


def test_wide_terminals_put_answers_side_by_side(study: Match) -> None:
    lines = printed([study] * 3, width=200, colours=False).splitlines()
    assert any(line.count("Doe, Jane") == 3 for line in lines)


def test_pictures_are_half_blocks_in_their_colours(study: Match) -> None:
    text = printed([study])
    assert "▀" * 16 in text
    assert "38;2;255;255;255" in text


def test_pictures_are_shades_of_text_without_colours(study: Match) -> None:
    text = printed([study], colours=False)
    assert "▀" not in text
    assert "@" * 16 in text


def test_pictures_keep_their_aspect_ratio() -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system="truecolor")
    lines = console.render_lines(HalfBlocks(Image.new("L", (64, 16), 200), 24, 12), pad=False)
    assert len([line for line in lines if any("▀" in segment.text for segment in line)]) == 3  # 24 by 6 pixels


def test_an_odd_last_row_has_no_background() -> None:
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system="truecolor")
    lines = console.render_lines(HalfBlocks(Image.new("L", (3, 3), 200), 24, 12), pad=False)
    last = next(segment for segment in lines[1] if "▀" in segment.text)
    assert last.style is not None
    assert last.style.bgcolor is None


def test_no_picture_says_so(answer) -> None:
    assert "no picture" in printed([answer(PatientName="Doe^Jane", IconImageSequence=[])])


def test_a_hollow_picture_says_why(answer) -> None:
    hollow = Dataset()
    hollow.Rows, hollow.Columns = 32, 32
    assert "no usable picture" in printed([answer(PatientName="Doe^Jane", IconImageSequence=[hollow])])


def test_a_line_an_answer_without_pictures(study: Match) -> None:
    lines = printed([study], width=80, colours=False, pictures=False).splitlines()
    row = next(line for line in lines if "Doe, Jane" in line)
    assert "2024-01-31 10:15" in row
    assert "1.2.3" not in row, "at 80 columns the UID gives way"


def test_a_line_that_may_be_long_holds_everything(study: Match) -> None:
    text = printed([study], width=10_000, colours=False, pictures=False)
    row = next(line for line in text.splitlines() if "Doe, Jane" in line)
    for part in ("P1", "1970-01-02", "Chest", "60", "1.2.3"):
        assert part in row


@pytest.mark.parametrize("pictures", [True, False])
def test_what_was_asked_for_by_name_is_always_shown(answer, pictures: bool) -> None:
    match = answer(PatientName="Doe^Jane", ReferringPhysicianName="Who^Doctor", StudyInstanceUID="1.2.3.4")
    wanted = ["ReferringPhysicianName", "StudyInstanceUID"]
    text = printed([match], width=80, colours=False, pictures=pictures, wanted=wanted)
    assert "ReferringPhysicianName" in text
    assert "1.2.3.4" in text
    assert "Who, Doctor" in text


@pytest.mark.parametrize(
    ("level", "values", "parts"),
    [
        ("PATIENT", {"PatientName": "Doe^Jane", "NumberOfPatientRelatedStudies": "1"}, ["Doe, Jane", "1 study"]),
        (
            "SERIES",
            {"Modality": "CT", "SeriesNumber": "2", "SeriesDescription": "Axial", "BodyPartExamined": "CHEST"},
            ["CT · series 2", "Axial", "chest"],
        ),
        (
            "IMAGE",
            {"SOPClassUID": "1.2.840.10008.5.1.4.1.1.2", "InstanceNumber": "7", "Rows": 5, "Columns": 6},
            ["Image 7", "CT Image", "6 x 5"],
        ),
    ],
)
def test_each_level_has_its_own_lines(answer, level: str, values: dict, parts: list[str]) -> None:
    text = printed([answer(level, **values)], colours=False)
    for part in parts:
        assert part in text


def test_markup_in_values_is_text(answer) -> None:
    text = printed([answer(PatientName="[bold]Doe[/bold]^J")], colours=False)
    assert "[bold]Doe[/bold], J" in text


def test_no_answers_is_no_error() -> None:
    assert printed([]).strip() == ""


def test_show_prints_outside_notebooks(study: Match, capsys: pytest.CaptureFixture[str]) -> None:
    show([study])
    assert "Doe, Jane" in capsys.readouterr().out


def test_show_displays_cards_in_a_notebook(study: Match, monkeypatch: pytest.MonkeyPatch) -> None:
    import sys
    from types import ModuleType, SimpleNamespace

    shown: list = []
    ipython, display = ModuleType("IPython"), ModuleType("IPython.display")
    ipython.get_ipython = lambda: SimpleNamespace(kernel=object())
    display.display = shown.append
    monkeypatch.setitem(sys.modules, "IPython", ipython)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    show([study])
    assert "Doe, Jane" in shown[0]._repr_html_()


LONG = "1.2.392.200036.9123.100.11.150022003035216161571445272033398512"  # 64 characters


@pytest.mark.parametrize("width", [64, 80, 120, 200])
def test_a_uid_stays_whole_beside_or_below_its_picture(answer, icon_items, width: int) -> None:
    matches = [answer(PatientName="Doe^Jane", StudyInstanceUID=LONG, IconImageSequence=icon_items)] * 3
    lines = printed(matches, width=width, colours=False).splitlines()
    assert sum(line.count(LONG) for line in lines) == 3


def test_free_text_is_cut_with_an_ellipsis_and_nothing_else_is(answer) -> None:
    matches = [
        answer(
            PatientName="Doe^Jane",
            PatientID="P1",
            StudyDate="20240131",
            StudyTime="1015",
            ModalitiesInStudy="CT",
            StudyDescription=f"CT chest with contrast {number}",
        )
        for number in range(2)
    ]
    lines = printed(matches, width=75, pictures=False, colours=False).splitlines()
    assert sum("…" in line for line in lines) == 2
    assert max(map(len, lines)) <= 75


def test_what_was_asked_for_wraps_but_keeps_its_heading(answer) -> None:
    matches = [answer(PatientName="Doe^Jane", StudyInstanceUID=LONG, ReferringPhysicianName="Roe^Richard")]
    text = printed(
        matches, width=70, pictures=False, colours=False, wanted=["StudyInstanceUID", "ReferringPhysicianName"]
    )
    assert "ReferringPhysicianName" in text
    assert "Roe, Richard" in text
    pieces = [
        word
        for line in text.splitlines()
        for word in line.split()
        if word.startswith(("1.2", ".")) or word[0].isdigit()
    ]
    assert "".join(pieces) == LONG, "nothing of it is lost"
