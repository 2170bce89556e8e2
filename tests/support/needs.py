"""What some tests need beside Python, how to see whether it is here, and how to get it."""

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

# name -> the programs it stands for; `make peers` installs all of them
PROGRAMS = {
    "dcmtk": ("findscu", "echoscu", "storescu", "getscu", "movescu", "dcmqrscp", "dcmdump"),
    "orthanc": ("Orthanc",),
    "postgresql": ("initdb", "pg_ctl"),
    "chromium": ("chromium",),
    "tmux": ("tmux",),
}


def program(name: str) -> str | None:
    """Find a program on the path, or where Debian keeps PostgreSQL's; None when it is not installed."""
    return shutil.which(name) or next(
        (str(path / name) for path in _postgresql_folders() if (path / name).exists()), None
    )


def missing(need: str) -> bool:
    """Tell whether one of the programs behind a need is not installed."""
    return any(program(name) is None for name in PROGRAMS[need])


def _postgresql_folders() -> Iterator[Path]:
    yield from sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)


class NeedsPlugin:
    """Skip tests marked ``needs("dcmtk")`` where it is missing, loudly; in CI let them fail instead."""

    def __init__(self) -> None:
        self.skipped: dict[str, int] = {}

    def pytest_runtest_setup(self, item: pytest.Item) -> None:
        """Skip, or fail in CI, before the test's fixtures start anything."""
        for mark in item.iter_markers("needs"):
            for need in mark.args:
                if not missing(need):
                    continue
                reason = f"{need} is not installed; `make peers` installs it"
                if os.environ.get("CI"):
                    pytest.fail(reason, pytrace=False)
                item.user_properties.append(("skipped for want of", need))
                pytest.skip(reason)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count what was skipped, also when the test ran in another process."""
        if report.skipped:
            for name, need in report.user_properties:
                if name == "skipped for want of":
                    self.skipped[str(need)] = self.skipped.get(str(need), 0) + 1

    @pytest.hookimpl(trylast=True)
    def pytest_unconfigure(self, config: pytest.Config) -> None:
        """Say in the last line what was skipped and how to get it."""
        if self.skipped and not hasattr(config, "workerinput"):
            counts = ", ".join(f"{count} for want of {need}" for need, count in sorted(self.skipped.items()))
            print(f"SKIPPED {counts}: run `make peers` (installs Debian packages), then `make test` again")
