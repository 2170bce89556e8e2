"""``findicon find --fallback`` and ``--tree``: pictures for answers that come without, and what is in a study."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.cli import run
from findicon.query import Cancel, Level, Match, Query, encode, never
from findicon.scp import Server
from support.samples import instance

from .memory_archive import MemoryArchive
from .memory_finder import MemoryMatch

SR = "1.2.840.10008.5.1.4.1.1.88.11"
NAMES = ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID")


class PlainArchive(MemoryArchive):
    """An archive that answers at every level, without any pictures."""

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        seen = set()
        for uid in self.files:
            dataset = self.dataset(uid)
            keys = [key for key in query.keys.values() if key.values]
            place = tuple(str(dataset[name].value) for name in NAMES[: query.level.depth]) or (dataset.PatientID,)
            if place in seen or any(str(dataset.get(key.keyword, "")) not in key.values for key in keys):
                continue
            seen.add(place)
            answer = Dataset()
            answer.QueryRetrieveLevel = str(query.level)
            for key in query.keys.values():
                if key.tag in dataset and key.vr != "SQ":
                    answer.add(dataset[key.tag])
            yield MemoryMatch(answer)


def image(study: str, series: str, number: int, **more: object) -> Dataset:
    return instance(
        StudyInstanceUID=study,
        SeriesInstanceUID=f"{study}.{series}",
        SOPInstanceUID=f"{study}.{series}.{number}",
        SeriesNumber=int(series),
        InstanceNumber=number,
        **more,
    )


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


@pytest.fixture
def archive() -> PlainArchive:
    """Two studies: one with a series of three images and a report, one with a single image."""
    report = image("1.2.1", "2", 1, SOPClassUID=SR, Modality="SR", SeriesDescription="Report", PixelData=b"\0\0")
    return PlainArchive(
        *(image("1.2.1", "1", number) for number in (3, 1, 2)),
        report,
        image("1.2.2", "1", 1, PatientID="P2", PatientName="ROE^RICHARD", Modality="MR"),
    )


@pytest.fixture
def address(archive: PlainArchive) -> Iterator[str]:
    with Server(archive, source=archive) as server:
        yield str(server.address)


def saved() -> dict[str, tuple[int, int]]:
    sizes = {}
    for path in sorted(Path("icons").glob("*.png")):
        with Image.open(path) as one:
            sizes[path.stem] = one.size
    return sizes


@pytest.mark.parametrize(
    ("level", "uids"),
    [
        ("patient", ["P1", "P2"]),
        ("study", ["1.2.1", "1.2.2"]),
        ("series", ["1.2.1.1", "1.2.2.1"]),
        ("image", ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3", "1.2.2.1.1"]),
    ],
)
def test_one_image_stands_for_each_answer(
    address: str, level: str, uids: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    arguments = ["find", address, "--level", level, "--fallback", "--save-icons", "icons", "--format", "csv"]
    assert run(arguments) == 0
    assert saved() == dict.fromkeys(uids, (16, 16)), "and none for the report"
    assert capsys.readouterr().err == ""


def test_pictures_that_were_made_are_in_the_answers(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", address, "--fallback", "--format", "jsonl", "PatientName=DOE^JANE"]) == 0
    (answer,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert answer["00880200"]["Value"][0]["00280010"]["Value"] == [16]
    assert answer["00100020"]["Value"] == ["P1"]


def test_without_the_flag_nothing_is_retrieved(address: str, archive: PlainArchive) -> None:
    archive.open = None  # type: ignore[assignment,method-assign]
    assert run(["find", address, "--save-icons", "icons", "--format", "csv"]) == 0
    assert saved() == {}


def test_a_peer_that_gives_no_images(archive: PlainArchive, capsys: pytest.CaptureFixture[str]) -> None:
    with Server(archive) as server:  # no C-GET
        assert run(["find", str(server.address), "--fallback", "--format", "csv"]) == 0
    said = capsys.readouterr()
    assert "DOE^JANE" in said.out
    assert re.fullmatch(r"findicon: 2 pictures could not be made: .*C-GET.*\n", said.err), said.err


def test_images_that_cannot_be_shown_say_why(capsys: pytest.CaptureFixture[str]) -> None:
    archive = PlainArchive(image("1.2.1", "1", 1, BitsAllocated=7))
    with Server(archive, source=archive) as server:
        assert run(["find", str(server.address), "--fallback", "--format", "csv"]) == 0
    assert capsys.readouterr().err.startswith("findicon: 1 picture could not be made: ")


def test_a_picture_is_of_the_next_image_where_the_first_is_bad(address: str, archive: PlainArchive) -> None:
    archive.add(image("1.2.2", "1", 1, PatientID="P2", PatientName="ROE^RICHARD", Modality="MR", BitsAllocated=7))
    archive.add(image("1.2.2", "1", 2, PatientID="P2", PatientName="ROE^RICHARD", Modality="MR"))
    assert run(["find", address, "PatientID=P2", "--fallback", "--save-icons", "icons", "--format", "csv"]) == 0
    assert list(saved()) == ["1.2.2"]


def test_a_tree_goes_down_to_the_images(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", address, "--tree", "PatientName=DOE^JANE"]) == 0
    lines = [re.sub(r"\s+", " ", line).strip() for line in capsys.readouterr().out.splitlines() if line.strip()]
    assert [re.split(r" · |  ", line)[0] for line in lines] == [
        "DOE, JANE",
        "├── CT",
        "│ ├── Image 1",
        "│ ├── Image 2",
        "│ └── Image 3",
        "└── SR",
        " └── Image 1".strip(),
    ]
    assert "1.2.1.1.3" in lines[4]


def test_a_tree_shows_only_where_something_matches(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", address, "--tree", "--level", "series", "Modality=MR"]) == 0
    out = capsys.readouterr().out
    assert "ROE, RICHARD" in out
    assert "MR · series 1" in out
    assert "DOE" not in out
    assert "Image" not in out


def test_a_tree_with_pictures(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", address, "--tree", "--fallback", "--icons", "--limit", "1"]) == 0
    text = re.sub(r"\x1b\[[0-9;]*m", "", capsys.readouterr().out)
    assert "▀▀▀▀▀▀▀▀" in text
    assert re.search(r"Image 1 +Image 2 +Image 3", text), "images stand side by side"
    assert text.count("no picture") == 2, "the report and its series"


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--tree", "--level", "patient"], "--tree begins with studies"),
        (["--tree", "--format", "csv"], "leave out --format csv"),
        (["--tree", "--watch", "1"], "--tree goes without --watch"),
        (["--tree", "--save-icons", "x"], "--tree goes without --save-icons"),
        (["--fallback", "--no-icons"], "leave out --no-icons"),
        (["--watch", "0"], "--watch"),
    ],
)
def test_flags_that_do_not_go_together(arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", "A@127.0.0.1:1", *arguments]) == 2
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


def test_levels_below_are_asked_with_the_keys_of_those_above(
    address: str, archive: PlainArchive, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Query] = []
    find = archive.find
    monkeypatch.setattr(archive, "find", lambda query, cancel=never: asked.append(query) or find(query, cancel))
    assert run(["find", address, "--tree", "--limit", "1"]) == 0
    for query in asked:
        for above in query.model.levels_above(query.level):
            assert len(query.keys[above.unique_key].values) == 1, "PS3.4 C.4.1.2.1"
    assert [query.level for query in asked] == [Level.STUDY, Level.SERIES, Level.IMAGE, Level.IMAGE]
    assert encode(asked[0].to_dataset(), ExplicitVRLittleEndian)
