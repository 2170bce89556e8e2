"""TLS between two of us, and with bytes: who comes in, who does not, and what is already decrypted is seen."""

import socket
import ssl
from collections.abc import Iterator
from dataclasses import replace

import pytest

from findicon.dimse import Limits, Tls
from findicon.errors import PeerError, QueryError
from findicon.query import Cancel, Match, Query
from findicon.scp import Server
from findicon.scu import Client
from integration.certificates import CERTIFICATES, CLIENT, SERVER, STRANGER
from integration.memory_finder import ActingFinder, MemoryFinder, MemoryMatch, study
from integration.raw_peer import COMMAND, ECHO, LAST, RawPeer, command, data_pdu, find_request

CANCEL = data_pdu(3, COMMAND | LAST, command(0x0FFF, 1))
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
