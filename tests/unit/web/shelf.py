"""A small archive in memory for tests of the web: Finder, pictures, files, intake and overview in one.

It answers by the oracle of `query`, so that what the web asks is answered as PS3.4 says, and it remembers what it was
asked.
"""

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian

from findicon.errors import AnswersCut, IconError, StorageError
from findicon.icons import Icon, preview
from findicon.pixels import read_header, render
from findicon.query import (
    Cancel,
    EncodedMatch,
    Key,
    Level,
    Listed,
    Listing,
    Match,
    Options,
    Place,
    Progress,
    Query,
    clean,
    encode,
    matches,
    never,
    tag_of,
)

UNIQUE = {Level.PATIENT: 0x00100020, Level.STUDY: 0x0020000D, Level.SERIES: 0x0020000E, Level.IMAGE: 0x00080018}
COUNTS = {
    Level.STUDY: ((0x00201206, Level.SERIES), (0x00201208, Level.IMAGE)),
    Level.SERIES: ((0x00201209, Level.IMAGE),),
    Level.IMAGE: (),
}
_MODALITY, _MODALITIES, _CLASS, _CLASSES = 0x00080060, 0x00080061, 0x00080016, 0x00080062


class Shelf:
    """Instances by SOP Instance UID, each a DICOM file in a folder."""

    options = Options(relational=True, combined_datetime=True, empty_value=True)

    def __init__(self, folder: Path, *, limit: int | None = None) -> None:
        self.folder = folder
        self.limit = limit
        self.asked: list[Query] = []
        self.senders: list[str] = []
        self.undone = 0
        self.receiving = threading.Event()
        self.closed = 0
        self.previews: dict[tuple[Level, str], bytes | None] = {}
        self.failure: Exception | None = None
        self._lock = threading.Lock()
        self._paths: dict[str, Path] = {}
        self._entities: list[dict[int, Any]] = []
        folder.mkdir(parents=True, exist_ok=True)
        for path in sorted(folder.rglob("*.dcm")):
            self.take(path)

    def add(self, *datasets: Dataset) -> None:
        for dataset in datasets:
            path = self.folder / f"{dataset.SOPInstanceUID}.dcm"
            dataset.save_as(path, enforce_file_format=True)
            self.take(path)

    def take(self, path: Path) -> None:
        header = read_header(path)
        values: dict[int, Any] = {}
        for tag in header:
            if tag >> 16 >= 8:
                vr = header.vr(tag)
                values[tag] = clean(vr, header.text(tag)) if vr != "SQ" else [_item(item) for item in header.items(tag)]
        values[0x00083002] = str(header.transfer_syntax)
        with self._lock:
            if values[UNIQUE[Level.IMAGE]] not in self._paths:
                self._entities.append(values)
            self._paths[values[UNIQUE[Level.IMAGE]]] = path

    # -- Finder

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        self.asked.append(query)
        if self.failure is not None:
            raise self.failure
        found = self._found(query)
        return self._given(query, found[query.offset :], cancel)

    def _given(self, query: Query, found: list[dict[int, Any]], cancel: Cancel) -> Iterator[Match]:
        try:
            most = [one for one in (query.limit, self.limit) if one is not None]
            for number, entity in enumerate(found):
                if most and number == min(most):
                    if query.limit is None or query.limit > number:
                        raise AnswersCut(number)
                    return
                if cancel():
                    return
                yield self._answer(query, entity)
        finally:
            self.closed += 1

    def _found(self, query: Query) -> list[dict[int, Any]]:
        groups: dict[str, list[dict[int, Any]]] = {}
        for instance in self._entities:
            groups.setdefault(instance[UNIQUE[query.level]], []).append(instance)
        keys = [key for key in query.keys.values() if key.tag != 0x00880200 and not key.is_universal]
        here = [key for key in keys if key.tag != 0x00080056]
        found = []
        for members in groups.values():
            entity = self._entity(query.level, members)
            below = [key for key in here if key.tag in _BELOW[query.level]]
            own = [key for key in here if key.tag not in _BELOW[query.level]]
            if not matches(own, entity, query.options):
                continue
            if below and not (query.options.relational and any(matches(below, one, query.options) for one in members)):
                continue
            found.append(entity)
        for name in reversed(query.order):
            tag = tag_of(name.removeprefix("-"))
            found.sort(key=lambda entity: str(entity.get(tag, "")), reverse=name.startswith("-"))
        return found

    def _entity(self, level: Level, members: list[dict[int, Any]]) -> dict[int, Any]:
        entity = dict(members[0])
        if level is not Level.IMAGE:
            for tag in _BELOW[level]:
                entity.pop(tag, None)
        if level is Level.STUDY:
            entity[_MODALITIES] = "\\".join(sorted({one.get(_MODALITY, "") for one in members} - {""}))
            entity[_CLASSES] = "\\".join(sorted({one.get(_CLASS, "") for one in members}))
        for tag, below in COUNTS[level]:
            entity[tag] = str(len({one[UNIQUE[below]] for one in members}))
        return entity

    def _answer(self, query: Query, entity: dict[int, Any]) -> Match:
        answer = Dataset()
        answer.SpecificCharacterSet = "ISO_IR 192"
        answer.QueryRetrieveLevel = str(query.level)
        answer.RetrieveAETitle = "SHELF"
        for tag, key in query.keys.items():
            if tag == 0x00880200:
                item = self.icon(query.level, entity[UNIQUE[query.level]])
                answer.IconImageSequence = [] if item is None else [_read(item)]
            elif tag == 0x00080056:
                answer.InstanceAvailability = "ONLINE"
            elif tag in entity or tag not in _BELOW[query.level]:
                answer.add(_element(tag, key.vr, entity.get(tag, "")))
        for level in (Level.STUDY, Level.SERIES, Level.IMAGE):
            if level.depth <= query.level.depth:
                answer.add(_element(UNIQUE[level], "UI", entity[UNIQUE[level]]))
        return EncodedMatch(encode(answer, ExplicitVRLittleEndian), ExplicitVRLittleEndian)

    # -- Lister

    def listed(
        self, queries: Sequence[Query], *, most: int, seconds: float, place: Place | None = None, upward: bool = False
    ) -> Listing:
        if self.failure is not None:
            raise self.failure
        studies = {self._listed(entity) for query in queries for entity in self._found(query)}
        return part_of(studies, most, place, upward=upward)

    def _listed(self, entity: dict[int, Any]) -> Listed:
        uid = entity[UNIQUE[Level.STUDY]]
        members = [one for one in self._entities if one[UNIQUE[Level.STUDY]] == uid]
        stations = "\\".join(sorted({one.get(0x00081010, "") for one in members} - {""}))
        date, time, description = (entity.get(tag, "") for tag in (0x00080020, 0x00080030, 0x00081030))
        return Listed(date, time, uid, entity[_MODALITIES], description, stations)

    # -- IconSource

    def icon(self, level: Level, uid: str) -> bytes | None:
        picture = self._picture(level, uid)
        return None if picture is None else Icon.from_picture(picture.shrunk(64)).encoded()

    def preview(self, level: Level, uid: str) -> bytes | None:
        if (level, uid) in self.previews:
            return self.previews[level, uid]
        picture = self._picture(level, uid)
        return None if picture is None else preview(picture)

    def _picture(self, level: Level, uid: str) -> Any:
        members = [one for one in self._entities if one[UNIQUE[level]] == uid]
        for one in members[len(members) // 3 :] + members:
            try:
                return render(self._paths[one[UNIQUE[Level.IMAGE]]], 256)
            except IconError:
                continue
        return None

    # -- InstanceSource

    def open(self, sop_instance: str) -> BinaryIO:
        if sop_instance not in self._paths:
            raise StorageError(f"There is no instance {sop_instance}")
        try:
            return self._paths[sop_instance].open("rb")
        except OSError as exc:
            raise StorageError(f"{self._paths[sop_instance]} cannot be opened") from exc

    # -- Ingest

    @contextmanager
    def receive(self, sop_class: str, sop_instance: str, transfer_syntax: str, sender: str) -> Iterator[BinaryIO]:
        stream = BytesIO()
        self.receiving.set()
        try:
            yield stream
        except BaseException:
            self.undone += 1
            raise
        meta = FileMetaDataset()
        meta.MediaStorageSOPClassUID = sop_class
        meta.MediaStorageSOPInstanceUID = sop_instance
        meta.TransferSyntaxUID = UID(transfer_syntax)
        head = BytesIO()
        write_file_meta_info(head, meta, enforce_standard=True)
        path = self.folder / f"{sop_instance}.dcm"
        path.write_bytes(bytes(128) + b"DICM" + head.getvalue() + stream.getvalue())
        self.take(path)
        self.senders.append(sender)

    # -- Overview

    def counts(self) -> dict[Level, int]:
        return {level: len({one[UNIQUE[level]] for one in self._entities}) for level in Level}

    def days(self) -> dict[date, int]:
        studies = {one[UNIQUE[Level.STUDY]]: one.get(0x00080020, "") for one in self._entities}
        days = Counter(day for day in studies.values() if day)
        return {date.fromisoformat(day): count for day, count in sorted(days.items(), reverse=True)}

    def progress(self) -> Progress:
        return Progress(icons_made=3, icons_waiting=2, failures={"It is no DICOM file": 1})


def part_of(studies: Iterable[Listed], most: int, place: Place | None, *, upward: bool) -> Listing:
    """Sort studies, and give those behind a place."""
    beyond = [one for one in studies if place is None or (one.place > place if upward else one.place < place)]
    return Listing(tuple(sorted(beyond, reverse=not upward)[:most]))


class Unsorted:
    """A shelf as another archive is: it finds, and lists nothing."""

    def __init__(self, shelf: Shelf) -> None:
        self.options = Options()
        self.find = shelf.find


def _levels() -> dict[Level, set[int]]:
    series = {
        tag_of(name)
        for name in (
            "SeriesInstanceUID", "Modality", "SeriesNumber", "SeriesDescription", "BodyPartExamined", "StationName",
            "ProtocolName", "InstitutionName", "Manufacturer", "NumberOfSeriesRelatedInstances",
            "PerformedProcedureStepStartDate", "PerformedProcedureStepStartTime", "RequestAttributesSequence",
        )
    }  # fmt: skip
    images = {
        tag_of(name)
        for name in (
            "SOPInstanceUID", "SOPClassUID", "InstanceNumber", "Rows", "Columns", "NumberOfFrames", "BitsAllocated",
            "AvailableTransferSyntaxUID", "BurnedInAnnotation", "ImageType", "WindowCenter", "WindowWidth",
        )
    }  # fmt: skip
    return {Level.PATIENT: series | images, Level.STUDY: series | images, Level.SERIES: images, Level.IMAGE: set()}


_BELOW = _levels()


def _item(header: Any) -> dict[int, Any]:
    return {tag: clean(header.vr(tag), header.text(tag)) for tag in header if header.vr(tag) != "SQ"}


def _element(tag: int, vr: str, value: Any) -> Any:
    if vr == "SQ":
        items = tuple(tuple(Key(inner, _vr(inner), (text,)) for inner, text in item.items()) for item in value or ())
        return Key(tag, "SQ", items=items).to_element()
    return Key(tag, vr, tuple(value.split("\\")) if value else ()).to_element()


def _vr(tag: int) -> str:
    return Key.named(f"{tag:08X}").vr


def _read(item: bytes) -> Dataset:
    from findicon.query import decode

    return decode(item, ExplicitVRLittleEndian)
