"""Waiting for what other threads and processes do; a test that waits in vain meets pytest's timeout."""

import threading
from collections.abc import Callable


def wait_for(condition: Callable[[], bool]) -> None:
    never = threading.Event()
    while not condition():
        never.wait(0.01)
