"""Who may come in, and for what: closed but to named peers, or to whoever is on this machine when none are named."""

import ipaddress
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from ..dimse import CALLING_NOT_RECOGNIZED, VERBS, AssociateRequest, Offer, Peer, Rejection, Terms
from ..errors import QueryError
from ..query import Options
from .services import storage_offers


@dataclass(frozen=True, slots=True)
class Caller:
    """Who called, once it is in.

    Attributes
    ----------
    name
        For logs: the name of the peer, or its AE title when no peers are named.
    ae_title, host
        As it called.
    verbs
        What it may do.
    refused
        What it asked for, could have had of us, and may not do.
    """

    name: str
    ae_title: str
    host: str
    verbs: frozenset[str]
    refused: tuple[str, ...] = ()


class Doors:
    """The doors of one server.

    Parameters
    ----------
    peers
        Who may call, by AE title; none lets in whoever is on this machine.
    host
        Address that the server listens on.
    services
        By verb, what the server offers by abstract syntax.
    options
        What queries may be negotiated.

    Raises
    ------
    QueryError
        No peers are named and `host` can be reached from elsewhere, or two peers share an AE title.
    """

    def __init__(
        self, peers: Iterable[Peer], host: str, services: Mapping[str, Mapping[str, Offer]], options: Options
    ) -> None:
        self._services = services
        self._options = options
        self._peers: dict[str, Peer] = {}
        for peer in peers:
            other = self._peers.setdefault(peer.address.ae_title, peer)
            if other is not peer:
                raise QueryError(
                    f"Peers {other.name} and {peer.name} have the same AE title {peer.address.ae_title}: "
                    "calls could not be told apart"
                )
        if not self._peers and not is_loopback(host):
            raise QueryError(
                f"{host} can be reached from other machines: name the peers that may call "
                "([peers.NAME] with address and verbs), or listen on 127.0.0.1"
            )

    def admit(self, request: AssociateRequest, host: str) -> tuple[Caller, Terms] | Rejection:
        """Let a caller in on its terms, or say why not."""
        if self._peers:
            peer = self._peers.get(request.calling)
            if peer is None:
                return CALLING_NOT_RECOGNIZED
            caller = Caller(peer.name, request.calling, host, peer.verbs)
        else:
            caller = Caller(request.calling, request.calling, host, frozenset(VERBS))
        offers: dict[str, Offer] = {}
        forbidden: dict[str, Offer] = {}
        asked = {one.abstract_syntax for one in request.contexts}
        refused = []
        for verb, services in self._services.items():
            (offers if verb in caller.verbs else forbidden).update(services)
            if verb not in caller.verbs and not asked.isdisjoint(services):
                refused.append(verb)
        proposed = [(one.abstract_syntax, one.transfer_syntaxes) for one in request.contexts]
        stores = "store" in self._services
        gets = "get" in self._services
        if stores or gets:
            may_store, may_get = stores and "store" in caller.verbs, gets and "get" in caller.verbs
            storage = storage_offers(proposed, store=may_store, get=may_get)
            (offers if may_store or may_get else forbidden).update(storage)
            if storage and stores and not may_store and not may_get:
                refused.append("store")
        if refused:
            caller = replace(caller, refused=tuple(refused))
        return caller, Terms(offers, forbidden, self._options)


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach an address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.partition("%")[0]).is_loopback
    except ValueError:
        return False
