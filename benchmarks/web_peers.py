"""Our web server and Orthanc with its DICOMweb plug-in, each in a process of its own, filled with the same files."""

import http.client
import json
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from benchmarks.exchange_peers import free_port, module
from findicon.archive import index
from findicon.catalogue import Catalogue

PLUGIN = Path("/usr/share/orthanc/plugins/libOrthancDicomWeb.so")


@contextmanager
def ours(url: str) -> Iterator[int]:
    """Serve a catalogue; give the port."""
    with module("web_server", url) as (port, _):
        yield port


def indexed(folder: Path, database: Path) -> str:
    """Make a catalogue of a folder, with its pictures; give its address."""
    with Catalogue(str(database)) as catalogue:
        index([folder], catalogue)
    return str(database)


@contextmanager
def orthanc(folder: Path, files: Sequence[Path]) -> Iterator[int]:
    """Run Orthanc with its SQLite index and its own defaults for the rest; give the port of its web server."""
    port = free_port()
    folder.mkdir(parents=True, exist_ok=True)
    settings = {
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "HttpPort": port,
        "AuthenticationEnabled": False,
        "DicomServerEnabled": False,
        "Plugins": [str(PLUGIN)],
        "DicomWeb": {"Enable": True},
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(["Orthanc", str(path)], stdout=log, stderr=log) as server,
    ):
        try:
            _wait(server, port, folder / "log")
            connection = http.client.HTTPConnection("127.0.0.1", port)
            for file in files:
                connection.request("POST", "/instances", file.read_bytes())
                answer = connection.getresponse()
                if answer.status != 200:
                    raise RuntimeError(f"Orthanc refuses {file}: {answer.status} {answer.reason}")
                answer.read()
            connection.close()
            yield port
        finally:
            server.terminate()


def _wait(server: "subprocess.Popen[bytes]", port: int, log: Path) -> None:
    while True:
        if server.poll() is not None:
            raise RuntimeError(f"Orthanc ended: {log.read_text(errors='replace')[-500:]}")
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        try:
            connection.request("GET", "/system")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.05)
        finally:
            connection.close()
