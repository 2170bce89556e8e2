"""The gateway before a scripted archive, over sockets: what leaves when, what is asked upstream, what is kept."""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from pydicom.dataset import Dataset

from contract.databases import new_database, postgresql, template
from findicon.dimse import Peer
from findicon.errors import PeerError, PeerRejected, QueryError
from findicon.gateway import Gateway, GatewaySettings, Rendered, render_here
from findicon.icons import BurnedIn
from findicon.query import ICON_IMAGE_SEQUENCE, Cancel, Level, Match, Options, Query, never
from findicon.scp import Branch, BranchServer, Server
from findicon.scu import Client, Upstream
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryMatch, picture
from support.gateways import gateway_before
from support.samples import instance

__all__ = ["new_database", "postgresql", "template"]

LEVELS = {Level.STUDY: "StudyInstanceUID", Level.SERIES: "SeriesInstanceUID", Level.IMAGE: "SOPInstanceUID"}


def images(studies: int, each: int = 3) -> list[Dataset]:
    return [
        instance(
            PatientID=f"P{study}",
            StudyInstanceUID=f"1.2.{study}",
            SeriesInstanceUID=f"1.2.{study}.1",
            SOPInstanceUID=f"1.2.{study}.1.{number}",
            InstanceNumber=number,
        )
        for study in range(studies)
        for number in range(1, each + 1)
    ]


class ScriptedArchive(MemoryArchive):
    """An archive in memory that answers at every level, and does what a test wants besides."""

    options = Options(relational=True)

    def __init__(self, *datasets: Dataset, counts: bool = True) -> None:
        super().__init__(*datasets)
        self.asked: list[Query] = []
        self.before: Callable[[int], None] = lambda index: None
        self.icons: dict[str, Dataset] = {}
        self.counts = counts
        self.fetched: list[str] = []
        self.is_endless = False
        self.cancelled = threading.Event()
        self.may_open = threading.Event()
        self.may_open.set()

    def open(self, sop_instance: str):  # type: ignore[no-untyped-def]
        assert self.may_open.wait(30)
        self.fetched.append(sop_instance)
        return super().open(sop_instance)

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        self.asked.append(query)
        found: dict[str, list[Dataset]] = {}
        for sop_instance in list(self.files):
            dataset = self.dataset(sop_instance)
            if all(_matches(dataset, key.keyword, key.values) for key in query.keys.values()):
                found.setdefault(str(dataset[LEVELS[query.level]].value), []).append(dataset)
        is_whole = False
        try:
            for index, (uid, instances) in enumerate(found.items()):
                self.before(index)
                if cancel():
                    return
                yield MemoryMatch(self._answer(query, uid, instances))
            is_endless = self.is_endless and query.level is Level.STUDY
            while is_endless and not cancel():
                yield MemoryMatch(self._answer(query, uid, instances))
            is_whole = not is_endless
        finally:
            if not is_whole:
                self.cancelled.set()

    def _answer(self, query: Query, uid: str, instances: list[Dataset]) -> Dataset:
        answer = Dataset()
        answer.QueryRetrieveLevel = str(query.level)
        answer.RetrieveAETitle = "SCRIPTED"
        for key in query.keys.values():
            if key.keyword in {"NumberOfStudyRelatedInstances", "NumberOfSeriesRelatedInstances"}:
                if self.counts:
                    setattr(answer, key.keyword, len(instances))
            elif key.tag == ICON_IMAGE_SEQUENCE:
                answer.IconImageSequence = [self.icons[uid]] if uid in self.icons else []
            elif key.tag in instances[0] and key.vr != "SQ":
                answer.add(instances[0][key.tag])
        return answer

    def asked_at(self, level: Level) -> list[Query]:
        return [query for query in self.asked if query.level is level]


def _matches(dataset: Dataset, keyword: str, values: tuple[str, ...]) -> bool:
    return not values or values == ("",) or str(dataset.get(keyword, "")) in values or "-" in values[0]


@contextmanager
def served(archive: ScriptedArchive, **settings: object) -> Iterator[str]:
    with Server(archive, ae_title="SCRIPTED", source=archive, **settings) as server:
        yield str(server.address)


STUDIES = {"StudyInstanceUID": "", "NumberOfStudyRelatedInstances": "", "PatientID": ""}


def studies(**more: object) -> Query:
    return Query("STUDY", defaults=False, icon=True, **(STUDIES | more))


def pictures(answers: list[Dataset]) -> int:
    return sum(len(answer.IconImageSequence) for answer in answers)


def until(is_so: Callable[[], bool]) -> None:
    """Wait for what another thread does."""
    moment = threading.Event()
    deadline = time.monotonic() + 30
    while not is_so():
        assert time.monotonic() < deadline
        moment.wait(0.01)


def test_every_answer_has_its_picture_and_upstream_was_not_asked_for_any(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(5))
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        until(lambda: standing.gateway.waiting == 0)
        archive.asked.clear()
        answers = standing.ask(studies())
        again = standing.ask(studies())
    assert pictures(answers) == pictures(again) == 5
    assert not any(ICON_IMAGE_SEQUENCE in query.keys for query in archive.asked)
    assert len(archive.fetched) == 5
    assert {str(answer.RetrieveAETitle) for answer in answers} == {"SCRIPTED"}


def test_the_first_answer_leaves_before_the_last_has_come(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(3, 1))
    last = threading.Event()
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        until(lambda: standing.gateway.waiting == 0)
        archive.before = lambda index: (last.wait(30), None)[1] if index == 2 else None
        with Client(standing.address) as client:
            for query in (studies(), Query("STUDY", defaults=False, **STUDIES)):
                last.clear()
                matches = client.find(query)
                next(matches)
                next(matches)
                last.set()
                assert len(list(matches)) == 1


def test_pictures_that_are_not_there_in_time_come_the_next_time(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(20, 1))
    archive.may_open.clear()
    with (
        served(archive) as address,
        gateway_before(address, tmp_path / "c.sqlite", settings={"budget": 0.05}) as standing,
    ):
        assert pictures(standing.ask(studies())) == 0
        archive.may_open.set()
        until(lambda: standing.gateway.waiting == 0)
        assert pictures(standing.ask(studies())) == 20
    assert len(archive.fetched) == len(set(archive.fetched)) == 20


def test_a_cancelled_query_is_cancelled_upstream_and_its_pictures_are_forgotten(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(60, 1))
    archive.may_open.clear()
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        until(lambda: standing.gateway.waiting == 0)
        archive.is_endless = True
        with Client(standing.address) as client:
            matches = client.find(studies())
            until(lambda: standing.gateway.waiting > 30)
            matches.close()
            assert archive.cancelled.wait(30)
            archive.is_endless = False
            until(lambda: standing.gateway.waiting <= 4)
            archive.may_open.set()
            client.echo()
        until(lambda: standing.gateway.waiting == 0)
    assert len(archive.fetched) <= 4


def test_two_who_ask_at_once_share_what_is_fetched(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(10))
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        results: list[int] = []
        threads = [threading.Thread(target=lambda: results.append(pictures(standing.ask(studies())))) for _ in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert results == [10] * 6
    assert len(archive.fetched) == 10


def test_upstream_sees_no_more_associations_than_the_limit(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(40, 1))
    most = 0
    with Server(archive, ae_title="SCRIPTED", source=archive) as upstream:

        def look(_: int) -> None:
            nonlocal most
            most = max(most, upstream.associations)

        archive.before = look
        with gateway_before(str(upstream.address), tmp_path / "c.sqlite", settings={"fetches": 3}) as standing:
            assert pictures(standing.ask(studies())) == 40
            look(0)
    assert 2 <= most <= 3


def test_a_study_that_grows_gets_a_new_picture(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(1, 3))
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        standing.ask(studies())
        for dataset in images(1, 12)[3:]:
            archive.add(dataset)
        standing.ask(studies())
    assert archive.fetched == ["1.2.0.1.2", "1.2.0.1.5"]


@pytest.mark.parametrize("counts", [True, False])
def test_growth_is_seen_when_answers_do_not_say_it(tmp_path: Path, counts: bool) -> None:
    archive = ScriptedArchive(*images(2, 3), counts=counts)
    query = Query("STUDY", defaults=False, icon=True, StudyInstanceUID="")
    settings = {"check_after": 0.0}
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite", settings=settings) as standing:
        assert pictures(standing.ask(query)) == 2
        for dataset in images(1, 12)[3:]:
            archive.add(dataset)
        assert pictures(standing.ask(query)) == 2
        until(lambda: len(archive.fetched) == 3)
        until(lambda: standing.gateway.waiting == 0)
        archive.asked.clear()
        standing.ask(query)
        until(lambda: standing.gateway.waiting == 0)
    assert archive.fetched[2] == "1.2.0.1.5"
    if counts:
        assert len(archive.asked_at(Level.STUDY)) == 2, "the list, and one question about all of its studies"


def test_answers_that_wait_for_a_new_picture_have_the_old_one_at_last(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(1, 3))
    settings = {"budget": 0.5}
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite", settings=settings) as standing:
        until(lambda: pictures(standing.ask(studies())) == 1)
        for dataset in images(1, 12)[3:]:
            archive.add(dataset)
        archive.may_open.clear()
        assert pictures(standing.ask(studies())) == 1
        archive.may_open.set()


def test_upstream_with_icons_of_its_own_is_asked_for_them(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(3, 2))
    archive.icons = {f"1.2.{study}": picture(study) for study in range(3)}
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        until(lambda: standing.gateway.waiting == 0)
        archive.asked.clear()
        answers = standing.ask(studies())
        found = {str(answer.StudyInstanceUID): answer.IconImageSequence[0].PixelData for answer in answers}
        assert found == {f"1.2.{study}": picture(study).PixelData for study in range(3)}
        assert archive.fetched == []
        assert ICON_IMAGE_SEQUENCE in archive.asked_at(Level.STUDY)[0].keys
        assert pictures(standing.ask(Query("SERIES", icon=True, StudyInstanceUID="1.2.0"))) == 1
        assert ICON_IMAGE_SEQUENCE not in archive.asked_at(Level.SERIES)[0].keys
        until(lambda: standing.gateway.waiting == 0)
        archive.icons = {}
        assert pictures(standing.ask(studies())) == 3, "they were kept"


def test_hollow_and_blank_icons_of_upstream_are_no_pictures(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(3, 2))
    hollow, blank = Dataset(), picture()
    hollow.update(picture())
    hollow.PixelData = b""
    blank.PixelData = bytes(4096)
    archive.icons = {"1.2.0": picture(), "1.2.1": hollow, "1.2.2": blank}
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        until(lambda: standing.gateway.waiting == 0)
        assert pictures(standing.ask(studies())) == 3
    assert sorted(archive.fetched) == ["1.2.1.1.1", "1.2.2.1.1"]


def test_the_status_and_the_comment_of_upstream_come_through(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(3, 1))

    def fail(index: int) -> None:
        if index == 2:
            raise QueryError("Too many matches for this hour", status=0xA700)

    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        until(lambda: standing.gateway.waiting == 0)
        archive.before = fail
        for query in (studies(), Query("STUDY", defaults=False, **STUDIES)):
            found = []
            with Client(standing.address) as client, pytest.raises(PeerError) as caught:
                found += client.find(query)
            assert (caught.value.status, caught.value.comment) == (0xA700, "Too many matches for this hour")
            with Client(standing.address) as client, suppress(PeerError):
                found = []
                for match in client.find(query):
                    found.append(match)
            assert len(found) == 2


LISTS = {
    "STUDY": {"StudyInstanceUID": ""},
    "SERIES": {"StudyInstanceUID": "1.2.0", "SeriesInstanceUID": ""},
    "IMAGE": {"StudyInstanceUID": "1.2.0", "SeriesInstanceUID": "1.2.0.1", "SOPInstanceUID": ""},
}


@pytest.mark.parametrize("level", list(LISTS))
@pytest.mark.parametrize("uid", [None, "", "*", "1.2.0\\1.2.1", "1.2.?", "1.2.\xe9", "1" * 65])
def test_answers_without_a_uid_of_their_own_pass_without_a_picture(tmp_path: Path, level: str, uid: str | None) -> None:
    keyword = LEVELS[Level(level)]

    class Nameless(ScriptedArchive):
        def _answer(self, query: Query, own: str, instances: list[Dataset]) -> Dataset:
            answer = super()._answer(query, own, instances)
            answer.pop(keyword, None)
            if uid is not None:
                answer.add_new(keyword, "UT", uid)  # a value that no UID can have, which pydicom would not encode
            return answer

    archive = Nameless(*images(1, 1))
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        until(lambda: standing.gateway.waiting == 0)
        archive.asked.clear()
        answers = standing.ask(Query(level, defaults=False, icon=True, PatientID="", **LISTS[level]))
        until(lambda: standing.gateway.waiting == 0)
    assert [str(answer.PatientID) for answer in answers] == ["P0"]
    assert pictures(answers) == 0
    assert len(archive.asked) == 1
    assert archive.fetched == []


@pytest.mark.parametrize(("asked", "answered"), [("SERIES", "STUDY"), ("IMAGE", "SERIES"), ("STUDY", "PATIENT")])
def test_an_upstream_that_answers_at_another_level_has_its_answers_given_on(
    tmp_path: Path, asked: str, answered: str
) -> None:
    class Astray(ScriptedArchive):
        def _answer(self, query: Query, uid: str, instances: list[Dataset]) -> Dataset:
            answer = super()._answer(query, uid, instances)
            if query.level is Level(asked):
                answer.QueryRetrieveLevel = answered
                answer.pop(LEVELS[query.level], None)
            return answer

    archive = Astray(*images(1, 2))
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        answers = standing.ask(Query(asked, defaults=False, icon=True, PatientID="", **LISTS[asked]))
    assert {str(answer.QueryRetrieveLevel) for answer in answers} == {answered}
    assert pictures(answers) == 0


def test_retrieval_passes_through(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(3, 4))
    kept, moved = MemoryArchive(), MemoryArchive()
    with served(archive) as address, Server(moved, ae_title="STATION", ingest=moved) as station:
        peers = [
            Peer.at(station.address, verbs=()),
            Peer.at("ASKER@127.0.0.1:104", verbs=("find", "get", "move")),
        ]
        with gateway_before(address, tmp_path / "c.sqlite") as standing:
            with (
                Server(standing.gateway, source=standing.gateway, peers=peers) as server,
                Client(str(server.address), calling_ae_title="ASKER") as client,
            ):
                got = client.get(Query("STUDY", defaults=False, StudyInstanceUID="1.2.1"), kept)
                sent = client.move(Query("STUDY", defaults=False, StudyInstanceUID="1.2.2"), "STATION")
                with pytest.raises(PeerError) as caught:
                    client.move(Query("STUDY", defaults=False, StudyInstanceUID="1.2.2"), "NOBODY")
    assert (got.completed, sent.completed) == (4, 4)
    assert sorted(kept.files) == [f"1.2.1.1.{number}" for number in range(1, 5)]
    assert sorted(moved.files) == [f"1.2.2.1.{number}" for number in range(1, 5)]
    assert kept.dataset("1.2.1.1.1").PixelData == instance().PixelData
    assert caught.value.status == 0xA801


def test_one_picture_for_a_page(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(2, 3))
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        gateway = standing.gateway
        preview = gateway.preview(Level.STUDY, "1.2.0")
        assert preview is not None
        assert preview[:2] == b"\xff\xd8"
        assert gateway.icon(Level.SERIES, "1.2.1.1") is not None
        assert gateway.icon(Level.IMAGE, "1.2.1.1.3") is not None
        assert gateway.icon(Level.PATIENT, "P0") is None
        assert gateway.icon(Level.STUDY, "9.9") is None
        with gateway.open("1.2.1.1.2") as stream:
            assert stream.read() == archive.files["1.2.1.1.2"] or stream.tell() > 500


def test_what_cannot_be_rendered_is_an_empty_sequence_and_not_fetched_again(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(2, 1))
    failing = {"render": lambda path, size, frame: Rendered(reason="It cannot be decoded")}
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite", **failing) as standing:
        assert pictures(standing.ask(studies())) == 0
        assert pictures(standing.ask(studies())) == 0
    assert len(archive.fetched) == 2


def test_text_burned_in_is_kept_from_pages_unless_somebody_says_so(tmp_path: Path) -> None:
    dataset = images(1, 1)[0]
    dataset.BurnedInAnnotation = "YES"
    archive = ScriptedArchive(dataset)
    with served(archive) as address:
        for burned_in, icon, preview in (("", True, False), ("keep", True, True), ("blank", False, False)):
            settings = {"burned_in": BurnedIn(burned_in)}
            with gateway_before(address, tmp_path / f"{burned_in}.sqlite", settings=settings) as standing:
                assert pictures(standing.ask(studies())) == icon
                assert (standing.gateway.preview(Level.STUDY, "1.2.0") is not None) == preview


def test_an_instance_beyond_the_limit_is_not_kept(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(1, 1))
    settings = {"largest": 100}
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite", settings=settings) as standing:
        assert pictures(standing.ask(studies())) == 0


def test_two_gateways_with_one_database_serve_each_others_pictures(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    database = new_database()
    archive = ScriptedArchive(*images(5))
    with (
        served(archive) as address,
        gateway_before(address, database, name="PACS") as one,
        gateway_before(address, database, name="PACS") as other,
    ):
        assert pictures(one.ask(studies())) == 5
        assert pictures(other.ask(studies())) == 5
        assert pictures(other.ask(Query("SERIES", icon=True, StudyInstanceUID="1.2.3"))) == 1
        assert pictures(one.ask(Query("SERIES", icon=True, StudyInstanceUID="1.2.3"))) == 1
    assert len(archive.fetched) == 5


def test_called_titles_tell_upstreams_apart(tmp_path: Path) -> None:
    archives = [ScriptedArchive(*images(1)), ScriptedArchive(*images(2))]
    with (
        served(archives[0]) as first,
        served(archives[1]) as second,
        gateway_before(first, tmp_path / "c.sqlite", name="first") as one,
        gateway_before(second, tmp_path / "c.sqlite", name="second") as two,
    ):
        branches = {
            "FIRST": Branch(one.gateway, one.gateway, one.gateway),
            "SECOND": Branch(two.gateway, two.gateway, two.gateway),
        }
        with BranchServer(branches) as server:
            place = f"127.0.0.1:{server.address.port}"
            for title, number in (("FIRST", 1), ("SECOND", 2)):
                kept = MemoryArchive()
                with Client(f"{title}@{place}") as client:
                    assert len(list(client.find(studies()))) == number
                    client.get(Query("STUDY", defaults=False, StudyInstanceUID="1.2.0"), kept)
                assert len(kept.files) == 3
            with Client(f"THIRD@{place}") as client, pytest.raises(PeerRejected, match="called AE title"):
                client.echo()
    with pytest.raises(QueryError, match="no AE title"):
        BranchServer({"much too long for a title": branches["FIRST"]})


def test_looking_ahead_makes_pictures_of_studies_and_series(tmp_path: Path) -> None:
    from findicon.gateway import Prefetch

    archive = ScriptedArchive(*images(3))
    with served(archive) as address, gateway_before(address, tmp_path / "c.sqlite") as standing:
        with Prefetch(standing.gateway, ["StudyDate=20240131-today"]) as prefetch:
            until(lambda: len(archive.fetched) == 3)
            until(lambda: standing.gateway.waiting == 0)
            asked = prefetch.question().keys[0x00080020].values[0]
            assert asked.startswith("20240131-2")
            assert len(asked) == 17
        archive.may_open.clear()
        assert pictures(standing.ask(studies())) == 3
        assert pictures(standing.ask(Query("SERIES", icon=True, StudyInstanceUID="1.2.1"))) == 1
        for wrong in ("StudyDate", "StudyDaet=today"):
            with pytest.raises(QueryError):
                Prefetch(standing.gateway, [wrong])


def test_closing_in_the_middle_leaves_nothing(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(30))
    before = threading.active_count()
    with served(archive) as address:
        from findicon.catalogue import Catalogue

        with Upstream(address) as upstream, Catalogue(str(tmp_path / "c.sqlite")) as catalogue:
            with Gateway(upstream, catalogue, settings=GatewaySettings(budget=0.0), render=render_here) as gateway:
                assert len(list(gateway.find(studies()))) == 30
    until(lambda: threading.active_count() <= before)
