"""Certificates for tests of TLS; what they are stands in pem/README.md."""

from pathlib import Path

from findicon.dimse import Tls

CERTIFICATES = Path(__file__).with_name("pem")
SERVER = Tls(CERTIFICATES / "server.pem", CERTIFICATES / "server.key", CERTIFICATES / "authority.pem")
CLIENT = Tls(CERTIFICATES / "client.pem", CERTIFICATES / "client.key", CERTIFICATES / "authority.pem")
STRANGER = Tls(CERTIFICATES / "stranger.pem", CERTIFICATES / "stranger.key", CERTIFICATES / "authority.pem")
