"""A gateway in a process of its own that gives very many answers; the process imports it by name."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.catalogue import CachedIcon, Catalogue, IconCache
from findicon.errors import PeerError
from findicon.gateway import Gateway, GatewaySettings
from findicon.query import Cancel, EncodedMatch, Level, Query, encode, never
from findicon.scu import Upstream

ANSWERS = 100_000
UID = "1.2.826.0.1.3680043.8.498.1{:06}.12345678901234567890123456"


class Long(Upstream):
    """An archive of many entities, without sockets; it answers a list of them, and nothing else."""

    def __init__(self, level: Level) -> None:
        super().__init__("LONG@127.0.0.1:104")
        self._level = level

    def verbs(self) -> frozenset[str]:
        return frozenset({"find", "get"})

    def get(self, *_: Any, **__: Any) -> Any:
        raise PeerError("LONG", "gives nothing just now")

    def answers(self, identifier: Dataset, cancel: Cancel = never, **_: Any) -> Any:
        level = Level(identifier.QueryRetrieveLevel)
        if level is not self._level or "PatientID" not in identifier:
            raise PeerError("LONG", "is asked for its list alone", status=0xA900)
        return self._given(encode(answer(level), ExplicitVRLittleEndian), cancel)

    def _given(self, data: bytes, cancel: Cancel) -> Iterator[EncodedMatch]:
        for number in range(ANSWERS):
            if cancel():
                return
            yield EncodedMatch(data.replace(b"000000", b"%06d" % number), ExplicitVRLittleEndian)


def answer(level: Level) -> Dataset:
    dataset = Dataset()
    dataset.PatientID, dataset.PatientName = "P", "DOE^JANE"
    dataset.StudyInstanceUID = UID.format(0)
    if level.depth > Level.STUDY.depth:
        dataset.SeriesInstanceUID = UID.format(0) + ".1"
    if level is Level.IMAGE:
        dataset.SOPInstanceUID = UID.format(0) + ".1.1"
        dataset.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    return dataset


def kept(_: IconCache, __: Level, uids: Sequence[str]) -> dict[str, CachedIcon]:
    """Be a cache that has a picture of 4 kB for every entity, all of them used lately."""
    return {uid: CachedIcon(bytes(4200), "third 64 of 3", uid + ".1", "", 1e12) for uid in uids}


def growth(level: Level, *, are_kept: bool) -> tuple[int, int]:
    """Ask for everything; give the bytes that came, and by how many kilobytes this process grew meanwhile."""
    IconCache.get = kept if are_kept else lambda *_: {}  # type: ignore[method-assign]
    query = Query(level, defaults=False, icon=True, PatientID="", StudyInstanceUID="")
    with tempfile.TemporaryDirectory() as folder, Catalogue(f"{folder}/c.sqlite") as catalogue:
        with Long(level) as upstream, Gateway(upstream, catalogue, settings=GatewaySettings(budget=0.01)) as gateway:
            idle = most = memory()
            size = 0
            for number, match in enumerate(gateway.find(query)):
                size += len(match.encoded(ExplicitVRLittleEndian))
                if number % 1000 == 0:
                    most = max(most, memory())
    return size, most - idle


def memory() -> int:
    """Give the kilobytes that are this process's own: not the files that it has mapped."""
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("RssAnon:"))
