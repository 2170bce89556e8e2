"""What every test shares: the needs of tests that talk to other programs."""

import pytest

from support.needs import PROGRAMS, NeedsPlugin


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", f"needs(*names): programs the test talks to ({', '.join(PROGRAMS)})")
    config.pluginmanager.register(NeedsPlugin(), "findicon-needs")
