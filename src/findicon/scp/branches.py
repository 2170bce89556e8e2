"""Several archives behind one port: the AE title that a caller calls says which one it means."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from ..dimse import CALLED_NOT_RECOGNIZED, Limits, Peer, Proposal, Rejection, Terms, is_ae_title
from ..errors import QueryError
from ..query import Finder, Ingest, InstanceSource, Relay
from .doors import Caller
from .move import Mover
from .server import Server
from .service import Joined


@dataclass(frozen=True, slots=True)
class Branch:
    """An archive behind an AE title."""

    finder: Finder
    source: InstanceSource
    ingest: Ingest
    relay: Relay | None = None


class BranchServer(Server):
    """A Server of several archives; who calls a title that none of them has is rejected (PS3.8 Table 9-21).

    Parameters
    ----------
    branches
        The archives by the AE title that is called for each.
    peers, limits, **settings
        As for Server.

    Raises
    ------
    QueryError
        As for Server; or there is no branch, or a title that is no AE title.
    """

    def __init__(
        self,
        branches: Mapping[str, Branch],
        *,
        peers: Iterable[Peer] = (),
        limits: Limits | None = None,
        **settings: Any,
    ) -> None:
        wrong = next((title for title in branches if not is_ae_title(title)), None)
        if not branches or wrong is not None:
            raise QueryError(f"{wrong!r} is no AE title: write 1 to 16 characters without backslash")
        peers = tuple(peers)
        self._branches = dict(branches)
        self._destinations = {peer.address.ae_title: peer for peer in peers}
        self._joined_by_title: dict[str, Joined] = {}
        title, first = next(iter(branches.items()))
        settings = {"ae_title": title, **settings}
        super().__init__(first.finder, source=first.source, ingest=first.ingest, peers=peers, limits=limits, **settings)

    def _admit(self, proposal: Proposal) -> tuple[Caller, Terms] | Rejection:
        if proposal.request.called not in self._branches:
            return CALLED_NOT_RECOGNIZED
        return super()._admit(proposal)

    def _joined_for(self, proposal: Proposal) -> Joined:
        title = proposal.request.called
        with self._lock:
            joined = self._joined_by_title.get(title)
            if joined is None:
                one = self._branches[title]
                mover = Mover(one.finder, one.source, title, self._destinations, self._limits, one.relay)
                joined = Joined(one.finder, self._flusher, one.source, one.ingest, mover)
                self._joined_by_title[title] = joined
            return joined
