"""``findicon find`` at Orthanc, which makes no icons: over DIMSE and over DICOMweb, with and without a fallback."""

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from findicon.cli import run
from findicon.icons import make_icon
from findicon.scu import Client
from integration.memory_finder import picture
from peers.programs import NO_DELAY, free_port, orthanc
from support.samples import instance, read, real_file, write, write_series

pytestmark = [pytest.mark.needs("orthanc"), pytest.mark.xdist_group("orthanc")]

DICOMWEB = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("orthanc")


@pytest.fixture(scope="module")
def orthancs(folder: Path) -> Iterator[tuple[str, str]]:
    """Orthanc with a series of five images, an image with an icon, and one that is compressed: its two addresses."""
    assert DICOMWEB.exists(), "`make peers` installs orthanc-dicomweb beside orthanc"
    port = free_port()
    web = {"HttpServerEnabled": True, "HttpPort": port, "AuthenticationEnabled": False, "Plugins": [str(DICOMWEB)]}
    files = write_series(folder / "files", 5, PatientID="SERIES")
    with orthanc(folder, environment=NO_DELAY, **web) as address:
        with Client(address) as client:
            for path in [*files, with_icon(folder), real_file("JPEG2000.dcm")]:
                client.store(path)
        yield address, f"http://127.0.0.1:{port}/dicom-web"


def with_icon(folder: Path) -> Path:
    dataset = instance(PatientID="HOLLOW")
    dataset.IconImageSequence = [picture()]
    return write(dataset, folder / "files")


@pytest.fixture(autouse=True)
def _alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run in an empty folder, with no settings of whoever runs the tests."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))


def answers(capsys: pytest.CaptureFixture[str]) -> list[dict]:
    return [json.loads(line) for line in capsys.readouterr().out.splitlines()]


def pictures(found: list[dict]) -> int:
    return sum(has_picture(one.get("00880200", {}).get("Value", [{}])[0]) for one in found)


def has_picture(item: dict) -> bool:
    """Tell whether an icon has pixels; those that Orthanc gives are hollow."""
    return "InlineBinary" in item.get("7FE00010", {})


@pytest.mark.parametrize("way", [0, 1], ids=["DIMSE", "DICOMweb"])
@pytest.mark.parametrize(("level", "count"), [("study", 3), ("series", 3), ("image", 7)])
def test_an_image_stands_for_each_answer(
    orthancs: tuple[str, str], way: int, level: str, count: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["find", orthancs[way], "--level", level, "--icons", "--format", "jsonl"]) == 0
    found = answers(capsys)
    assert (len(found), pictures(found)) == (count, 0)
    assert run(["find", orthancs[way], "--level", level, "--fallback", "--format", "jsonl"]) == 0
    found = answers(capsys)
    assert (len(found), pictures(found)) == (count, count)


def test_the_image_is_a_third_of_the_way(orthancs: tuple[str, str], folder: Path, tmp_path: Path) -> None:
    arguments = ["PatientID=SERIES", "--fallback", "--save-icons", "icons", "--format", "csv"]
    assert run(["find", orthancs[0], *arguments]) == 0
    (made,) = (tmp_path / "icons").iterdir()
    second = next(
        path
        for path in (folder / "files").iterdir()
        if read(path).PatientID == "SERIES" and read(path).InstanceNumber == 2
    )
    with Image.open(made) as image:
        assert image.tobytes() == make_icon(second).pixels


def test_a_tree(orthancs: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["find", orthancs[0], "--tree", "PatientID=SERIES"]) == 0
    out = capsys.readouterr().out
    assert [line.split("── ")[1].split(" ·")[0] for line in out.splitlines() if "Image" in line] == [
        f"Image {number}" for number in range(1, 6)
    ]


def test_the_picture_is_that_of_the_file(orthancs: tuple[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["find", orthancs[0], "Modality=NM", "--level", "series", "--fallback", "--format", "jsonl"]
    assert run(arguments) == 0
    (found,) = answers(capsys)
    item = found["00880200"]["Value"][0]
    assert base64.b64decode(item["7FE00010"]["InlineBinary"]) == make_icon(real_file("JPEG2000.dcm")).pixels
