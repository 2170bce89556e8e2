"""A part of a single value: Range (RFC 9110 14; PS3.18 8.6.1.1)."""

import re
from collections.abc import Iterable, Iterator, Mapping

from starlette.requests import Request
from starlette.responses import Response

from ..problems import Problem
from ..streaming import Stream

_RANGE = re.compile(r"bytes=(\d{0,18})-(\d{0,18})", re.ASCII)


def ranged(
    request: Request, pieces: Iterable[bytes], length: int, headers: Mapping[str, str], content_type: str
) -> Response:
    """Answer with a value, or with the part of it that is asked for.

    Parameters
    ----------
    request
        Its Range header field, where it has one; one that is malformed, or names several parts, is not heeded.
    pieces
        The value.
    length
        Of the value in bytes.
    headers, content_type
        Of the answer.

    Raises
    ------
    Problem
        416: the part lies outside the value.
    """
    fields = {**headers, "Accept-Ranges": "bytes"}
    found = _RANGE.fullmatch(request.headers.get("range", "").replace(" ", ""))
    if found is None or not (found[1] or found[2]):
        return Stream(iter(pieces), 200, {**fields, "Content-Length": str(length)}, content_type)
    if found[1]:
        begin, end = int(found[1]), min(int(found[2]) + 1 if found[2] else length, length)
    else:
        begin, end = max(length - int(found[2]), 0), length
    if begin >= end:
        raise Problem(416, f"Range: the value has {length} bytes", {"Content-Range": f"bytes */{length}"})
    fields |= {"Content-Range": f"bytes {begin}-{end - 1}/{length}", "Content-Length": str(end - begin)}
    return Stream(_between(pieces, begin, end), 206, fields, content_type)


def _between(pieces: Iterable[bytes], begin: int, end: int) -> Iterator[bytes]:
    at = 0
    for piece in pieces:
        part = piece[max(begin - at, 0) : max(end - at, 0)]
        if part:
            yield part
        at += len(piece)
        if at >= end:
            return
