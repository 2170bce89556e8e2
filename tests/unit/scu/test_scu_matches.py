"""Answers as Python sees them: read one by one, shown all at once, walked down from."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.errors import PeerError, QueryError
from findicon.query import Query, encode
from findicon.scu import FoundMatch, Matches, PeerMatch
from findicon.show import level_of
from integration.memory_finder import picture

LEVELS = {
    "PATIENT": ("PatientID",),
    "STUDY": ("StudyInstanceUID",),
    "SERIES": ("StudyInstanceUID", "SeriesInstanceUID"),
    "IMAGE": ("StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"),
}


class Archive:
    """One patient with two studies of two series of two images; it remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def find(self, query: Query) -> Matches:
        self.asked.append(query)
        return Matches((match(self, **values) for values in self._values(query)), query.keys)

    def _values(self, query: Query) -> Iterator[dict[str, Any]]:
        given = {key.keyword: key.values[0] for key in query.keys.values() if key.values}
        if query.level == "STUDY":
            found = [{"StudyInstanceUID": f"1.{one}"} for one in (1, 2)]
        elif query.level == "SERIES":
            found = [{"SeriesInstanceUID": f"{given['StudyInstanceUID']}.{one}"} for one in (1, 2)]
        else:
            found = [{"SOPInstanceUID": f"{given['SeriesInstanceUID']}.{one}"} for one in (1, 2)]
        yield from ({"QueryRetrieveLevel": str(query.level)} | one for one in found)


def match(archive: Archive, *, icon: bool = False, **values: Any) -> PeerMatch:
    dataset = Dataset()
    for keyword, value in values.items():
        setattr(dataset, keyword, value)
    if icon:
        dataset.IconImageSequence = [picture()]
    data = encode(dataset, ExplicitVRLittleEndian)
    return PeerMatch(data, ExplicitVRLittleEndian, "A@h:1", "", archive.find)


def some(count: int, *, fails: bool = False, asked: tuple[int, ...] = ()) -> Matches:
    def answers() -> Iterator[FoundMatch]:
        for number in range(count):
            yield match(Archive(), QueryRetrieveLevel="STUDY", PatientID=f"P{number}", icon=number == 0)
        if fails:
            raise PeerError("A@h:1", "is gone")

    return Matches(answers(), asked)  # type: ignore[arg-type]


def ids(matches: Iterator[FoundMatch]) -> list[str]:
    return [str(one.dataset.PatientID) for one in matches]


def test_showing_uses_nothing_up() -> None:
    matches = some(3)
    assert repr(matches) == "<Matches: none read yet>"
    first = next(matches)
    assert repr(matches) == "<Matches: 1 answer so far>"
    html = matches._repr_html_()
    assert html.count("<figure>") == 3, "those that were read before are shown too"
    assert html.count("data:image/png;base64,") == 1
    assert repr(matches) == "<Matches: 3 answers>"
    assert next(matches).dataset.PatientID == "P1", "reading goes on where it was"
    assert ids(iter(matches)) == ids(iter(matches)) == ["P0", "P1", "P2"], "a loop begins at the first"
    assert next(iter(matches)) is first


@pytest.mark.parametrize(
    "shown",
    [
        lambda matches: len(matches.to_dataframe()),
        lambda matches: len(matches.to_dataframe(["PatientID"])),
        lambda matches: matches._repr_html_().count("<figure>"),
        lambda matches: (matches.contact_sheet(columns=3, size=32).width - 12) // 44,
    ],
)
def test_what_was_read_is_shown_afterwards(shown: Callable[[Matches], int]) -> None:
    matches = some(3)
    assert len(list(matches)) == 3
    assert shown(matches) == 3
    assert shown(matches) == 3
    assert len(list(matches)) == 3


def test_a_data_frame_has_the_pictures_as_a_column() -> None:
    frame = some(2).to_dataframe()
    assert list(frame) == ["PatientID", "icon"]
    assert [one is not None for one in frame.icon] == [True, False]


def test_many_that_are_read_one_by_one_are_let_go() -> None:
    matches = some(1002)
    assert sum(1 for _ in matches) == 1002
    assert list(matches) == []
    with pytest.raises(QueryError, match="More than 1000 answers have been read and let go: ask again"):
        matches.to_dataframe()


def test_many_that_are_shown_stay() -> None:
    matches = some(1002)
    assert len(matches.to_dataframe()) == 1002
    assert sum(1 for _ in matches) == 1002


def test_a_notebook_shows_the_first_few_hundred_and_says_so() -> None:
    html = some(230)._repr_html_()
    assert html.count("<figure>") == 200
    assert "30 more answers are not shown" in html


def test_a_failure_is_told_and_told_again() -> None:
    matches = some(2, fails=True)
    html = matches._repr_html_()
    assert html.count("<figure>") == 2
    assert "A@h:1: is gone" in html
    for _ in range(2):
        with pytest.raises(PeerError, match="is gone"):
            matches.show()
    assert ids(matches) == ["P0", "P1"]


def test_no_answers_say_so() -> None:
    assert "<p>no answers</p>" in some(0)._repr_html_()


def test_what_was_asked_for_by_name_is_shown(capsys: pytest.CaptureFixture[str]) -> None:
    asked = (0x0020000D, 0x00100020, 0x00080090, 0x00080005)
    assert "ReferringPhysicianName" in some(1, asked=asked)._repr_html_()
    some(1, asked=asked).show()
    assert "ReferringPhysicianName" in capsys.readouterr().out


def test_a_loop_that_is_left_wants_no_more() -> None:
    matches = some(3)
    with matches:
        next(matches)
    assert list(matches) == []


@pytest.mark.parametrize("level", LEVELS)
def test_the_level_of_an_answer(level: str) -> None:
    values = dict.fromkeys(LEVELS[level], "1.2")
    assert match(Archive(), **values).level == level


def test_walking_down_one_level() -> None:
    archive = Archive()
    study = match(archive, QueryRetrieveLevel="STUDY", StudyInstanceUID="1.1")
    found = list(study.series(Modality="CT"))
    assert [str(one.dataset.SeriesInstanceUID) for one in found] == ["1.1.1", "1.1.2"]
    (query,) = archive.asked
    assert (str(query.level), query.icon) == ("SERIES", True)
    assert {key.keyword: key.values[0] for key in query.keys.values() if key.values} == {
        "Modality": "CT",
        "StudyInstanceUID": "1.1",
    }


@pytest.mark.parametrize(
    ("level", "asked"),
    [
        ("PATIENT", ["STUDY"] + ["SERIES", "IMAGE", "IMAGE"] * 2),
        ("STUDY", ["SERIES", "IMAGE", "IMAGE"]),
        ("SERIES", ["IMAGE"]),
    ],
)
def test_walking_down_to_the_images(level: str, asked: list[str]) -> None:
    archive = Archive()
    top = match(
        archive,
        QueryRetrieveLevel=level,
        **{keyword: f"1.{depth}"[: 1 + 2 * depth] or "P" for depth, keyword in enumerate(LEVELS[level], 1)},
    )
    images = list(top.images(icon=False))
    assert {level_of(one.dataset) for one in images} == {"IMAGE"}
    assert len(images) == 2 ** ({"PATIENT": 3, "STUDY": 2, "SERIES": 1}[level])
    assert [str(query.level) for query in archive.asked] == asked
    assert not any(query.icon for query in archive.asked)
    for query in archive.asked:
        above = [one.unique_key for one in query.model.levels_above(query.level)]
        assert all(len(query.keys[tag].values) == 1 for tag in above), "baseline queries only (PS3.4 C.4.1.2.1)"


def test_only_the_last_level_is_asked_for_pictures() -> None:
    archive = Archive()
    images = match(archive, QueryRetrieveLevel="STUDY", StudyInstanceUID="1.1").images()
    html = images._repr_html_()
    assert html.count("<figure>") == 4
    assert [query.icon for query in archive.asked] == [False, True, True]


@pytest.mark.parametrize(
    ("values", "ask", "sentence"),
    [
        (
            {"QueryRetrieveLevel": "SERIES", "SeriesInstanceUID": "1"},
            "series",
            "SERIES level has nothing of the SERIES",
        ),
        ({"QueryRetrieveLevel": "IMAGE"}, "images", "nothing of the IMAGE level below"),
        ({"QueryRetrieveLevel": "STUDY"}, "studies", "nothing of the STUDY level below"),
        ({"QueryRetrieveLevel": "STUDY"}, "series", "no StudyInstanceUID"),
        ({"QueryRetrieveLevel": "SERIES", "SeriesInstanceUID": "1"}, "images", "no StudyInstanceUID"),
        ({"QueryRetrieveLevel": "STUDY", "StudyInstanceUID": "1"}, "series:Modalit", "did you mean Modality"),
    ],
)
def test_what_is_not_below(values: dict[str, str], ask: str, sentence: str) -> None:
    name, _, keyword = ask.partition(":")
    with pytest.raises(QueryError, match=sentence):
        getattr(match(Archive(), **values), name)(**({keyword: "x"} if keyword else {}))
