"""A small archive in memory for tests of store, get and move: an Ingest, an InstanceSource and a Finder in one."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from typing import BinaryIO

import pydicom
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import UID

from findicon.errors import StorageError
from findicon.query import Cancel, Level, Match, Query, never

from .memory_finder import MemoryMatch

_UNIQUE = {Level.PATIENT: "PatientID", Level.STUDY: "StudyInstanceUID", Level.SERIES: "SeriesInstanceUID"}


class MemoryArchive:
    """Instances by SOP Instance UID, each as the bytes of a DICOM file."""

    def __init__(self, *datasets: Dataset) -> None:
        self.files: dict[str, bytes] = {}
        self.senders: list[str] = []
        self.undone = 0
        self._lock = threading.Lock()
        for dataset in datasets:
            self.add(dataset)

    def add(self, dataset: Dataset) -> None:
        buffer = BytesIO()
        dataset.save_as(buffer, enforce_file_format=True)
        self.files[str(dataset.SOPInstanceUID)] = buffer.getvalue()

    def dataset(self, sop_instance: str) -> Dataset:
        return pydicom.dcmread(BytesIO(self.files[sop_instance]))

    @contextmanager
    def receive(self, sop_class: str, sop_instance: str, transfer_syntax: str, sender: str) -> Iterator[BinaryIO]:
        stream = BytesIO()
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
        pydicom.filewriter.dcmwrite(head, _empty(meta), enforce_file_format=True)
        with self._lock:
            self.files[sop_instance] = head.getvalue() + stream.getvalue()
            self.senders.append(sender)

    def open(self, sop_instance: str) -> BinaryIO:
        if sop_instance not in self.files:
            raise StorageError(f"There is no instance {sop_instance}")
        return BytesIO(self.files[sop_instance])

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        for sop_instance in list(self.files):
            dataset = self.dataset(sop_instance)
            if all(_matches(dataset, key.keyword, key.values) for key in query.keys.values() if key.values):
                yield MemoryMatch(_answer(dataset, query))


def _matches(dataset: Dataset, keyword: str, values: tuple[str, ...]) -> bool:
    return str(dataset.get(keyword, "")) in values


def _answer(dataset: Dataset, query: Query) -> Dataset:
    answer = Dataset()
    answer.QueryRetrieveLevel = str(query.level)
    for key in query.keys.values():
        if key.tag in dataset and key.vr != "SQ":
            answer.add(dataset[key.tag])
    if 0x00083002 in query.keys:
        answer.AvailableTransferSyntaxUID = str(dataset.file_meta.TransferSyntaxUID)
    return answer


def _empty(meta: FileMetaDataset) -> Dataset:
    dataset = Dataset()
    dataset.file_meta = meta
    return dataset
