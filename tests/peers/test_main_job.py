"""The main job with a real peer: DCMTK's findscu gets lawful icons when it asks for them, and only then."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from support import archive
from support.dcmtk import Answer, Outcome, findscu
from support.icon_rules import icon_element, violations

pytestmark = [pytest.mark.needs("dcmtk"), pytest.mark.xdist_group("main job")]

UNIQUE_KEYS = {"STUDY": "StudyInstanceUID", "SERIES": "SeriesInstanceUID", "IMAGE": "SOPInstanceUID"}
SYNTAXES = {"explicit": "-xe", "implicit": "-xi", "deflated": "-xd"}
NULL = "IconImageSequence"
EMPTY_ITEM = "IconImageSequence[0]"  # findscu's way to write a sequence of one empty item


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("main job")
    files = archive.fill(folder / "files")
    with archive.served(files, folder / "catalogue.sqlite") as server:
        yield server.address.port


def ask(port: int, folder: Path, level: str, *arguments: str) -> list[Answer]:
    """Ask for everything at a level, walking down to it as a workstation does."""
    parents: list[list[str]] = [[]]
    for above, keyword in UNIQUE_KEYS.items():
        last = above == level
        outcomes = [
            findscu(
                port,
                folder / f"{above}-{number}",
                "-S",
                *(arguments if last else ()),
                *_keys(f"QueryRetrieveLevel={above}", *parent, keyword),
            )
            for number, parent in enumerate(parents)
        ]
        for outcome in outcomes:
            succeeded(outcome)
        if last:
            return [answer for outcome in outcomes for answer in outcome.answers]
        parents = [
            [*parent, f"{keyword}={answer.dataset[keyword].value}"]
            for parent, outcome in zip(parents, outcomes, strict=True)
            for answer in outcome.answers
        ]
    raise ValueError(level)


def _keys(*keys: str) -> list[str]:
    return [part for key in keys for part in ("-k", key)]


def succeeded(outcome: Outcome) -> None:
    assert outcome.exit_code == 0, outcome.log
    assert "0x0000: Success" in outcome.log, outcome.log


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("way", [NULL, EMPTY_ITEM])
@pytest.mark.parametrize("level", UNIQUE_KEYS)
def test_every_icon_that_comes_is_lawful(port: int, tmp_path: Path, level: str, way: str, syntax: str) -> None:
    answers = ask(port, tmp_path, level, SYNTAXES[syntax], "-k", way)
    assert len(answers) >= 15
    pictures = 0
    for answer in answers:
        element = icon_element(answer.data, implicit=answer.implicit)
        assert element is not None, "asked for, so it is in the answer, empty where there is no picture"
        assert violations(answer.data, implicit=answer.implicit) == []
        pictures += bool(element.value)
    assert len(answers) - pictures <= 4, "only plan, report and waveform have no picture"


@pytest.mark.parametrize("level", UNIQUE_KEYS)
def test_none_comes_when_none_is_asked_for(port: int, tmp_path: Path, level: str) -> None:
    answers = ask(port, tmp_path, level)
    assert answers
    assert not any(icon_element(answer.data, implicit=answer.implicit) for answer in answers)


def test_at_patient_level_it_is_left_out_and_said_so(port: int, tmp_path: Path) -> None:
    outcome = findscu(port, tmp_path, "-P", *_keys("QueryRetrieveLevel=PATIENT", "PatientID", NULL))
    succeeded(outcome)
    assert outcome.answers
    assert not any(icon_element(answer.data, implicit=answer.implicit) for answer in outcome.answers)
    assert outcome.log.lower().count("dimse status                  : 0xff01") == len(outcome.answers)


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (["PatientName"], "Query/Retrieve Level is missing"),
        (["QueryRetrieveLevel=PLANET"], "PLANET"),
        (["QueryRetrieveLevel=SERIES", "SeriesInstanceUID"], "StudyInstanceUID"),
    ],
)
def test_a_wrong_question_is_told_what_is_wrong(port: int, tmp_path: Path, keys: list[str], said: str) -> None:
    outcome = findscu(port, tmp_path, "-S", *_keys(*keys))
    assert "0xa900" in outcome.log.lower(), outcome.log
    assert said in outcome.log
    succeeded(findscu(port, tmp_path / "again", "-S", *_keys("QueryRetrieveLevel=STUDY")))
