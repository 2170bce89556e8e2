"""What the tests of the storage send, to a catalogue that may refuse it and a process that may be killed."""

import os

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.archive import Storage
from findicon.catalogue import Catalogue, Rows
from findicon.errors import CatalogueError
from findicon.query import encode


class Failing(Catalogue):
    """A catalogue that refuses the instances that are named, and may be unable to tell what it has, or be away."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.spoiled: set[str] = set()
        self.is_blind = False
        self.is_away = False

    def add(self, records: list[Rows], *, durable: bool = True) -> None:
        if self.is_away or any(record.sop_instance in self.spoiled for record in records):
            raise CatalogueError("The database refuses it")
        super().add(records, durable=durable)

    def fail(self, path: str, reason: str, *, size: int = 0, modified: float = 0.0) -> None:
        if self.is_away:
            raise CatalogueError("The database is away")
        super().fail(path, reason, size=size, modified=modified)

    def files(self, prefix: str = "") -> dict[str, tuple[int, float]]:
        if self.is_blind:
            raise CatalogueError("The database is away")
        return super().files(prefix)


def encoded(dataset: Dataset) -> bytes:
    return encode(dataset, ExplicitVRLittleEndian)


def send(storage: Storage, dataset: Dataset, *, sender: str = "MODALITY", **announced: str) -> None:
    names = {
        "sop_class": dataset.SOPClassUID,
        "sop_instance": dataset.SOPInstanceUID,
        "transfer_syntax": ExplicitVRLittleEndian,
    } | announced
    with storage.receive(**names, sender=sender) as stream:
        data = encoded(dataset)
        for start in range(0, len(data), 100):  # as fragments arrive
            stream.write(data[start : start + 100])


def is_killed(storage: Storage) -> None:
    """Be a process that is no more: its lock is open, and it settles nothing."""
    os.close(storage._folder._lock)
