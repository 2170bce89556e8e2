"""``findicon index --follow`` as people run it: in a process of its own, ended by Ctrl-C."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from findicon.catalogue import Catalogue
from findicon.query import Level
from support.samples import instance, write


@contextmanager
def following(folder: Path, database: Path) -> Iterator["subprocess.Popen[str]"]:
    options = ["--follow", "--json", "--database", str(database), "--workers", "1"]
    command = [str(Path(sys.executable).with_name("findicon")), "index", str(folder), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


@pytest.mark.parametrize("ended_by", [signal.SIGINT, signal.SIGTERM])
def test_what_arrives_is_taken_in_until_ctrl_c(tmp_path: Path, ended_by: signal.Signals) -> None:
    folder, database = tmp_path / "files", tmp_path / "catalogue.sqlite"
    write(instance(), folder)
    with following(folder, database) as process:
        assert json.loads(process.stdout.readline())["indexed"] == 1
        write(instance(SOPInstanceUID="1.2.3"), folder / "later")
        later = json.loads(process.stdout.readline())
        assert (later["indexed"], later["pictured"]) == (1, 2)
        process.send_signal(ended_by)
        _, errors = process.communicate()
    assert (process.returncode, errors) == (0, "")
    with Catalogue(str(database)) as catalogue:
        assert catalogue.counts()[Level.IMAGE] == 2


def test_a_file_cannot_be_followed(tmp_path: Path) -> None:
    path = write(instance(), tmp_path)
    with following(path, tmp_path / "catalogue.sqlite") as process:
        _, errors = process.communicate()
    assert process.returncode == 2
    assert "is no folder: --follow watches folders" in errors
    assert not (tmp_path / "catalogue.sqlite").exists()
