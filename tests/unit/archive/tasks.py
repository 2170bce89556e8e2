"""What the tests of this folder give to worker processes: they import it by name."""

import os
import signal
import threading
from pathlib import Path

from findicon.pixels import Picture, render

HANGS = "hangs"
DIES = "dies"
FAILS = "fails"


def square(number: int) -> int:
    return number * number


def hang(*_: object) -> None:
    """Never end, as a codec on a hostile file does: nothing in Python can stop it."""
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    threading.Event().wait()


def die(*_: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def complain(text: str) -> None:
    raise ValueError(text)


def process(*_: object) -> int:
    return os.getpid()


def thread_limits() -> list[str | None]:
    return [os.environ.get(name) for name in ("OMP_NUM_THREADS", "OPJ_NUM_THREADS")]


def treacherous(source: str, size: int, *, frame: int | None = None) -> Picture:
    """Render, but do to a file what its name says."""
    name = Path(source).name
    if name.startswith(HANGS):
        hang()
    if name.startswith(DIES):
        die()
    return render(source, size, frame=frame)
