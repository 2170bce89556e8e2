import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from findicon.archive.workers import Workers
from findicon.catalogue import Catalogue
from unit.archive.storing import Failing


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Two workers for all tests of this folder: starting them is most of what such a test takes."""
    with Workers(2) as made:
        yield made


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue(str(tmp_path / "catalogue.sqlite")) as opened:
        yield opened


@pytest.fixture
def failing(tmp_path: Path) -> Iterator[Failing]:
    with Failing(str(tmp_path / "failing.sqlite")) as opened:
        yield opened


@pytest.fixture
def never_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing leaves the journals by itself."""
    monkeypatch.setattr("findicon.archive.journals._UNSETTLED_SECONDS", 3600.0)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "files"
    made.mkdir()
    return made


@pytest.fixture
def locked_folder() -> Iterator[Path]:
    """A folder with two files below it, ``open.dcm`` and ``locked/inner.dcm``, for somebody who may not read `locked`.

    Root may read everything, so the test is somebody else while it runs.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "locked").mkdir()
        for path in (folder / "open.dcm", folder / "locked" / "inner.dcm", folder / "mine.dcm"):
            path.write_bytes(b"x")
        folder.chmod(0o755)
        (folder / "locked").chmod(0)
        (folder / "mine.dcm").chmod(0)
        user = os.geteuid()
        if user == 0:
            os.seteuid(65534)
        try:
            yield folder
        finally:
            os.seteuid(user)
            (folder / "locked").chmod(0o755)
