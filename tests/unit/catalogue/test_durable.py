"""What a catalogue on PostgreSQL says is kept is in the log on its disk, whatever the server does by default."""

from collections.abc import Iterator

import pytest

from contract.making import record
from contract.postgresql_server import Server, running_server
from findicon.catalogue import Catalogue
from findicon.query import Level

pytestmark = pytest.mark.needs("postgresql")
LAZY = ("-c synchronous_commit=off", "-c wal_writer_delay=10s")  # nobody else writes the log meanwhile


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with running_server(*LAZY) as server:
        yield server


@pytest.fixture
def catalogue(server: Server) -> Iterator[Catalogue]:
    with Catalogue(server.database()) as catalogue:
        catalogue.add([record(0)])
        yield catalogue


def inserted(server: Server) -> object:
    return server.run("SELECT pg_current_wal_insert_lsn()")[0][0]


def is_flushed(server: Server, place: object) -> object:
    return server.run(f"SELECT pg_current_wal_flush_lsn() >= '{place}'::pg_lsn")[0][0]


@pytest.mark.parametrize("durable", [True, False])
def test_rows_are_in_the_log_when_they_were_added(server: Server, catalogue: Catalogue, durable: bool) -> None:
    for number in range(1, 6):
        catalogue.add([record(number)], durable=durable)
        place = inserted(server)
        assert is_flushed(server, place), "a server can crash while we live on"


def test_rows_that_were_removed_stay_removed(server: Server, catalogue: Catalogue) -> None:
    for number in range(1, 6):
        catalogue.add([record(number)])
        catalogue.remove([record(number).location])
        assert is_flushed(server, inserted(server))


def test_what_may_be_lost_is_kept_by_make_durable(server: Server, catalogue: Catalogue) -> None:
    lost = 0
    for number in range(1, 6):
        catalogue.add([record(number)])
        catalogue.put_icon(Level.STUDY, f"1.2.{number}", item=b"icon", preview=None, rule="", source="1.2.3")
        place = inserted(server)
        lost += not is_flushed(server, place)
        catalogue.make_durable()
        assert is_flushed(server, place)
    assert lost, "pictures can be made again, so nobody waits for them"
