"""The report: its sentence, its JSON, and what counts as passed."""

import json

import pytest

from findicon.check import Finding, Measurement, Report, Support, Verdict
from findicon.query import Level


def report(verdicts: list[Verdict], **support: Support) -> Report:
    findings = tuple(Finding("one item", "PS3.3 C.7.6.1.1.6", Level.IMAGE, one, "2 items", 3) for one in verdicts)
    measurement = Measurement(Level.IMAGE, "null", 3, 1, 0.25, 5000, 4200, (64, 48))
    return Report("A@b:104", findings, (measurement,), {Level[name]: value for name, value in support.items()})


@pytest.mark.parametrize(
    ("made", "passed", "sentence"),
    [
        (
            report([Verdict.PASS], STUDY=Support.PICTURES, IMAGE=Support.PICTURES),
            True,
            "correct: pictures at STUDY, IMAGE level",
        ),
        (
            report([Verdict.FAIL, Verdict.PASS], STUDY=Support.HOLLOW),
            False,
            "1 violation of the Standard: hollow items at STUDY level",
        ),
        (
            report([Verdict.FAIL, Verdict.FAIL], PATIENT=Support.NONE, STUDY=Support.EMPTY),
            False,
            "2 violations of the Standard: no values at STUDY level; not supported at PATIENT level",
        ),
        (
            report([Verdict.NOT_SUPPORTED, Verdict.UNKNOWN], IMAGE=Support.NONE),
            True,
            "nothing wrong, and no icons: not supported at IMAGE level",
        ),
        (report([Verdict.UNKNOWN], STUDY=Support.UNKNOWN), False, "nothing to judge: no answers came"),
        (report([]), False, "nothing to judge"),
    ],
)
def test_its_sentence(made: Report, passed: bool, sentence: str) -> None:
    assert made.passed is passed
    assert made.verdict.startswith(sentence)


def test_its_json_is_for_programs() -> None:
    told = json.loads(report([Verdict.NOT_SUPPORTED], IMAGE=Support.NONE).to_json())
    assert told == {
        "peer": "A@b:104",
        "passed": True,
        "verdict": "nothing wrong, and no icons: not supported at IMAGE level",
        "support": {"IMAGE": "not supported"},
        "findings": [
            {
                "rule": "one item",
                "section": "PS3.3 C.7.6.1.1.6",
                "level": "IMAGE",
                "verdict": "not supported",
                "detail": "2 items",
                "judged": 3,
            }
        ],
        "measurements": [
            {
                "level": "IMAGE",
                "asked": "null",
                "answers": 3,
                "icons": 1,
                "seconds": 0.25,
                "bytes": 5000,
                "icon_bytes": 4200,
                "largest": [64, 48],
            }
        ],
    }
