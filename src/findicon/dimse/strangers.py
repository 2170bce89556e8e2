"""Who talks to a DICOM port, or answers on one, without speaking DICOM: known by its first bytes."""

_BEGINNINGS = (
    (b"\x16\x03", "TLS"),
    (b"\x15\x03", "TLS"),
    (b"HTTP/", "HTTP"),
    (b"GET ", "HTTP"),
    (b"HEAD ", "HTTP"),
    (b"POST ", "HTTP"),
    (b"PUT ", "HTTP"),
    (b"OPTIONS ", "HTTP"),
    (b"CONNECT ", "HTTP"),
    (b"PRI * HTTP", "HTTP"),
    (b"<!DOCTYPE", "HTTP"),
    (b"<html", "HTTP"),
    (b"SSH-", "SSH"),
    (b"\x0bMSH|", "HL7"),
    (b"MSH|", "HL7"),
    (b"220 ", "SMTP or FTP"),
)


def stranger(said: bytes) -> str:
    """Say what somebody speaks whose first bytes are no PDU."""
    for beginning, name in _BEGINNINGS:
        if said.startswith(beginning):
            return f"{name}, not DICOM"
    return f"something that is no DICOM: {said[:8].hex(' ')}"


def tls_stranger(reason: str) -> str:
    """Say what is probable after a TLS handshake that failed for OpenSSL's reason; empty when nothing is."""
    if any(one in reason for one in ("WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG")):
        return "the other side talks without TLS"
    if "HTTP_REQUEST" in reason:
        return "the other side talks HTTP without TLS"
    return ""
