"""What the tests of this folder give to worker processes: they import it by name."""

import os
import signal
import sys
import threading
from multiprocessing.synchronize import RLock
from pathlib import Path
from typing import Any

from findicon.archive.reading import NotKept, read_files
from findicon.archive.walk import File
from findicon.catalogue import Rows
from findicon.errors import IconError
from findicon.pixels import Picture, render


def square(number: int) -> int:
    return number * number


def hang(*_: object) -> None:
    """Never end, as a codec on a hostile file does: no exception reaches it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    threading.Event().wait()


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Stillborn:
    """What no worker can receive: it ends while it reads it, before it has taken the task up."""

    def __reduce__(self) -> tuple[object, tuple[int]]:
        return os._exit, (7,)


def complain(text: str) -> None:
    raise ValueError(text)


def process(*_: object) -> int:
    return os.getpid()


def thread_limits() -> list[str | None]:
    return [os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPJ_NUM_THREADS")]


def modules_before(_: str) -> Any:
    """Tell whether what a picture is encoded with was there before anybody asked for one."""
    return ["PIL.JpegImagePlugin" in sys.modules]


def treacherous(source: str, size: int, *, frame: int | None = None) -> Picture:
    """Render an image, but do what a file beside it says: ``hangs``, ``dies``, ``fails`` or ``explodes``.

    Every call leaves a line in the folder's ``calls``, so that a test can count decodes.
    """
    path = Path(source)
    with (path.parent / "calls").open("a") as calls:
        calls.write(f"{path.name}\n")
    if path.with_suffix(".hangs").exists():
        hang()
    if path.with_suffix(".dies").exists():
        die()
    if path.with_suffix(".fails").exists():
        raise IconError("The image is spoiled")
    if path.with_suffix(".explodes").exists():
        raise ZeroDivisionError("of a codec")
    return render(source, size, frame=frame)


def treacherous_read(files: list[File]) -> list[Rows | NotKept]:
    """Read headers, but do what the file beside one of them says."""
    for path in (Path(file.path) for file in files if file.path.endswith(".dcm")):
        if path.with_suffix(".hangs").exists():
            hang()
        if path.with_suffix(".dies").exists():
            die()
    return read_files(files)


def take(lock: RLock) -> None:
    with lock:
        pass
