"""The pages in docs/howto: what stands there is run as it stands."""

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.dataset import Dataset

from findicon.check import Support, check
from findicon.icons import icon_from_dataset, make_icon
from findicon.query import Level, Query
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_finder import MemoryFinder, MemoryMatch, study
from support.samples import instance, real_file, write
from support.wrong_scp import MISTAKES, serving

PAGES = Path(__file__).parents[2] / "docs" / "howto"


def blocks(page: str, language: str = "") -> list[str]:
    text = (PAGES / page).read_text(encoding="utf-8")
    found = re.findall(r"^```(\w*)\n(.*?)^```$", text, re.DOTALL | re.MULTILINE)
    return [block for its_language, block in found if its_language == language]


def code(page: str) -> dict[str, Any]:
    """Run the Python of a page; give the names it defines."""
    names: dict[str, Any] = {}
    for block in blocks(page, "python"):
        exec(compile(block, page, "exec"), names)
    return names


@pytest.fixture
def scp(tmp_path: Path) -> Iterator[str]:
    for number in (1, 2):
        uids = {
            "StudyInstanceUID": f"1.{number}",
            "SeriesInstanceUID": f"1.{number}.1",
            "SOPInstanceUID": f"1.{number}.2",
        }
        write(instance(**uids), tmp_path)
    write(pydicom.dcmread(real_file("reportsi.dcm")), tmp_path)
    server = code("attach-icons-to-your-scp.md")["serve"](tmp_path, 0)
    yield f"MYSCP@127.0.0.1:{server.server_address[1]}"
    server.shutdown()


def test_five_lines_in_your_own_scp(scp: str) -> None:
    with Client(scp) as client:
        plain = list(client.find(Query("STUDY")))
        found = list(client.find(Query("STUDY", icon=True)))
    assert len(plain) == 3
    assert all("IconImageSequence" not in match.dataset for match in plain)
    assert [match.icon is None for match in found] == [False, False, True]
    assert all("IconImageSequence" in match.dataset for match in found)
    assert np.array_equal(found[0].icon.to_array(), make_icon(instance(), 64).to_array())


def test_the_five_lines_are_five() -> None:
    (block,) = blocks("attach-icons-to-your-scp.md", "python")
    (lines,) = re.findall(r'\n( +if "IconImageSequence" in request:.*?)\n\n', block, re.DOTALL)
    assert len(lines.splitlines()) == 5


def test_the_judge_has_nothing_against_them(scp: str) -> None:
    report = check(scp)
    assert report.violations == ()
    assert report.support == dict.fromkeys((Level.STUDY, Level.SERIES, Level.IMAGE), Support.PICTURES)


def test_ask_with_pynetdicom() -> None:
    find = code("ask-from-your-own-scu.md")["find"]
    matches = [
        MemoryMatch(study(1)),
        MemoryMatch(study(2, icon=False)),
        MemoryMatch(study(3), all_keys_supported=False),
    ]
    with Server(MemoryFinder(matches)) as server:
        answers = list(find("127.0.0.1", server.address.port))
    assert [str(response.PatientName) for response, _ in answers] == ["DOE^J1", "DOE^J2", "DOE^J3"]
    assert [picture and picture.size for _, picture in answers] == [(64, 64), None, (64, 64)]


def test_what_is_no_picture_does_not_fail_the_answer() -> None:
    hollow = study(1)
    del hollow.IconImageSequence[0].PixelData
    names = code("ask-from-your-own-scu.md")
    assert names["picture"](hollow) is None
    assert names["gray_picture"](hollow) is None


def test_read_a_gray_icon_without_findicon() -> None:
    gray_picture = code("ask-from-your-own-scu.md")["gray_picture"]
    answer = study(1)
    made = gray_picture(answer)
    assert isinstance(made, Image.Image)
    assert np.array_equal(np.asarray(made), icon_from_dataset(answer).to_array())
    assert gray_picture(study(1, icon=False)) is None
    colour = Dataset()
    colour.IconImageSequence = [make_icon(real_file("examples_rgb_color.dcm")).to_item()]
    assert gray_picture(colour) is None


@pytest.mark.needs("dcmtk")
def test_ask_with_findscu(tmp_path: Path) -> None:
    (command,) = blocks("ask-from-your-own-scu.md")
    assert command.startswith("findscu ")
    with Server(MemoryFinder([MemoryMatch(study(1))])) as server:
        words = command.replace("11112", str(server.address.port)).split()
        subprocess.run(words, cwd=tmp_path, check=True, timeout=60)
    answer = pydicom.dcmread(tmp_path / "rsp0001.dcm")
    assert icon_from_dataset(answer).to_image().size == (64, 64)


def test_judge_from_a_program(capsys: pytest.CaptureFixture[str]) -> None:
    problems = code("judge-a-peer.md")["problems"]
    with serving(next(one for one in MISTAKES if one.name == "hollow")) as address:
        remark, verdict = problems(address)
    assert remark.startswith("SERIES not hollow (PS3.3 Table C.7-11b): 6 of 6 answers")
    assert verdict.startswith("1 violation")
    assert "IMAGE level, null" in capsys.readouterr().out
