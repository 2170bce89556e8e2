"""A folder that is watched, with real files and the system's own notices."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from findicon.archive import Summary, follow
from findicon.catalogue import Catalogue
from findicon.errors import StorageError
from findicon.query import Level
from support.samples import instance, write


@pytest.fixture
def following(folder: Path, catalogue: Catalogue) -> Iterator[Iterator[Summary]]:
    write(instance(SOPInstanceUID="1.2.1", StudyInstanceUID="1.2"), folder)
    with closing(follow([folder], catalogue, workers=1, icons="later", quiet=0.05)) as summaries:
        assert next(summaries).indexed == 1
        yield summaries


def until(summaries: Iterator[Summary], catalogue: Catalogue, images: int) -> list[Summary]:
    """Take what comes until so many images are known: the system may tell of one change in several pieces."""
    taken = [next(summaries)]
    while catalogue.counts()[Level.IMAGE] != images:
        taken.append(next(summaries))
    return taken


def test_what_is_added_is_taken_in(folder: Path, following: Iterator[Summary], catalogue: Catalogue) -> None:
    for number in (2, 3):
        write(instance(SOPInstanceUID=f"1.2.{number}", StudyInstanceUID="1.2"), folder / "new" / "deep")
    until(following, catalogue, 3)
    assert catalogue.location("1.2.3").path == str(folder / "new" / "deep" / "1.2.3.dcm")


def test_what_was_added_during_the_first_pass_is_not_missed(folder: Path, catalogue: Catalogue) -> None:
    def report(_event: object) -> None:
        write(instance(SOPInstanceUID="1.2.9"), folder)

    write(instance(SOPInstanceUID="1.2.1"), folder)
    with closing(follow([folder], catalogue, workers=1, icons="later", quiet=0.05, report=report)) as summaries:
        if next(summaries).indexed == 1:  # else the walk met it
            until(summaries, catalogue, 2)
    assert catalogue.location("1.2.9") is not None


def test_what_is_removed_is_forgotten(folder: Path, following: Iterator[Summary], catalogue: Catalogue) -> None:
    (folder / "1.2.1.dcm").unlink()
    assert sum(summary.gone for summary in until(following, catalogue, 0)) == 1


def test_what_moved_keeps_its_instance(folder: Path, following: Iterator[Summary], catalogue: Catalogue) -> None:
    number = catalogue.revision(Level.STUDY, "1.2")
    (folder / "1.2.1.dcm").rename(folder / "moved.dcm")
    while catalogue.location("1.2.1").path != str(folder / "moved.dcm"):
        next(following)
    assert catalogue.counts()[Level.STUDY] == 1
    assert catalogue.revision(Level.STUDY, "1.2") >= number


def test_what_changed_is_read_again(folder: Path, following: Iterator[Summary], catalogue: Catalogue) -> None:
    write(instance(SOPInstanceUID="1.2.1", StudyInstanceUID="1.2", PatientID="SOMEBODY^ELSE"), folder)
    size = (folder / "1.2.1.dcm").stat().st_size
    next(following)
    assert catalogue.location("1.2.1").size == size


def test_what_cannot_be_read_is_told_and_read_when_it_can_be(
    folder: Path, following: Iterator[Summary], catalogue: Catalogue
) -> None:
    whole = write(instance(SOPInstanceUID="1.2.2"), folder.parent / "elsewhere").read_bytes()
    (folder / "half.dcm").write_bytes(whole[:400])
    while not catalogue.failures():
        next(following)
    (folder / "half.dcm").write_bytes(whole)
    until(following, catalogue, 2)
    assert catalogue.failures() == []


def test_a_folder_that_is_gone_itself_is_not_forgotten(
    folder: Path, following: Iterator[Summary], catalogue: Catalogue
) -> None:
    other = folder.parent / "other"
    folder.rename(other)  # as a disk that is unplugged: nothing is said of its files
    folder.mkdir()
    folder.rmdir()
    shutil.move(other, folder)
    assert catalogue.counts()[Level.IMAGE] == 1


def test_a_change_of_the_folder_itself_hides_no_file(
    folder: Path, following: Iterator[Summary], catalogue: Catalogue
) -> None:
    """As copying a tree with its times ends."""
    write(instance(SOPInstanceUID="1.2.2", StudyInstanceUID="1.2"), folder)
    os.utime(folder, (0, 0))
    until(following, catalogue, 2)


def test_pictures_are_made_too(folder: Path, catalogue: Catalogue) -> None:
    with closing(follow([folder], catalogue, workers=1, quiet=0.05)) as summaries:
        assert next(summaries).pictured == 0
        write(instance(SOPInstanceUID="1.2.1", StudyInstanceUID="1.2"), folder)
        until(summaries, catalogue, 1)
    assert catalogue.icon(Level.STUDY, "1.2") is not None


def test_only_folders_are_watched(folder: Path, catalogue: Catalogue) -> None:
    path = write(instance(), folder)
    with pytest.raises(StorageError, match=r"dcm is no folder"):
        next(follow([path], catalogue))
