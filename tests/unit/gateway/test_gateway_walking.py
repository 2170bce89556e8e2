"""Relational queries answered by hierarchical ones."""

from collections.abc import Iterator

from pydicom.dataset import Dataset

from findicon.gateway.walking import is_hierarchical, walk
from findicon.query import Cancel, Key, Level, Match, Model, Options, Query, never
from integration.memory_finder import MemoryMatch

ARCHIVE = {
    "P1": {"1.1": {"1.1.1": ["1.1.1.1", "1.1.1.2"], "1.1.2": ["1.1.2.1"]}, "1.2": {"1.2.1": ["1.2.1.1"]}},
    "P2": {"2.1": {"2.1.1": ["2.1.1.1"]}},
}
TAGS = {level: level.unique_key for level in Level}


class Strict:
    """An archive that takes hierarchical queries only, and notes their levels."""

    def __init__(self) -> None:
        self.levels: list[str] = []

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        assert is_hierarchical(query)
        self.levels.append(str(query.level))
        for patient, studies in ARCHIVE.items():
            for study, series in studies.items():
                for one, images in series.items():
                    for image in images:
                        place = dict(zip(TAGS.values(), (patient, study, one, image), strict=True))
                        if all(
                            place[tag] in key.values for tag, key in query.keys.items() if tag in place and key.values
                        ):
                            answer = Dataset()
                            answer.add_new(query.level.unique_key, "UI", place[query.level.unique_key])
                            yield MemoryMatch(answer)


def images(model: Model, **keys: str) -> Query:
    wanted = [Key.named(name, value) for name, value in keys.items()]
    options = Options(relational=True)
    return Query(Level.IMAGE, model=model, keys=[Key.named("SOPInstanceUID"), *wanted], defaults=False, options=options)


def found(query: Query) -> tuple[list[str], list[str]]:
    archive = Strict()
    matches = walk(query, archive.find, never)
    uids = [str(match.dataset.SOPInstanceUID) for match in matches]
    return uids, archive.levels


def unique(uids: list[str]) -> list[str]:
    return sorted(set(uids))


def test_a_whole_study() -> None:
    uids, levels = found(images(Model.STUDY_ROOT, StudyInstanceUID="1.1"))
    assert unique(uids) == ["1.1.1.1", "1.1.1.2", "1.1.2.1"]
    assert set(levels) == {"SERIES", "IMAGE"}


def test_several_studies() -> None:
    uids, _ = found(images(Model.STUDY_ROOT, StudyInstanceUID="1.1\\2.1"))
    assert unique(uids) == ["1.1.1.1", "1.1.1.2", "1.1.2.1", "2.1.1.1"]


def test_one_series_of_a_study_needs_no_walk() -> None:
    uids, levels = found(images(Model.STUDY_ROOT, StudyInstanceUID="1.1", SeriesInstanceUID="1.1.2"))
    assert unique(uids) == ["1.1.2.1"]
    assert levels == ["IMAGE"]


def test_a_whole_patient() -> None:
    uids, levels = found(images(Model.PATIENT_ROOT, PatientID="P1"))
    assert unique(uids) == ["1.1.1.1", "1.1.1.2", "1.1.2.1", "1.2.1.1"]
    assert levels[0] == "STUDY"


def test_a_study_without_its_patient_is_asked_for_in_the_other_model() -> None:
    uids, levels = found(images(Model.PATIENT_ROOT, StudyInstanceUID="1.2"))
    assert unique(uids) == ["1.2.1.1"]
    assert "PATIENT" not in levels
