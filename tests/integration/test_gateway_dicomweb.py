"""A DICOMweb server as upstream: searching as a Finder, and every way to a picture."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian, MultiFrameGrayscaleWordSecondaryCaptureImageStorage

from findicon.catalogue import Catalogue
from findicon.errors import PeerError, PeerTimeout, QueryError
from findicon.gateway import Gateway, GatewaySettings
from findicon.icons import Icon, make_icon
from findicon.query import Level, Match, Query
from findicon.scp import Server
from findicon.scu import Client, WebClient
from support.gateways import PATIENT
from support.icon_rules import violations
from support.samples import instance
from support.web_archive import WebArchive, web_server

ALL = frozenset({"thumbnail", "rendered", "frames", "instance"})


def archive(studies: int = 3, each: int = 3, **more: object) -> WebArchive:
    datasets = [
        instance(
            PatientID=f"P{study}",
            PatientName="M\xfcller^J\xf6rg",
            SpecificCharacterSet="ISO_IR 192",
            StudyInstanceUID=f"1.2.{study}",
            SeriesInstanceUID=f"1.2.{study}.1",
            SOPInstanceUID=f"1.2.{study}.1.{number}",
            InstanceNumber=number,
        )
        for study in range(studies)
        for number in range(1, each + 1)
    ]
    return WebArchive(datasets, **more)  # type: ignore[arg-type]


@contextmanager
def asked(one: WebArchive, **settings: object) -> Iterator[WebClient]:
    with web_server(one) as address:
        client = WebClient(address, **settings)  # type: ignore[arg-type]
        try:
            yield client
        finally:
            client.close()


def test_searching_at_every_level() -> None:
    with asked(archive()) as client:
        studies = [match.dataset for match in client.find(Query("STUDY"))]
        series = [match.dataset for match in client.find(Query("SERIES", StudyInstanceUID="1.2.1"))]
        query = Query("IMAGE", StudyInstanceUID="1.2.1", SeriesInstanceUID="1.2.1.1")
        images = [match.dataset for match in client.find(query)]
        some = list(client.find(Query("STUDY", StudyInstanceUID="1.2.0\\1.2.2")))
        with pytest.raises(QueryError, match="PATIENT"):
            client.find(Query("PATIENT"))
    assert [str(one.StudyInstanceUID) for one in studies] == ["1.2.0", "1.2.1", "1.2.2"]
    assert {str(one.PatientName) for one in studies} == {"M\xfcller^J\xf6rg"}
    assert {str(one.QueryRetrieveLevel) for one in studies} == {"STUDY"}
    assert "AccessionNumber" in studies[0], "asked for, so it is in the answer"
    assert [str(one.SeriesInstanceUID) for one in series] == ["1.2.1.1"]
    assert [str(one.SOPInstanceUID) for one in images] == ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3"]
    assert len(some) == 2


def test_an_answer_has_what_was_asked_for_and_can_be_encoded() -> None:
    with asked(archive(1)) as client:
        (match,) = client.find(Query("STUDY", defaults=False, PatientName="", StudyInstanceUID="", StudyComments=""))
    assert isinstance(match, Match)
    keywords = {element.keyword for element in match.dataset}
    assert keywords == {
        "SpecificCharacterSet", "QueryRetrieveLevel", "PatientName", "StudyInstanceUID", "StudyComments",
    }  # fmt: skip
    assert "M\xfcller".encode() in match.encoded(ExplicitVRLittleEndian)


@pytest.mark.parametrize("page", [1, 2, 200])
@pytest.mark.parametrize("knows_offset", [True, False])
def test_pages_whatever_the_server_makes_of_them(page: int, knows_offset: bool) -> None:
    one = archive(5, 1, page=page, knows_offset=knows_offset)
    with asked(one) as client:
        found = [str(match.dataset.StudyInstanceUID) for match in client.find(Query("STUDY"))]
        limited = list(client.find(Query("STUDY", limit=2)))
    assert found == [f"1.2.{number}" for number in range(5 if knows_offset else min(page, 5))]
    assert len(limited) == min(2, len(found))


def test_a_cancel_stops_between_pages() -> None:
    one = archive(600, 1)
    with asked(one) as client:
        found = list(client.find(Query("STUDY"), lambda: len(one.asked) == 1))
    assert len(found) == 200
    assert len(one.asked) == 1


@pytest.mark.parametrize("status", [401, 500, 503])
def test_a_failure_of_the_server_is_a_failure(status: int) -> None:
    with asked(archive(status=status)) as client, pytest.raises(PeerError, match=str(status)):
        list(client.find(Query("STUDY")))


def test_a_server_that_talks_nonsense_or_is_not_there(tmp_path: Path) -> None:
    for body in (b"<html>", b'[{"0020000D": 7}]', b"[7]"):
        with asked(archive(body=body)) as client, pytest.raises(PeerError, match="cannot be decoded"):
            list(client.find(Query("STUDY")))
    with web_server(archive()) as address:
        pass
    with pytest.raises(PeerError, match="cannot be reached"):
        list(WebClient(address).find(Query("STUDY")))
    with pytest.raises(QueryError, match="no DICOMweb address"):
        WebClient("ftp:somewhere")


def test_a_silent_server_meets_the_timeout() -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as silent:
        client = WebClient(f"http://127.0.0.1:{silent.getsockname()[1]}", timeout=0.2)
        with pytest.raises(PeerTimeout):
            list(client.find(Query("STUDY")))
        client.close()


def test_what_is_too_large_is_not_taken() -> None:
    with asked(archive(), largest=100) as client, pytest.raises(PeerError, match="beyond the limit"):
        client.instance("1.2.1", "1.2.1.1", "1.2.1.1.1")


def test_the_ways_to_a_picture() -> None:
    one = archive()
    with asked(one) as client:
        thumbnail = client.thumbnail(["1.2.1", "1.2.1.1"], 256)
        rendered = client.rendered("1.2.1", "1.2.1.1", "1.2.1.1.2", 256)
        frame = client.frame("1.2.1", "1.2.1.1", "1.2.1.1.2", 1)
        whole = client.instance("1.2.1", "1.2.1.1", "1.2.1.1.2")
        one.offers = frozenset()
        assert client.thumbnail(["1.2.1"], 256) is None
        assert client.rendered("1.2.1", "1.2.1.1", "1.2.1.1.2", 256) is None
        assert client.frame("1.2.1", "1.2.1.1", "1.2.1.1.2", 1) is None
        with pytest.raises(PeerError):
            client.instance("1.2.1", "1.2.1.1", "1.2.1.1.2")
    assert thumbnail[:2] == rendered[:2] == b"\xff\xd8"
    assert frame.PixelData == whole.PixelData == instance().PixelData


@contextmanager
def gateway(one: WebArchive, database: Path, **settings: object) -> Iterator[Client]:
    """Serve a gateway before the web server over DIMSE; give a client of it."""
    with asked(one) as upstream, Catalogue(str(database)) as catalogue:
        made = GatewaySettings(**(PATIENT | settings))
        with (
            Gateway(upstream, catalogue, settings=made) as through,
            Server(through, source=through) as server,
            Client(str(server.address)) as client,
        ):
            yield client


def icons(client: Client, level: str, **keys: str) -> list[Icon | None]:
    matches = list(client.find(Query(level, icon=True, **keys)))
    for match in matches:
        assert violations(match.encoded(ExplicitVRLittleEndian), implicit=False) == []
    return [match.icon for match in matches]


def is_like(icon: Icon | None, dataset: Dataset) -> bool:
    assert icon is not None
    one, other = (np.asarray(each.to_image().convert("L"), np.int16) for each in (icon, make_icon(dataset)))
    return one.shape == other.shape and float(np.abs(one - other).mean()) < 6


@pytest.mark.parametrize(
    ("offers", "asked_for"),
    [
        (ALL, "/thumbnail"),
        (ALL - {"thumbnail"}, "/rendered"),
        (frozenset({"frames", "instance"}), "/instances/1.2.0.1.2"),
        (frozenset({"frames"}), "/frames/"),
    ],
    ids=["thumbnail", "rendered", "instance", "frames"],
)
def test_pictures_by_whatever_the_server_offers(tmp_path: Path, offers: frozenset[str], asked_for: str) -> None:
    one = archive(offers=offers)
    with gateway(one, tmp_path / "c.sqlite") as client:
        studies = icons(client, "STUDY")
        assert len(studies) == 3
        assert all(is_like(icon, instance()) for icon in studies)
        assert one.asked_for(asked_for)
        series = icons(client, "SERIES", StudyInstanceUID="1.2.1")
        images = icons(client, "IMAGE", StudyInstanceUID="1.2.1", SeriesInstanceUID="1.2.1.1")
        assert [is_like(icon, instance()) for icon in (*series, *images)] == [True] * 4
        before = one.asked_for("thumbnail") + one.asked_for("rendered") + one.asked_for("frames")
        assert all(icons(client, "STUDY"))
        assert one.asked_for("thumbnail") + one.asked_for("rendered") + one.asked_for("frames") == before


def test_one_frame_of_many(tmp_path: Path) -> None:
    frames = np.zeros((9, 16, 16), np.uint16)
    frames[4] = np.arange(256, dtype=np.uint16).reshape(16, 16) * 8
    dataset = instance(
        SOPClassUID=MultiFrameGrayscaleWordSecondaryCaptureImageStorage,
        StudyInstanceUID="1.2",
        SeriesInstanceUID="1.2.1",
        NumberOfFrames=9,
        PixelData=frames.tobytes(),
    )
    one = WebArchive([dataset], offers=frozenset({"frames", "instance"}))
    with gateway(one, tmp_path / "c.sqlite") as client:
        (icon,) = icons(client, "SERIES", StudyInstanceUID="1.2")
    assert icon is not None
    assert one.asked_for("/frames/4")
    assert not any(path.partition("?")[0].endswith(str(dataset.SOPInstanceUID)) for path in one.asked)


def test_without_any_way_the_answers_come_all_the_same(tmp_path: Path) -> None:
    with gateway(archive(offers=frozenset()), tmp_path / "c.sqlite") as client:
        assert icons(client, "STUDY") == [None] * 3


def test_instances_pass_through(tmp_path: Path) -> None:
    from integration.memory_archive import MemoryArchive

    kept = MemoryArchive()
    with gateway(archive(), tmp_path / "c.sqlite") as client:
        done = client.get(Query("STUDY", defaults=False, StudyInstanceUID="1.2.1"), kept)
    assert done.completed == 3
    assert sorted(kept.files) == ["1.2.1.1.1", "1.2.1.1.2", "1.2.1.1.3"]


def test_a_peer_that_gives_no_instances_can_have_a_web_server_beside_it(tmp_path: Path) -> None:
    from findicon.dimse import Peer
    from integration.test_gateway_answering import ScriptedArchive, images, pictures, served, studies
    from support.gateways import gateway_before

    peer = ScriptedArchive(*images(2))
    one = WebArchive(images(2))
    only_find = [Peer.at("FINDICON@127.0.0.1:104", verbs=("echo", "find"))]
    with served(peer, peers=only_find) as address, asked(one) as web:
        with gateway_before(address, tmp_path / "c.sqlite", web=web) as standing:
            assert pictures(standing.ask(studies())) == 2
    assert peer.fetched == []
    assert one.asked_for("/instances/1.2.0.1.2") == 1
    assert Level.STUDY in {query.level for query in peer.asked}
