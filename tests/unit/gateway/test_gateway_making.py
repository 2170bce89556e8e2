"""Which picture is made: the choice over what upstream's answers say, with upstream and its files made up."""

from collections.abc import Iterator
from contextlib import contextmanager
from copy import deepcopy
from pathlib import Path

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import CTImageStorage, KeyObjectSelectionDocumentStorage

from findicon.catalogue import Catalogue, IconCache
from findicon.errors import PeerError
from findicon.gateway import GatewaySettings
from findicon.gateway.answers import Entity, Subject
from findicon.gateway.looking import Looking
from findicon.gateway.making import Freshness, Maker
from findicon.gateway.rendering import Rendered
from findicon.icons import Facts
from findicon.pixels import read_header
from findicon.query import Cancel, Level, Match, Query, never
from integration.memory_finder import MemoryMatch
from support.samples import instance, write

STUDY = "1.2.3"


class Archive:
    """A study in memory: a Finder over it, and pictures that are the instance's UID."""

    def __init__(self, *, counts: bool = True) -> None:
        self.series: dict[str, list[Dataset]] = {}
        self.modalities: dict[str, str] = {}
        self.asked: list[Query] = []
        self.blank: set[str] = set()
        self.broken: set[str] = set()
        self.made: list[str] = []
        self.key_objects: dict[str, Path] = {}
        self._counts = counts

    def add(self, series: str, images: int, modality: str = "CT", **attributes: object) -> None:
        self.modalities[series] = modality
        for number in range(1, images + 1):
            answer = Dataset()
            answer.SOPClassUID = CTImageStorage
            answer.SOPInstanceUID = f"{series}.{number}"
            answer.InstanceNumber = number
            answer.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
            for keyword, value in attributes.items():
                setattr(answer, keyword, value)
            self.series.setdefault(series, []).append(answer)

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        self.asked.append(query)
        if query.level is Level.STUDY:
            answer = Dataset()
            answer.StudyInstanceUID = STUDY
            if self._counts:
                answer.NumberOfStudyRelatedInstances = sum(len(images) for images in self.series.values())
            yield MemoryMatch(answer)
        elif query.level is Level.SERIES:
            for number, (uid, images) in enumerate(self.series.items()):
                answer = Dataset()
                answer.SeriesInstanceUID = uid
                answer.Modality = self.modalities[uid]
                answer.SeriesNumber = number
                if self._counts:
                    answer.NumberOfSeriesRelatedInstances = len(images)
                yield MemoryMatch(answer)
        else:
            for image in self.series[query.keys[0x0020000E].values[0]]:
                yield MemoryMatch(image)

    # Sources

    def whole(self, level: Level, study: str, series: str) -> Rendered | None:
        return None

    def of(self, facts: Facts) -> Rendered:
        self.made.append(facts.sop_instance)
        if facts.sop_instance in self.broken:
            return Rendered(reason="It cannot be decoded")
        return Rendered(facts.sop_instance.encode(), b"jpeg", facts.frame, facts.sop_instance in self.blank)

    # Retrieval

    def check_possible(self) -> None:
        pass

    @contextmanager
    def fetched(self, place: object, cancel: Cancel = never) -> Iterator[Path]:
        yield self.key_objects[place.instance]  # type: ignore[attr-defined]


@pytest.fixture
def cache(tmp_path: Path) -> Iterator[IconCache]:
    with Catalogue(str(tmp_path / "catalogue.sqlite")) as catalogue:
        yield IconCache(catalogue, "PACS")


def maker(archive: Archive, cache: IconCache, **settings: object) -> Maker:
    made = GatewaySettings(**settings)
    return Maker(Looking(archive), archive, archive, cache, made, never)  # type: ignore[arg-type]


def of_series(archive: Archive, cache: IconCache, series: str, count: int | None = None, **settings: object) -> str:
    item = maker(archive, cache, **settings).make(Subject(Entity(Level.SERIES, series, STUDY), count)).item
    return item.decode() if item else ""


def of_study(archive: Archive, cache: IconCache, count: int | None = None) -> str:
    item = maker(archive, cache).make(Subject(Entity(Level.STUDY, STUDY, STUDY), count)).item
    return item.decode() if item else ""


def test_a_third_of_the_way(cache: IconCache) -> None:
    archive = Archive()
    archive.add("1", 9)
    assert of_series(archive, cache, "1") == "1.4"
    assert of_series(archive, cache, "1", rule="first") == "1.1"


def test_by_position_where_upstream_tells_it(cache: IconCache) -> None:
    archive = Archive()
    archive.add("1", 9, ImageOrientationPatient=[1, 0, 0, 0, 1, 0])
    for number, image in enumerate(archive.series["1"]):
        image.ImagePositionPatient = [0, 0, -5 * number]
    assert of_series(archive, cache, "1") == "1.6"


def test_no_localizer_while_there_are_others(cache: IconCache) -> None:
    archive = Archive()
    archive.add("1", 3, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    archive.add("1", 0)
    image = Dataset()
    image.SOPInstanceUID, image.SOPClassUID, image.InstanceNumber = "1.9", CTImageStorage, 9
    image.ImageType = ["ORIGINAL", "PRIMARY", "AXIAL"]
    archive.series["1"].append(image)
    assert of_series(archive, cache, "1") == "1.9"


def test_a_blank_picture_and_none_move_on_to_the_neighbours(cache: IconCache) -> None:
    archive = Archive()
    archive.add("1", 9)
    archive.blank, archive.broken = {"1.4"}, {"1.5"}
    assert of_series(archive, cache, "1") == "1.3"
    assert archive.made == ["1.4", "1.5", "1.3"]


def test_a_series_without_images_has_none_and_that_is_remembered(cache: IconCache) -> None:
    archive = Archive()
    archive.add("1", 2, modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22")
    assert of_series(archive, cache, "1", 2) == ""
    kept = cache.get(Level.SERIES, ["1"])["1"]
    assert (kept.item, kept.reason, Freshness.of(kept).instances) == (None, "", 2)
    asked = len(archive.asked)
    assert of_series(archive, cache, "1", 2) == ""
    assert len(archive.asked) == asked


def test_a_picture_is_kept_with_the_count_and_made_again_when_it_changes(cache: IconCache) -> None:
    archive = Archive()
    archive.add("1", 3)
    assert of_series(archive, cache, "1", 3) == "1.2"
    assert of_series(archive, cache, "1", 3) == "1.2"
    assert archive.made == ["1.2"]
    archive.add("1", 0)
    archive.series["1"] += [replaced(archive.series["1"][0], number) for number in range(4, 13)]
    assert of_series(archive, cache, "1", 12) == "1.5"
    assert of_series(archive, cache, "1", 12, size=128) == "1.5"
    assert archive.made == ["1.2", "1.5", "1.5"]


def replaced(image: Dataset, number: int) -> Dataset:
    other = deepcopy(image)
    other.SOPInstanceUID, other.InstanceNumber = f"1.{number}", number
    return other


@pytest.mark.parametrize("counts", [True, False])
def test_the_study_takes_its_largest_series_of_images(cache: IconCache, counts: bool) -> None:
    archive = Archive(counts=counts)
    archive.add("1", 2)
    archive.add("2", 30)
    archive.add("3", 300, modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22")
    archive.add("4", 1, modality="MR")
    assert of_study(archive, cache) == "2.11"
    assert set(cache.get(Level.SERIES, ["1", "2", "3", "4"])) == {"2"}
    assert Freshness.of(cache.get(Level.STUDY, [STUDY])[STUDY]).instances == 333
    assert cache.preview(Level.STUDY, STUDY) == b"jpeg"


def test_a_series_of_localizers_does_not_stand_for_the_study(cache: IconCache) -> None:
    archive = Archive()
    archive.add("1", 30, ImageType=["ORIGINAL", "PRIMARY", "LOCALIZER"])
    archive.add("2", 3)
    assert of_study(archive, cache) == "2.2"


def test_a_study_without_images_has_none(cache: IconCache) -> None:
    archive = Archive()
    archive.add("1", 2, modality="SR", SOPClassUID="1.2.840.10008.5.1.4.1.1.88.22")
    assert of_study(archive, cache) == ""
    assert cache.get(Level.STUDY, [STUDY])[STUDY].item is None


@pytest.mark.parametrize(
    ("title", "named", "expected"),
    [
        ("113000", ["1.8"], "1.8"),  # Of Interest
        ("113013", ["1.8"], "1.8"),  # Best In Set
        ("113001", [f"2.{number}" for number in range(1, 31)], "1.4"),  # Rejected for Quality Reasons
        ("113030", ["1.8"], "2.11"),  # Manifest: says nothing about pictures
    ],
)
def test_key_objects_have_a_say(cache: IconCache, tmp_path: Path, title: str, named: list[str], expected: str) -> None:
    archive = Archive()
    archive.add("1", 9)
    archive.add("2", 30)
    archive.add("3", 1, modality="KO", SOPClassUID=KeyObjectSelectionDocumentStorage)
    archive.key_objects["3.1"] = write(key_object(title, named), tmp_path)
    assert of_study(archive, cache) == expected


def key_object(title: str, instances: list[str]) -> Dataset:
    document = instance(
        SOPClassUID=KeyObjectSelectionDocumentStorage,
        SOPInstanceUID="3.1",
        SeriesInstanceUID="3",
        StudyInstanceUID=STUDY,
    )
    del document.PixelData
    code = Dataset()
    code.CodeValue, code.CodingSchemeDesignator, code.CodeMeaning = title, "DCM", "Title"
    document.ConceptNameCodeSequence = [code]
    document.ContentSequence = []
    for uid in instances:
        reference, item = Dataset(), Dataset()
        reference.ReferencedSOPInstanceUID, reference.ReferencedSOPClassUID = uid, CTImageStorage
        item.ReferencedSOPSequence = [reference]
        document.ContentSequence.append(item)
    return document


def test_an_instance_that_upstream_refuses_moves_on_and_all_of_them_are_a_failure(cache: IconCache) -> None:
    archive = Archive()
    archive.add("1", 9)
    refused: list[str] = []

    def of(facts: Facts) -> Rendered:
        refused.append(facts.sop_instance)
        if len(refused) < 3:
            raise PeerError("PACS", "C-GET failed", status=0xA702)
        return Rendered(facts.sop_instance.encode(), b"jpeg")

    archive.of = of  # type: ignore[method-assign]
    assert of_series(archive, cache, "1") == "1.3"
    refused.clear()
    cache.put(Level.SERIES, "1", item=None, preview=None, rule="other")
    archive.of = lambda facts: (_ for _ in ()).throw(PeerError("PACS", "C-GET failed", status=0xA702))  # type: ignore[method-assign]
    with pytest.raises(PeerError, match="A702"):
        of_series(archive, cache, "1")


def test_the_facts_are_those_of_the_files(tmp_path: Path) -> None:
    dataset = instance(
        ImageOrientationPatient=[0.6, 0.8, 0, 0, 0, -1],
        ImagePositionPatient=[10.5, -3.25, 7],
        BurnedInAnnotation="YES",
        NumberOfFrames=4,
        SeriesInstanceUID="1",
        SeriesNumber=0,
        StudyInstanceUID=STUDY,
    )
    expected = Facts.from_header(read_header(write(dataset, tmp_path)))
    archive = Archive()
    archive.modalities["1"] = "CT"
    del dataset.PixelData
    archive.series["1"] = [dataset]
    assert Looking(archive).images_of(STUDY, "1") == [expected]
