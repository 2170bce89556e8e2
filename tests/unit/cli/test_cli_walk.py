"""Asking below the STUDY level with keys of the levels above."""

from collections.abc import Iterator, Mapping

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.cli.keys import parse_keys
from findicon.cli.walk import ask, level_of_key, misplaced
from findicon.query import Cancel, EncodedMatch, Level, Match, Query, decode, encode, never


class Baseline:
    """A peer that knows two studies of two series of two images, and takes hierarchical questions only."""

    def __init__(self) -> None:
        self.asked: list[Query] = []

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        self.asked.append(query)
        conditions = {key.keyword: key.values[0] for key in query.keys.values() if key.values}
        for above in query.model.levels_above(query.level):
            assert above.unique_key in query.keys, "PS3.4 C.4.1.2.1"
            assert query.keys[above.unique_key].values
        names = ["StudyInstanceUID", "SeriesInstanceUID", "SOPInstanceUID"][: query.level.depth]
        for values in self._entities(query.level, conditions.get("PatientName")):
            if all(conditions.get(name, value) == value for name, value in zip(names, values, strict=True)):
                yield self._answer(query, dict(zip(names, values, strict=True)))

    def _entities(self, level: Level, name: str | None) -> Iterator[tuple[str, ...]]:
        for study in ("1", "2"):
            if name not in (None, {"1": "Doe", "2": "Roe"}[study]):
                continue
            if level is Level.STUDY:
                yield (study,)
                continue
            for series in (f"{study}.1", f"{study}.2"):
                if level is Level.SERIES:
                    yield study, series
                    continue
                for image in (f"{series}.1", f"{series}.2"):
                    yield study, series, image

    def _answer(self, query: Query, uids: Mapping[str, str]) -> Match:
        dataset = Dataset()
        dataset.QueryRetrieveLevel = str(query.level)
        for name, value in uids.items():
            setattr(dataset, name, value)
        if query.level is Level.STUDY:
            dataset.SpecificCharacterSet = "ISO_IR 192"
            dataset.PatientName = {"1": "Doe^Jürgen", "2": "Roe"}[uids["StudyInstanceUID"]]
        return EncodedMatch(encode(dataset, ExplicitVRLittleEndian), ExplicitVRLittleEndian)


def test_one_question_where_the_level_has_all_its_keys() -> None:
    peer = Baseline()
    list(ask(peer, Level.STUDY, parse_keys(["PatientName=Doe"]), icon=True))
    list(ask(peer, Level.SERIES, parse_keys(["StudyInstanceUID=1", "Modality=CT"])))
    list(ask(peer, Level.IMAGE, parse_keys(["StudyInstanceUID=1", "SeriesInstanceUID=1.1"])))
    assert [query.level for query in peer.asked] == [Level.STUDY, Level.SERIES, Level.IMAGE]
    assert peer.asked[0].icon


@pytest.mark.parametrize(("level", "answers"), [(Level.SERIES, 2), (Level.IMAGE, 4)])
def test_a_name_leads_down(level: Level, answers: int) -> None:
    peer = Baseline()
    matches = list(ask(peer, level, parse_keys(["PatientName=Doe"]), icon=True))
    assert len(matches) == answers
    assert {match.dataset.StudyInstanceUID for match in matches} == {"1"}
    assert {query.icon for query in peer.asked if query.level is not level} == {False}, "only the answers need pictures"
    assert {query.icon for query in peer.asked if query.level is level} == {True}


def test_nothing_asked_above_is_everything() -> None:
    assert len(list(ask(Baseline(), Level.IMAGE, []))) == 8


def test_what_was_asked_above_stands_in_the_answers() -> None:
    (match, *_) = ask(Baseline(), Level.SERIES, parse_keys(["PatientName=Doe"]))
    assert match.dataset.PatientName == "Doe^Jürgen"
    again = decode(match.encoded(ExplicitVRLittleEndian), ExplicitVRLittleEndian)
    assert again.PatientName == "Doe^Jürgen"
    assert again.SeriesInstanceUID == "1.1"


def test_a_limit_counts_answers_of_all_studies() -> None:
    peer = Baseline()
    list(ask(peer, Level.SERIES, [], limit=3))
    limits = [query.limit for query in peer.asked if query.level is Level.SERIES]
    assert limits == [3, 1], "two of the first study, so one is left"


def test_a_cancel_ends_the_walk() -> None:
    peer = Baseline()
    came = []
    for match in ask(peer, Level.SERIES, [], cancel=lambda: len(came) >= 2):
        came.append(match)  # noqa: PERF402 - the cancel looks at what came so far
    assert len(came) == 2


@pytest.mark.parametrize(
    ("keyword", "level"),
    [
        ("PatientName", Level.PATIENT),
        ("StudyDate", Level.STUDY),
        ("Modality", Level.SERIES),
        ("SOPClassUID", Level.IMAGE),
        ("SliceThickness", Level.IMAGE),
    ],
)
def test_levels_of_keys(keyword: str, level: Level) -> None:
    (key,) = parse_keys([keyword])
    assert level_of_key(key) is level


@pytest.mark.parametrize(
    ("level", "keys", "sentences"),
    [
        (Level.STUDY, ["PatientName=x", "StudyDate", "ModalitiesInStudy=CT"], []),
        (Level.PATIENT, ["PatientName=x", "PatientID"], []),
        (Level.IMAGE, ["PatientName=x", "Modality=CT", "Rows=5"], []),
        (Level.STUDY, ["Manufacturer"], ["Manufacturer belongs to the SERIES level"]),
        (Level.STUDY, ["Modality=CT"], ["at STUDY: write ModalitiesInStudy, or ask with --level series"]),
        (Level.STUDY, ["SOPClassUID=1.2"], ["write SOPClassesInStudy, or ask with --level image"]),
        (Level.SERIES, ["SOPClassUID=1.2"], ["at SERIES: ask with --level image"]),
        (Level.PATIENT, ["StudyDate=20240101"], ["at PATIENT: ask with --level study"]),
        (Level.STUDY, ["ContrastBolusAgent=x"], []),
    ],
)
def test_a_key_of_a_level_below_is_explained(level: Level, keys: list[str], sentences: list[str]) -> None:
    found = list(misplaced(parse_keys(keys), level))
    assert len(found) == len(sentences)
    for sentence, wanted in zip(found, sentences, strict=True):
        assert wanted in sentence


def test_uids_of_the_levels_above_stand_in_the_answers_also_where_the_peer_leaves_them_out() -> None:
    class Forgetful(Baseline):
        def _answer(self, query: Query, uids: Mapping[str, str]) -> Match:
            own = dict([list(uids.items())[-1]])
            return super()._answer(query, own if query.level is not Level.STUDY else uids)

    answers = [match.dataset for match in ask(Forgetful(), Level.SERIES, [])]
    assert [(one.StudyInstanceUID, one.SeriesInstanceUID) for one in answers] == [
        ("1", "1.1"),
        ("1", "1.2"),
        ("2", "2.1"),
        ("2", "2.2"),
    ]
