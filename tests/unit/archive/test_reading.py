import shutil
from pathlib import Path

import pytest
from pydicom.uid import MediaStorageDirectoryStorage

from findicon.archive.events import Kind
from findicon.archive.reading import NotKept, read_files, read_record
from findicon.archive.walk import File
from findicon.catalogue import Rows, rows_of
from findicon.errors import StorageError
from support.samples import instance, real_file, write

PATIENT_NAME, ROWS, MODALITY = 0x00100010, 0x00280010, 0x00080060
PATIENT_COMMENTS = 0x00104000


def file(path: Path) -> File:
    return File(str(path), 1, 2.0)


def not_kept(path: Path) -> NotKept:
    (found,) = read_files([file(path)])
    assert isinstance(found, NotKept)
    return found


def test_attributes_that_are_there_are_read_as_text(tmp_path: Path) -> None:
    path = write(instance(PatientName="DOE^JANE", Rows=16), tmp_path)
    record = read_record(file(path))
    read = {tag: record.attributes[tag] for tag in (PATIENT_NAME, ROWS, MODALITY)}
    assert read == {PATIENT_NAME: "DOE^JANE", ROWS: "16", MODALITY: "CT"}
    assert PATIENT_COMMENTS not in record.attributes
    assert record.facts.sop_instance == path.stem
    assert record.transfer_syntax == "1.2.840.10008.1.2.1"
    assert (record.location, record.size, record.modified) == (str(path), 1, 2.0)


def test_a_worker_gives_the_rows_that_the_catalogue_would_make(tmp_path: Path) -> None:
    path = write(instance(PatientName="DOE^JANE"), tmp_path)
    assert read_files([file(path)]) == [rows_of(read_record(file(path)))]


@pytest.mark.parametrize(
    ("data", "reason"),
    [(b"", "It is empty"), (b"a text", "It is not DICOM"), (bytes(5000), "It is not DICOM")],
)
def test_what_is_no_dicom_is_skipped(tmp_path: Path, data: bytes, reason: str) -> None:
    path = tmp_path / "notes.txt"
    path.write_bytes(data)
    found = not_kept(path)
    assert (found.kind, found.reason) == (Kind.SKIPPED, reason)


def test_a_dicomdir_is_skipped_by_its_name_and_by_its_class(tmp_path: Path) -> None:
    named = tmp_path / "DICOMDIR"
    shutil.copy(real_file("CT_small.dcm"), named)
    renamed = instance(SOPClassUID=MediaStorageDirectoryStorage)
    for path in (named, write(renamed, tmp_path)):
        found = not_kept(path)
        assert (found.kind, found.reason) == (Kind.SKIPPED, "It is a DICOMDIR")


def test_a_file_that_ends_early_fails_with_the_reason(tmp_path: Path) -> None:
    path = write(instance(), tmp_path)
    path.write_bytes(path.read_bytes()[:600])
    found = not_kept(path)
    assert found.kind is Kind.FAILED
    assert found.reason.startswith("It ends inside")


@pytest.mark.parametrize("keyword", ["StudyInstanceUID", "SeriesInstanceUID"])
def test_a_file_without_its_place_in_an_archive_fails(tmp_path: Path, keyword: str) -> None:
    path = write(instance(**{keyword: None}), tmp_path)
    found = not_kept(path)
    assert found.kind is Kind.FAILED
    assert found.reason in {"It has no Study Instance UID", "It has no Series Instance UID"}
    with pytest.raises(StorageError, match="it has no"):
        read_record(file(path))


def test_a_file_that_went_away_is_told_as_such(tmp_path: Path) -> None:
    assert not_kept(tmp_path / "gone.dcm").kind is Kind.GONE


def test_a_file_that_cannot_be_read_fails_with_what_the_system_says(tmp_path: Path) -> None:
    path = tmp_path / "loop"
    path.symlink_to(path)
    found = not_kept(path)
    assert found.kind is Kind.FAILED
    assert found.reason == "Cannot be opened: Too many levels of symbolic links"


def test_one_bad_file_does_not_keep_the_others_from_being_read(tmp_path: Path) -> None:
    good = [write(instance(), tmp_path) for _ in range(3)]
    bad = tmp_path / "bad"
    bad.write_bytes(b"x")
    kinds = [type(one) for one in read_files([file(path) for path in (good[0], bad, *good[1:])])]
    assert kinds == [Rows, NotKept, Rows, Rows]


def test_a_file_that_may_not_be_read_fails(locked_folder: Path) -> None:
    found = not_kept(locked_folder / "mine.dcm")
    assert (found.kind, found.reason) == (Kind.FAILED, "Cannot be opened: Permission denied")
