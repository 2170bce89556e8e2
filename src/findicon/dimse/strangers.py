"""Who talks to a DICOM port, or answers on one, without speaking DICOM: known by its first bytes."""

_REQUESTS = (b"GET ", b"HEAD ", b"POST ", b"PUT ", b"OPTIONS ", b"CONNECT ", b"PRI * HTTP")
_BEGINNINGS = {
    "TLS": (b"\x16\x03", b"\x15\x03"),
    "HTTP": (*_REQUESTS, b"HTTP/", b"<!DOCTYPE", b"<html"),
    "SSH": (b"SSH-",),
    "HL7": (b"\x0bMSH|", b"MSH|"),
    "SMTP or FTP": (b"220 ",),
}


def stranger(said: bytes) -> str:
    """Say what somebody speaks whose first bytes are no PDU."""
    for name, beginnings in _BEGINNINGS.items():
        if said.startswith(beginnings):
            return f"{name}, not DICOM"
    return f"something that is no DICOM: {said[:8].hex(' ')}"


def tls_stranger(reason: str) -> str:
    """Say what is probable after a TLS handshake that failed for OpenSSL's reason; empty when nothing is."""
    if any(one in reason for one in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")):
        return "the other side talks without TLS"
    if "HTTP_REQUEST" in reason:
        return "the other side talks HTTP without TLS"
    return ""
