"""The gateway beside the archive that it stands before: Orthanc asked directly, and through it with pictures."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import IO

import numpy as np
import psutil
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from benchmarks.exchange_peers import NO_DELAY, free_port
from benchmarks.report import Row
from findicon.errors import PeerError
from findicon.gateway import GatewaySettings
from findicon.query import Query
from findicon.scu import Client

AE_TITLE = "ARCHIVE"
STUDIES = 500
MANY = 100_000
SERIES = 100
ROUNDS = 15
COLD_STUDY = "1.2.826.9"
SHORT = ("PatientName", "PatientID", "StudyDate", "StudyInstanceUID")


def run() -> list[Row]:
    """Measure a list whose pictures are kept, and one whose pictures have to be fetched."""
    with tempfile.TemporaryDirectory() as name, ExitStack() as stack:
        folder = Path(name)
        port = stack.enter_context(_orthanc(folder))
        upstream = f"{AE_TITLE}@127.0.0.1:{port}"
        _fill(upstream, folder)
        gateway = stack.enter_context(_Gateway.running(upstream, folder / "gateway.sqlite"))
        rows = [*_cached(upstream, gateway, folder), *_cold(gateway, port)]
    return [*rows, *_many()]


class _Gateway:
    """A gateway in its own process."""

    def __init__(self, process: "subprocess.Popen[str]") -> None:
        assert process.stdin is not None
        assert process.stdout is not None
        self._input: IO[str] = process.stdin
        self._output: IO[str] = process.stdout
        self._process = psutil.Process(process.pid)
        self.port = int(self._output.readline())
        self.address = f"GATEWAY@127.0.0.1:{self.port}"

    @classmethod
    @contextmanager
    def running(cls, upstream: str, database: Path) -> Iterator["_Gateway"]:
        command = [sys.executable, "-m", "benchmarks.gateway_server", upstream, str(database)]
        with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
            try:
                yield cls(process)
            finally:
                process.communicate()

    def memory(self) -> int:
        """Give the bytes that are the process's own: not the files that it has mapped."""
        return int(self._process.memory_full_info().uss)

    def waiting(self) -> int:
        """Ask how many pictures are not made yet."""
        self._input.write("\n")
        self._input.flush()
        return int(self._output.readline().split()[0])


def _cached(upstream: str, gateway: _Gateway, folder: Path) -> Iterator[Row]:
    cases = {
        "the keys that findicon find asks for": Query("STUDY"),
        "four keys, no count": Query("STUDY", defaults=False, **dict.fromkeys(SHORT, "")),
    }
    with Client(upstream) as direct, Client(gateway.address) as through:
        for name, query in cases.items():
            pictured = Query("STUDY", keys=query.keys.values(), defaults=False, icon=True)
            while _pictures(through, pictured) < STUDIES or gateway.waiting():
                time.sleep(0.5)
            ours, orthanc = _by_turns(partial(_list, through, pictured), partial(_list, direct, query))
            yield _row(f"a list of {STUDIES} studies, pictures kept; {name}; our client", ours, orthanc)
    keys = [part for key in ("QueryRetrieveLevel=STUDY", *SHORT) for part in ("-k", key)]
    ours, orthanc = _by_turns(
        lambda: _findscu(gateway.address, folder, *keys, "-k", "IconImageSequence"),
        lambda: _findscu(upstream, folder, *keys),
    )
    yield _row(f"a list of {STUDIES} studies, pictures kept; four keys, no count; findscu", ours, orthanc)


def _row(case: str, ours: float, orthanc: float) -> Row:
    """Give the row; better than the peer is a ratio above 1, and 1.3 times its time is the goal."""
    ratio = orthanc / ours
    return Row(
        case=case,
        ours=f"{ours * 1e3:.0f} ms",
        peer=f"Orthanc without pictures {orthanc * 1e3:.0f} ms",
        ratio=ratio,
        goal=">= 0.77 (1.3 times its time)",
        met=ratio >= 1 / 1.3,
    )


def _cold(gateway: _Gateway, port: int) -> Iterator[Row]:
    query = Query("SERIES", icon=True, StudyInstanceUID=COLD_STUDY)
    most = 0
    with Client(gateway.address) as client:
        began = time.perf_counter()
        matches = client.find(query)
        pictures = [next(matches).icon is not None]
        first = time.perf_counter() - began
        pictures += [match.icon is not None for match in matches]
        whole = time.perf_counter() - began
        while gateway.waiting():
            most = max(most, _connections(port))
            time.sleep(0.01)
        filled = time.perf_counter() - began
        again = _pictures(client, query)
    budget = GatewaySettings().budget
    case = f"a list of {SERIES} series of 512 x 512, no picture kept"
    yield Row(
        case=f"{case}: first answer",
        ours=f"{first * 1e3:.0f} ms",
        peer="",
        ratio=None,
        goal=f"<= {(budget + 0.1) * 1e3:.0f} ms",
        met=first <= budget + 0.1,
    )
    yield Row(
        case=f"{case}: last answer, {sum(pictures)} with pictures",
        ours=f"{whole * 1e3:.0f} ms",
        peer="",
        ratio=None,
        goal="",
    )
    yield Row(
        case=f"{case}: all {again} pictures kept",
        ours=f"{filled:.1f} s",
        peer="",
        ratio=None,
        goal=f"{SERIES} in 20 s",
        met=again == SERIES and filled <= 20,
    )
    limit = GatewaySettings().fetches
    yield Row(
        case=f"{case}: associations that Orthanc sees",
        ours=f"{most}",
        peer="",
        ratio=None,
        goal=f"<= {limit}",
        met=most <= limit,
    )


def _many() -> Iterator[Row]:
    """Take 100,000 answers whose pictures are not to be had, and look at the gateway's memory meanwhile."""
    query = Query("STUDY", defaults=False, icon=True, **dict.fromkeys(SHORT, ""))
    command = [sys.executable, "-m", "benchmarks.gateway_upstream", str(MANY)]
    with (
        tempfile.TemporaryDirectory() as folder,
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as archive,
    ):
        assert archive.stdout is not None
        upstream = f"{AE_TITLE}@127.0.0.1:{int(archive.stdout.readline())}"
        with _Gateway.running(upstream, Path(folder) / "gateway.sqlite") as gateway, Client(gateway.address) as client:
            client.echo()
            idle = largest = gateway.memory()
            began = time.perf_counter()
            for count, _ in enumerate(client.find(query), 1):
                if count % 1000 == 0:
                    largest = max(largest, gateway.memory())
            seconds = time.perf_counter() - began
    more = (largest - idle) / (1 << 20)
    yield Row(
        case=f"memory while {count:,} answers of whose pictures none is kept pass in {seconds:.1f} s",
        ours=f"{more:.0f} MB more",
        peer=f"the same process idle {idle / (1 << 20):.0f} MB",
        ratio=None,
        goal="< 40 MB more",
        met=more < 40 and count == MANY,
    )


def _list(client: Client, query: Query) -> float:
    began = time.perf_counter()
    count = sum(1 for _ in client.find(query))
    seconds = time.perf_counter() - began
    assert count >= STUDIES
    return seconds


def _pictures(client: Client, query: Query) -> int:
    return sum(match.icon is not None for match in client.find(query))


def _findscu(address: str, folder: Path, *arguments: str) -> float:
    title, _, place = address.partition("@")
    host, _, port = place.partition(":")
    command = ["findscu", "-q", "-S", "-aec", title, *arguments, host, port]
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, cwd=folder, env={**os.environ, **NO_DELAY})
    return time.perf_counter() - began


def _by_turns(*measures: Callable[[], float]) -> list[float]:
    taken: list[list[float]] = [[] for _ in measures]
    for _ in range(ROUNDS):
        for figures, measure in zip(taken, measures, strict=True):
            figures.append(measure())
    return [statistics.median(figures) for figures in taken]


def _connections(port: int) -> int:
    """Count the connections that a server of this machine has on its port."""
    found = psutil.net_connections("tcp")
    return sum(one.status == psutil.CONN_ESTABLISHED and one.laddr.port == port for one in found)


@contextmanager
def _orthanc(folder: Path) -> Iterator[int]:
    port = free_port()
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "HttpServerEnabled": False,
        "DicomAet": AE_TITLE,
        "DicomPort": port,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "Plugins": [],
    }
    (folder / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
    command = ["Orthanc", str(folder / "orthanc.json")]
    with (
        (folder / "log.txt").open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **NO_DELAY}) as server,
    ):
        try:
            _until_it_answers(f"{AE_TITLE}@127.0.0.1:{port}", server)
            yield port
        finally:
            server.terminate()


def _until_it_answers(address: str, server: "subprocess.Popen[bytes]") -> None:
    while server.poll() is None:
        try:
            with Client(address, timeout=5) as client:
                return client.echo()
        except PeerError:
            time.sleep(0.1)
    raise RuntimeError("Orthanc ended")


def _fill(address: str, folder: Path) -> None:
    with Client(address) as client:
        for number in range(STUDIES):
            client.store(_written(folder, f"1.2.826.0.{number}", 1, 64))
        for number in range(SERIES):
            client.store(_written(folder, COLD_STUDY, number, 512))


def _written(folder: Path, study: str, series: int, size: int) -> Path:
    """Write a CT image of noise over a gradient."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"{study}.{series}.1"
    dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20240131", "101500", "A1"
    dataset.Modality, dataset.StudyDescription = "CT", "CT CHEST"
    dataset.PatientName, dataset.PatientID = "DOE^JANE", study
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = study, f"{study}.{series}"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "1", series, 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = size
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    noise = np.random.default_rng(series).integers(0, 100, (size, size))
    gradient = np.add.outer(np.arange(size), np.arange(size)) * (3900 // (2 * size))
    dataset.add_new(0x7FE00010, "OW", (gradient + noise).astype(np.uint16).tobytes())
    path = folder / "image.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path
