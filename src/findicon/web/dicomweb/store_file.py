"""One instance of a Store request: a file (PS3.10) that is passed on while it arrives."""

import struct
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import IntEnum
from io import BytesIO

from pydicom.filereader import read_dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRBigEndian, ImplicitVRLittleEndian

from ...errors import CatalogueError, StorageError
from ...observe import log
from ...query import Ingest
from ..attributes import Attribute, Malformed, of_bytes
from ..problems import too_large
from ..services import text

_PREAMBLE = 132
_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX = 0x00020002, 0x00020003, 0x00020010
_LONGEST_META = 1 << 16
_LONGEST_HEAD = 1 << 22
_LAST_WANTED = 0x0020000E
_UIDS = {"sop_class": 0x00080016, "uid": 0x00080018, "study": 0x0020000D, "series": 0x0020000E}


class Reason(IntEnum):
    """Why an instance was not stored (PS3.18 Table I.2-2)."""

    OUT_OF_RESOURCES = 0xA700
    DOES_NOT_MATCH = 0xA900
    CANNOT_UNDERSTAND = 0xC000
    PROCESSING_FAILURE = 0x0110


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an instance; without a reason it was stored."""

    sop_class: str = ""
    uid: str = ""
    study: str = ""
    series: str = ""
    reason: Reason | None = None

    @classmethod
    def of(cls, uids: Mapping[str, str], reason: Reason | None = None) -> "Outcome":
        """Give the outcome for an instance as far as its UIDs are known, by the names of the fields."""
        return cls(
            uids.get("sop_class", ""), uids.get("uid", ""), uids.get("study", ""), uids.get("series", ""), reason
        )


class _Refused(Exception):
    """An instance that is not to be kept."""

    def __init__(self, reason: Reason, why: str) -> None:
        super().__init__(why)
        self.reason = reason


@dataclass
class _Arriving:
    """A file as it arrives: its meta information is read, its data set passed on."""

    pieces: Iterator[bytes]
    largest: int
    received: int = 0
    head: bytearray = field(default_factory=bytearray)

    def __iter__(self) -> Iterator[bytes]:
        for piece in self.pieces:
            self.received += len(piece)
            if self.received > self.largest:
                raise too_large(f"An instance is larger than {self.largest} bytes")
            yield piece


def store_file(pieces: Iterator[bytes], ingest: Ingest, *, sender: str, study: str, largest: int) -> Outcome:
    """Store one file.

    Parameters
    ----------
    pieces
        The file.
    ingest
        What keeps it.
    sender
        Whom it comes from, as ``AET@host``.
    study
        Study Instance UID that it has to have; empty for any.
    largest
        Bytes that it may have.

    Raises
    ------
    Problem
        413: it has more.
    """
    arriving = iter(_Arriving(pieces, largest))
    found: dict[str, str] = {}
    try:
        meta, rest = _meta(arriving)
        sop_class, uid, syntax = (text(meta, tag) for tag in (_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX))
        found = {"sop_class": sop_class, "uid": uid}
        with ingest.receive(sop_class, uid, syntax, sender) as file:
            head = _Head(syntax)
            for piece in _chained(rest, arriving):
                file.write(piece)
                head.add(piece)
            found = head.uids() | found
            _check(head.uids(), sop_class, uid, study)
    except _Refused as refused:
        log.info("instance refused", reason=str(refused))
        return Outcome.of(found, refused.reason)
    except (StorageError, CatalogueError) as error:
        log.warning("instance not stored", reason=str(error))
        return Outcome.of(found, Reason.PROCESSING_FAILURE)
    return Outcome.of(found)


def _chained(first: bytes, rest: Iterator[bytes]) -> Iterator[bytes]:
    if first:
        yield first
    yield from rest


def _check(found: dict[str, str], sop_class: str, uid: str, study: str) -> None:
    if found.get("sop_class") != sop_class or found.get("uid") != uid:
        raise _Refused(Reason.DOES_NOT_MATCH, "the data set has other UIDs than its file meta information")
    if not found.get("study") or not found.get("series"):
        raise _Refused(Reason.CANNOT_UNDERSTAND, "the data set lacks the UID of its study or series")
    if study and found["study"] != study:
        raise _Refused(Reason.DOES_NOT_MATCH, "the instance belongs to another study than the path names")


def _meta(pieces: Iterator[bytes]) -> tuple[dict[int, Attribute], bytes]:
    """Read the File Meta Information (PS3.10 7.1); give its attributes, and the bytes behind it that are here."""
    data = bytearray()
    begin = end = None
    while end is None and len(data) <= _LONGEST_META:
        piece = next(pieces, None)
        if piece is None:
            break
        data += piece
        begin = _begin_of_meta(data)
        end = None if begin is None else _end_of_meta(data, begin)
    if begin is None or end is None:
        raise _Refused(Reason.CANNOT_UNDERSTAND, "the part is no DICOM file with file meta information")
    try:
        attributes = of_bytes(bytes(data[begin:end]))
    except (Malformed, struct.error, ValueError, RecursionError) as exc:
        raise _Refused(Reason.CANNOT_UNDERSTAND, f"the file meta information is malformed: {exc}") from exc
    meta = {attribute.tag: attribute for attribute in attributes}
    if not all(text(meta, tag) for tag in (_SOP_CLASS, _SOP_INSTANCE, _TRANSFER_SYNTAX)):
        raise _Refused(Reason.CANNOT_UNDERSTAND, "the file meta information lacks a UID")
    return meta, bytes(data[end:])


def _begin_of_meta(data: bytearray) -> int | None:
    """Give where group 2 begins: behind the preamble, or at once, as some clients send it; None for neither."""
    if data[128:132] == b"DICM":
        return _PREAMBLE
    return 0 if data[:2] == b"\x02\x00" and data[4:6].isalpha() and data[4:6].isupper() else None


def _end_of_meta(data: bytearray, begin: int) -> int | None:
    """Give where the first element stands that is not of group 2; None while that has not arrived."""
    at = begin
    while at + 12 <= len(data):
        group, _, vr, length = struct.unpack_from("<HH2sH", data, at)
        if group != 2:
            return at
        at += 8
        if vr in {b"OB", b"UN", b"UT", b"UR", b"UC"}:
            (length,) = struct.unpack_from("<L", data, at)
            at += 4
        at += length
    return None


class _Head:
    """The beginning of a data set, kept until the UIDs in it are known."""

    def __init__(self, syntax: str) -> None:
        self._syntax = syntax
        self._data = bytearray()
        self._found: dict[str, str] = {}
        self._inflater = zlib.decompressobj(-zlib.MAX_WBITS) if syntax == DeflatedExplicitVRLittleEndian else None

    def add(self, piece: bytes) -> None:
        """Take more of the data set, as long as that is needed."""
        if len(self._found) == len(_UIDS) or len(self._data) > _LONGEST_HEAD:
            return
        try:
            self._data += self._inflater.decompress(piece, _LONGEST_HEAD) if self._inflater else piece
        except zlib.error:
            return
        self._read()

    def uids(self) -> dict[str, str]:
        """Give the UIDs that were found."""
        return self._found

    def _read(self) -> None:
        try:
            dataset = read_dataset(
                BytesIO(self._data),
                is_implicit_VR=self._syntax == ImplicitVRLittleEndian,
                is_little_endian=self._syntax != ExplicitVRBigEndian,
                stop_when=lambda tag, _vr, _length: int(tag) > _LAST_WANTED,
                bytelength=len(self._data),
            )
            found = {name: str(dataset[tag].value) for name, tag in _UIDS.items() if tag in dataset}
        except Exception:  # noqa: BLE001 -- pydicom raises whatever an end inside an element leads it to: more may come
            return
        if found.get("series"):
            self._found = found
