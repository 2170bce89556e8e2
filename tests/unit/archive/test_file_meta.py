from io import BytesIO

import pydicom
import pytest
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from findicon.archive.file_meta import check_uid, file_meta, start_of_data_set
from findicon.archive.storage import IMPLEMENTATION
from findicon.dimse.associate import IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION
from findicon.errors import StorageError

OURS = ("1.2.3", "FINDICON")


def head(sender: str = "MODALITY", uid: str = "1.2.34") -> bytes:
    return file_meta(CTImageStorage, uid, ExplicitVRLittleEndian, sender, OURS)


@pytest.mark.parametrize("uid", ["1.2.3", "1.2.34"])
def test_pydicom_reads_the_file_meta_information(uid: str) -> None:
    dataset = pydicom.dcmread(BytesIO(head(uid=uid) + b"\x08\0\x60\0CS\x02\0CT"))
    meta = dataset.file_meta
    assert dataset.Modality == "CT"
    assert meta.FileMetaInformationVersion == b"\0\1"
    assert meta.MediaStorageSOPClassUID == CTImageStorage
    assert meta.MediaStorageSOPInstanceUID == uid
    assert meta.TransferSyntaxUID == ExplicitVRLittleEndian
    assert meta.ImplementationClassUID == "1.2.3"
    assert meta.ImplementationVersionName == "FINDICON"
    assert meta.SendingApplicationEntityTitle == "MODALITY"


def test_the_data_set_starts_where_the_head_ends() -> None:
    assert start_of_data_set(head()[:144]) == len(head())


@pytest.mark.parametrize("data", [b"", bytes(200), head()[:143]])
def test_a_file_without_file_meta_information_is_told(data: bytes) -> None:
    with pytest.raises(StorageError):
        start_of_data_set(data)


@pytest.mark.parametrize("sender", ["", "MORE THAN 16 CHARACTERS", "ÄRZTE", "TAB\t"])
def test_a_sender_that_is_no_ae_title_is_left_out(sender: str) -> None:
    assert "SendingApplicationEntityTitle" not in pydicom.dcmread(BytesIO(head(sender))).file_meta


@pytest.mark.parametrize("uid", ["", "..%2f", "1/2", "../../etc/passwd", "1.2.x", "1" * 65, "1.2\0", "1.2\n", "¹.²"])
def test_what_is_no_uid_is_refused(uid: str) -> None:
    with pytest.raises(StorageError, match="is no UID"):
        check_uid(uid, "SOP Instance UID")


def test_files_and_associations_name_the_same_implementation() -> None:
    assert (IMPLEMENTATION_CLASS, IMPLEMENTATION_VERSION) == IMPLEMENTATION
