"""TLS on both sides of an association: the BCP 195 profile of PS3.15 B.9 (RFC 9325)."""

import socket
import ssl
from dataclasses import dataclass
from pathlib import Path

from ..errors import QueryError

# RFC 9325 4.2: forward secrecy and AEAD; TLS 1.3 brings its own list.
_CIPHERS = "ECDHE+AESGCM:ECDHE+CHACHA20"


@dataclass(frozen=True, slots=True)
class Tls:
    """Certificates of one side.

    Parameters
    ----------
    certificate, key
        PEM files of our own certificate chain and its private key; a server needs them, a client may.
    authorities
        PEM file of the authorities that we trust; None takes the system's. For a server that has one, callers
        must show a certificate that it signed (mutual TLS).
    check_host_name
        Whether the host name of a peer that we call must stand in its certificate.
    """

    certificate: Path | None = None
    key: Path | None = None
    authorities: Path | None = None
    check_host_name: bool = True

    def server_context(self) -> ssl.SSLContext:
        """Make the context of the side that is called; raise QueryError when its files cannot be used."""
        if self.certificate is None:
            raise QueryError("TLS needs a certificate and a key to be called")
        context = _context(ssl.PROTOCOL_TLS_SERVER)
        self._load(context)
        if self.authorities is not None:
            context.verify_mode = ssl.CERT_REQUIRED
        return context

    def client_context(self) -> ssl.SSLContext:
        """Make the context of the side that calls; raise QueryError when its files cannot be used."""
        context = _context(ssl.PROTOCOL_TLS_CLIENT)
        context.check_hostname = self.check_host_name
        if self.authorities is None:
            context.load_default_certs()
        self._load(context)
        return context

    def _load(self, context: ssl.SSLContext) -> None:
        try:
            if self.certificate is not None:
                context.load_cert_chain(self.certificate, self.key)
            if self.authorities is not None:
                context.load_verify_locations(self.authorities)
        except (OSError, ssl.SSLError) as error:
            files = ", ".join(str(path) for path in (self.certificate, self.key, self.authorities) if path)
            raise QueryError(f"TLS cannot use {files}: {error}") from error


def wrapped(connection: socket.socket, context: ssl.SSLContext, called: str | None = None) -> ssl.SSLSocket:
    """Put TLS on a connection; the handshake is still to be made.

    Parameters
    ----------
    called
        Host that we called; None on the side that was called.
    """
    return context.wrap_socket(
        connection, server_side=called is None, server_hostname=called, do_handshake_on_connect=False
    )


def _context(protocol: int) -> ssl.SSLContext:
    context = ssl.SSLContext(protocol)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.set_ciphers(_CIPHERS)
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION
    return context
