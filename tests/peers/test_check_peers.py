"""The judge against archives of others: Orthanc's items without pixels, dcmqrscp's silence."""

from pathlib import Path

import pytest

from findicon.check import Report, Support, Verdict, check
from findicon.query import Level
from findicon.scu import Client
from integration.memory_finder import picture
from peers.programs import NO_DELAY, dcmqrscp, orthanc
from support.samples import instance, write

STUDIES = 3


def fill(address: str, folder: Path, *, icons: bool = True) -> None:
    with Client(address) as client:
        for study in range(STUDIES):
            for image in (1, 2):
                dataset = instance(
                    PatientID=f"P{study}",
                    StudyInstanceUID=f"1.2.3.{study}",
                    SeriesInstanceUID=f"1.2.3.{study}.1",
                    SOPInstanceUID=f"1.2.3.{study}.1.{image}",
                    InstanceNumber=image,
                )
                if icons:
                    dataset.IconImageSequence = [picture()]
                client.store(write(dataset, folder))


def broken(report: Report) -> set[tuple[Level, str]]:
    return {(finding.level, finding.rule) for finding in report.violations}


@pytest.mark.needs("orthanc")
@pytest.mark.xdist_group("orthanc")
def test_orthanc_sends_hollow_icons(tmp_path: Path) -> None:
    with orthanc(tmp_path, environment=NO_DELAY) as address:
        fill(address, tmp_path / "files")
        report = check(address)
    hollow = {finding.level: finding for finding in report.violations if finding.rule == "not hollow"}
    assert broken(report) == {(level, "not hollow") for level in Level}
    assert "hollow: its Pixel Data is empty" in hollow[Level.IMAGE].detail
    assert hollow[Level.IMAGE].section == "PS3.3 Table C.7-11b"
    assert set(report.support.values()) == {Support.HOLLOW}
    assert report.verdict == "4 violations of the Standard: hollow items at PATIENT, STUDY, SERIES, IMAGE level"


@pytest.mark.needs("orthanc")
@pytest.mark.xdist_group("orthanc")
def test_orthanc_leaves_the_key_out_where_the_files_have_no_icons(tmp_path: Path) -> None:
    with orthanc(tmp_path, environment=NO_DELAY) as address:
        fill(address, tmp_path / "files", icons=False)
        report = check(address)
    assert broken(report) == {(Level.IMAGE, "FF00 or FF01")}
    assert set(report.support.values()) == {Support.NONE}


@pytest.mark.needs("dcmtk")
@pytest.mark.xdist_group("dcmqrscp")
def test_dcmqrscp_ignores_the_key_and_says_that_it_did_not(tmp_path: Path) -> None:
    with dcmqrscp(tmp_path, environment=NO_DELAY) as address:
        fill(address, tmp_path / "files")
        report = check(address)
    assert broken(report) == {(Level.IMAGE, "FF00 or FF01")}
    (finding,) = report.violations
    assert "the key is ignored" in finding.detail
    assert finding.section == "PS3.4 Table C.4-1"
    assert set(report.support.values()) == {Support.NONE}
    assert set(report.support) == set(Level)
    above = {one.level: one.verdict for one in report.findings if one.rule == "FF00 or FF01"}
    assert above[Level.STUDY] is Verdict.NOT_SUPPORTED
    assert report.verdict.startswith(
        "1 violation of the Standard: not supported at PATIENT, STUDY, SERIES, IMAGE level"
    )
