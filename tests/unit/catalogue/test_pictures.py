"""Pictures in the catalogue: which are wanted, when they are out of date, what is stored."""

from contract.making import record
from findicon.catalogue import Catalogue
from findicon.query import Level


def put(catalogue: Catalogue, level: Level, uid: str, rule: str = "third") -> None:
    catalogue.put_icon(level, uid, item=b"item of " + uid.encode(), preview=b"jpeg", rule=rule, source="1.2 1")


def test_studies_and_series_want_a_picture_once(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1), record(1, 2)])
    wanted = catalogue.stale_icons(10)
    assert wanted == [(Level.SERIES, "1.2.1.1"), (Level.SERIES, "1.2.1.2"), (Level.STUDY, "1.2.1")]
    assert catalogue.progress().icons_waiting == 3
    for level, uid in wanted:
        put(catalogue, level, uid)
    assert catalogue.stale_icons(10) == []
    assert (catalogue.progress().icons_made, catalogue.progress().icons_waiting) == (3, 0)


def test_no_more_than_asked_for(catalogue: Catalogue) -> None:
    catalogue.add([record(1, number) for number in range(5)])
    assert len(catalogue.stale_icons(2)) == 2
    assert len(catalogue.stale_icons(100)) == 6


def test_a_picture_is_stored_and_read(catalogue: Catalogue) -> None:
    put(catalogue, Level.STUDY, "1.2.1")
    assert catalogue.icon(Level.STUDY, "1.2.1") == b"item of 1.2.1"
    assert catalogue.preview(Level.STUDY, "1.2.1") == b"jpeg"
    assert catalogue.icon(Level.SERIES, "1.2.1") is None
    assert catalogue.icon(Level.STUDY, "1.2.2") is None


def test_pictures_of_other_archives_stay_apart(catalogue: Catalogue) -> None:
    common = {"preview": None, "rule": "third", "source": ""}
    catalogue.put_icon(Level.STUDY, "1.2.1", item=b"theirs", origin="PACS", **common)
    catalogue.put_icon(Level.STUDY, "1.2.1", item=b"ours", **common)
    assert catalogue.icon(Level.STUDY, "1.2.1") == b"ours"
    assert catalogue.icon(Level.STUDY, "1.2.1", origin="PACS") == b"theirs"
    catalogue.add([record(1)])
    catalogue.remove(["/files/1/1/1.dcm"])
    assert catalogue.icon(Level.STUDY, "1.2.1") is None
    assert catalogue.icon(Level.STUDY, "1.2.1", origin="PACS") == b"theirs"


def test_that_there_is_none_is_known_too(catalogue: Catalogue) -> None:
    catalogue.add([record(1)])
    for level, uid in catalogue.stale_icons(10):
        catalogue.put_icon(level, uid, item=None, preview=None, rule="third", source="", reason="It has no pixels")
    assert catalogue.stale_icons(10) == []
    assert catalogue.icon(Level.STUDY, "1.2.1") is None
    progress = catalogue.progress()
    assert (progress.icons_made, progress.icons_waiting, progress.failures) == (0, 0, {"It has no pixels": 2})
    put(catalogue, Level.SERIES, "1.2.1.1")
    assert catalogue.progress().icons_made == 1


def test_the_size_of_the_database(catalogue: Catalogue) -> None:
    before = catalogue.bytes_on_disk()
    put(catalogue, Level.STUDY, "1.2.1")
    catalogue.put_icon(Level.STUDY, "1.2.2", item=bytes(1 << 20), preview=None, rule="", source="")
    assert catalogue.bytes_on_disk() >= before > 0


def test_a_new_instance_makes_series_and_study_stale_again(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1), record(1, 2, 1)])
    for level, uid in catalogue.stale_icons(10):
        put(catalogue, level, uid)
    catalogue.add([record(1, 1, 2)])
    assert catalogue.stale_icons(10) == [(Level.SERIES, "1.2.1.1"), (Level.STUDY, "1.2.1")]


def test_a_key_object_makes_every_series_of_its_study_stale(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1), record(1, 2), record(2, 1)])
    for level, uid in catalogue.stale_icons(10):
        put(catalogue, level, uid)
    catalogue.add([record(1, 3, Modality="KO")])
    assert {uid for _, uid in catalogue.stale_icons(10)} == {"1.2.1", "1.2.1.1", "1.2.1.2", "1.2.1.3"}


def test_a_picture_made_while_an_instance_came_in_is_out_of_date(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1)])
    wanted = catalogue.stale_icons(10)
    revisions = [catalogue.revision(level, uid) for level, uid in wanted]
    catalogue.add([record(1, 1, 2)])
    for (level, uid), revision in zip(wanted, revisions, strict=True):
        catalogue.put_icon(level, uid, item=b"old", preview=None, rule="third", source="1.2 1", revision=revision)
    assert catalogue.stale_icons(10) == wanted
    assert catalogue.icon(Level.STUDY, "1.2.1"), "an old picture is better than none"


def test_another_rule_makes_every_picture_stale(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1)])
    for level, uid in catalogue.stale_icons(10, rule="third"):
        put(catalogue, level, uid)
    assert catalogue.stale_icons(10, rule="third") == []
    assert len(catalogue.stale_icons(10, rule="first")) == 2
    for level, uid in catalogue.stale_icons(10, rule="first"):
        put(catalogue, level, uid, rule="first")
    assert catalogue.stale_icons(10, rule="first") == []


def test_pictures_go_with_what_they_show(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1)])
    for level, uid in [*catalogue.stale_icons(10), (Level.IMAGE, "1.2.1.1.1")]:
        put(catalogue, level, uid)
    assert catalogue.progress().icons_made == 3
    catalogue.remove(["/files/1/1/1.dcm"])
    assert catalogue.progress().icons_made == 0
    assert catalogue.icon(Level.IMAGE, "1.2.1.1.1") is None


def test_a_series_in_two_studies_has_one_picture_and_is_not_made_again(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1, 1), record(2, 1, 1, SeriesInstanceUID="1.2.1.1")])
    wanted = catalogue.stale_icons(10)
    assert [one for one in wanted if one[0] is Level.SERIES] == [(Level.SERIES, "1.2.1.1")]
    for level, uid in wanted:
        revision = catalogue.revision(level, uid)
        catalogue.put_icon(level, uid, item=b"item", preview=None, rule="third", source="1.2 1", revision=revision)
    assert catalogue.stale_icons(10) == []


def test_what_a_path_names_is_there_or_not(catalogue: Catalogue) -> None:
    catalogue.add([record(1, 1), record(1, 2), record(2, 1)])
    assert catalogue.holds("1.2.1")
    assert catalogue.holds("1.2.1", "1.2.1.2")
    assert catalogue.holds("1.2.1", "1.2.1.2", "1.2.1.2.1")
    assert not catalogue.holds("1.2.3")
    assert not catalogue.holds("1.2.2", "1.2.1.2"), "a series of another study"
    assert not catalogue.holds("1.2.1", "1.2.1.1", "1.2.1.2.1"), "an instance of another series"
    assert not catalogue.holds("1.2.2", "1.2.1.2", "1.2.1.2.1")
