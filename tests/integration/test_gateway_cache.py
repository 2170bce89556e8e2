"""How much a gateway keeps: within its limit in bytes, what nobody asked for longest makes room."""

from pathlib import Path

import pytest

from findicon.catalogue import Catalogue, IconCache
from findicon.query import Level
from integration.test_gateway_answering import ScriptedArchive, images, pictures, served, studies, until
from support.gateways import gateway_before


def kept(database: Path, origin: str) -> tuple[set[str], int]:
    """Give the studies whose pictures are kept, and the bytes of all pictures."""
    with Catalogue(str(database)) as catalogue:
        cache = IconCache(catalogue, origin)
        found = cache.get(Level.STUDY, [f"1.2.{number}" for number in range(6)])
        return {uid.rpartition(".")[2] for uid in found}, cache.bytes_kept()


def test_what_nobody_asked_for_longest_makes_room(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("findicon.gateway.pictures._USED_AGAIN", 0.0)  # each use is noted, not one in an hour
    archive = ScriptedArchive(*images(6, 1))
    database = tmp_path / "c.sqlite"

    def ask(*numbers: int, limit: int) -> None:
        with gateway_before(address, database, settings={"cache_bytes": limit}) as standing:
            for number in numbers:
                assert pictures(standing.ask(studies(StudyInstanceUID=f"1.2.{number}"))) == 1
                until(lambda: standing.gateway.waiting == 0)

    with served(archive) as address:
        ask(0, limit=1 << 30)
        _, of_one = kept(database, address)  # of a study and its series
        ask(1, 2, limit=3 * of_one)
        assert kept(database, address) == ({"0", "1", "2"}, 3 * of_one)
        ask(0, 3, 4, limit=3 * of_one)
        found, size = kept(database, address)
        assert {"0", "3", "4"} <= found, "the first one was asked for again"
        assert "1" not in found
        assert size <= 3 * of_one
        archive.may_open.clear()
        with gateway_before(address, database, settings={"cache_bytes": 3 * of_one}) as standing:
            assert pictures(standing.ask(studies(StudyInstanceUID="1.2.0"))) == 1
        archive.may_open.set()
        fetched = len(archive.fetched)
        ask(1, limit=3 * of_one)
        assert archive.fetched[fetched:] == ["1.2.1.1.1"], "what went is made again"
