"""Instances in and out: whatever the order, the tables say what the files say."""

import random
from collections.abc import Callable
from datetime import date

import pytest

from contract.making import CT_IMAGE, EXPLICIT, record
from findicon.catalogue import Catalogue, CatalogueFinder, Failure, Location
from findicon.errors import CatalogueError
from findicon.query import Level, Query


def answers(catalogue: Catalogue, level: str = "STUDY", **keywords: str) -> list[dict[str, str]]:
    """Ask and give the answers' values by keyword, sorted."""
    finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")
    query = Query(level, defaults=False, **keywords)
    found = [{name: str(match.dataset.get(name) or "") for name in keywords} for match in finder.find(query)]
    return sorted(found, key=str)


def test_what_was_added_is_counted(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1), record(1, 1, 2), record(1, 2, 1), record(2, 1, 1)])
    assert dict(catalogue.counts()) == {Level.PATIENT: 2, Level.STUDY: 2, Level.SERIES: 3, Level.IMAGE: 4}


def test_an_empty_catalogue_says_so(catalogue: Catalogue) -> None:
    assert dict(catalogue.counts()) == dict.fromkeys(Level, 0)
    assert dict(catalogue.days()) == {}
    assert catalogue.files() == {}
    assert catalogue.location("1.2.3") is None
    assert catalogue.series_of("1.2.3") == []
    assert catalogue.facts("1.2.3") == []
    assert catalogue.stale_icons(10) == []
    catalogue.add([])
    catalogue.remove([])


def test_adding_again_changes_nothing(catalogue: Catalogue) -> None:
    records = [record(1, 1, number, StudyDate="20200101") for number in (1, 2)]
    catalogue.add(records)
    for level, uid in catalogue.stale_icons(10):
        catalogue.put_icon(level, uid, item=b"item", preview=b"jpeg", rule="third", source="1.2.1.1.1")
    catalogue.add(records)
    assert catalogue.counts()[Level.IMAGE] == 2
    assert catalogue.stale_icons(10) == []
    assert dict(catalogue.days()) == {date(2020, 1, 1): 1}


def test_where_an_instance_lies(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, path="/a/b.dcm", modified=12.25)])
    assert catalogue.location("1.2.1.1.1") == Location("/a/b.dcm", 1000, 12.25, EXPLICIT, CT_IMAGE)


def test_facts_come_back_as_they_went_in(catalogue: Catalogue) -> None:
    one = record(1, 1, 1)
    catalogue.add([one])
    assert catalogue.facts("1.2.1.1") == [one.facts]


def test_files_by_the_beginning_of_their_path(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, path="/a/1"), record(1, 1, 2, path="/a/ü"), record(1, 1, 3, path="/ab/3")])
    catalogue.fail("/a/broken", "It is broken", size=7, modified=2.5)
    assert catalogue.files("/a/") == {"/a/1": (1000, 1.0), "/a/ü": (1000, 1.0), "/a/broken": (7, 2.5)}
    assert len(catalogue.files()) == 4


def test_the_order_of_arrival_does_not_matter(new_database: Callable[[], str]) -> None:
    records = [
        record(1, 1, 1, PatientName="DOE^JANE", StudyDescription="CT"),
        record(1, 1, 2, PatientName="DOE^JOHN", StudyDescription="CT", StudyDate="20200101"),
        record(1, 2, 1, PatientName="DOE^JOHN", Modality="SR", SeriesDescription="Report"),
        record(2, 1, 1, PatientName="DOE^JIM", PatientID="P1", StudyDate="20190101"),
        record(2, 1, 1, PatientName="DOE^JOE", PatientID="P1", StudyDate="20210101", path="/copies/1.dcm"),
    ]
    seen = []
    for number in range(6):
        mixed = records[:]
        random.Random(number).shuffle(mixed)
        with Catalogue(new_database()) as catalogue:
            for one in mixed[:3]:
                catalogue.add([one])
            catalogue.add(mixed[3:])
            seen.append(
                (
                    answers(catalogue, PatientName="", StudyDescription="", ModalitiesInStudy="", StudyDate=""),
                    answers(catalogue, "PATIENT", PatientID="", PatientName="", NumberOfPatientRelatedInstances=""),
                    sorted(catalogue.conflicts(), key=str),
                    catalogue.location("1.2.2.1.1"),
                    dict(catalogue.days()),
                    facets(catalogue),
                )
            )
    assert all(one == seen[0] for one in seen)
    assert seen[0][0][0]["PatientName"] == "DOE^JOE", "the first path speaks for an instance that is there twice"


def test_files_that_went_away_take_their_instances_along(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, number, StudyDate="20200101") for number in (1, 2)] + [record(2, 1, 1)])
    catalogue.remove(["/files/1/1/1.dcm"])
    assert answers(catalogue, StudyInstanceUID="1.2.1", NumberOfStudyRelatedInstances="") == [
        {"StudyInstanceUID": "1.2.1", "NumberOfStudyRelatedInstances": "1"}
    ]
    catalogue.remove(["/files/1/1/2.dcm", "/files/never/there.dcm"])
    assert dict(catalogue.counts()) == {Level.PATIENT: 1, Level.STUDY: 1, Level.SERIES: 1, Level.IMAGE: 1}
    assert dict(catalogue.days()) == {}
    assert catalogue.series_of("1.2.1") == []


def test_what_a_series_and_study_say_follows_what_is_left(catalogue: Catalogue) -> None:
    catalogue.add(
        [
            record(1, 1, 1, StudyDescription="OLD", SeriesDescription="OLD", StudyDate="20200101"),
            record(1, 1, 2, StudyDescription="NEW", SeriesDescription="NEW"),
            record(1, 2, 1, Modality="MR"),
        ]
    )
    assert answers(catalogue, StudyDescription="", ModalitiesInStudy="CT") == [
        {"StudyDescription": "OLD", "ModalitiesInStudy": "['CT', 'MR']"}
    ]
    catalogue.remove(["/files/1/1/1.dcm", "/files/1/2/1.dcm"])
    assert answers(catalogue, StudyDescription="", ModalitiesInStudy="", StudyDate="") == [
        {"StudyDescription": "NEW", "ModalitiesInStudy": "CT", "StudyDate": ""}
    ]


def test_a_file_that_moved_keeps_its_instance(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, path="/old")])
    catalogue.put_icon(Level.IMAGE, "1.2.1.1.1", item=b"item", preview=None, rule="", source="1.2.1.1.1")
    catalogue.add([record(1, 1, 1, path="/other")])
    catalogue.remove(["/old"])
    place = catalogue.location("1.2.1.1.1")
    assert place is not None
    assert place.path == "/other"
    assert catalogue.icon(Level.IMAGE, "1.2.1.1.1") == b"item", "the same instance has the same picture"
    assert catalogue.files() == {"/other": (1000, 1.0)}


def test_another_version_of_an_instance_is_read_again_when_its_turn_comes(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, path="/a"), record(1, 1, 1, path="/b", StudyDescription="OTHER")])
    catalogue.remove(["/a"])
    assert catalogue.files() == {"/b": (1000, -1.0)}, "no file is that old, so the next scan reads it"
    catalogue.add([record(1, 1, 1, path="/b", StudyDescription="OTHER")])
    assert answers(catalogue, StudyDescription="") == [{"StudyDescription": "OTHER"}]


def test_a_file_that_changed_is_brought_up_to_date(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, StudyDescription="BEFORE"), record(1, 1, 2)])
    catalogue.put_icon(Level.IMAGE, "1.2.1.1.1", item=b"item", preview=None, rule="", source="1.2.1.1.1")
    catalogue.add([record(1, 1, 1, StudyDescription="AFTER", StudyDate="20200202", modified=2.0)])
    assert answers(catalogue, StudyDescription="", StudyDate="") == [
        {"StudyDescription": "AFTER", "StudyDate": "20200202"}
    ]
    assert catalogue.icon(Level.IMAGE, "1.2.1.1.1") is None
    assert catalogue.files()["/files/1/1/1.dcm"] == (1000, 2.0)


def test_a_file_that_holds_another_instance_now(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, path="/a")])
    catalogue.add([record(2, 1, 1, path="/a")])
    assert catalogue.location("1.2.1.1.1") is None
    assert dict(catalogue.counts()) == dict.fromkeys(Level, 1)


def test_an_instance_that_changed_its_series(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1), record(1, 1, 2)])
    moved = record(1, 1, 1, SeriesInstanceUID="1.2.1.9", StudyInstanceUID="1.2.9")
    catalogue.add([moved])
    assert catalogue.series_of("1.2.9") == ["1.2.1.9"]
    assert dict(catalogue.counts())[Level.IMAGE] == 2
    assert answers(catalogue, StudyInstanceUID="", NumberOfStudyRelatedInstances="") == [
        {"StudyInstanceUID": "1.2.1", "NumberOfStudyRelatedInstances": "1"},
        {"StudyInstanceUID": "1.2.9", "NumberOfStudyRelatedInstances": "1"},
    ]


def test_failures_are_kept_with_their_reason(catalogue: Catalogue) -> None:
    catalogue.fail("/broken", "It ends inside its header")
    catalogue.put_icon(
        Level.SERIES, "1.2.3", item=None, preview=None, rule="third", source="", reason="No decoder for it"
    )
    assert catalogue.failures() == [
        Failure("/broken", "It ends inside its header"),
        Failure("SERIES 1.2.3", "No decoder for it"),
    ]
    assert dict(catalogue.progress().failures) == {"It ends inside its header": 1, "No decoder for it": 1}


def test_a_failure_ends_when_the_file_can_be_read(catalogue: Catalogue) -> None:
    catalogue.fail("/files/1/1/1.dcm", "It was being written")
    catalogue.add([record(1, 1, 1)])
    assert catalogue.failures() == []


def test_a_file_that_can_no_longer_be_read_takes_its_instance_along(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1)])
    catalogue.fail("/files/1/1/1.dcm", "It is broken now")
    assert catalogue.counts()[Level.IMAGE] == 0


def test_days_count_studies_the_newest_first(catalogue: Catalogue) -> None:
    catalogue.add([record(1, StudyDate="20200101"), record(2, StudyDate="20210101"), record(3, StudyDate="20200101")])
    catalogue.add([record(4), record(5, StudyDate="nonsense")])
    assert list(catalogue.days().items()) == [(date(2021, 1, 1), 1), (date(2020, 1, 1), 2)]
    catalogue.add([record(1, StudyDate="20220101", modified=2.0)])
    assert list(catalogue.days().items()) == [(date(2022, 1, 1), 1), (date(2021, 1, 1), 1), (date(2020, 1, 1), 1)]


def facets(catalogue: Catalogue) -> dict[str, list[tuple[str, int]]]:
    return {name: list(catalogue.facet(name).items()) for name in ("Modality", "StationName", "StudyDescription")}


def test_values_count_studies_the_most_frequent_first(catalogue: Catalogue) -> None:
    catalogue.add(
        [
            record(1, 1, 1, Modality="CT", StationName="A", StudyDescription="HEAD"),
            record(1, 1, 2, Modality="CT", StationName="A", StudyDescription="HEAD"),
            record(1, 2, 1, Modality="SR", StationName="", StudyDescription="HEAD"),
            record(2, 1, 1, Modality="CT", StationName="A", StudyDescription="CHEST"),
            record(2, 2, 1, Modality="MR", StationName="B", StudyDescription="CHEST"),
            record(3, 1, 1, Modality="CT", StationName="B", StudyDescription=""),
        ]
    )
    assert facets(catalogue) == {
        "Modality": [("CT", 3), ("MR", 1), ("SR", 1)],
        "StationName": [("A", 2), ("B", 2)],
        "StudyDescription": [("CHEST", 1), ("HEAD", 1)],
    }
    assert list(catalogue.facet("Modality", most=1)) == ["CT"]
    assert catalogue.facet("PatientName") == {}


def test_a_study_counts_once_for_a_value_that_it_has_twice(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, StationName="A\\B", StudyDescription="HEAD\\HEAD"), record(1, 2, StationName="B")])
    assert facets(catalogue)["StationName"] == [("A", 1), ("B", 1)]


def test_values_that_went_are_counted_no_more(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1, Modality="CT", StationName="A", StudyDescription="HEAD")])
    catalogue.add([record(1, 2, 1, Modality="MR", StationName="B", StudyDescription="HEAD"), record(2, Modality="CT")])
    catalogue.remove(["/files/1/1/1.dcm"])
    assert facets(catalogue) == {
        "Modality": [("CT", 1), ("MR", 1)],
        "StationName": [("B", 1)],
        "StudyDescription": [("HEAD", 1)],
    }
    catalogue.remove(["/files/1/2/1.dcm", "/files/2/1/1.dcm"])
    assert facets(catalogue) == {"Modality": [], "StationName": [], "StudyDescription": []}


def test_patients_without_an_id_are_told_apart_by_name(catalogue: Catalogue) -> None:
    catalogue.add([record(1, PatientID="", PatientName="A^B"), record(2, PatientID="", PatientName="C^D")])
    catalogue.add([record(3, PatientID="", PatientName="a^b")])
    assert answers(catalogue, "PATIENT", PatientName="", NumberOfPatientRelatedStudies="") == [
        {"PatientName": "C^D", "NumberOfPatientRelatedStudies": "1"},
        {"PatientName": "a^b", "NumberOfPatientRelatedStudies": "2"},
    ]


def test_one_id_of_two_issuers_is_two_patients(catalogue: Catalogue) -> None:
    catalogue.add([record(1, PatientID="7", IssuerOfPatientID="A"), record(2, PatientID="7", IssuerOfPatientID="B")])
    assert len(answers(catalogue, "PATIENT", PatientID="7")) == 2


def test_text_that_no_database_holds_is_mended(catalogue: Catalogue) -> None:
    catalogue.add([record(1, PatientName="A\0B", StudyDescription="half \ud800 a pair")])
    assert answers(catalogue, PatientName="", StudyDescription="") == [
        {"PatientName": "AB", "StudyDescription": "half ? a pair"}
    ]


def test_a_closed_catalogue_says_that_it_is_closed(new_database: Callable[[], str]) -> None:
    catalogue = Catalogue(new_database())
    catalogue.close()
    catalogue.close()
    with pytest.raises(CatalogueError):
        catalogue.counts()


@pytest.mark.parametrize(
    "keyword", ["PatientID", "PatientName", "AccessionNumber", "StudyID", "Modality", "ReferringPhysicianName"]
)
def test_a_value_that_is_far_too_long_does_not_keep_the_others_out(catalogue: Catalogue, keyword: str) -> None:
    chance = random.Random(1)  # what repeats itself would be compressed
    damage = "".join(chance.choice("abcdefghijklmnopqrstuvwxyz0123456789") for _ in range(9000))
    catalogue.add([record(1), record(2, **{keyword: damage})])
    assert catalogue.counts()[Level.STUDY] == 2
