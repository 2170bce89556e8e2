"""What a worker does with files: read their headers, and tell of each what the catalogue wants or why it gets nothing.

Workers import this and `rendering`, and of the catalogue the making of rows: not the database, nor anything else that a
process need not load to read files.
"""

import os
from collections.abc import Sequence
from dataclasses import dataclass
from typing import BinaryIO

from ..catalogue import ATTRIBUTES, InstanceRecord, Rows, rows_of
from ..errors import StorageError
from ..icons import Facts
from ..pixels import Header, read_header
from .events import Kind
from .paths import location_of, printable
from .stored_header import stored_header
from .walk import File

_MEDIA_STORAGE_SOP_CLASS = 0x00020002
_WANTED = frozenset(ATTRIBUTES)
_DIRECTORY = "1.2.840.10008.1.3.10"
_DIRECTORY_NAME = "DICOMDIR"
_UNIQUE_KEYS = {"SOP Instance UID": "sop_instance", "Study Instance UID": "study", "Series Instance UID": "series"}


@dataclass(frozen=True, slots=True)
class NotKept:
    """A file that has no place in the catalogue.

    Parameters
    ----------
    file
        The file.
    kind
        SKIPPED for what an archive does not keep, GONE for what is no longer there, FAILED for what cannot be read.
    reason
        Why; one sentence.
    """

    file: File
    kind: Kind
    reason: str


def read_files(files: Sequence[File]) -> list[Rows | NotKept]:
    """Read the headers of a few files to what the catalogue keeps; what cannot be read is told, not raised."""
    return [_read_or_tell(file) for file in files]


def read_record(file: File, *, location: str = "", source: BinaryIO | None = None) -> InstanceRecord:
    """Read the header of one DICOM file for the catalogue.

    Parameters
    ----------
    file
        The file.
    location
        What the catalogue shall call it, where that is not its path.
    source
        Its bytes, where they are at hand.

    Raises
    ------
    StorageError
        The file cannot be read, is no DICOM file, or lacks a UID that its place in an archive depends on.
    """
    return _record(read_header(source or file.path, private=False), file, location)


def _record(header: Header, file: File, location: str) -> InstanceRecord:
    facts = Facts.from_header(header)
    for name, attribute in _UNIQUE_KEYS.items():
        if not getattr(facts, attribute):
            raise StorageError(f"{file.path}: it has no {name}")
    text = header.text
    record = InstanceRecord(
        attributes={tag: text(tag) for tag in header.elements.keys() & _WANTED},
        facts=facts,
        location=location or location_of(file.path),
        size=file.size,
        modified=file.modified,
        transfer_syntax=str(header.transfer_syntax),
        header=stored_header(header),
    )
    if header.source is not None:
        header.source.close()  # a long value opened it again
    return record


def _read_or_tell(file: File) -> Rows | NotKept:
    if os.path.basename(file.path).upper() == _DIRECTORY_NAME:  # noqa: PTH119 -- one call for each of millions
        return NotKept(file, Kind.SKIPPED, "It is a DICOMDIR")
    try:
        header = read_header(file.path, private=False)
        if header.text(_MEDIA_STORAGE_SOP_CLASS) == _DIRECTORY:
            return NotKept(file, Kind.SKIPPED, "It is a DICOMDIR")
        return rows_of(_record(header, file, ""))
    except StorageError as exc:
        return _why(file, _sentence(file, str(exc)))
    except Exception as exc:  # noqa: BLE001 -- the next file is read whatever is wrong with this one
        return NotKept(file, Kind.FAILED, _sentence(file, f"{type(exc).__name__}: {exc}"))


def _sentence(file: File, text: str) -> str:
    """Leave the path out of a reason, so that like ones can be counted."""
    text = printable(text.removeprefix(file.path).lstrip(": ").partition("\n")[0])
    return text[:1].upper() + text[1:]


def _why(file: File, reason: str) -> NotKept:
    try:
        with open(file.path, "rb") as stream:  # noqa: PTH123
            head = stream.read(132)
    except FileNotFoundError:
        return NotKept(file, Kind.GONE, "It went away before it was read")
    except OSError:
        return NotKept(file, Kind.FAILED, reason)
    if head[128:] != b"DICM":
        return NotKept(file, Kind.SKIPPED, "It is not DICOM" if head else "It is empty")
    return NotKept(file, Kind.FAILED, reason)
