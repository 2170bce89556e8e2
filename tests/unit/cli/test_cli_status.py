"""What ``findicon status`` tells of a catalogue."""

import json
from pathlib import Path

import pytest

from contract.making import record
from findicon.catalogue import Catalogue
from findicon.cli.status import status


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
