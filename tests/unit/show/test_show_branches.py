"""Answers as a tree, and iTerm2's pictures."""

import base64
import re
from io import BytesIO, StringIO

import pytest
from PIL import Image
from rich.console import Console

from findicon.query import Level
from findicon.show import Branch, print_branches
from findicon.show import graphics as module
from findicon.show.iterm2 import InlineImage


@pytest.fixture
def branches(answer, icon_items) -> list[Branch]:
    images = tuple(
        Branch(answer("IMAGE", InstanceNumber=str(number), IconImageSequence=icon_items), Level.IMAGE)
        for number in range(1, 8)
    )
    series = Branch(
        answer("SERIES", Modality="CT", SeriesNumber="2", SeriesInstanceUID="1.2.3", IconImageSequence=icon_items),
        Level.SERIES,
        images,
    )
    report = Branch(answer("SERIES", Modality="SR", SeriesNumber="3"), Level.SERIES)
    study = answer("STUDY", PatientName="Doe^Jane", StudyInstanceUID="1.2", AccessionNumber="A1")
    return [Branch(study, Level.STUDY, (series, report))]


def printed(branches: list[Branch], *, width: int, pictures: bool, wanted: tuple[str, ...] = ()) -> list[str]:
    stream = StringIO()
    console = Console(file=stream, width=width, force_terminal=True, color_system=None, _environ={"TERM": "xterm"})
    print_branches(branches, console, pictures=pictures, wanted=wanted)
    return stream.getvalue().splitlines()


def test_a_line_an_answer_without_pictures(branches: list[Branch]) -> None:
    lines = [line.rstrip() for line in printed(branches, width=100, pictures=False)]
    assert lines[0] == "Doe, Jane · accession A1  1.2"
    assert lines[1] == "├── CT · series 2  1.2.3"
    assert lines[2:9] == [f"│   {'└' if number == 7 else '├'}── Image {number}" for number in range(1, 8)]
    assert lines[9] == "└── SR · series 3"


@pytest.mark.parametrize(("width", "side_by_side"), [(80, 5), (200, 7)])
def test_images_stand_side_by_side(branches: list[Branch], width: int, side_by_side: int) -> None:
    lines = printed(branches, width=width, pictures=True)
    assert max(map(len, lines)) <= width
    rows = [re.findall(r"Image \d", line) for line in lines if "Image" in line]
    assert max(map(len, rows)) == side_by_side
    assert sum(map(len, rows)) == 7


def test_what_was_asked_for_by_name_is_shown(branches: list[Branch]) -> None:
    text = "\n".join(printed(branches, width=100, pictures=False, wanted=("SeriesInstanceUID", "QueryRetrieveLevel")))
    assert "QueryRetrieveLevel STUDY" in text


def test_iterm2_gets_a_png_drawn_over_spaces() -> None:
    stream = StringIO()
    console = Console(file=stream, width=80, force_terminal=True, color_system="truecolor")
    console.print(InlineImage(Image.new("L", (64, 32), 99), 24, 12))
    text = stream.getvalue()
    (size, data) = re.findall(r"\x1b]1337;File=inline=1;(.*);preserveAspectRatio=1:(.*)\a", text)[0]
    assert "width=24;height=6" in size
    assert Image.open(BytesIO(base64.b64decode(data))).size == (64, 32)
    assert text.count(" " * 24) == 6
    assert "\x1b[24D\x1b[5A" in text, "back to where it begins"


@pytest.mark.parametrize(
    ("variables", "graphics"),
    [
        ({"LC_TERMINAL": "iTerm2", "TERM": "xterm-256color"}, module.Graphics.ITERM2),
        ({"TERM_PROGRAM": "iTerm.app", "TERM": "xterm-256color"}, module.Graphics.ITERM2),
        ({"LC_TERMINAL": "iTerm2", "TERM": "screen-256color"}, module.Graphics.HALF_BLOCKS),
        ({"LC_TERMINAL": "iTerm2", "TERM": "xterm-kitty"}, module.Graphics.KITTY),
    ],
)
def test_iterm2_says_who_it_is(
    variables: dict[str, str], graphics: module.Graphics, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("LC_TERMINAL", "TERM_PROGRAM"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(module, "_size_is_known", lambda: True)
    monkeypatch.setattr(module, "_device_attributes", list)
    module.terminal_graphics.cache_clear()
    assert module.terminal_graphics() is graphics
    module.terminal_graphics.cache_clear()
