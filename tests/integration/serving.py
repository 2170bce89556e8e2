"""What a worker process serves in tests; a module's own function, because processes import it anew."""

import os
from collections.abc import Iterator
from contextlib import contextmanager

from findicon.dimse import Listener
from findicon.errors import CatalogueError
from findicon.query import Cancel, Match, Query
from findicon.scp import Places, Server
from integration.memory_finder import ActingFinder, MemoryMatch, study


def process_of_its_own(query: Query, cancel: Cancel) -> Iterator[Match]:
    """Answer with the process that answers; die when asked to."""
    asked = query.keys.get(0x00100020)
    if asked is not None and asked.values == ("DIE",):
        os._exit(9)
    answer = study(1, icon=False)
    answer.PatientID = str(os.getpid())
    yield MemoryMatch(answer)


@contextmanager
def serve(listener: Listener, places: Places) -> Iterator[object]:
    with Server(ActingFinder(process_of_its_own), listener=listener, places=places) as server:
        yield server


@contextmanager
def cannot(listener: Listener, places: Places) -> Iterator[object]:
    raise CatalogueError("There is no catalogue to be opened")
    yield
