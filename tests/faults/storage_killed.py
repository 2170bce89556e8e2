"""A process that stores instances until it is killed, and one that starts after it; `test_archive_killed` runs this."""

import itertools
import os
import signal
import sys
import threading
from io import BytesIO
from pathlib import Path
from types import FrameType

import pydicom
from pydicom.uid import CTImageStorage, ExplicitVRLittleEndian

from findicon.archive import FileSource, Storage
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.query import encode
from findicon.scp import Server
from support.samples import instance

PLACEHOLDER = b"1.2.826.0.1.1000000"


def data_sets() -> bytes:
    """An encoded data set whose SOP Instance UID is to be replaced."""
    return encode(instance(SOPInstanceUID=PLACEHOLDER.decode()), ExplicitVRLittleEndian)


def store(storage: Storage, data: bytes, number: int, acknowledged: int) -> None:
    """Store one instance, and write its UID where it survives us."""
    uid = f"1.2.826.0.1.{1000000 + number}"
    with storage.receive(CTImageStorage, uid, ExplicitVRLittleEndian, "MODALITY") as stream:
        for start in range(0, len(data), 200):
            stream.write(data.replace(PLACEHOLDER, uid.encode())[start : start + 200])
    os.write(acknowledged, f"{uid}\n".encode())


def store_for_ever(folder: Path, first: int) -> None:
    """Store from eight threads until somebody ends it."""
    data = data_sets()
    numbers = itertools.count(first)
    acknowledged = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with Catalogue(str(folder / "catalogue.sqlite")) as catalogue, Storage(folder / "storage", catalogue) as storage:

        def run() -> None:
            while True:
                store(storage, data, next(numbers), acknowledged)
                os.write(1, b".")

        threads = [threading.Thread(target=run) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()


def serve(folder: Path) -> None:
    """Be a server that stores, until somebody ends it; print the address."""
    with (
        Catalogue(str(folder / "catalogue.sqlite")) as catalogue,
        Storage(folder / "storage", catalogue) as storage,
        Server(CatalogueFinder(catalogue, retrieve_ae_title="FINDICON"), ingest=storage) as server,
    ):
        print(server.address, flush=True)
        sys.stdin.read()


def store_and_die(folder: Path, number: int, data: bytes, step: int) -> int:
    """Open the storage, store one instance and be killed at a step, counted in calls of any thread; give the steps."""
    steps = itertools.count()

    def profile(frame: FrameType, event: str, argument: object) -> None:
        if next(steps) == step:
            os.kill(os.getpid(), signal.SIGKILL)

    acknowledged = os.open(folder / "acknowledged", os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    with Catalogue(str(folder / "catalogue.sqlite")) as catalogue:
        threading.setprofile(profile)
        sys.setprofile(profile)
        with Storage(folder / "storage", catalogue) as storage:
            store(storage, data, number, acknowledged)
        sys.setprofile(None)
        threading.setprofile(None)
    return next(steps)


def disagreements(folder: Path) -> list[str]:
    """Start after a process that was killed, and say where files, catalogue and acknowledgements disagree."""
    found = []
    with Catalogue(str(folder / "catalogue.sqlite")) as catalogue, Storage(folder / "storage", catalogue):
        known = set(catalogue.files())
        there = {str(path) for path in (folder / "storage" / "instances").rglob("*") if path.is_file()}
        found += [f"{path} is there but not in the catalogue" for path in there - known]
        found += [f"{path} is in the catalogue but not there" for path in known - there]
        left = {path.name for path in (folder / "storage" / "incoming").rglob("*.part")}
        found += [f"{name} was left behind" for name in left]
        path = folder / "acknowledged"
        uids = path.read_text().split() if path.exists() else []
        for uid in uids:
            with FileSource(catalogue).open(uid) as file:
                dataset = pydicom.dcmread(BytesIO(file.read()))
            if dataset.SOPInstanceUID != uid or len(dataset.PixelData) != 512:
                found.append(f"{uid} is not what was stored")
    return found


def in_child(run: "callable[[], int]") -> int:  # type: ignore[valid-type]
    """Run in a forked process; give its exit status, negative for the signal that ended it."""
    child = os.fork()
    if child == 0:
        try:
            os._exit(run())
        except BaseException as exc:  # noqa: BLE001 -- a forked process must not go on as its parent would
            print(repr(exc), flush=True)
            os._exit(99)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def kill_at_many_steps(folder: Path, fractions: list[float]) -> None:
    """Be killed at steps of storing that are given as fractions of its whole; print what disagrees after each."""
    data = data_sets()

    def check() -> int:
        for line in (problems := disagreements(folder)):
            print(line, flush=True)
        return len(problems)

    steps = in_child_counted(lambda: store_and_die(folder, 0, data, -1))
    print(f"steps {steps}", flush=True)
    for number, fraction in enumerate(fractions, 1):
        step = int(fraction * steps)
        status = in_child(lambda number=number, step=step: store_and_die(folder, number, data, step) * 0)
        if status not in (0, -signal.SIGKILL) or in_child(check):
            print(f"killed at step {step} of {steps}, status {status}", flush=True)
            sys.exit(1)
    print("done", flush=True)


def in_child_counted(run: "callable[[], int]") -> int:  # type: ignore[valid-type]
    """Run in a forked process; give the number that it returns."""
    reader, writer = os.pipe()
    in_child(lambda: os.write(writer, str(run()).encode()) * 0)
    os.close(writer)
    with os.fdopen(reader) as stream:
        return int(stream.read())


if __name__ == "__main__":
    if sys.argv[1] == "for-ever":
        store_for_ever(Path(sys.argv[2]), int(sys.argv[3]))
    elif sys.argv[1] == "serve":
        serve(Path(sys.argv[2]))
    else:
        kill_at_many_steps(Path(sys.argv[2]), [float(text) for text in sys.argv[3:]])
