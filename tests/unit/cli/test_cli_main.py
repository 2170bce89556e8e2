"""Exit codes and sentences, without a process of their own."""

from pathlib import Path

import data_store
import pytest
from PIL import Image
from pydicom import dcmread

from findicon import __version__
from findicon.cli import run
from findicon.icons import icon_from_dataset
from support.samples import instance, real_file, write


def test_the_version(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--version"]) == 0
    assert capsys.readouterr().out == f"findicon {__version__}\n"


@pytest.mark.parametrize("arguments", [[], ["--help"]])
def test_help_lists_the_commands(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 0
    out = capsys.readouterr().out
    for command in ("demo", "index", "serve", "find", "icon", "status"):
        assert command in out


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["fnd"], "did you mean find?"),
        (["xyz"], "write one of demo, index"),
        (["find"], "AET@host:port"),
        (["find", "PACS"], "write AET@host:port"),
        (["find", "A@b"], "write AET@host:port"),
        (["find", "A@b:1", "PatientNam=x"], "did you mean PatientName?"),
        (["find", "A@b:1", "--level", "picture"], "'picture'"),
        (["find", "A@b:1", "--limit", "0"], "--limit"),
        (["find", "A@b:1", "--format", "xml"], "'xml'"),
        (["find", "A@b:1", "--calling-ae-title", "way too long a title"], "1 to 16 characters"),
        (["find", "A@b:1", "--what"], "--what"),
        (["find", "A@b:1", "--calling-ae-title", ""], "'' is no AE title"),
        (["check", "A@b:1", "--calling-ae-title", ""], "'' is no AE title"),
        (["find", "A@b:1", "PatientID=1", "PatientID=2"], "PatientID is given twice"),
        (["find", "A@b:1", "00091001=x"], "00091001 is not in the dictionary"),
        (["icon", "a.dcm", "--output", "x.jpg"], "pictures are written as .png"),
        (["icon", str(real_file("CT_small.dcm")), "--frame", "9"], "has no frame 9: it has 1 frame"),
        (["status", "--database", "mysql://me:geheim@host/x"], "mysql://me:***@host/x' is no database"),
        (["index", ".", "--database", "."], "is a folder"),
        (["serve", "--database", str(real_file("CT_small.dcm"))], "is no catalogue, and is left as it is"),
        (["serve", "--config", "."], "is a folder: it should be a findicon.toml"),
        (["icon"], "FILE"),
        (["icon", "nope.dcm"], "nope.dcm cannot be opened"),
        (["icon", "nope.dcm", "--size", "0"], "--size"),
        (["icon", "a.dcm", "b.dcm", "--output", "x.png"], "name a folder"),
        (["icon", "a/x.dcm", "b/x.dcm", "--output", "out"], "x.png"),
        (["icon", "a.dcm", "--format", "terminal", "--output", "out"], "--output"),
        (["status"], "findicon index PATH"),
        (["serve", "--ae-title", "back\\slash"], "1 to 16 characters"),
        (["serve", "--dicom-port", "70000"], "70000"),
        (["serve", "--host", "0.0.0.0", "--dicom-port", "0"], "peers"),
        (["serve", "--config", "nope.toml"], "nope.toml does not exist"),
        (["index"], "PATH"),
        (["index", "nowhere"], "nowhere"),
    ],
)
def test_a_wrong_question_is_one_sentence(
    arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("findicon: ")
    assert captured.err.count("\n") == 1, captured.err
    assert sentence in captured.err


def test_nobody_at_the_other_end_is_a_failure(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", "A@127.0.0.1:1"]) == 1
    assert "cannot be reached" in capsys.readouterr().err


def test_a_file_that_is_no_dicom_is_a_wrong_question(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "notes.txt").write_text("no image")
    assert run(["index", "notes.txt", "--workers", "1"]) == 2
    assert "there is no DICOM file in notes.txt" in capsys.readouterr().err


def test_an_icon_in_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["icon", str(real_file("CT_small.dcm"))]) == 0
    out = capsys.readouterr().out
    assert "▀" in out
    assert "64 x 64" in out


def test_icons_as_png(tmp_path: Path) -> None:
    files = [str(real_file(name)) for name in ("CT_small.dcm", "examples_rgb_color.dcm")]
    assert run(["icon", *files, "--size", "32", "--output", "pictures"]) == 0
    assert size_of("pictures/CT_small.png") == (32, 32)
    assert size_of("pictures/examples_rgb_color.png") == (32, 24)
    assert run(["icon", files[0], "--output", "one.png"]) == 0
    assert size_of("one.png") == (64, 64)


def test_an_exact_icon_is_the_same_bits_in_every_lossless_syntax() -> None:
    folder = Path(data_store.__file__).parent / "data"
    native, compressed = (str(folder / name) for name in ("693_UNCR.dcm", "693_J2KR.dcm"))
    for path, flags in ((native, []), (compressed, []), (compressed, ["--exact"])):
        assert run(["icon", path, *flags, "--output", f"{'exact' if flags else Path(path).stem}.png"]) == 0
    assert Path("693_J2KR.png").read_bytes() != Path("693_UNCR.png").read_bytes()
    assert Path("exact.png").read_bytes() == Path("693_UNCR.png").read_bytes()


def size_of(path: str) -> tuple[int, int]:
    with Image.open(path) as image:
        return image.size


def test_an_icon_inside_a_copy() -> None:
    source = real_file("JPEG2000.dcm")
    assert run(["icon", str(source), "--output", "copy.dcm"]) == 0
    copy, original = dcmread("copy.dcm"), dcmread(source)
    made = icon_from_dataset(copy)
    assert made is not None
    assert made.to_image().size == (16, 64)
    assert copy.PixelData == original.PixelData


def test_the_image_itself_is_never_written(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = write(instance(), tmp_path)
    before = path.read_bytes()
    assert run(["icon", str(path), "--output", str(path)]) == 2
    assert "does not write into the files it reads" in capsys.readouterr().err
    assert path.read_bytes() == before


def test_what_cannot_be_shown_does_not_keep_the_others_back(capsys: pytest.CaptureFixture[str]) -> None:
    files = [str(real_file("reportsi.dcm")), str(real_file("CT_small.dcm"))]
    assert run(["icon", *files, "--output", "out"]) == 1
    complaint = capsys.readouterr().err
    assert "reportsi.dcm: There are no pixels in it" in complaint
    assert complaint.count("reportsi.dcm") == 1
    assert Path("out/CT_small.png").exists()
