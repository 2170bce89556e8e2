"""Who the exchange is measured beside: our server, Orthanc, dcmqrscp, a bare socket; each is a process."""

import json
import os
import socket
import struct
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from benchmarks.archive_rows import fill
from findicon.catalogue import Catalogue
from findicon.icons import Icon
from findicon.pixels import Picture
from findicon.scu import Client

AE_TITLE = "ARCHIVE"
NO_DELAY = {"TCP_NODELAY": "1"}


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def module(name: str, *arguments: str) -> Iterator[tuple[int, int]]:
    """Run a server that is a module of ours; give its port and its process ID."""
    with subprocess.Popen(
        [sys.executable, "-m", f"benchmarks.{name}", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline()), server.pid
        finally:
            server.communicate(b"")


def catalogue_of(folder: Path, studies: int) -> Path:
    """Make a catalogue of studies that all have a picture of 64 by 64."""
    database = folder / "catalogue.sqlite"
    gradient = np.add.outer(np.arange(64), np.arange(64)).astype(np.uint8)
    item = Icon.from_picture(Picture(gradient)).encoded()
    with Catalogue(str(database)) as catalogue:
        fill(catalogue, 0, studies, icons=studies, pictures=[(item, None)])
    return database


def instance_file(folder: Path, number: int) -> Path:
    """Write a small CT image of its own patient, study and series; the PatientID is that of the catalogue's study."""
    dataset = Dataset()
    dataset.file_meta = FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
    dataset.SOPClassUID = dataset.file_meta.MediaStorageSOPClassUID = CTImageStorage
    dataset.SOPInstanceUID = dataset.file_meta.MediaStorageSOPInstanceUID = f"1.2.826.{number}.1.1"
    dataset.StudyDate, dataset.StudyTime, dataset.AccessionNumber = "20240131", "101500", f"A{number}"
    dataset.Modality, dataset.StudyDescription = "CT", "CT CHEST"
    dataset.PatientName, dataset.PatientID = f"DOE^JANE{number}", patient_id(number)
    dataset.PatientBirthDate, dataset.PatientSex = "19700101", "F"
    dataset.StudyInstanceUID, dataset.SeriesInstanceUID = f"1.2.826.{number}", f"1.2.826.{number}.1"
    dataset.StudyID, dataset.SeriesNumber, dataset.InstanceNumber = "1", 1, 1
    dataset.SamplesPerPixel, dataset.PhotometricInterpretation = 1, "MONOCHROME2"
    dataset.Rows = dataset.Columns = 16
    dataset.BitsAllocated, dataset.BitsStored, dataset.HighBit, dataset.PixelRepresentation = 16, 12, 11, 0
    dataset.add_new(0x7FE00010, "OW", bytes(512))
    path = folder / f"{number}.dcm"
    dataset.save_as(path, enforce_file_format=True)
    return path


def patient_id(number: int) -> str:
    return f"PID{number:08d}"


@contextmanager
def orthanc(folder: Path, studies: int, environment: Mapping[str, str]) -> Iterator[int]:
    """Run Orthanc with its SQLite index, no web server and its own defaults for the rest; give its port."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "HttpServerEnabled": False,
        "DicomAet": AE_TITLE,
        "DicomPort": port,
        "DicomAlwaysAllowFind": True,
        "Plugins": [],
    }
    (folder / "orthanc.json").write_text(json.dumps(settings), encoding="utf-8")
    with _filled(["Orthanc", str(folder / "orthanc.json")], folder, port, studies, environment):
        yield port


@contextmanager
def dcmqrscp(folder: Path, studies: int, environment: Mapping[str, str]) -> Iterator[int]:
    """Run DCMTK's archive, which holds 500 studies at most; give its port."""
    port = free_port()
    storage = folder / "storage"
    storage.mkdir(parents=True, exist_ok=True)
    (folder / "dcmqrscp.cfg").write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 64\n"
        "HostTable BEGIN\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\n{AE_TITLE} {storage} RW (500, 1024mb) ANY\nAETable END\n"
    )
    with _filled(["dcmqrscp", "-c", str(folder / "dcmqrscp.cfg")], folder, port, studies, environment):
        yield port


@contextmanager
def _filled(
    command: list[str], folder: Path, port: int, studies: int, environment: Mapping[str, str]
) -> Iterator[None]:
    log = folder / "log.txt"
    marker = folder / "filled"
    with (
        log.open("wb") as output,
        subprocess.Popen(command, stdout=output, stderr=output, env={**os.environ, **environment}) as server,
    ):
        try:
            echo = ["echoscu", "-aec", AE_TITLE, "127.0.0.1", str(port)]
            while subprocess.run(echo, capture_output=True, check=False).returncode:
                if server.poll() is not None:
                    raise RuntimeError(f"{command[0]} ended: {log.read_text()[-500:]}")
            if not marker.exists():
                with Client(f"{AE_TITLE}@127.0.0.1:{port}") as client:
                    for number in range(studies):
                        path = instance_file(folder, number)
                        client.store(path)
                        path.unlink()
                marker.touch()
            yield
        finally:
            server.terminate()


def recorded(port: int, request: bytes) -> tuple[bytes, bytes]:
    """Ask a server as `request` says, an A-ASSOCIATE-RQ and a C-FIND; give what it answered to either."""
    parts: list[list[bytes]] = [[], []]
    asked, question = request[: 6 + struct.unpack_from(">BxI", request)[1]], b""
    question = request[len(asked) :]
    with socket.create_connection(("127.0.0.1", port)) as connection, connection.makefile("rb") as incoming:
        connection.sendall(asked)
        parts[0].append(_pdu(incoming))
        connection.sendall(question)
        while True:
            found = _pdu(incoming)
            parts[1].append(found)
            if found[11] == 3 and b"\x00\x00\x00\x09\x02\x00\x00\x00\x00\x00" in found:  # status 0000: the last answer
                break
        connection.sendall(bytes.fromhex("05 00 00 00 00 04 00 00 00 00"))
        _pdu(incoming)
    return b"".join(parts[0]), b"".join(parts[1])


def _pdu(incoming: object) -> bytes:
    head = incoming.read(6)  # type: ignore[attr-defined]
    return bytes(head + incoming.read(struct.unpack(">BxI", head)[1]))  # type: ignore[attr-defined]
