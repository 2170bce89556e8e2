"""Requests of several parts, read as they arrive: multipart/related (RFC 2387, RFC 2046 5.1)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from ..problems import bad_request

_BOUNDARY = re.compile(r"[0-9A-Za-z'()+_,./:=? -]{1,70}")
_LONGEST_HEAD = 1 << 14
_END_OF_HEAD = b"\r\n\r\n"


@dataclass(frozen=True, slots=True)
class ReceivedPart:
    """One part of a request.

    Parameters
    ----------
    content_type, location
        Of its header fields; empty where there is none.
    body
        In pieces; it has to be read, or `Parts` skips it, before the next part.
    """

    content_type: str
    location: str
    body: Iterator[bytes]


class Parts:
    """The parts of a request, each of which is read before the next.

    Parameters
    ----------
    pieces
        The request's payload.
    boundary
        As the Content-Type says.

    Raises
    ------
    Problem
        400, from here and while it is read: it is no multipart payload.
    """

    def __init__(self, pieces: Iterator[bytes], boundary: str) -> None:
        if not _BOUNDARY.fullmatch(boundary):
            raise bad_request("Content-Type: multipart/related needs a boundary")
        self._pieces = pieces
        self._delimiter = b"\r\n--" + boundary.encode("latin-1")
        self._waiting = bytearray(b"\r\n")  # the first delimiter may stand at the very beginning
        self._ended = False

    def __iter__(self) -> Iterator[ReceivedPart]:
        for _ in self._until_delimiter():  # what stands before the first one says nothing
            pass
        while not self._is_last():
            head = self._head()
            body = self._until_delimiter()
            yield ReceivedPart(head.get("content-type", ""), head.get("content-location", ""), body)
            for _ in body:
                pass

    def _more(self) -> bool:
        """Wait for more of the payload; give False at its end."""
        piece = next(self._pieces, None)
        if piece is None:
            return False
        self._waiting += piece
        return True

    def _until_delimiter(self) -> Iterator[bytes]:
        """Give what comes before the next delimiter, and take that away, too."""
        begin = 0
        while True:
            place = self._waiting.find(self._delimiter, begin)
            if place >= 0:
                if place:
                    yield bytes(self._waiting[:place])
                del self._waiting[: place + len(self._delimiter)]
                return
            safe = len(self._waiting) - len(self._delimiter) + 1
            if safe > 0:
                yield bytes(self._waiting[:safe])
                del self._waiting[:safe]
            if not self._more():
                raise bad_request("The payload ends before its last delimiter")

    def _is_last(self) -> bool:
        while len(self._waiting) < 2:
            if not self._more():
                raise bad_request("The payload ends inside a delimiter")
        return self._waiting.startswith(b"--")

    def _head(self) -> dict[str, str]:
        """Read the header fields of a part; those that are malformed say nothing."""
        while _END_OF_HEAD not in self._waiting:
            if len(self._waiting) > _LONGEST_HEAD:
                raise bad_request("The header fields of a part are too long")
            if not self._more():
                raise bad_request("The payload ends inside the header fields of a part")
        end = self._waiting.find(_END_OF_HEAD)
        lines = bytes(self._waiting[:end]).decode("latin-1").split("\r\n")
        del self._waiting[: end + len(_END_OF_HEAD)]
        fields = (line.partition(":") for line in lines)
        return {name.strip().lower(): value.strip() for name, colon, value in fields if colon}
