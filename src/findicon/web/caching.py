"""Whether a client has the representation already: ETag, Last-Modified, 304 (RFC 9110 8.8, 13)."""

import os
import re
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from email.utils import formatdate, parsedate_to_datetime
from hashlib import blake2b
from typing import BinaryIO, Generic, TypeVar

from starlette.requests import Request
from starlette.responses import Response

_TAG = re.compile(r'(?:W/)?"[^"]*"')
_REMEMBERED = 20_000
_ROOM = 1 << 25  # bytes

_Key = TypeVar("_Key")
_Value = TypeVar("_Value")


@dataclass(frozen=True, slots=True)
class Validators:
    """What tells one state of a representation from another.

    Parameters
    ----------
    etag
        Entity tag with its quotes.
    modified
        When it changed last, in seconds since 1970; None when nobody knows.
    """

    etag: str
    modified: float | None = None

    def headers(self, cache_control: str) -> dict[str, str]:
        """Give the header fields that go with the representation, and with 304."""
        fields = {"ETag": self.etag, "Cache-Control": cache_control}
        if self.modified is not None:
            fields["Last-Modified"] = formatdate(self.modified, usegmt=True)
        return fields

    def match(self, request: Request) -> bool:
        """Tell whether the client has this state; If-None-Match wins over If-Modified-Since."""
        tags = request.headers.get("if-none-match")
        if tags is not None:
            wanted = self.etag.removeprefix("W/")
            return tags.strip() == "*" or any(tag.removeprefix("W/") == wanted for tag in _TAG.findall(tags))
        since = request.headers.get("if-modified-since")
        if since is None or self.modified is None:
            return False
        try:
            return int(self.modified) <= parsedate_to_datetime(since).timestamp()
        except (TypeError, ValueError, OverflowError):
            return False


def etag_of(*parts: bytes | str, weak: bool = False) -> str:
    """Make an entity tag of what a representation is made of."""
    state = blake2b(digest_size=12)
    for part in parts:
        data = part.encode("utf-8", "surrogatepass") if isinstance(part, str) else part
        state.update(len(data).to_bytes(8, "little") + data)
    return f'{"W/" if weak else ""}"{state.hexdigest()}"'


def file_state(stream: BinaryIO, *parts: str, weak: bool = False) -> Validators | None:
    """Give what tells this state of a file from another one; None where it lies on no file system.

    Parameters
    ----------
    stream
        The open file.
    parts
        What else the representation is made of.
    weak
        Whether other bytes may say the same.
    """
    try:
        state = os.fstat(stream.fileno())
    except (OSError, AttributeError):
        return None
    return Validators(etag_of(f"{state.st_mtime_ns} {state.st_size}", *parts, weak=weak), state.st_mtime)


def not_modified(headers: Mapping[str, str]) -> Response:
    """Give 304: the client has it."""
    return Response(status_code=304, headers=dict(headers))


class FirstSeen:
    """When a representation was seen first: the best guess of when it changed last, where nobody noted that.

    A time later than the true one only costs a client that has no entity tag one more transfer.
    """

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self._seen: OrderedDict[str, float] = OrderedDict()
        self._lock = threading.Lock()

    def __call__(self, etag: str) -> float:
        """Give when this entity tag was first asked for."""
        with self._lock:
            found = self._seen.get(etag)
            if found is None:
                found = self._seen[etag] = float(int(self._clock()))
                if len(self._seen) > _REMEMBERED:
                    self._seen.popitem(last=False)
            return found


class Newest(Generic[_Key, _Value]):
    """Keeps the values that were used last, as many as have room; safe between threads.

    Parameters
    ----------
    size
        Gives the bytes that a value takes.
    room
        Bytes, at most.
    """

    def __init__(self, size: Callable[[_Value], int], room: int = _ROOM) -> None:
        self._size = size
        self._room = room
        self._held = 0
        self._values: OrderedDict[_Key, _Value] = OrderedDict()
        self._lock = threading.Lock()

    def get(self, key: _Key) -> _Value | None:
        """Give a value; None where it is not kept."""
        with self._lock:
            found = self._values.get(key)
            if found is not None:
                self._values.move_to_end(key)
            return found

    def keep(self, key: _Key, value: _Value) -> None:
        """Keep a value, in the place of the one that was kept."""
        with self._lock:
            before = self._values.pop(key, None)
            self._held -= 0 if before is None else self._size(before)
            self._values[key] = value
            self._held += self._size(value)
            while self._held > self._room:
                _, oldest = self._values.popitem(last=False)
                self._held -= self._size(oldest)


class Kept:
    """What was made lately, by its entity tag: a page's pictures are asked for by one reader after the other.

    Parameters
    ----------
    room
        Bytes, at most.
    """

    def __init__(self, room: int = _ROOM) -> None:
        self._made: Newest[str, bytes] = Newest(len, room)

    def __call__(self, etag: str, make: Callable[[], bytes]) -> bytes:
        """Give what has this entity tag; two who ask at once may both make it."""
        found = self._made.get(etag)
        if found is None:
            found = make()
            self._made.keep(etag, found)
        return found
