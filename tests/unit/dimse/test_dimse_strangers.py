"""What speaks no DICOM is called by its name."""

import pytest

from findicon.dimse.strangers import stranger, tls_stranger


@pytest.mark.parametrize(
    ("said", "name"),
    [
        (b"GET / HTTP/1.1\r\n", "HTTP, not DICOM"),
        (b"HTTP/1.1 400 Bad", "HTTP, not DICOM"),
        (b"\x16\x03\x01\x02\0\1", "TLS, not DICOM"),
        (b"\x15\x03\x03\0\2\2", "TLS, not DICOM"),
        (b"\x0bMSH|^~\\&|", "HL7, not DICOM"),
        (b"SSH-2.0-OpenSSH", "SSH, not DICOM"),
        (b"\xde\xad\xbe\xef12345678", "something that is no DICOM: de ad be ef 31 32 33 34"),
    ],
)
def test_first_bytes(said: bytes, name: str) -> None:
    assert stranger(said) == name


@pytest.mark.parametrize(
    ("reason", "probably"),
    [
        ("[SSL: WRONG_VERSION_NUMBER] wrong version number (_ssl.c:1000)", "the other side talks without TLS"),
        ("[SSL: HTTP_REQUEST] http request (_ssl.c:1000)", "the other side talks HTTP without TLS"),
        ("[SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed", ""),
    ],
)
def test_handshakes_that_failed(reason: str, probably: str) -> None:
    assert tls_stranger(reason) == probably
