import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from findicon.archive import IconMaker, IconQueue, index
from findicon.archive.workers import Workers
from findicon.catalogue import Catalogue
from support.samples import write_series
from unit.archive.waiting import wait_for


@pytest.fixture
def maker(catalogue: Catalogue, workers: Workers) -> Iterator[IconMaker]:
    with IconMaker(catalogue, workers=workers) as made:
        yield made


def test_what_waits_when_it_starts_is_made(tmp_path: Path, catalogue: Catalogue, maker: IconMaker) -> None:
    write_series(tmp_path / "files", 3)
    index([tmp_path / "files"], catalogue, workers=1, icons="later")
    with IconQueue(maker, interval=600):
        wait_for(lambda: catalogue.progress().icons_waiting == 0)
    assert catalogue.progress().icons_made == 2


def test_it_makes_what_arrives_when_it_is_woken(tmp_path: Path, catalogue: Catalogue, maker: IconMaker) -> None:
    with IconQueue(maker, settle=0.01, interval=600) as queue:
        write_series(tmp_path / "files", 3)
        index([tmp_path / "files"], catalogue, workers=1, icons="later")
        queue.wake()
        wait_for(lambda: catalogue.progress().icons_made == 2)


def test_it_looks_by_itself_for_what_other_processes_brought(
    tmp_path: Path, catalogue: Catalogue, maker: IconMaker
) -> None:
    with IconQueue(maker, interval=0.05):
        write_series(tmp_path / "files", 3)
        index([tmp_path / "files"], catalogue, workers=1, icons="later")
        wait_for(lambda: catalogue.progress().icons_made == 2)


def test_it_ends_at_once_while_it_waits_for_quiet(maker: IconMaker) -> None:
    queue = IconQueue(maker, settle=600, patience=600, interval=600)
    queue.wake()
    queue.close()
    assert not any(thread.name == "icon queue" for thread in threading.enumerate())
