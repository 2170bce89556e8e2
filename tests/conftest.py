"""What every test shares: the needs of tests that talk to other programs, and Ctrl-C for the programs they start."""

import signal

import pytest

from support.needs import PROGRAMS, NeedsPlugin


def pytest_configure(config: pytest.Config) -> None:
    # A shell starts what runs in the background with SIGINT ignored, and every program started here would inherit it.
    signal.signal(signal.SIGINT, signal.default_int_handler)
    config.addinivalue_line("markers", f"needs(*names): programs the test talks to ({', '.join(PROGRAMS)})")
    config.pluginmanager.register(NeedsPlugin(), "findicon-needs")
