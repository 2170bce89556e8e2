"""``findicon check``: the table, the JSON, the exit codes."""

import json

import pytest

from findicon.cli import run
from findicon.dimse import Address, Peer
from findicon.scp import Server
from integration.memory_finder import MemoryFinder
from support.wrong_scp import MISTAKES, serving

HOLLOW = next(mistake for mistake in MISTAKES if mistake.name == "hollow")


def test_a_right_peer(capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as address:
        assert run(["check", address]) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert "FAIL" not in out
    assert "What was seen" not in out, "nothing to remark"
    lines = out.splitlines()
    assert lines[0].split() == ["Rule", "Standard", "PATIENT", "STUDY", "SERIES", "IMAGE"]
    assert lines[-1] == f"{address}: correct: pictures at PATIENT, STUDY, SERIES, IMAGE level"


def test_what_is_wrong_stands_in_the_table_and_below_it(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(HOLLOW) as address:
        assert run(["check", address]) == 1
    out, err = capsys.readouterr()
    assert err == ""
    assert "\x1b" not in out
    row = next(line for line in out.splitlines() if line.startswith("not hollow"))
    assert row.split()[-4:] == ["pass", "pass", "FAIL", "pass"]
    assert "PS3.3 Table C.7-11b" in row
    remark = next(line for line in out.splitlines() if line.startswith("fail"))
    assert "SERIES" in remark
    assert "hollow: its Pixel Data is empty" in remark
    assert max(map(len, out.partition("\n\n")[0].splitlines())) <= 80, "it has room in a narrow terminal"
    assert "1 violation of the Standard" in out


def test_measurements_stand_below(capsys: pytest.CaptureFixture[str]) -> None:
    with serving() as address:
        run(["check", address])
    rows = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("IMAGE")]
    assert [row[1] for row in rows] == ["without", "null", "empty"]
    assert rows[1][2:4] == ["4", "4"]
    assert "5 x 5" in " ".join(rows[1])


def test_json_for_programs(capsys: pytest.CaptureFixture[str]) -> None:
    with serving(HOLLOW) as address:
        assert run(["check", address, "--json", "PatientID=P1"]) == 1
    told = json.loads(capsys.readouterr().out)
    assert told["passed"] is False
    failed = [finding for finding in told["findings"] if finding["verdict"] == "fail"]
    assert [(one["rule"], one["level"], one["section"]) for one in failed] == [
        ("not hollow", "SERIES", "PS3.3 Table C.7-11b")
    ]
    assert {one["answers"] for one in told["measurements"] if one["level"] == "STUDY"} == {1}


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        ([], 2, "AET@host:port"),
        (["PACS"], 2, "write AET@host:port"),
        (["https://pacs/dicom-web"], 2, "is a DICOMweb address: check judges answers to C-FIND"),
        (["A@b:1", "PatientNam=x"], 2, "did you mean PatientName?"),
        (["A@b:1", "--calling-ae-title", "way too long a title"], 2, "1 to 16 characters"),
        (["A@b:1", "--timeout", "0"], 2, "--timeout"),
        (["NOBODY@127.0.0.1:1"], 1, "cannot be reached"),
    ],
)
def test_what_goes_wrong_is_one_sentence(
    arguments: list[str], code: int, sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["check", *arguments]) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("findicon: ")
    assert captured.err.count("\n") == 1
    assert sentence in captured.err


def test_a_peer_without_answers_was_not_judged(capsys: pytest.CaptureFixture[str]) -> None:
    with Server(MemoryFinder()) as server:
        assert run(["check", str(server.address)]) == 1
        assert capsys.readouterr().out.endswith(": nothing to judge: no answers came that could be looked at\n")
        assert run(["check", str(server.address), "--json"]) == 1
    assert json.loads(capsys.readouterr().out)["passed"] is False


def test_a_peer_that_does_not_know_us_gets_advice(capsys: pytest.CaptureFixture[str]) -> None:
    peers = [Peer("other", Address.parse("OTHER@127.0.0.1:104"))]
    with Server(MemoryFinder(), peers=peers) as server:
        assert run(["check", str(server.address)]) == 1
        assert run(["find", str(server.address)]) == 1
    lines = capsys.readouterr().err.splitlines()
    assert all(line.endswith("; --calling-ae-title says what to call ourselves") for line in lines)
