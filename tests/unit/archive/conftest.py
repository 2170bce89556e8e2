from collections.abc import Iterator
from pathlib import Path

import pytest

from findicon.archive.workers import Workers
from findicon.catalogue import Catalogue


@pytest.fixture(scope="session")
def workers() -> Iterator[Workers]:
    """Two workers for all tests of this folder: starting them is most of what such a test takes."""
    with Workers(2) as made:
        yield made


@pytest.fixture
def catalogue(tmp_path: Path) -> Iterator[Catalogue]:
    with Catalogue(str(tmp_path / "catalogue.sqlite")) as opened:
        yield opened
