"""Storing beside Orthanc: small native CT and MR files, brought by DCMTK's storescu over the loopback, TCP_NODELAY on.

Both keep what they acknowledge as they understand it, on one file system, by turns. Orthanc has its defaults: it syncs
the file (SyncStorageArea), but not its name, and its SQLite index runs with synchronous=NORMAL, so a loss of power may
take the last instances that it acknowledged from the index or the folder. findicon has the bytes in a synced journal
before it answers, and makes file, name and row again from it. findicon is one process, as `findicon serve` is unless it
is told otherwise; neither makes pictures.

The senders and the server share the machine. What the senders alone take is seen beside a server that keeps nothing:
findicon's exchange, which acknowledges at once.
"""

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from statistics import median

from .archive_files import NATIVE, make_files
from .report import Row

INSTANCES = 2_000
ROUNDS = 3
_AE_TITLE = "ARCHIVE"


def rows(work: Path) -> list[Row]:
    """Measure storing with one association and with eight at once; each figure is the median of rounds by turns."""
    make_files(work / "native", INSTANCES, NATIVE)
    made: list[Row] = []
    for associations, goal in ((1, 1.0), (8, 2.0)):
        taken: dict[str, list[float]] = {"ours": [], "orthanc": [], "nothing": []}
        for number in range(ROUNDS):
            for name, server in (("ours", ours), ("orthanc", orthanc), ("nothing", nothing)):
                with server(work / f"{name}-{associations}-{number}") as port:
                    began = time.perf_counter()
                    store(work / "native", port, associations)
                    taken[name].append(time.perf_counter() - began)
        rates = {name: INSTANCES / median(seconds) for name, seconds in taken.items()}
        ratio = rates["ours"] / rates["orthanc"]
        many = f"{associations} association{'s at once' * (associations > 1)}"
        made.append(
            Row(
                case=f"C-STORE of {INSTANCES:,} instances, durable, {many}",
                ours=f"{rates['ours']:.0f}/s",
                peer=f"Orthanc {rates['orthanc']:.0f}/s",
                ratio=ratio,
                goal=f">= {goal:g}",
                met=ratio >= goal,
            )
        )
        made.append(
            Row(
                case=f"the same by a server that keeps nothing: most that {many} leave to any",
                ours="",
                peer=f"{rates['nothing']:.0f}/s",
                ratio=None,
                goal="",
            )
        )
    return made


@contextmanager
def ours(folder: Path, *arguments: str) -> Iterator[int]:
    """Run findicon's storage in a process of its own; give its port."""
    folder.mkdir(parents=True)
    command = [sys.executable, "-m", "benchmarks.storage_server", str(folder), *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as server:
        assert server.stdout is not None
        port = int(server.stdout.readline())
        subprocess.run(["echoscu", "-aec", _AE_TITLE, "127.0.0.1", str(port)], check=True)  # as Orthanc below
        yield port
        server.communicate(b"")


def nothing(folder: Path) -> AbstractContextManager[int]:
    """Run findicon's exchange without its storage."""
    return ours(folder, "nothing")


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
