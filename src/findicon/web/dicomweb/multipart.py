"""Answers of several parts: multipart/related (PS3.18 8.6.1.2; RFC 2387)."""

import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Part:
    """One part of an answer.

    Parameters
    ----------
    content_type
        Media type with its parameters.
    body
        In pieces.
    location
        Address of what it is a representation of; empty when it is of nothing that has one.
    length
        Of the body in bytes, where it is known before.
    """

    content_type: str
    body: Iterable[bytes]
    location: str = ""
    length: int | None = None


def related(parts: Iterable[Part], root: str) -> tuple[str, Iterator[bytes]]:
    """Give the Content-Type and the pieces of a payload of several parts.

    Parameters
    ----------
    parts
        At least one; each is read only when it is its turn.
    root
        Media type of the first part.
    """
    boundary = secrets.token_hex(16)
    return f'multipart/related; type="{root}"; boundary={boundary}', _pieces(parts, boundary)


def _pieces(parts: Iterable[Part], boundary: str) -> Iterator[bytes]:
    delimiter = f"--{boundary}\r\n"
    for part in parts:
        lines = [f"Content-Type: {part.content_type}"]
        if part.location:
            lines.append(f"Content-Location: {part.location}")
        if part.length is not None:
            lines.append(f"Content-Length: {part.length}")
        yield (delimiter + "\r\n".join(lines) + "\r\n\r\n").encode("latin-1")
        yield from part.body
        delimiter = f"\r\n--{boundary}\r\n"
    yield f"\r\n--{boundary}--\r\n".encode("latin-1")
