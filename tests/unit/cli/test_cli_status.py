"""What ``findicon status`` tells of a catalogue."""

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from contract.making import record
from findicon.catalogue import Catalogue
from findicon.cli.status import status
from findicon.query import Level


@pytest.fixture
def database(tmp_path: Path) -> str:
    path = str(tmp_path / "catalogue.sqlite")
    with Catalogue(path) as catalogue:
        catalogue.add(
            [
                record(1, PatientID="7", PatientName="MAIDEN^ANNA", StudyDate="20100101"),
                record(2, PatientID="7", PatientName="MARRIED^ANNA", StudyDate="20200101"),
            ]
        )
    return path


def test_conflicting_patient_data_are_reported_without_names(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(database=database) == 0
    said = capsys.readouterr().out
    assert "studies: 2" in said
    assert "pictures: 0 made, 4 waiting" in said
    assert "1 x disagrees with the patient's latest study\n      study 1.2.1" in said
    assert "ANNA" not in said


def test_as_json(database: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert status(database=database, as_json=True) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["conflicts"] == [{"study": "1.2.1", "patient_id": "7", "within": False}]
    assert told["bytes"] > 0


@pytest.fixture
def read_only(database: str) -> Iterator[str]:
    """The database in a folder that nobody may write into, as on a snapshot; root, who may, is somebody else here."""
    folder = Path(tempfile.mkdtemp())
    path = shutil.copy(database, folder)
    os.chmod(path, 0o444)  # noqa: PTH101
    folder.chmod(0o555)
    user = os.geteuid()
    if user == 0:
        os.seteuid(65534)
    yield str(path)
    os.seteuid(user)
    folder.chmod(0o755)
    shutil.rmtree(folder)


def test_a_database_that_cannot_be_written(read_only: str) -> None:
    with Catalogue(read_only) as catalogue:
        assert catalogue.counts()[Level.STUDY] == 2
        assert len(catalogue.conflicts()) == 1
        assert catalogue.bytes_on_disk() > 0
