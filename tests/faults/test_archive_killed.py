"""Acknowledged is kept: processes that store are killed at any moment, and the next start finds all in agreement."""

import os
import random
import subprocess
import sys
from pathlib import Path

from faults.storage_killed import disagreements

TESTS = Path(__file__).parents[1]
SCRIPT = TESTS / "faults" / "storage_killed.py"


def start(*arguments: str) -> "subprocess.Popen[str]":
    environment = {**os.environ, "PYTHONPATH": str(TESTS)}
    command = [sys.executable, str(SCRIPT), *arguments]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, env=environment)


def test_a_process_killed_at_any_step_leaves_files_and_catalogue_in_agreement(tmp_path: Path) -> None:
    chance = random.Random(20240131)
    fractions = [f"{chance.random():.4f}" for _ in range(24)]
    with start("steps", str(tmp_path), *fractions) as process:
        output = process.communicate()[0]
    assert output.endswith("done\n"), output
    assert len((tmp_path / "acknowledged").read_text().split()) >= 1


def test_a_process_killed_while_four_threads_store_loses_nothing_it_acknowledged(tmp_path: Path) -> None:
    chance = random.Random(1)
    for turn in range(3):
        with start("for-ever", str(tmp_path), str(turn * 100_000)) as process:
            process.stdout.read(chance.randrange(1, 80))
            process.kill()
        assert disagreements(tmp_path) == []
    assert len((tmp_path / "acknowledged").read_text().split()) >= 3
