"""The judge against SCPs over sockets: our own, a right one, and one that makes every mistake once."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from pydicom.dataset import Dataset
from pynetdicom import AE, evt
from pynetdicom.sop_class import (
    PatientRootQueryRetrieveInformationModelFind,
    StudyRootQueryRetrieveInformationModelFind,
)

from findicon.archive import FileSource, IconMaker, index
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.check import Report, Support, Verdict, check
from findicon.dimse import Address, Peer
from findicon.errors import PeerError, PeerRejected, QueryError
from findicon.icons import Icon, attach_icon
from findicon.query import Key, Level
from findicon.scp import Server
from findicon.scu import Client
from integration.memory_finder import MemoryFinder
from support.archive import fill
from support.wrong_scp import MISTAKES, ODD_BUT_LAWFUL, Mistake, WrongScp, serving

BROKEN_UIDS = pytest.mark.filterwarnings("ignore:Invalid value for VR UI")  # some real files have them


def verdicts(report: Report, rule: str) -> dict[Level, Verdict]:
    return {finding.level: finding.verdict for finding in report.findings if finding.rule == rule}


@pytest.fixture(scope="module")
def own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("own")
    with Catalogue(str(folder / "catalogue.sqlite")) as catalogue:
        index([fill(folder / "files")], catalogue, workers=2)
        with IconMaker(catalogue) as maker:
            # however busy the machine is, every picture is made when it is asked for
            finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", icons=maker, picture_budget=60.0)
            with Server(finder, source=FileSource(catalogue)) as server:
                yield str(server.address)


@BROKEN_UIDS
def test_our_own_server_passes_everything(own: str) -> None:
    told: list[str] = []
    report = check(own, report=told.append)
    assert report.violations == ()
    assert [finding for finding in report.findings if finding.verdict is Verdict.UNKNOWN] == []
    assert report.support == {
        Level.PATIENT: Support.NONE,
        Level.STUDY: Support.PICTURES,
        Level.SERIES: Support.PICTURES,
        Level.IMAGE: Support.PICTURES,
    }
    assert verdicts(report, "of its image") == {Level.IMAGE: Verdict.PASS}
    assert verdicts(report, "palette data") == dict.fromkeys((Level.STUDY, Level.SERIES, Level.IMAGE), Verdict.PASS)
    assert report.verdict == "correct: pictures at STUDY, SERIES, IMAGE level; not supported at PATIENT level"
    assert "STUDY level, null, Implicit VR" in told


@BROKEN_UIDS
def test_what_it_measures(own: str) -> None:
    report = check(own, answers=10, images=0)
    by_form = {one.asked: one for one in report.measurements if one.level is Level.STUDY}
    assert list(by_form) == ["without", "null", "empty item"]
    assert {one.answers for one in by_form.values()} == {10}
    assert by_form["without"].icon_bytes == by_form["without"].icons == 0
    assert by_form["null"].icon_bytes > 0
    assert by_form["null"].bytes > by_form["without"].bytes + by_form["null"].icon_bytes
    assert by_form["null"].largest == (64, 64)
    assert all(one.seconds > 0 for one in report.measurements)


@BROKEN_UIDS
def test_keys_narrow_the_question(own: str) -> None:
    report = check(own, keys=[Key.named("PatientID", "P1"), Key.named("StudyDate", "20240131")])
    assert report.passed
    assert {one.answers for one in report.measurements if one.level is Level.STUDY} == {1}


def test_json_has_all_of_it() -> None:
    with serving() as address:
        report = check(address)
    told = json.loads(report.to_json())
    assert told["peer"] == address
    assert told["passed"] is True
    assert told["support"]["IMAGE"] == "pictures"
    assert len(told["findings"]) == len(report.findings)
    assert told["findings"][0].keys() == {"rule", "section", "level", "verdict", "detail", "judged"}
    assert told["measurements"][0].keys() >= {"level", "asked", "answers", "seconds", "bytes", "icon_bytes", "largest"}


def test_a_right_scp_passes_everything() -> None:
    with serving() as address:
        report = check(address)
    assert {finding.verdict for finding in report.findings} == {Verdict.PASS}
    assert set(report.support.values()) == {Support.PICTURES}


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake.name)
def test_each_mistake_is_found_and_none_invented(mistake: Mistake) -> None:
    with serving(mistake) as address:
        report = check(address)
    assert [(finding.level, finding.rule) for finding in report.violations] == [(mistake.level, mistake.rule)]
    assert not report.passed
    (finding,) = report.violations
    assert finding.section.startswith("PS3.")
    assert report.verdict.startswith("1 violation of the Standard")


@pytest.mark.parametrize("oddity", ODD_BUT_LAWFUL, ids=lambda oddity: oddity.name)
def test_what_is_lawful_breaks_no_rule(oddity: Mistake) -> None:
    with serving(oddity) as address:
        report = check(address)
    assert report.violations == ()


def test_every_rule_is_broken_by_some_mistake() -> None:
    with serving() as address:
        judged = {finding.rule for finding in check(address).findings}
    assert {mistake.rule for mistake in MISTAKES} >= judged


def test_icons_that_are_made_when_they_are_first_asked_for() -> None:
    asked: list[bool] = []

    def late(data: bytes, implicit: bool) -> bytes:
        asked.append(implicit)
        return data if len(asked) > 4 else b""  # the four images are not ready the first time

    with serving(Mistake("late", "", Level.IMAGE, value=late)) as address:
        report = check(address)
    assert {finding.verdict for finding in report.findings} == {Verdict.PASS}
    assert [one.icons for one in report.measurements if one.level is Level.IMAGE] == [0, 0, 4]


def test_a_client_is_asked_as_it_is() -> None:
    with serving() as address, Client(address) as client:
        told: list[str] = []
        report = check(client, report=told.append)
    assert report.passed
    assert not [step for step in told if "Implicit" in step]


def test_a_client_that_changes_the_bytes_is_refused() -> None:
    with Client("A@127.0.0.1:1", character_set="ISO_IR 100") as client:
        with pytest.raises(QueryError, match="character set"):
            check(client)


def test_a_peer_with_a_character_set_is_judged_by_its_bytes() -> None:
    with serving() as address:
        peer = Peer("latin", Address.parse(address), character_set="ISO_IR 100")
        assert check(peer).passed


def test_nobody_there() -> None:
    with pytest.raises(PeerError, match="cannot be reached"):
        check("NOBODY@127.0.0.1:1")


def test_a_caller_that_is_not_named_is_rejected() -> None:
    peers = [Peer("other", Address.parse("OTHER@127.0.0.1:104"))]
    with Server(WrongScp(), peers=peers) as server:
        with pytest.raises(PeerRejected, match="calling AE title"):
            check(server.address)
        assert check(server.address, calling_ae_title="OTHER").passed


def test_an_empty_archive_has_nothing_to_judge() -> None:
    with Server(MemoryFinder()) as server:
        report = check(server.address)
    assert not report.passed, "nothing is wrong, and nothing was judged"
    assert report.violations == ()
    assert set(report.support.values()) == {Support.UNKNOWN}
    assert {finding.verdict for finding in report.findings} == {Verdict.UNKNOWN}
    assert "nothing to judge" in report.verdict


def test_without_c_get_nobody_knows_whose_the_icons_are() -> None:
    with Server(WrongScp()) as server:
        report = check(server.address)
    assert verdicts(report, "of its image") == {Level.IMAGE: Verdict.UNKNOWN}
    assert report.passed


def test_a_blank_icon_of_an_image_that_is_not_blank_is_for_people_to_look_at() -> None:
    with serving(next(oddity for oddity in ODD_BUT_LAWFUL if oddity.name == "blank")) as address:
        report = check(address)
    assert verdicts(report, "of its image") == {Level.IMAGE: Verdict.UNKNOWN}


def test_an_icon_may_be_of_any_frame() -> None:
    scp = WrongScp()
    image = scp.images["1.2.1.1.1"]
    others = scp.images["1.2.1.1.2"].PixelData + scp.images["1.2.2.1.1"].PixelData
    image.NumberOfFrames = 3
    image.PixelData = others + image.PixelData
    with Server(scp, source=scp) as server:
        report = check(server.address)
    assert verdicts(report, "of its image") == {Level.IMAGE: Verdict.PASS}


def test_an_image_that_is_too_large_is_not_retrieved() -> None:
    scp = WrongScp()
    for image in scp.images.values():
        image.NumberOfFrames = 100_000
    with Server(scp, source=scp) as server:
        report = check(server.address)
    assert verdicts(report, "of its image") == {Level.IMAGE: Verdict.UNKNOWN}


def test_patient_root_alone() -> None:
    # a peer with the other information model: everything is asked from the patient down
    entity = AE()
    entity.add_supported_context(PatientRootQueryRetrieveInformationModelFind)
    asked: list[Dataset] = []

    def answer(event: Any) -> Iterator[tuple[int, Dataset]]:
        request = event.identifier
        asked.append(request)
        found = Dataset()
        found.QueryRetrieveLevel = request.QueryRetrieveLevel
        for keyword, value in UIDS.items():
            if keyword in request:
                setattr(found, keyword, value)
        attach_icon(request, found, Icon(4, 4, bytes(range(16))))
        yield 0xFF00, found

    with running(entity, answer) as address:
        report = check(address)
    assert report.violations == ()
    assert list(report.support) == list(Level)
    assert list(dict.fromkeys(str(one.QueryRetrieveLevel) for one in asked)) == list(Level)
    images = [one for one in asked if one.QueryRetrieveLevel == "IMAGE"]
    assert all(one.PatientID == "P1" and one.SeriesInstanceUID == "1.2.1" for one in images)


def test_a_peer_that_hangs_up_when_it_is_asked_for_icons() -> None:
    entity = AE()
    entity.add_supported_context(StudyRootQueryRetrieveInformationModelFind)

    def answer(event: Any) -> Iterator[tuple[int, Dataset]]:
        if "IconImageSequence" in event.identifier:
            event.assoc.abort()
            return
        found = Dataset()
        found.QueryRetrieveLevel = event.identifier.QueryRetrieveLevel
        found.StudyInstanceUID = "1.2"
        yield 0xFF00, found

    with running(entity, answer) as address:
        report = check(address, timeout=10)
    studies = [finding for finding in report.violations if finding.level is Level.STUDY]
    assert [finding.rule for finding in studies] == ["answered all the same"] * 2  # in both forms
    assert "abort" in studies[0].detail


UIDS = {"PatientID": "P1", "StudyInstanceUID": "1.2", "SeriesInstanceUID": "1.2.1", "SOPInstanceUID": "1.2.1.1"}


@contextmanager
def running(entity: AE, answer: Callable[[Any], Iterator[tuple[int, Dataset]]]) -> Iterator[str]:
    server = entity.start_server(("127.0.0.1", 0), block=False, evt_handlers=[(evt.EVT_C_FIND, answer)])
    try:
        yield f"PYNETDICOM@127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
