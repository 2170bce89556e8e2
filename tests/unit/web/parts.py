"""Reads multipart answers with the standard library, so that nothing of ours judges what is ours."""

from dataclasses import dataclass
from email.parser import BytesParser

import httpx


@dataclass(frozen=True)
class ReadPart:
    content_type: str
    location: str
    body: bytes


def parts_of(response: httpx.Response) -> list[ReadPart]:
    head = f"Content-Type: {response.headers['content-type']}\r\nMIME-Version: 1.0\r\n\r\n".encode()
    boundary = response.headers["content-type"].split("boundary=")[1].strip('"')
    message = BytesParser().parsebytes(head + response.content)
    assert message.is_multipart()
    assert message.get_param("type") is not None
    # The email parser mends line ends; the bodies are cut out by hand.
    pieces = response.content.split(f"--{boundary}".encode())
    assert pieces[0] == b""
    assert pieces[-1] == b"--\r\n"
    found = []
    for piece in pieces[1:-1]:
        fields, _, body = piece.removeprefix(b"\r\n").partition(b"\r\n\r\n")
        named = dict(line.split(": ", 1) for line in fields.decode("latin-1").split("\r\n"))
        body = body.removesuffix(b"\r\n")
        if "Content-Length" in named:
            assert int(named["Content-Length"]) == len(body)
        found.append(ReadPart(named["Content-Type"], named.get("Content-Location", ""), body))
    return found
