"""Instances over real associations into the storage folder, and out again with their pictures."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

import pydicom
import pytest

from findicon.archive import FileSource, IconMaker, IconQueue, Storage
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.errors import PeerError
from findicon.query import Level, Query
from findicon.scp import Server
from findicon.scu import Client
from support.samples import instance, real_file, write, write_series


@dataclass(frozen=True)
class Archive:
    catalogue: Catalogue
    folder: Path
    address: str

    def files(self) -> list[Path]:
        return [path for path in (self.folder / "instances").rglob("*") if path.is_file()]


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with (
        Catalogue(str(tmp_path / "catalogue.sqlite")) as catalogue,
        IconMaker(catalogue, workers=1) as maker,
        IconQueue(maker, settle=0.05) as queue,
        Storage(tmp_path / "storage", catalogue, stored=queue.wake) as storage,
        Server(
            CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", icons=maker, picture_budget=120.0),
            source=FileSource(catalogue),
            ingest=storage,
        ) as server,
    ):
        yield Archive(catalogue, tmp_path / "storage", str(server.address))


def wait_for_pictures(catalogue: Catalogue, count: int) -> None:
    never = threading.Event()
    while catalogue.progress().icons_made < count:
        never.wait(0.01)


def test_what_is_stored_is_found_with_pictures_at_every_level(archive: Archive, tmp_path: Path) -> None:
    paths = write_series(tmp_path / "sent", 5, PatientName="SENT^SERIES")
    with Client(archive.address) as client:
        for path in paths:
            client.store(path)
        wait_for_pictures(archive.catalogue, 2)
        (study,) = client.find(Query("STUDY", PatientName="SENT*", icon=True))
        (series,) = client.find(Query("SERIES", StudyInstanceUID=study.dataset.StudyInstanceUID, icon=True))
        images = client.find(
            Query(
                "IMAGE",
                StudyInstanceUID=study.dataset.StudyInstanceUID,
                SeriesInstanceUID=series.dataset.SeriesInstanceUID,
                icon=True,
            )
        )
        assert len([image for image in images if image.icon is not None]) == 5
    assert study.icon is not None
    assert series.icon == study.icon
    assert study.dataset.NumberOfStudyRelatedInstances == 5


@pytest.mark.parametrize("name", ["CT_small.dcm", "JPEG2000.dcm", "MR_small_RLE.dcm", "image_dfl.dcm", "reportsi.dcm"])
def test_a_real_file_is_kept_with_the_pixels_and_the_syntax_that_it_had(archive: Archive, name: str) -> None:
    sent = pydicom.dcmread(real_file(name))
    with Client(archive.address) as client:
        client.store(real_file(name))
    (path,) = archive.files()
    kept = pydicom.dcmread(path)
    assert kept == sent
    assert kept.file_meta.TransferSyntaxUID == sent.file_meta.TransferSyntaxUID
    assert kept.file_meta.SendingApplicationEntityTitle == "FINDICON"


def test_eight_associations_store_at_once(archive: Archive, tmp_path: Path) -> None:
    paths = write_series(tmp_path / "sent", 40)

    def send(mine: list[Path]) -> None:
        with Client(archive.address) as client:
            for path in mine:
                client.store(path)

    threads = [threading.Thread(target=send, args=(paths[number::8],)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert archive.catalogue.counts()[Level.IMAGE] == 40
    assert {path.name for path in archive.files()} == {path.name for path in paths}


def test_a_data_set_that_is_another_or_none_is_refused_for_what_it_is(archive: Archive, tmp_path: Path) -> None:
    one, two = (write(instance(SOPInstanceUID=f"1.2.3.{number}"), tmp_path / "sent") for number in (1, 2))
    other = BytesIO(one.read_bytes().replace(b"1.2.3.1\0", b"1.2.3.3\0", 1))  # in its File Meta Information only
    nothing = BytesIO(two.read_bytes()[:-700] + b"\xff" * 100)
    with Client(archive.address) as client:
        for stream, status in ((other, 0xA900), (nothing, 0xC000)):
            with pytest.raises(PeerError) as caught:
                client.store(stream)
            assert caught.value.status == status
    assert archive.files() == []


def test_a_data_set_without_study_is_refused_and_the_association_lives_on(archive: Archive, tmp_path: Path) -> None:
    bad = write(instance(StudyInstanceUID=None), tmp_path / "sent")
    good = write(instance(), tmp_path / "sent")
    with Client(archive.address) as client:
        with pytest.raises(PeerError, match="C-STORE failed"):
            client.store(bad)
        client.store(good)
    assert [path.name for path in archive.files()] == [good.name]
