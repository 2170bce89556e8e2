"""One instance that is retrieved to make its picture, and forgotten afterwards."""

from collections.abc import Iterator
from contextlib import contextmanager
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Self, cast

from pydicom.dataset import FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID

from ..errors import IconError, StorageError

_LARGEST = 1 << 28  # bytes of an image
_IN_MEMORY = 1 << 25


class OneInstance:
    """An Ingest that keeps one instance, in memory or in a file without a name, as long as its block lasts."""

    def __init__(self) -> None:
        self._file = cast("BinaryIO", SpooledTemporaryFile(_IN_MEMORY))  # noqa: SIM115  closed with the block
        self._is_whole = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @contextmanager
    def receive(
        self,
        sop_class: str,
        sop_instance: str,
        transfer_syntax: str,
        sender: str,  # noqa: ARG002  as Ingest has it
    ) -> Iterator[BinaryIO]:
        """Take an instance in; raise StorageError for a second one, and for one that is too large."""
        if self._is_whole:
            raise StorageError("Only one image was asked for")
        self._file.seek(0)
        self._file.truncate()
        self._file.write(_head(sop_class, sop_instance, transfer_syntax))
        yield cast("BinaryIO", _Bounded(self._file))
        self._is_whole = True

    def file(self) -> BinaryIO:
        """Give the file; raise IconError where none came."""
        if not self._is_whole:
            raise IconError("An image was asked for that the peer did not send")
        self._file.seek(0)
        return self._file


class _Bounded:
    """A file that takes so many bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._left = _LARGEST

    def write(self, data: bytes) -> int:
        self._left -= len(data)
        if self._left < 0:
            raise StorageError(f"The image has more than {_LARGEST} bytes")
        return self._file.write(data)


def _head(sop_class: str, sop_instance: str, transfer_syntax: str) -> bytes:
    """Encode what stands before the data set in a DICOM file (PS3.10 7.1)."""
    meta = FileMetaDataset()
    meta.MediaStorageSOPClassUID = UID(sop_class)
    meta.MediaStorageSOPInstanceUID = UID(sop_instance)
    meta.TransferSyntaxUID = UID(transfer_syntax)
    buffer = DicomBytesIO()
    write_file_meta_info(buffer, meta, enforce_standard=True)
    return bytes(128) + b"DICM" + buffer.getvalue()
