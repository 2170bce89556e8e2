"""Servers that take instances in, and DCMTK's storescu that brings them."""

import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_AE_TITLE = "ARCHIVE"


@contextmanager
def ours(folder: Path) -> Iterator[int]:
    """Run findicon's storage in a process of its own; give its port."""
    folder.mkdir(parents=True)
    with subprocess.Popen(
        [sys.executable, "-m", "benchmarks.storage_server", str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        subprocess.run(["echoscu", "-aec", _AE_TITLE, "127.0.0.1", str(port)], check=True)  # as Orthanc below
        yield port
        server.communicate(b"")


@contextmanager
def orthanc(folder: Path) -> Iterator[int]:
    """Run Orthanc with its SQLite index, no web server, and its own defaults for the rest; give its port."""
    folder.mkdir(parents=True)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = int(free.getsockname()[1])
    settings = {
        "Name": "Bench",
        "StorageDirectory": str(folder / "storage"),
        "IndexDirectory": str(folder / "index"),
        "HttpServerEnabled": False,
        "DicomAet": _AE_TITLE,
        "DicomPort": port,
        "DicomAlwaysAllowStore": True,
        "DicomAlwaysAllowEcho": True,
        "Plugins": [],
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(settings), encoding="utf-8")
    with (
        (folder / "log").open("wb") as log,
        subprocess.Popen(["Orthanc", str(path)], stdout=log, stderr=log, env=_without_nagle()) as server,
    ):
        try:
            while subprocess.run(
                ["echoscu", "-aec", _AE_TITLE, "127.0.0.1", str(port)], capture_output=True, check=False
            ).returncode:
                if server.poll() is not None:
                    raise RuntimeError(f"Orthanc ended: {(folder / 'log').read_text()[-500:]}")
            yield port
        finally:
            server.terminate()


def store(folder: Path, port: int, associations: int = 1) -> None:
    """Send a folder's files, shared among associations that run at once; TCP_NODELAY at both ends."""
    paths = sorted(str(path) for path in folder.rglob("*.dcm"))
    command = ["storescu", "-R", "-aec", _AE_TITLE]
    running = [
        subprocess.Popen([*command, "127.0.0.1", str(port), *paths[number::associations]], env=_without_nagle())
        for number in range(associations)
    ]
    for process in running:
        if process.wait():
            raise RuntimeError(f"storescu ended with {process.returncode}")


def _without_nagle() -> dict[str, str]:
    return {**os.environ, "TCP_NODELAY": "1"}
