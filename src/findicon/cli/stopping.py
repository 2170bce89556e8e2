"""Programs that run until somebody ends them."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def until_stopped() -> Iterator[None]:
    """End the block in order on Ctrl-C and on SIGTERM: what it opened is closed, and no error is left."""

    def stop(_signal: int, _frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, stop)
    try:
        yield
    except KeyboardInterrupt:
        return
    finally:
        signal.signal(signal.SIGTERM, before)


def wait() -> None:
    """Wait for the signal that ends the block."""
    if hasattr(signal, "pause"):
        while True:
            signal.pause()
    while not threading.Event().wait(1.0):  # elsewhere a wait without end does not hear Ctrl-C
        pass
