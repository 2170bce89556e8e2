"""TLS between two of us, and with bytes: who comes in, who does not, and what is already decrypted is seen."""

import socket
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace

import pytest

from findicon.dimse import Limits, Tls
from findicon.errors import PeerError, PeerRejected, PeerTimeout, QueryError
from findicon.query import Cancel, Match, Query
from findicon.scp import Server
from findicon.scu import Client
from integration.certificates import CERTIFICATES, CLIENT, SERVER, STRANGER
from integration.memory_finder import ActingFinder, MemoryFinder, MemoryMatch, study
from integration.raw_peer import CANCEL, ECHO, RawPeer, find_request
from integration.raw_server import Caller, RawServer

MATCHES = [MemoryMatch(study(number)) for number in range(20)]


def call(server: Server, tls: Tls = CLIENT, **settings: object) -> Client:
    return Client(server.address, tls=tls, **settings)  # type: ignore[arg-type]


def raw(server: Server) -> RawPeer:
    peer = RawPeer(("127.0.0.1", server.address.port))
    peer.socket = CLIENT.client_context().wrap_socket(peer.socket, server_hostname="127.0.0.1")
    return peer


def test_both_sides_show_their_certificates() -> None:
    with Server(MemoryFinder(MATCHES * 50), tls=SERVER) as server, call(server) as client:
        client.echo()
        assert sum(1 for _ in client.find(Query("STUDY", icon=True))) == 1000
        for _ in client.find(Query("STUDY")):
            break
        client.echo()


@pytest.mark.parametrize("host", ["127.0.0.1", "::1"])
def test_the_name_of_the_host_stands_in_its_certificate(host: str) -> None:
    with Server(MemoryFinder(), tls=SERVER, host=host) as server, call(server) as client:
        client.echo()


def test_a_host_of_another_name_is_refused_unless_nobody_cares() -> None:
    other = Tls(CERTIFICATES / "stranger.pem", CERTIFICATES / "stranger.key")
    with Server(MemoryFinder(), tls=other) as server:
        trusting = Tls(authorities=CERTIFICATES / "stranger.pem")
        with call(server, trusting) as client, pytest.raises(PeerError, match="TLS handshake failed"):
            client.echo()
        with call(server, replace(trusting, check_host_name=False)) as client:
            client.echo()


@pytest.mark.parametrize(
    "tls",
    [STRANGER, Tls(authorities=CERTIFICATES / "authority.pem"), Tls(), None],
    ids=["stranger", "none", "trust", "plain"],
)
def test_who_does_not_come_in(tls: Tls | None) -> None:
    with Server(MemoryFinder(), tls=SERVER, limits=Limits(release=0.2)) as server:
        with Client(server.address, tls=tls, timeout=5) as client, pytest.raises(PeerError):
            client.echo()
        with call(server) as client:
            client.echo()


def test_a_server_that_talks_plainly_is_no_tls_peer() -> None:
    with Server(MemoryFinder(), limits=Limits(release=0.2)) as server, call(server, timeout=5) as client:
        with pytest.raises(PeerError):
            client.echo()


def test_a_handshake_that_is_not_made_meets_a_timeout() -> None:
    with Server(MemoryFinder(), tls=SERVER, limits=Limits(associate=0.1, release=0.1)) as server:
        for said in (b"", b"\x16\x03\x01"):
            with socket.create_connection(("127.0.0.1", server.address.port), timeout=20) as caller:
                caller.sendall(said)
                assert caller.recv(100) == b""
        with call(server) as client:
            client.echo()


@pytest.mark.parametrize("together", [True, False])
def test_a_cancel_that_is_already_decrypted_is_seen(together: bool) -> None:
    def nothing(query: Query, cancel: Cancel) -> Iterator[Match]:
        while not cancel():
            pass
        return iter(())

    with Server(ActingFinder(nothing), tls=SERVER) as server, raw(server) as peer:
        peer.associate()
        for part in (find_request() + CANCEL,) if together else (find_request(), CANCEL):
            peer.send(part)
        assert peer.status() == 0xFE00
        peer.send(ECHO)
        assert peer.status() == 0


def test_the_profile_is_that_of_bcp_195() -> None:
    for context in (SERVER.server_context(), CLIENT.client_context()):
        assert context.minimum_version == ssl.TLSVersion.TLSv1_2
        names = [cipher["name"] for cipher in context.get_ciphers()]
        assert all(name.startswith(("TLS_", "ECDHE")) and ("GCM" in name or "CHACHA20" in name) for name in names), (
            names
        )
    assert SERVER.server_context().verify_mode == ssl.CERT_REQUIRED


def test_files_that_cannot_be_used_are_a_clear_sentence() -> None:
    with pytest.raises(QueryError, match="a certificate and a key"):
        Tls().server_context()
    with pytest.raises(QueryError, match=r"TLS cannot use .*missing\.pem"):
        Server(MemoryFinder(), tls=Tls(CERTIFICATES / "missing.pem", CERTIFICATES / "server.key"))
    with pytest.raises(QueryError, match="TLS cannot use"):
        Server(MemoryFinder(), tls=Tls(CERTIFICATES / "server.pem", CERTIFICATES / "client.key"))


# the profile, as whoever calls meets it (PS3.15 B.9, RFC 9325)


def client_hello(version: bytes) -> bytes:
    """Greet as TLS clients did before 1.3: no extension says that more is known."""
    suites = b"\xc0\x13\xc0\x14\x00\x2f\x00\x35\xc0\x2f\xc0\x30"
    body = version + bytes(32) + b"\0" + len(suites).to_bytes(2, "big") + suites + b"\1\0"
    hello = b"\1" + len(body).to_bytes(3, "big") + body
    return b"\x16\3\1" + len(hello).to_bytes(2, "big") + hello


@pytest.mark.parametrize("minor", [1, 2], ids=["TLS 1.0", "TLS 1.1"])
def test_old_versions_are_refused_with_an_alert(minor: int, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "findicon"), Server(MemoryFinder(), tls=SERVER) as server:
        with socket.create_connection(("127.0.0.1", server.address.port), timeout=20) as caller:
            caller.sendall(client_hello(bytes((3, minor))))
            alert = caller.recv(100)
        assert (alert[0], alert[5:7]) == (0x15, b"\2\x46")  # fatal, protocol_version
        with call(server) as client:
            client.echo()
    (record,) = (one for one in caplog.records if one.message == "no association")
    assert "TLS handshake failed" in record.reason  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "ciphers", ["ECDHE-RSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA256", "AES128-GCM-SHA256", "DHE-RSA-AES128-GCM-SHA256"]
)
def test_ciphers_without_forward_secrecy_or_authentication_are_refused(ciphers: str) -> None:
    context = CLIENT.client_context()
    context.maximum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(ciphers)
    with Server(MemoryFinder(), tls=SERVER) as server:
        with socket.create_connection(("127.0.0.1", server.address.port), timeout=20) as caller:
            with pytest.raises(ssl.SSLError):
                context.wrap_socket(caller, server_hostname="127.0.0.1")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
def test_both_versions_of_today_are_taken(version: ssl.TLSVersion) -> None:
    context = CLIENT.client_context()
    context.minimum_version = context.maximum_version = version
    with Server(MemoryFinder(), tls=SERVER) as server:
        with RawPeer(("127.0.0.1", server.address.port)) as peer:
            peer.socket = context.wrap_socket(peer.socket, server_hostname="127.0.0.1")
            peer.associate()
            peer.send(ECHO)
            assert peer.status() == 0
            assert not peer.socket.compression()


def test_who_shows_no_certificate_is_told_from_others_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "findicon"), Server(MemoryFinder(), tls=SERVER) as server:
        with Client(server.address, tls=Tls(authorities=CLIENT.authorities), timeout=5) as client:
            with pytest.raises(PeerError):
                client.echo()
    (record,) = (one for one in caplog.records if one.message == "no association")
    assert "peer did not return a certificate" in record.reason  # type: ignore[attr-defined]


def test_handshakes_that_nobody_goes_on_with_hold_up_nobody() -> None:
    with (
        Server(MemoryFinder(MATCHES), tls=SERVER, limits=Limits(associate=20.0, release=0.1)) as server,
        ExitStack() as open_,
    ):
        for said in (b"", b"\x16", client_hello(b"\3\3")) * 10:
            slow = open_.enter_context(socket.create_connection(("127.0.0.1", server.address.port), timeout=20))
            slow.sendall(said)
        with call(server) as client:
            assert len(list(client.find(Query("STUDY")))) == 20


@pytest.mark.parametrize("when", ["before the request", "in the request", "established"])
def test_garbage_under_an_encrypted_connection_ends_it_alone(when: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level("INFO", "findicon"), Server(MemoryFinder(), tls=SERVER, limits=Limits(release=0.1)) as server:
        with raw(server) as peer:
            if when == "established":
                peer.associate()
            elif when == "in the request":
                peer.send(b"\1\0\0\0")
            socket.socket.send(peer.socket, b"\x17\3\3\0\x40" + bytes(64))  # a record that nobody encrypted
            with suppress(OSError):
                peer.is_closed()
        with call(server) as client:
            client.echo()
    reasons = [one.reason for one in caplog.records if one.message in {"no association", "association lost"}]  # type: ignore[attr-defined]
    assert len(reasons) == 1
    assert "decrypt" in reasons[0].lower() or "bad record mac" in reasons[0].lower(), reasons


# as the side that calls


def test_a_server_that_never_ends_its_handshake_meets_a_timeout() -> None:
    def script(caller: Caller) -> None:
        assert caller.socket.recv(100)
        caller.is_closed()

    with RawServer(script) as server, Client(server.address, tls=CLIENT, timeout=0.1) as client:
        with pytest.raises(PeerTimeout, match=r"did not answer the association request in 0\.1 s") as caught:
            client.echo()
    assert caught.value.peer == server.address


@pytest.mark.parametrize("said", [b"", b"\x15\3\3\0\2\2\x28", b"HTTP/1.1 400 Bad Request\r\n\r\n"])
def test_a_server_that_will_not_have_our_handshake(said: bytes) -> None:
    def script(caller: Caller) -> None:
        assert caller.socket.recv(100)
        caller.send(said)

    with RawServer(script) as server, Client(server.address, tls=CLIENT, timeout=5) as client:
        with pytest.raises(PeerRejected, match="TLS handshake failed") as caught:
            client.echo()
    assert caught.value.peer == server.address
