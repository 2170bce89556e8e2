"""Who may ask: names with passwords (RFC 7617), of which only what scrypt makes of them is kept."""

import base64
import binascii
import hashlib
import hmac
import os
from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from ..errors import QueryError

_COST, _BLOCK, _PARALLEL = 1 << 15, 8, 1
_MEMORY = 1 << 26
_LENGTH = 32
_LONGEST = 1024


@dataclass(frozen=True, slots=True)
class _Kept:
    """What is kept of a password."""

    cost: int
    block: int
    parallel: int
    salt: bytes
    digest: bytes

    def fits(self, password: str) -> bool:
        return hmac.compare_digest(_digest(password, self), self.digest)


def hashed(password: str) -> str:
    """Give what is kept of a password: text for the settings, which does not lead back to it."""
    kept = _Kept(_COST, _BLOCK, _PARALLEL, os.urandom(16), b"")
    salt, digest = (base64.b64encode(data).decode() for data in (kept.salt, _digest(password, kept)))
    return f"scrypt${_COST}${_BLOCK}${_PARALLEL}${salt}${digest}"


def _digest(password: str, kept: _Kept) -> bytes:
    return hashlib.scrypt(
        password.encode(), salt=kept.salt, n=kept.cost, r=kept.block, p=kept.parallel, maxmem=_MEMORY, dklen=_LENGTH
    )


def _read(name: str, text: str) -> _Kept:
    found = _parts(text)
    if found is None:
        raise QueryError(f"[web.users] {name}: not what `findicon password` prints")
    return found


def _parts(text: str) -> _Kept | None:
    pieces = text.split("$")
    if len(pieces) != 6 or pieces[0] != "scrypt":
        return None
    try:
        cost, block, parallel = (int(one) for one in pieces[1:4])
        salt, digest = (base64.b64decode(one, validate=True) for one in pieces[4:])
        kept = _Kept(cost, block, parallel, salt, digest)
        _digest("", kept)
    except (ValueError, MemoryError):
        return None
    return kept if len(digest) == _LENGTH else None


class Access:
    """Tells who asks.

    Parameters
    ----------
    users
        By name what `hashed` makes of a password; none lets everybody in.

    Raises
    ------
    QueryError
        What is kept of a password is malformed.
    """

    def __init__(self, users: Mapping[str, str]) -> None:
        self._users = {name: _read(name, text) for name, text in users.items()}
        # Whoever is not known takes as long as whoever is: nobody learns names by the clock.
        self._nobody = _Kept(_COST, _BLOCK, _PARALLEL, os.urandom(16), bytes(_LENGTH))
        self._key = os.urandom(32)
        self._seen: dict[str, bytes] = {}
        self._one_at_a_time = Lock()

    @property
    def is_open(self) -> bool:
        """Whether nobody is asked who he is."""
        return not self._users

    def known(self, authorization: str) -> str | None:
        """Give whom a header field names, when the same one was right before; None when that takes a closer look."""
        name, password = _named(authorization)
        seen = self._seen.get(name)
        return name if seen is not None and hmac.compare_digest(seen, self._mark(password)) else None

    def user(self, authorization: str) -> str | None:
        """Give whom a header field names, None when name and password do not fit; it takes a tenth of a second."""
        name, password = _named(authorization)
        with self._one_at_a_time:  # whoever tries many passwords gets one processor, not all
            fits = self._users.get(name, self._nobody).fits(password)
        if not fits or name not in self._users:
            return None
        self._seen[name] = self._mark(password)
        return name

    def _mark(self, password: str) -> bytes:
        return hashlib.blake2b(password.encode(), key=self._key).digest()


def _named(authorization: str) -> tuple[str, str]:
    """Give name and password; empty where there are none."""
    scheme, _, encoded = authorization.partition(" ")
    if scheme.lower() != "basic" or len(encoded) > _LONGEST:
        return "", ""
    try:
        name, _, password = base64.b64decode(encoded.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return "", ""
    return name, password
