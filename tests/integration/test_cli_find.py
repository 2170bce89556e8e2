"""``findicon find`` as people run it: a process, an SCP on this machine, what comes out of its streams."""

import csv
import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

import pytest
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.icons import make_icon
from findicon.query import Cancel, EncodedMatch, Match, Query, encode, never
from findicon.scp import Server
from support.samples import instance

FINDICON = (sys.executable, "-c", "from findicon.cli import main; main()")


class Studies:
    """A Finder of a few studies, which can be made to wait."""

    def __init__(self) -> None:
        self.queries: list[Query] = []
        self.is_endless = False
        self.ended = threading.Event()
        icon = make_icon(instance())
        self._item = icon.to_item()

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        self.queries.append(query)
        number = 0
        try:
            while number < 3 or self.is_endless:
                number += 1
                yield self._answer(query, number)
        finally:
            self.ended.set()

    def _answer(self, query: Query, number: int) -> Match:
        dataset = Dataset()
        dataset.QueryRetrieveLevel = str(query.level)
        dataset.StudyDate = "20240131"
        dataset.SpecificCharacterSet = "ISO_IR 192"
        dataset.PatientName = f"Doe^Jane{number}"
        dataset.StudyDescription = "Schädel"
        dataset.PatientID = f"P{number}"
        dataset.StudyInstanceUID = f"1.2.{number}"
        dataset.SeriesInstanceUID = f"1.2.{number}.1"
        if query.icon:
            dataset.IconImageSequence = [self._item]
        return EncodedMatch(encode(dataset, ExplicitVRLittleEndian), ExplicitVRLittleEndian)


@pytest.fixture
def studies() -> Studies:
    return Studies()


@pytest.fixture
def address(studies: Studies) -> Iterator[str]:
    with Server(studies) as server:
        yield str(server.address)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {"XDG_CONFIG_HOME": str(tmp_path / "config"), "PYTHONWARNINGS": "error", "COLUMNS": "100"}


def find(tmp_path: Path, environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*FINDICON, "find", *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_a_table_without_pictures_goes_into_a_pipe(address: str, tmp_path: Path, environment, studies: Studies) -> None:
    done = find(tmp_path, environment, address, "PatientName=DOE*")
    assert (done.returncode, done.stderr) == (0, "")
    row = next(line for line in done.stdout.splitlines() if "Doe, Jane1" in line)
    assert "2024-01-31" in row
    assert "1.2.1" in row, "a pipe has room for all columns"
    assert "\x1b" not in done.stdout
    assert not studies.queries[0].icon


def test_pictures_go_into_a_pipe_when_asked_for(address: str, tmp_path: Path, environment) -> None:
    done = find(tmp_path, environment, address, "--icons")
    assert done.returncode == 0
    assert "▀" in done.stdout
    assert "38;2;" in done.stdout


@pytest.mark.parametrize("icons", [True, False])
def test_json_lines(address: str, tmp_path: Path, environment, icons: bool) -> None:
    done = find(tmp_path, environment, address, "--format", "jsonl", *(["--icons"] if icons else []))
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    assert [answer["00100020"]["Value"] for answer in answers] == [["P1"], ["P2"], ["P3"]]
    assert all(("00880200" in answer) == icons for answer in answers)


def test_json(address: str, tmp_path: Path, environment) -> None:
    answers = json.loads(find(tmp_path, environment, address, "--format", "json").stdout)
    assert len(answers) == 3


def test_csv(address: str, tmp_path: Path, environment) -> None:
    done = find(tmp_path, environment, address, "ReferringPhysicianName", "--format", "csv")
    rows = list(csv.DictReader(StringIO(done.stdout)))
    assert [row["PatientName"] for row in rows] == ["Doe^Jane1", "Doe^Jane2", "Doe^Jane3"]
    assert rows[0]["ReferringPhysicianName"] == ""
    assert "IconImageSequence" not in rows[0]


def test_a_contact_sheet_in_a_file(address: str, tmp_path: Path, environment) -> None:
    done = find(tmp_path, environment, address, "--format", "html", "--output", "sheet.html")
    assert (done.returncode, done.stdout) == (0, "")
    text = (tmp_path / "sheet.html").read_text(encoding="utf-8")
    assert text.count("data:image/png;base64,") == 3


def test_pictures_are_saved_by_uid(address: str, tmp_path: Path, environment) -> None:
    done = find(tmp_path, environment, address, "--save-icons", "pictures", "--format", "csv")
    assert done.returncode == 0
    table = find(tmp_path, environment, address, "--save-icons", "pictures")
    assert "\x1b" not in table.stdout, "to save them is not to draw them into a pipe"
    assert sorted(path.name for path in (tmp_path / "pictures").iterdir()) == ["1.2.1.png", "1.2.2.png", "1.2.3.png"]
    with Image.open(tmp_path / "pictures" / "1.2.1.png") as image:
        assert image.size == (16, 16)


def test_a_locale_without_the_letters_of_a_name(address: str, tmp_path: Path, environment) -> None:
    ascii_only = environment | {"PYTHONIOENCODING": "ascii"}
    table = find(tmp_path, ascii_only, address, "--icons")
    assert (table.returncode, table.stderr) == (0, "")
    assert "Sch?del" in table.stdout
    lines = find(tmp_path, ascii_only, address, "--format", "jsonl").stdout.splitlines()
    assert json.loads(lines[0])["00081030"]["Value"] == ["Schädel"], "JSON is UTF-8 everywhere"


def test_a_limit(address: str, tmp_path: Path, environment) -> None:
    done = find(tmp_path, environment, address, "--limit", "2", "--format", "jsonl")
    assert (done.returncode, len(done.stdout.splitlines())) == (0, 2)


def test_a_peer_by_its_name(address: str, tmp_path: Path, environment) -> None:
    (tmp_path / "findicon.toml").write_text(f"[peers.MAIN]\naddress = '{address}'\n")
    assert find(tmp_path, environment, "main", "--format", "csv").returncode == 0


def test_keys_reach_the_peer(address: str, tmp_path: Path, environment, studies: Studies) -> None:
    find(tmp_path, environment, address, "PatientName=MÜLLER*", "00081030=Chest*", "--format", "csv")
    keys = {key.keyword: key.values for key in studies.queries[0].keys.values()}
    assert keys["PatientName"] == ("MÜLLER*",)
    assert keys["StudyDescription"] == ("Chest*",)


def test_below_the_study_the_name_leads_down(address: str, tmp_path: Path, environment, studies: Studies) -> None:
    done = find(tmp_path, environment, address, "--level", "series", "PatientName=DOE*", "--format", "jsonl")
    assert done.returncode == 0
    assert [str(query.level) for query in studies.queries] == ["STUDY", "SERIES", "SERIES", "SERIES"]
    assert all(json.loads(line)["00100010"]["Value"] for line in done.stdout.splitlines())


def test_a_key_of_a_level_below_is_explained(address: str, tmp_path: Path, environment) -> None:
    done = find(tmp_path, environment, address, "Modality=CT", "--format", "csv")
    assert done.returncode == 0
    assert "ModalitiesInStudy" in done.stderr


def test_output_that_cannot_be_written(address: str, tmp_path: Path, environment) -> None:
    done = find(tmp_path, environment, address, "--output", "no/such/folder/x.csv", "--format", "csv")
    assert done.returncode == 2
    assert done.stderr.startswith("findicon: no/such/folder/x.csv cannot be written")


def shell(tmp_path: Path, environment: dict[str, str], address: str, rest: str) -> subprocess.CompletedProcess[str]:
    command = " ".join(f"'{part}'" for part in (*FINDICON, "find", address))
    return subprocess.run(
        ["bash", "-c", f"{command} {rest}"], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="a device that is always full, as Linux has it")
@pytest.mark.parametrize("rest", ["> /dev/full", "--format jsonl > /dev/full", "--icons > /dev/full"])
def test_a_full_disk_is_one_sentence(address: str, tmp_path: Path, environment, rest: str) -> None:
    done = shell(tmp_path, environment, address, rest)
    assert done.stderr == "findicon: standard output cannot be written: No space left on device\n"
    assert done.returncode == 1
    done = shell(tmp_path, environment, address, "--format csv --output /dev/full")
    assert (done.returncode, done.stderr) == (1, "findicon: /dev/full cannot be written: No space left on device\n")


@pytest.mark.parametrize("closed", [">&-", "2>&-", ">&- 2>&-", "<&- >&- 2>&-"])
def test_closed_streams_are_no_error(address: str, tmp_path: Path, environment, closed: str) -> None:
    done = shell(tmp_path, environment, address, f"--format csv --output here.csv {closed}")
    assert (done.returncode, done.stderr) == (0, "")
    assert "Doe^Jane3" in (tmp_path / "here.csv").read_text(encoding="utf-8")
    assert shell(tmp_path, environment, address, closed).returncode == 0


def test_no_answers_leave_a_pipe_empty(tmp_path: Path, environment) -> None:
    class Nobody(Studies):
        def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
            return iter(())

    with Server(Nobody()) as server:
        done = find(tmp_path, environment, str(server.address))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize("plain", [{"TERM": "dumb"}, {"NO_COLOR": "1"}])
def test_pictures_in_a_pipe_without_colours(address: str, tmp_path: Path, environment, plain: dict[str, str]) -> None:
    done = find(tmp_path, environment | plain, address, "--icons")
    assert done.returncode == 0
    assert "\x1b" not in done.stdout
    assert "@@@" in done.stdout or "###" in done.stdout, "shades of text"


def test_bytes_that_are_no_text_are_a_wrong_question(address: str, tmp_path: Path, environment) -> None:
    done = subprocess.run(
        [*FINDICON, "find", address, b"PatientName=M\xfcller"],
        cwd=tmp_path,
        env=environment | {"LC_ALL": "C.UTF-8"},
        capture_output=True,
        check=False,
    )
    assert done.returncode == 2
    assert b"is not text in the encoding of this terminal" in done.stderr
    assert done.stderr.count(b"\n") == 1


def test_a_pipe_that_closes_early_is_no_error(address: str, tmp_path: Path, environment) -> None:
    command = " ".join(f"'{part}'" for part in (*FINDICON, "find", address, "--format", "csv"))
    done = subprocess.run(
        ["bash", "-c", f"{command} | head -1"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr == ""


@pytest.mark.skipif(sys.platform == "win32", reason="signals as POSIX has them")
def test_ctrl_c_cancels_and_keeps_what_came(address: str, tmp_path: Path, environment, studies: Studies) -> None:
    studies.is_endless = True
    with subprocess.Popen(
        [*FINDICON, "find", address, "--format", "jsonl"],
        cwd=tmp_path,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        lines = [process.stdout.readline()]
        process.send_signal(signal.SIGINT)
        assert process.stderr is not None
        out, err = process.stdout.read(), process.stderr.read()
    lines += out.splitlines()
    assert all(json.loads(line) for line in lines), "the last line is whole"
    assert process.returncode == 1
    assert err.startswith("findicon: cancelled after")
    assert studies.ended.wait(30), "the peer got a C-CANCEL"


def test_answers_that_break_off_are_printed(tmp_path: Path, environment) -> None:
    class Failing(Studies):
        def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
            yield self._answer(query, 1)
            raise RuntimeError("the disk is gone")

    with Server(Failing()) as server:
        done = find(tmp_path, environment, str(server.address), "--format", "csv")
    assert done.returncode == 1
    assert "Doe^Jane1" in done.stdout
    assert "C-FIND failed" in done.stderr
    assert "1 answer came before that" in done.stderr


@pytest.mark.parametrize("arguments", [["--version"], ["find", "A@127.0.0.1:1"]])
def test_asking_imports_nothing_of_the_serving_side(arguments: list[str], tmp_path: Path, environment) -> None:
    program = (
        "import sys; from findicon.cli import run; run(sys.argv[1:]); "
        "print([name for name in ('fastapi', 'uvicorn', 'alembic', 'sqlalchemy', 'pebble', 'findicon.archive', "
        "'findicon.catalogue', 'findicon.scp') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.splitlines()[-1] == "[]"


def test_the_version_imports_no_dicom_at_all(tmp_path: Path, environment) -> None:
    program = (
        "import sys; from findicon.cli import run; run(['--version']); print('pydicom' in sys.modules, 'numpy' in "
        "sys.modules)"
    )
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=True
    )
    assert done.stdout.splitlines()[-1] == "False False"
