"""``findicon find --watch``: a process that shows what is new, as it arrives."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from findicon.query import Cancel, Match, Query, never
from findicon.scp import Server

from .memory_finder import MemoryMatch, study

FINDICON = (sys.executable, "-c", "from findicon.cli import main; main()")


class Arriving:
    """A Finder whose studies the test adds; tells how often everything has been asked for."""

    def __init__(self) -> None:
        self.numbers = [1, 2]
        self.queries: list[Query] = []
        self.is_failing = False
        self._asked = threading.Condition()

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        with self._asked:
            self.queries.append(query)
            self._asked.notify_all()
        if self.is_failing:
            raise RuntimeError("the disk is gone")
        uids = query.keys[0x0020000D].values
        for number in list(self.numbers):
            answer = study(number, icon=query.icon)
            if not uids or answer.StudyInstanceUID in uids:
                yield MemoryMatch(answer)

    def wait_for_questions(self, more: int) -> None:
        """Wait until it has been asked so many times more."""
        with self._asked:
            wanted = len(self.queries) + more
            assert self._asked.wait_for(lambda: len(self.queries) >= wanted, 60)


@pytest.fixture
def finder() -> Arriving:
    return Arriving()


@contextmanager
def watching(finder: Arriving, folder: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    environment = os.environ | {"XDG_CONFIG_HOME": str(folder), "PYTHONWARNINGS": "error"}
    with Server(finder) as server:
        command = [*FINDICON, "find", str(server.address), "--watch", "0.1", *arguments]
        with subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        ) as process:
            try:
                finder.wait_for_questions(1)
                yield process
            finally:
                process.kill()


def test_only_what_is_new_is_shown(finder: Arriving, tmp_path: Path) -> None:
    with watching(finder, tmp_path, "--format", "jsonl", "--icons") as process:
        finder.wait_for_questions(2)
        finder.numbers += [3]
        assert process.stdout is not None
        answer = json.loads(process.stdout.readline())
        assert answer["00100020"]["Value"] == ["P3"]
        assert answer["00880200"]["Value"]
        finder.numbers += [4, 5]
        came = [json.loads(process.stdout.readline())["00100020"]["Value"][0] for _ in range(2)]
        assert came == ["P4", "P5"]
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=30)
    assert (process.returncode, out, err) == (0, "", "")
    with_icons = [query for query in finder.queries if query.icon]
    assert [query.keys[0x0020000D].values for query in with_icons] == [("1.2.3.3",), ("1.2.3.4",), ("1.2.3.5",)], (
        "pictures are asked for of what is new only"
    )


def test_a_limit_ends_it(finder: Arriving, tmp_path: Path) -> None:
    with watching(finder, tmp_path, "--format", "csv", "--limit", "2") as process:
        finder.numbers += [3, 4, 5]
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, "")
    assert [line.split(",")[6] for line in out.splitlines()] == ["PatientID", "P3", "P4"]


def test_a_table_for_each_time(finder: Arriving, tmp_path: Path) -> None:
    with watching(finder, tmp_path, "--limit", "1") as process:
        finder.numbers += [3]
        out, _ = process.communicate(timeout=60)
    assert "DOE, J3" in out
    assert "DOE, J1" not in out


def test_a_peer_that_fails_for_a_while_is_asked_again(finder: Arriving, tmp_path: Path) -> None:
    with watching(finder, tmp_path, "--format", "jsonl", "--limit", "1") as process:
        finder.wait_for_questions(1)
        finder.is_failing = True
        finder.wait_for_questions(3)
        finder.is_failing = False
        finder.numbers += [3]
        out, err = process.communicate(timeout=60)
    assert process.returncode == 0
    assert json.loads(out)["00100020"]["Value"] == ["P3"]
    assert err.count("asking again") == 1, "said once"


def test_a_peer_that_fails_at_once_is_a_failure(tmp_path: Path) -> None:
    command = [*FINDICON, "find", "A@127.0.0.1:1", "--watch", "0.1"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 1
    assert "cannot be reached" in done.stderr
