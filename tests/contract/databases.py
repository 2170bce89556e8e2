"""Fixtures for tests that run on every kind of database: a new, empty one for each test that asks."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from itertools import count
from pathlib import Path

import pytest

from contract.postgresql_server import Server, running_server
from findicon.catalogue import Catalogue
from findicon.catalogue.schema import METADATA

ON_POSTGRESQL = [pytest.mark.needs("postgresql"), pytest.mark.xdist_group("postgresql")]


@pytest.fixture(scope="session")
def postgresql() -> Iterator[Callable[[], Server]]:
    """Start the server when the first test needs it."""
    with ExitStack() as stack:
        running: list[Server] = []

        def server() -> Server:
            if not running:
                running.append(stack.enter_context(running_server()))
            return running[0]

        yield server


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an empty catalogue to copy: quicker than to migrate a new one for every test."""
    path: Path = tmp_path_factory.mktemp("template") / "catalogue.sqlite"
    Catalogue(str(path)).close()
    return path


@pytest.fixture(scope="module", params=["sqlite", pytest.param("postgresql", marks=ON_POSTGRESQL)])
def new_database(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    template: Path,
    postgresql: Callable[[], Server],
) -> Callable[[], str]:
    """Give a function that makes an empty database and tells its URL."""
    numbers = count()

    def made() -> str:
        if request.param == "postgresql":
            return postgresql().database(prepare=lambda url: Catalogue(url).close())
        path = tmp_path_factory.mktemp("catalogue") / f"catalogue{next(numbers)}.sqlite"
        shutil.copy(template, path)
        return f"sqlite:///{path}"

    return made


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=ON_POSTGRESQL)])
def blank_database(
    request: pytest.FixtureRequest, tmp_path: Path, postgresql: Callable[[], Server]
) -> Callable[[], str]:
    """Give a function that makes a database without tables and tells its URL."""
    numbers = count()

    def made() -> str:
        if request.param == "postgresql":
            return postgresql().database()
        return f"sqlite:///{tmp_path / f'blank{next(numbers)}.sqlite'}"

    return made


@pytest.fixture(scope="module")
def cleared(new_database: Callable[[], str]) -> Iterator[Catalogue]:
    """Give a catalogue on a server that the tests of a module share, because to make one takes a server long."""
    with Catalogue(new_database()) as made:
        yield made


@pytest.fixture
def catalogue(request: pytest.FixtureRequest, new_database: Callable[[], str]) -> Iterator[Catalogue]:
    """Give an empty catalogue."""
    if "postgresql" not in request.node.callspec.id:
        with Catalogue(new_database()) as made:
            yield made
        return
    shared: Catalogue = request.getfixturevalue("cleared")
    tables = ", ".join(table.name for table in METADATA.sorted_tables)
    shared.database.write(lambda connection: connection.exec_driver_sql(f"TRUNCATE {tables} RESTART IDENTITY"))
    yield shared
