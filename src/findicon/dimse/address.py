"""Where a DICOM application entity is, and who our peers are."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

from ..errors import QueryError
from .tls import Tls

VERBS = ("echo", "find", "get", "move", "store")

# PS3.5 6.2: AE has 1 to 16 characters of the default repertoire, no backslash, no control characters.
_AE_TITLE = re.compile(r"[\x20-\x5b\x5d-\x7e]{1,16}")
_ADDRESS = re.compile(r"(?P<ae>.+)@(?:\[(?P<v6>[0-9A-Fa-f:.]+(?:%\w+)?)\]|(?P<host>[^\s@:\[\]]+)):(?P<port>\d{1,5})")


def is_ae_title(text: str) -> bool:
    """Tell whether `text` can be an AE title (PS3.5 Table 6.2-1)."""
    return bool(_AE_TITLE.fullmatch(text)) and bool(text.strip())


@dataclass(frozen=True, slots=True)
class Address:
    """The address of an application entity, written ``AET@host:port``.

    Parameters
    ----------
    ae_title
        AE title, 1 to 16 characters, without padding.
    host
        Host name or IP address; an IPv6 address without its brackets.
    port
        TCP port, 1 to 65535.
    """

    ae_title: str
    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read ``AET@host:port`` or ``AET@[::1]:port``.

        Raises
        ------
        QueryError
            `text` is no such address; the sentence says what is wrong.
        """
        match = _ADDRESS.fullmatch(text.strip())
        if not match:
            raise QueryError(f"{text!r} is no DICOM address: write AET@host:port, as in ORTHANC@127.0.0.1:4242")
        ae_title, port = match["ae"].strip(), int(match["port"])
        if not is_ae_title(ae_title):
            raise QueryError(f"{ae_title!r} in {text!r} is no AE title: 1 to 16 characters without backslash")
        if not 0 < port < 65536:
            raise QueryError(f"{port} in {text!r} is no TCP port: write 1 to 65535")
        return cls(ae_title, match["v6"] or match["host"], port)

    def __str__(self) -> str:
        """Print the address as it is parsed."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{self.ae_title}@{host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Peer:
    """An application entity that we know: may call us, can be called, can be a C-MOVE destination.

    Parameters
    ----------
    name
        The name people use for it.
    address
        Its AE title, host and port.
    verbs
        What it may ask of us: of echo, find, get, move, store.
    character_set
        (0008,0005) of its answers when they do not say; empty: the default repertoire.
    tls
        How to talk TLS with it; None talks plainly.

    Raises
    ------
    QueryError
        A verb that is none.
    """

    name: str
    address: Address
    verbs: frozenset[str] = frozenset({"echo", "find"})
    character_set: str = ""
    tls: Tls | None = None

    def __post_init__(self) -> None:
        unknown = sorted(set(self.verbs) - set(VERBS))
        if unknown:
            raise QueryError(f"{unknown[0]!r} is no verb of peer {self.name}: write {', '.join(VERBS)}")
        object.__setattr__(self, "verbs", frozenset(self.verbs))

    @classmethod
    def at(cls, address: "str | Address | Peer", verbs: Iterable[str] = ("echo", "find")) -> "Peer":
        """Make a peer of an address that nobody has named; a Peer stays what it is."""
        if isinstance(address, Peer):
            return address
        parsed = Address.parse(address) if isinstance(address, str) else address
        return cls(str(parsed), parsed, frozenset(verbs))
