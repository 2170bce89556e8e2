"""Peers that are servers: started on free ports of 127.0.0.1 with their data in a folder, stopped at the end."""

import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from findicon.errors import PeerError
from findicon.scu import Client

NO_DELAY = {"TCP_NODELAY": "1"}


def free_port() -> int:
    """Give a port that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running(
    command: Sequence[str], address: str, folder: Path, environment: Mapping[str, str] | None = None, **client: object
) -> Iterator[str]:
    """Run a server until the end of the block; give its address once it answers a C-ECHO."""
    log = folder / "log.txt"
    with log.open("wb") as output:
        process = subprocess.Popen(
            command, stdout=output, stderr=output, env={**os.environ, **(environment or {})}, cwd=folder
        )
        try:
            _until_it_answers(process, address, log, client)
            yield address
        finally:
            process.terminate()
            try:
                process.wait(timeout=20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def _until_it_answers(process: subprocess.Popen[bytes], address: str, log: Path, client: Mapping[str, object]) -> None:
    for _ in range(200):
        if process.poll() is not None:
            break
        try:
            with Client(address, timeout=5, **client) as peer:
                peer.echo()
        except PeerError:
            try:
                process.wait(timeout=0.1)
            except subprocess.TimeoutExpired:
                continue
        else:
            return
    raise RuntimeError(f"{address} does not answer: {log.read_text(errors='replace')[-2000:]}")


@contextmanager
def dcmqrscp(
    folder: Path,
    *arguments: str,
    movers: Mapping[str, int] | None = None,
    environment: Mapping[str, str] | None = None,
    **client: object,
) -> Iterator[str]:
    """Run DCMTK's archive; `movers` are AE titles with the ports that C-MOVE sends to."""
    port = free_port()
    storage = folder / "storage"
    storage.mkdir(parents=True, exist_ok=True)
    hosts = "\n".join(
        f"m{number} = ({name}, 127.0.0.1, {p})" for number, (name, p) in enumerate((movers or {}).items())
    )
    configuration = folder / "dcmqrscp.cfg"
    configuration.write_text(
        f"NetworkTCPPort = {port}\nMaxPDUSize = 131072\nMaxAssociations = 32\n"
        f"HostTable BEGIN\n{hosts}\nHostTable END\nVendorTable BEGIN\nVendorTable END\n"
        f"AETable BEGIN\nARCHIVE {storage} RW (500, 1024mb) ANY\nAETable END\n"
    )
    command = ["dcmqrscp", "-c", str(configuration), *arguments]
    with running(command, f"ARCHIVE@127.0.0.1:{port}", folder, environment, **client) as address:
        yield address


@contextmanager
def storescp(folder: Path, *arguments: str, **client: object) -> Iterator[str]:
    """Run DCMTK's storescp; what it receives lies in `folder`/received."""
    port = free_port()
    received = folder / "received"
    received.mkdir(parents=True, exist_ok=True)
    command = ["storescp", "-od", str(received), *arguments, str(port)]
    with running(command, f"STORESCP@127.0.0.1:{port}", folder, **client) as address:
        yield address


@contextmanager
def orthanc(
    folder: Path,
    *,
    modalities: Mapping[str, tuple[str, int]] | None = None,
    environment: Mapping[str, str] | None = None,
    **settings: object,
) -> Iterator[str]:
    """Run Orthanc; `modalities` are names with their AE titles and ports."""
    port = free_port()
    storage = folder / "orthanc"
    storage.mkdir(parents=True, exist_ok=True)
    configuration = {
        "Name": "Orthanc",
        "StorageDirectory": str(storage),
        "IndexDirectory": str(storage),
        "HttpServerEnabled": False,
        "DicomAet": "ORTHANC",
        "DicomPort": port,
        "DicomAlwaysAllowFind": True,
        "DicomAlwaysAllowGet": True,
        "DicomAlwaysAllowMove": True,
        "DicomModalities": {name: [ae, "127.0.0.1", p] for name, (ae, p) in (modalities or {}).items()},
        "Plugins": [],
        **settings,
    }
    path = folder / "orthanc.json"
    path.write_text(json.dumps(configuration))
    with running(
        [shutil.which("Orthanc") or "Orthanc", str(path)], f"ORTHANC@127.0.0.1:{port}", folder, environment
    ) as address:
        yield address
