"""``findicon gateway`` as people run it: several of it before one archive, with one database and its settings."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from contract.databases import new_database, postgresql, template
from findicon.dimse import Tls
from findicon.errors import PeerError, PeerRejected
from findicon.query import Match, Query
from integration.certificates import CERTIFICATES, CLIENT, SERVER
from integration.test_gateway_answering import ScriptedArchive, images, served, until
from support.gateways import gateway_process as gateway
from support.web_archive import WebArchive, web_server

__all__ = ["new_database", "postgresql", "template"]

STUDIES = Query("STUDY", icon=True)
SERIES = Query("SERIES", icon=True, StudyInstanceUID="1.2.3")


def test_two_gateways_with_one_database_serve_each_others_pictures(
    tmp_path: Path, new_database: Callable[[], str]
) -> None:
    database = new_database()
    archive = ScriptedArchive(*images(5))
    with served(archive) as address:
        arguments = ("--upstream", address, "--database", database)
        with gateway(tmp_path / "one", "", *arguments) as one, gateway(tmp_path / "other", "", *arguments) as other:
            until(lambda: one.pictures(STUDIES) == 5)
            until(lambda: sum(one.figure("findicon_gateway_waiting").values()) == 0)
            assert len(archive.fetched) == 5
            archive.may_open.clear()
            assert other.pictures(STUDIES) == 5, "made by the other one, and there at once"
            archive.may_open.set()
            before = len(archive.fetched)
            assert before == 5
            until(lambda: other.pictures(SERIES) == 1)
            archive.may_open.clear()
            assert one.pictures(SERIES) == 1
            for dataset in images(1, 12)[3:]:  # the first study grows, and only one of them makes its picture anew
                archive.add(dataset)
            archive.may_open.set()
            until(lambda: other.pictures(STUDIES) == 5 and len(archive.fetched) == before + 1)
            until(lambda: sum(other.figure("findicon_gateway_waiting").values()) == 0)
            archive.may_open.clear()
            now, then = (self_and_picture(each.ask(STUDIES)) for each in (one, other))
            archive.may_open.set()
            assert now == then
    assert archive.fetched[before] == "1.2.0.1.5"


def self_and_picture(answers: list[Match]) -> dict[str, bytes]:
    return {str(one.dataset.StudyInstanceUID): one.icon.encoded() if one.icon else b"" for one in answers}


def test_its_figures(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(5))
    with served(archive) as address, gateway(tmp_path / "one", "", "--upstream", address) as one:
        until(lambda: one.pictures(STUDIES) == 5)
        until(lambda: sum(one.figure("findicon_gateway_waiting").values()) == 0)
        label = f'upstream="{address}"'
        assert one.figure("findicon_gateway_pictures_total") == {f'outcome="made",{label}': 5.0}
        assert one.figure("findicon_gateway_upstream_up") == {label: 1.0}
        assert 1 <= one.figure("findicon_gateway_associations")[label] <= 4
    with gateway(tmp_path / "two", "", "--upstream", address) as two:
        with pytest.raises(PeerError) as caught:
            two.ask(STUDIES)
        assert caught.value.status == 0xC001
        assert two.figure("findicon_gateway_upstream_up") == {label: 0.0}


def test_what_is_made_ahead_and_how_much_is_kept_are_settings(tmp_path: Path) -> None:
    archive = ScriptedArchive(*images(3))
    with served(archive) as address:
        settings = f"""
            [icons]
            cache_bytes = 1048576
            [upstreams.PACS]
            peer = "{address}"
            prefetch = ["StudyDate=20240131-today"]
            prefetch_seconds = 1
        """
        with gateway(tmp_path / "one", settings) as one:
            until(lambda: len(archive.fetched) == 3)
            for dataset in images(4)[9:]:
                archive.add(dataset)
            until(lambda: len(archive.fetched) == 4)
            until(lambda: sum(one.figure("findicon_gateway_waiting").values()) == 0)
            archive.may_open.clear()
            assert one.pictures(STUDIES) == 4
            archive.may_open.set()


def test_several_upstreams_are_told_apart_by_the_title_that_is_called(tmp_path: Path) -> None:
    first, second = ScriptedArchive(*images(1)), ScriptedArchive(*images(2))
    with served(first) as one, served(second) as two:
        settings = f"""
            [upstreams.FIRST]
            peer = "{one}"
            called_ae_title = "ONE"
            [upstreams.SECOND]
            peer = "{two}"
            called_ae_title = "TWO"
        """
        with gateway(tmp_path / "both", settings) as both:
            place = both.address.partition("@")[2]
            for title, studies in (("ONE", 1), ("TWO", 2)):
                both.address = f"{title}@{place}"
                until(lambda studies=studies: both.pictures(STUDIES) == studies)
            both.address = f"THREE@{place}"
            with pytest.raises(PeerRejected, match="called AE title"):
                both.ask(STUDIES)
            assert both.figure("findicon_gateway_upstream_up") == {f'upstream="{one}"': 1.0, f'upstream="{two}"': 1.0}


def web_archive() -> WebArchive:
    return WebArchive(images(3))


def tls_settings(tls: Tls) -> str:
    keys = {"certificate": tls.certificate, "key": tls.key, "authorities": tls.authorities}
    return "[tls]\n" + "".join(f"{key} = {json.dumps(str(path))}\n" for key, path in keys.items() if path)


def test_before_an_https_server_that_it_trusts(tmp_path: Path) -> None:
    archive = web_archive()
    server = Tls(SERVER.certificate, SERVER.key)
    trusting = tls_settings(Tls(authorities=CERTIFICATES / "authority.pem"))
    with web_server(archive, server) as address, gateway(tmp_path / "one", trusting, "--upstream", address) as one:
        until(lambda: one.pictures(STUDIES) == 3)
        assert archive.asked_for("/thumbnail") >= 3


def test_before_an_https_server_that_wants_its_certificate(tmp_path: Path) -> None:
    archive = web_archive()
    with web_server(archive, SERVER) as address:
        with gateway(tmp_path / "one", tls_settings(CLIENT), "--upstream", address, tls=CLIENT) as one:
            until(lambda: one.pictures(STUDIES) == 3)
    assert archive.asked_for("/thumbnail") >= 3


def test_an_https_server_that_it_does_not_trust_is_a_failure(tmp_path: Path) -> None:
    archive = web_archive()
    for number, trusted in enumerate(("stranger.pem", "")):
        settings = tls_settings(Tls(authorities=CERTIFICATES / trusted)) if trusted else ""
        with web_server(archive, Tls(SERVER.certificate, SERVER.key)) as address:
            with gateway(tmp_path / str(number), settings, "--upstream", address) as one:
                with pytest.raises(PeerError) as caught:
                    one.ask(STUDIES)
        assert caught.value.status == 0xC001
        assert "the TLS handshake failed" in caught.value.comment
    assert archive.asked == []
