"""Several processes on one socket: they share work and limits, one that dies is replaced, and all end together."""

import os
import select
import signal
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from findicon.dimse import Address, Limits
from findicon.errors import PeerError, PeerRejected, QueryError
from findicon.query import Query
from findicon.scp import Workers
from findicon.scu import Client
from integration.serving import cannot, serve

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="serving runs on Linux")


def client(workers: Workers, **settings: object) -> Client:
    return Client(Address("FINDICON", *workers.address), **settings)  # type: ignore[arg-type]


def answering(asking: Client) -> int:
    (match,) = asking.find(Query("STUDY"))
    return int(match.dataset.PatientID)


def test_all_of_them_answer() -> None:
    with Workers(serve, count=2) as workers:
        found = set()
        with ExitStack() as stack:
            for _ in range(200):
                found.add(answering(stack.enter_context(client(workers))))
                if len(found) == 2:
                    break
        assert found == set(workers.processes)


def test_limits_count_over_all_of_them() -> None:
    with Workers(serve, count=2, limits=Limits(associations=5, associations_per_caller=3)) as workers:
        with ExitStack() as stack:
            for name in ("A", "A", "A", "B", "B"):
                stack.enter_context(client(workers, calling_ae_title=name)).echo()
            for name in ("A", "B", "C"):
                with client(workers, calling_ae_title=name) as one, pytest.raises(PeerRejected, match="limit exceeded"):
                    one.echo()
        for name in ("A", "C"):
            with client(workers, calling_ae_title=name) as one:
                one.echo()


def test_one_that_dies_is_replaced_and_its_places_are_free() -> None:
    with Workers(serve, count=2, limits=Limits(associations=2)) as workers:
        before = set(workers.processes)
        with client(workers) as asking, pytest.raises(PeerError):
            list(asking.find(Query("STUDY", PatientID="DIE")))
        with client(workers) as asking:
            while set(workers.processes) == before:
                asking.echo()
        assert len(set(workers.processes) & before) == 1
        with client(workers, calling_ae_title="A") as one, client(workers, calling_ae_title="B") as other:
            one.echo()
            other.echo()


def test_one_that_cannot_begin_is_an_error_at_once() -> None:
    with pytest.raises(QueryError, match="There is no catalogue to be opened"):
        Workers(cannot, count=2)


def test_they_end_when_their_parent_is_killed() -> None:
    program = (
        "import sys\n"
        "from findicon.scp import Workers\n"
        "from integration.serving import serve\n"
        "if __name__ == '__main__':\n"
        "    with Workers(serve, count=2) as workers:\n"
        "        print(*workers.processes, flush=True)\n"
        "        sys.stdin.read()\n"
    )
    tests = str(Path(__file__).parents[1])
    environment = {**os.environ, "PYTHONPATH": tests}
    command = [sys.executable, "-c", program]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=environment) as parent:
        assert parent.stdout is not None
        workers = [int(one) for one in parent.stdout.readline().split()]
        watched = [os.pidfd_open(one) for one in workers]
        parent.send_signal(signal.SIGKILL)
        for one in watched:
            assert select.select([one], [], [], 20)[0], "the worker lives on without its parent"
            os.close(one)
