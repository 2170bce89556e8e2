"""Acknowledged is kept: processes that store are killed at any moment, and the next start finds all in agreement."""

import itertools
import os
import random
import subprocess
import sys
import threading
from collections.abc import Callable
from contextlib import suppress
from io import BytesIO
from pathlib import Path

from faults.storage_killed import PLACEHOLDER, disagreements
from findicon.errors import PeerError
from findicon.scu import Client
from support.samples import instance, write

TESTS = Path(__file__).parents[1]
SCRIPT = TESTS / "faults" / "storage_killed.py"


def start(*arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, str(SCRIPT), *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    return subprocess.Popen(command, **pipes, text=True, env=environment)


def test_a_process_killed_at_any_step_leaves_files_and_catalogue_in_agreement(tmp_path: Path) -> None:
    chance = random.Random(20240131)
    fractions = [f"{chance.random():.4f}" for _ in range(24)]
    with start("steps", str(tmp_path), *fractions) as process:
        output = process.communicate()[0]
    assert output.endswith("done\n"), output
    assert len((tmp_path / "acknowledged").read_text().split()) >= 1


def test_a_process_killed_while_eight_threads_store_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(1)
    for turn in range(3):
        with start("for-ever", str(tmp_path), str(turn * 100_000)) as process:
            process.stdout.read(chance.randrange(1, 80))
            process.kill()
        assert disagreements(tmp_path) == []
    assert len((tmp_path / "acknowledged").read_text().split()) >= 3


class Senders:
    """Eight associations that store, each instance once, and note what was acknowledged."""

    def __init__(self, folder: Path) -> None:
        self._numbers = itertools.count()
        self._file = write(instance(SOPInstanceUID=PLACEHOLDER.decode()), folder).read_bytes()
        self.acknowledged: list[str] = []

    def store_until(self, address: str, count: int, reached: Callable[[], None]) -> None:
        """Store until so many were acknowledged in all, which is told, and on until the server is gone."""
        threads = [threading.Thread(target=self._store, args=(address, count, reached)) for _ in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _store(self, address: str, count: int, reached: Callable[[], None]) -> None:
        with suppress(PeerError), Client(address) as client:
            while True:
                uid = f"1.2.826.0.1.{1000000 + next(self._numbers)}"
                client.store(BytesIO(self._file.replace(PLACEHOLDER, uid.encode())))
                self.acknowledged.append(uid)
                if len(self.acknowledged) >= count:
                    reached()


def test_a_server_killed_four_times_during_2000_stores_on_eight_associations_loses_none(tmp_path: Path) -> None:
    senders = Senders(tmp_path / "sent")
    for count in (1, 400, 1100, 2000):
        with start("serve", str(tmp_path)) as server:
            senders.store_until(server.stdout.readline().strip(), count, server.kill)
    (tmp_path / "acknowledged").write_text("\n".join(senders.acknowledged))
    assert len(senders.acknowledged) >= 2000
    assert disagreements(tmp_path) == []
