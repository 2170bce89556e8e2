"""Which picture is made of what, and how often."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pytest
from pydicom.uid import ExplicitVRLittleEndian, generate_uid

from findicon.archive.events import Event, Kind
from findicon.archive.making import IconMaker
from findicon.archive.pictures import Choice
from findicon.archive.reading import read_record
from findicon.archive.walk import walk
from findicon.archive.workers import Workers
from findicon.catalogue import Catalogue
from findicon.errors import IconError, StorageError
from findicon.icons import BurnedIn, icon_element
from findicon.pixels import read_header
from findicon.query import Level
from support.icon_rules import violations
from support.samples import instance, write, write_series
from unit.archive import tasks
from unit.archive.waiting import wait_for

BLANK = {"PixelData": np.zeros(256, np.int16).tobytes()}


@pytest.fixture
def maker(catalogue: Catalogue, workers: Workers) -> Iterator[IconMaker]:
    with IconMaker(catalogue, limit=120, workers=workers, render=tasks.treacherous) as made:
        yield made


def catalogued(catalogue: Catalogue, folder: Path) -> None:
    catalogue.add([read_record(file) for file in walk(str(folder)) if file.path.endswith(".dcm")])


def calls(folder: Path) -> list[str]:
    path = folder / "calls"
    return path.read_text().splitlines() if path.exists() else []


def source(catalogue: Catalogue, level: Level, uid: str) -> str:
    with catalogue.database.reading() as connection:
        rows = connection.execute("SELECT source FROM icon WHERE level = ? AND uid = ?", (level.value, uid)).fetchall()
    return rows[0][0] if rows else ""


def stale(maker: IconMaker) -> list[Event]:
    events: list[Event] = []
    maker.make_stale(events.append)
    return [event for event in events if event.kind is not Kind.WAITING]


def series(folder: Path, images: int, **attributes: object) -> tuple[str, list[Path]]:
    uid = generate_uid()
    return uid, write_series(folder, images, SeriesInstanceUID=uid, **attributes)


def test_a_series_shows_the_image_a_third_of_the_way_through(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    uid, paths = series(folder, 9)
    catalogued(catalogue, folder)
    item = maker.icon(Level.SERIES, uid)
    assert item is not None
    assert violations(icon_element(item, ExplicitVRLittleEndian), implicit=False) == []
    assert source(catalogue, Level.SERIES, uid) == f"{paths[3].stem} 1"
    assert maker.preview(Level.SERIES, uid)[:3] == b"\xff\xd8\xff"
    assert calls(folder) == [paths[3].name]


def test_a_picture_is_made_once(catalogue: Catalogue, maker: IconMaker, folder: Path) -> None:
    (path,) = write_series(folder, 1)
    catalogued(catalogue, folder)
    first = maker.icon(Level.IMAGE, path.stem)
    assert first == maker.icon(Level.IMAGE, path.stem) == catalogue.icon(Level.IMAGE, path.stem)
    assert len(calls(folder)) == 1


def test_threads_that_ask_for_the_same_picture_share_one_decode(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    (path,) = write_series(folder, 1)
    catalogued(catalogue, folder)
    start, found = threading.Barrier(8), []

    def ask() -> None:
        start.wait()
        found.append(maker.icon(Level.IMAGE, path.stem))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(found)) == 1
    assert found[0] is not None
    assert len(calls(folder)) == 1


def test_a_study_shows_the_picture_of_its_best_series_without_another_decode(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    study = generate_uid()
    series(folder, 1, StudyInstanceUID=study)
    many, _ = series(folder, 3, StudyInstanceUID=study)
    catalogued(catalogue, folder)
    events = stale(maker)
    assert [(event.kind, event.subject) for event in events[-1:]] == [(Kind.PICTURED, f"STUDY {study}")]
    assert len(events) == 3
    assert catalogue.icon(Level.STUDY, study) == catalogue.icon(Level.SERIES, many)
    assert catalogue.preview(Level.STUDY, study) == catalogue.preview(Level.SERIES, many)
    assert len(calls(folder)) == 2


def test_asked_for_before_its_series_is_pictured_a_study_makes_both(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    study = generate_uid()
    uid, _ = series(folder, 2, StudyInstanceUID=study)
    catalogued(catalogue, folder)
    assert maker.icon(Level.STUDY, study) == catalogue.icon(Level.SERIES, uid)
    assert len(calls(folder)) == 1


def test_what_is_up_to_date_is_not_made_again_and_what_changed_is(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    uid, _ = series(folder, 3, StudyInstanceUID="1.2.3")
    catalogued(catalogue, folder)
    assert len(stale(maker)) == 2
    assert stale(maker) == []
    assert len(calls(folder)) == 1
    write_series(folder, 6, SeriesInstanceUID=uid, StudyInstanceUID="1.2.3")
    catalogued(catalogue, folder)
    assert [event.kind for event in stale(maker)] == [Kind.PICTURED, Kind.PICTURED]
    assert len(calls(folder)) == 2


def test_another_choice_makes_every_picture_again(
    catalogue: Catalogue, maker: IconMaker, workers: Workers, folder: Path
) -> None:
    uid, paths = series(folder, 9)
    catalogued(catalogue, folder)
    stale(maker)
    other = IconMaker(catalogue, choice=Choice(size=32, rule="last"), workers=workers)
    assert len(stale(other)) == 2
    assert source(catalogue, Level.SERIES, uid) == f"{paths[-1].stem} 1"
    assert stale(other) == []


def test_a_blank_image_gives_way_to_its_neighbour(catalogue: Catalogue, maker: IconMaker, folder: Path) -> None:
    uid, paths = series(folder, 2)
    write(instance(SeriesInstanceUID=uid, StudyInstanceUID=study_of(paths[0]), InstanceNumber=9, **BLANK), folder)
    catalogued(catalogue, folder)
    assert maker.icon(Level.SERIES, uid) is not None
    assert source(catalogue, Level.SERIES, uid).split()[0] in {path.stem for path in paths}


def test_a_series_of_blank_images_is_not_read_through_and_shows_one(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    uid, paths = series(folder, 12, **BLANK)
    catalogued(catalogue, folder)
    assert maker.icon(Level.SERIES, uid) is not None
    assert len(calls(folder)) == 5
    assert source(catalogue, Level.SERIES, uid) == f"{paths[4].stem} 1"


@pytest.mark.parametrize(
    ("what", "reason"),
    [
        ("dies", "The worker process ended with exit code -9"),
        ("fails", "The image is spoiled"),
        ("explodes", "ZeroDivisionError: of a codec"),
    ],
)
def test_an_image_that_cannot_be_rendered_gives_way_and_is_recorded(
    catalogue: Catalogue, maker: IconMaker, folder: Path, what: str, reason: str
) -> None:
    uid, paths = series(folder, 3)
    paths[1].with_suffix(f".{what}").touch()
    catalogued(catalogue, folder)
    assert maker.icon(Level.SERIES, uid) is not None
    assert source(catalogue, Level.SERIES, uid) == f"{paths[2].stem} 1"
    assert [(one.path, one.reason) for one in catalogue.failures()] == [(f"IMAGE {paths[1].stem}", reason)]


def test_an_image_that_hangs_is_stopped_at_the_limit_and_gives_way(
    catalogue: Catalogue, workers: Workers, folder: Path
) -> None:
    uid, paths = series(folder, 3)
    paths[1].with_suffix(".hangs").touch()
    catalogued(catalogue, folder)
    maker = IconMaker(catalogue, limit=1.5, workers=workers, render=tasks.treacherous)
    assert maker.icon(Level.SERIES, uid) is not None
    assert [one.reason for one in catalogue.failures()] == ["It took longer than 1.5 s and was stopped"]


def test_a_picture_that_cannot_be_made_is_none_and_is_not_tried_at_every_query(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    (path,) = write_series(folder, 1)
    path.with_suffix(".fails").touch()
    catalogued(catalogue, folder)
    for _ in range(3):
        assert maker.icon(Level.IMAGE, path.stem) is None
        assert maker.preview(Level.IMAGE, path.stem) is None
    assert len(calls(folder)) == 1


def test_a_bad_image_is_one_failure_also_when_its_series_has_no_other(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    (path,) = write_series(folder, 1)
    path.with_suffix(".fails").touch()
    catalogued(catalogue, folder)
    assert [(event.kind, event.reason) for event in stale(maker)] == [
        (Kind.NO_PICTURE, "The image is spoiled"),
        (Kind.NO_PICTURE, "It has no image"),
    ]
    assert [one.path for one in catalogue.failures()] == [f"IMAGE {path.stem}"]


def test_a_study_without_images_has_no_picture_and_that_is_no_failure(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    report = instance(Modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.11", StudyInstanceUID="1.2.3")
    del report.PixelData
    write(report, folder)
    catalogued(catalogue, folder)
    assert {(event.kind, event.reason) for event in stale(maker)} == {(Kind.NO_PICTURE, "It has no image")}
    assert catalogue.failures() == []
    assert catalogue.progress().icons_waiting == 0
    assert maker.icon(Level.STUDY, "1.2.3") is None


def test_what_is_not_known_and_what_is_a_patient_has_no_picture(maker: IconMaker) -> None:
    assert maker.icon(Level.IMAGE, "1.2.3.4") is None
    assert maker.icon(Level.STUDY, "1.2.3.4") is None
    assert maker.icon(Level.PATIENT, "P1") is None


def test_a_file_that_is_gone_gives_way(catalogue: Catalogue, maker: IconMaker, folder: Path) -> None:
    uid, paths = series(folder, 3)
    catalogued(catalogue, folder)
    paths[1].unlink()
    assert maker.icon(Level.SERIES, uid) is not None
    assert "No such file" in catalogue.failures()[0].reason


def test_a_key_object_decides_which_image_stands_for_its_series(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    study = generate_uid()
    uid, paths = series(folder, 6, StudyInstanceUID=study)
    write(key_object(study, paths[5].stem), folder)
    catalogued(catalogue, folder)
    stale(maker)
    assert source(catalogue, Level.SERIES, uid) == f"{paths[5].stem} 1"


def test_pictures_that_are_stopped_are_not_recorded_as_failures(catalogue: Catalogue, folder: Path) -> None:
    (path,) = write_series(folder, 1)
    path.with_suffix(".hangs").touch()
    catalogued(catalogue, folder)
    maker = IconMaker(catalogue, limit=300, workers=1, render=tasks.treacherous)
    found: list[bytes | None] = []
    asker = threading.Thread(target=lambda: found.append(maker.icon(Level.IMAGE, path.stem)))
    asker.start()
    wait_for(lambda: calls(folder) != [])
    maker.close()
    asker.join()
    assert found == [None]
    assert catalogue.failures() == []
    assert stale(maker) == []
    assert catalogue.progress().icons_waiting == 2


def test_burned_in_text_is_told_of_the_image_that_a_picture_was_made_of(
    catalogue: Catalogue, maker: IconMaker, folder: Path
) -> None:
    study = generate_uid()
    clean, paths = series(folder, 3, StudyInstanceUID=study, SeriesNumber=1)
    burned, burned_paths = series(folder, 1, StudyInstanceUID=study, SeriesNumber=2, BurnedInAnnotation="YES")
    alone, _ = series(folder, 1, StudyInstanceUID=generate_uid(), BurnedInAnnotation="YES")
    catalogued(catalogue, folder)
    stale(maker)
    told = {uid: maker.is_burned_in(Level.SERIES, uid) for uid in (clean, burned, alone)}
    assert told == {clean: False, burned: True, alone: True}
    assert not maker.is_burned_in(Level.STUDY, study), "its picture is of the larger series"
    (only,) = (Path(path) for path in catalogue.files() if study_of(Path(path)) != study)
    assert maker.is_burned_in(Level.STUDY, study_of(only))
    assert not maker.is_burned_in(Level.IMAGE, paths[0].stem)
    assert maker.is_burned_in(Level.IMAGE, burned_paths[0].stem)
    assert maker.is_burned_in(Level.IMAGE, "1.2.3.4"), "what is not known cannot be cleared"


def test_a_view_is_rendered_by_a_worker_that_is_killed_when_it_hangs(
    catalogue: Catalogue, workers: Workers, folder: Path
) -> None:
    paths = write_series(folder, 2)
    catalogued(catalogue, folder)
    with IconMaker(catalogue, limit=120, workers=workers) as maker:
        assert maker.rendered(tasks.treacherous, paths[0].stem, 8).array.shape == (8, 8)
        with pytest.raises(StorageError, match="no instance"):
            maker.rendered(tasks.treacherous, "1.2.3", 8)
    paths[1].with_suffix(".hangs").touch()
    with IconMaker(catalogue, limit=0.2, workers=workers) as maker, pytest.raises(IconError, match="longer than"):
        maker.rendered(tasks.treacherous, paths[1].stem, 8)


def test_workers_are_warm_before_the_first_picture(catalogue: Catalogue, folder: Path) -> None:
    (path,) = write_series(folder, 1)
    catalogued(catalogue, folder)
    with IconMaker(catalogue, limit=120, workers=1) as maker:
        maker.warm_up()
        loaded = maker.rendered(tasks.modules_before, path.stem)
    assert loaded == [True]


def study_of(path: Path) -> str:
    return read_header(str(path)).text(0x0020000D)


def key_object(study: str, sop_instance: str) -> object:
    from pydicom.dataset import Dataset

    made = instance(Modality="KO", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.59", StudyInstanceUID=study)
    del made.PixelData
    title, reference, content = Dataset(), Dataset(), Dataset()
    title.CodeValue = "113000"
    reference.ReferencedSOPInstanceUID = sop_instance
    content.ReferencedSOPSequence = [reference]
    made.ConceptNameCodeSequence = [title]
    made.ContentSequence = [content]
    return made


BURNED_IN = {"BurnedInAnnotation": "YES", "StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.1"}


@pytest.fixture
def discreet(catalogue: Catalogue, workers: Workers) -> Callable[[], IconMaker]:
    choice = Choice(burned_in=BurnedIn.BLANK)
    return lambda: IconMaker(catalogue, choice=choice, limit=120, workers=workers, render=tasks.treacherous)


def test_an_image_with_text_burned_in_has_no_picture_where_it_is_to_be_blank(
    discreet: Callable[[], IconMaker], catalogue: Catalogue, folder: Path
) -> None:
    for number in (1, 2, 3):
        write(instance(**BURNED_IN, SOPInstanceUID=f"1.2.1.{number}", InstanceNumber=number), folder)
    catalogued(catalogue, folder)
    maker = discreet()
    stale(maker)
    for level, uid in ((Level.STUDY, "1.2"), (Level.SERIES, "1.2.1"), (Level.IMAGE, "1.2.1.2")):
        assert (maker.icon(level, uid), maker.preview(level, uid)) == (None, None)
    assert calls(folder) == [], "and was not even decoded"
    assert catalogue.failures() == []


def test_another_image_stands_for_a_series_where_text_is_burned_into_the_chosen_one(
    discreet: Callable[[], IconMaker], catalogue: Catalogue, folder: Path
) -> None:
    for number in (1, 2, 3):
        burned_in = {"BurnedInAnnotation": "YES" if number < 3 else "NO"}
        write(instance(**BURNED_IN | burned_in, SOPInstanceUID=f"1.2.1.{number}", InstanceNumber=number), folder)
    catalogued(catalogue, folder)
    stale(discreet())
    assert source(catalogue, Level.SERIES, "1.2.1").split()[0] == "1.2.1.3"
    assert catalogue.icon(Level.STUDY, "1.2") is not None


def test_pictures_made_before_are_gone_before_anything_is_answered(
    maker: IconMaker, discreet: Callable[[], IconMaker], catalogue: Catalogue, folder: Path
) -> None:
    write(instance(**BURNED_IN, SOPInstanceUID="1.2.1.1"), folder)
    catalogued(catalogue, folder)
    stale(maker)
    entities = ((Level.STUDY, "1.2"), (Level.SERIES, "1.2.1"), (Level.IMAGE, "1.2.1.1"))
    assert all(maker.icon(*entity) for entity in entities)
    assert catalogue.progress().icons_made == 3
    other = discreet()
    assert [catalogue.icon(*entity) for entity in entities] == [None, None, None]
    assert (catalogue.progress().icons_made, catalogue.progress().icons_waiting) == (0, 2)
    stale(other)
    assert [other.icon(*entity) for entity in entities] == [None, None, None]
    discreet()  # knows its own
    assert catalogue.progress().icons_waiting == 0
