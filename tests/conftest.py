"""What every test shares: the needs of tests that talk to other programs."""

import pytest

from support.needs import NeedsPlugin


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "needs(*names): programs the test talks to (dcmtk, orthanc, postgresql, chromium, tmux)")
    config.pluginmanager.register(NeedsPlugin(), "findicon-needs")
