"""The client that a gateway keeps: all verbs on few associations, and peers that do not take that."""

import threading
from collections.abc import Iterator

import pytest

from findicon.dimse import NO_REASON, check_host
from findicon.errors import PeerError, PeerRejected, QueryError
from findicon.query import Query
from findicon.scp import Server
from findicon.scu import Upstream
from integration.memory_archive import MemoryArchive
from support.samples import instance, read, real_file

FIND = Query("STUDY", defaults=False, StudyInstanceUID="")


def archive() -> MemoryArchive:
    return MemoryArchive(
        *(instance(StudyInstanceUID=f"1.2.{number}", SOPInstanceUID=f"1.2.{number}.1") for number in range(3))
    )


@pytest.fixture
def server() -> Iterator[Server]:
    kept = archive()
    with Server(kept, source=kept) as one:
        yield one


def get(client: Upstream, number: int, kept: MemoryArchive) -> int:
    return client.get(Query("STUDY", defaults=False, StudyInstanceUID=f"1.2.{number}"), kept).completed


def test_every_verb_on_one_association(server: Server) -> None:
    kept = MemoryArchive()
    with Upstream(server.address) as client:
        client.echo()
        assert client.verbs() == {"find", "get", "move"}
        assert len(list(client.find(FIND))) == 3
        assert get(client, 1, kept) == 1
        with pytest.raises(PeerError):
            client.move(Query("STUDY", defaults=False, StudyInstanceUID="1.2.1"), "NOBODY")
        assert len(list(client.find(FIND))) == 3
        assert client.associations == 1
    assert list(kept.files) == ["1.2.1.1"]


def test_no_more_than_the_limit_stay(server: Server) -> None:
    with Upstream(server.address, associations=2) as client:
        open_at_once = [client.find(FIND) for _ in range(5)]
        for matches in open_at_once:
            assert len(list(matches)) == 3
        assert client.associations <= 5
        threads = [threading.Thread(target=get, args=(client, 1, MemoryArchive())) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(list(client.find(FIND))) == 3


def test_what_the_peer_cannot_decompress_comes_as_it_is() -> None:
    image = read(real_file("JPEG2000.dcm"))
    stored = MemoryArchive(image)
    kept = MemoryArchive()
    with Server(stored, source=stored) as server, Upstream(server.address) as client:
        query = Query("STUDY", defaults=False, StudyInstanceUID=str(image.StudyInstanceUID))
        done = client.get(query, kept, sop_classes=[str(image.SOPClassUID)])
    assert done.completed == 1
    assert kept.dataset(str(image.SOPInstanceUID)).PixelData == image.PixelData


def test_a_peer_that_rejects_the_wide_association_is_asked_for_queries_alone() -> None:
    kept = archive()
    seen: list[int] = []

    class Narrow(Server):
        def _answer(self, proposal, *, full):  # type: ignore[no-untyped-def]
            seen.append(len(proposal.request.contexts))
            if seen[-1] > 10:
                proposal.reject(NO_REASON)
                return
            super()._answer(proposal, full=full)

    with Narrow(kept, source=kept) as server, Upstream(server.address) as client:
        assert len(list(client.find(FIND))) == 3
        assert len(list(client.find(FIND))) == 3
        with pytest.raises(PeerError):
            get(client, 1, MemoryArchive())
    assert seen[0] > 100
    assert seen[1] == 3


def test_without_bulk_data_a_peer_that_has_none_says_so(server: Server) -> None:
    with Upstream(server.address) as client, pytest.raises(PeerRejected, match="C-GET"):
        client.get_without_bulk_data("1.2.1.1", "1.2.840.10008.5.1.4.1.1.2", MemoryArchive())


def test_hosts_are_looked_up() -> None:
    check_host("127.0.0.1")
    check_host("::1")
    for wrong in ("no.such.host.invalid", "x" * 300):
        with pytest.raises(QueryError, match="not known"):
            check_host(wrong)
