"""The client that a gateway keeps: every verb on the same few associations, so that the peer sees never too many."""

import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Any, TypeVar

from pydicom.dataset import Dataset

from ..dimse import VERIFICATION, Address, Association, Peer, commands
from ..errors import FindiconError, PeerAborted, PeerRejected
from ..observe import log
from ..query import Cancel, Ingest, Level, Model, Options, Query, Retrieved, RetrieveProgress, never
from .answers import Answers
from .client import Client
from .pool import Pool
from .proposals import Proposed, for_gets, for_moves, for_queries
from .retrieving import Request, retrieve

WITHOUT_BULK_DATA = "1.2.840.10008.5.1.4.1.2.5.3"
"""Composite Instance Retrieve Without Bulk Data - GET (PS3.4 Annex Z)."""

_MOST_CONTEXTS = 128
_Result = TypeVar("_Result")
_OTHERS = 8  # contexts that are no storage classes
_NARROW = 300.0  # seconds until a peer that refused the wide association is asked for one again


class Upstream(Client):
    """A Client whose associations serve every verb, with a limit on how many there are.

    An association proposes queries, retrieval and the storage classes at once; a peer that does not take that is asked
    for queries alone.

    Parameters
    ----------
    address
        As for Client.
    associations
        How many are kept. More are made only while more are in use at the same time, and idle ones make room.
    **settings
        As for Client.

    Raises
    ------
    QueryError
        The address is none.
    """

    def __init__(self, address: str | Address | Peer, *, associations: int = 4, **settings: Any) -> None:
        super().__init__(address, **settings)
        self._lock = threading.Lock()
        self._classes: list[str] = []
        self._wide = _wide(self._transfer_syntaxes, ())
        self._pool: _WidePool = _WidePool(self._request, self._wide, associations)

    @property
    def associations(self) -> int:
        """How many are open now, in use or idle."""
        return self._pool.count()

    def verbs(self) -> frozenset[str]:
        """Ask what the peer offers us: of ``find``, ``get``, ``move`` and ``get without bulk data``.

        Raises
        ------
        PeerError
            It cannot be asked.
        """
        return self._pool.use(self._wide, _verbs)

    def answers(self, identifier: Dataset, cancel: Cancel = never, *, model: Model | None = None) -> Answers:
        """Ask as `find` does, for whoever reads the answers once: none is kept to be shown.

        Raises
        ------
        QueryError, PeerError
            As for `find`.
        """
        return self._answers(identifier, cancel, model)[0]

    def get(
        self,
        query: Query | Dataset,
        ingest: Ingest,
        cancel: Cancel = never,
        *,
        sop_classes: Sequence[str] = (),
        progress: RetrieveProgress | None = None,
    ) -> Retrieved:
        """Retrieve instances as `Client.get` does.

        A peer that cannot decompress sends an instance only where its very transfer syntax was agreed on, and few SOP
        classes have room in an association with each of theirs: those that are named here, and were named lately.
        """
        wanted = self._wide_for(sop_classes)
        return self._retrieve(commands.C_GET, query, wanted, ingest=ingest, cancel=cancel, progress=progress)

    def get_without_bulk_data(
        self, sop_instance: str, sop_class: str, ingest: Ingest, cancel: Cancel = never
    ) -> Retrieved:
        """Retrieve an instance without its pixels (PS3.4 Z.1.3); pictures inside its sequences come along.

        Raises
        ------
        PeerRejected
            The peer does not offer it.
        PeerError
            The peer failed.
        """
        identifier = Dataset()
        identifier.QueryRetrieveLevel = str(Level.IMAGE)
        identifier.SOPInstanceUID = sop_instance
        request = Request(
            operation=commands.C_GET,
            identifier=identifier,
            sop_classes=(WITHOUT_BULK_DATA,),
            destination="",
            ingest=ingest,
            cancel=cancel,
            progress=None,
            timeout=self._timeout,
        )
        wanted = self._wide_for([sop_class] if sop_class else ())
        return self._pool.use(wanted, lambda association: retrieve(association, request))

    def _wide_for(self, sop_classes: Sequence[str]) -> Proposed:
        """Give the proposal under which these SOP classes can come in each of their transfer syntaxes."""
        with self._lock:
            if not set(sop_classes) <= set(self._classes):
                latest = [*sop_classes, *(one for one in self._classes if one not in sop_classes)]
                self._classes = latest[: max(_room_for_classes(), len(sop_classes))]
                self._wide = self._pool.wide = _wide(self._transfer_syntaxes, self._classes)
            return self._wide


class _WidePool(Pool[Proposed]):
    """Associations made for every verb, whatever they are taken for.

    Attributes
    ----------
    wide
        What they are asked with.
    """

    def __init__(self, request: Callable[[Proposed], Association], wide: Proposed, most: int) -> None:
        super().__init__(self._make, Proposed.suits)
        self.wide = wide
        self._ask = request
        self._most = most
        self._opening = 0
        self._wide_again_at = 0.0

    def take(self, terms: Proposed, *, fresh: bool = False) -> tuple[Association, bool]:
        """Give an association on the wide terms where they cover what is wanted, and the peer takes them."""
        wide = self.wide
        if monotonic() < self._wide_again_at or not wide.suits(terms):
            return super().take(terms, fresh=fresh)
        if not terms.storage_roles and not fresh:
            idle = self._usable(terms)
            if idle is not None:
                return idle, True
        try:
            return super().take(wide, fresh=fresh)
        except (PeerRejected, PeerAborted) as error:
            if terms.storage_roles:
                raise
            taken = super().take(terms, fresh=fresh)
            self._wide_again_at = monotonic() + _NARROW
            log.warning("the peer takes associations for queries only", peer=error.peer, reason=error.reason)
            return taken

    def count(self) -> int:
        """Count the associations that are open."""
        with self._lock:
            return sum(1 for association in self._terms if association.is_open)

    def _run(self, association: Association, operation: Callable[[Association], _Result]) -> _Result:
        try:
            result = operation(association)
        except FindiconError:
            # dcmqrscp, for one, holds its index locked for everybody after a C-MOVE that failed, until we are gone.
            association.release()
            raise
        except BaseException:
            association.abort()
            raise
        self.give_back(association)
        return result

    def _usable(self, terms: Proposed) -> Association | None:
        """Give an idle association that will do, also one that was made for other SOP classes."""
        association = self._take_idle(terms)
        if association is not None and association.wait(0):
            association.abort()  # whatever a peer says unasked is goodbye
            return None
        return association

    def _make(self, terms: Proposed) -> Association:
        self._make_room()
        try:
            association = self._ask(terms)
            with self._lock:
                self._terms[association] = terms
            return association
        finally:
            with self._lock:
                self._opening -= 1

    def _make_room(self) -> None:
        """Count one that is about to be made; idle ones go before there are too many."""
        while True:
            with self._lock:
                count = self._opening + sum(1 for association in self._terms if association.is_open)
                if count < self._most or not self._idle:
                    self._opening += 1
                    return
                surplus = self._idle.pop(0)
            surplus.release()


def _room_for_classes() -> int:
    each = len(for_gets((), ("1.2",)).syntaxes) - len(Model)
    return (_MOST_CONTEXTS - _OTHERS) // each


def _wide(transfer_syntaxes: Sequence[str], sop_classes: Sequence[str]) -> Proposed:
    syntaxes = tuple(str(one) for one in transfer_syntaxes)
    queries, moves = for_queries(transfer_syntaxes, Options()).syntaxes, for_moves(transfer_syntaxes).syntaxes
    named, any_class = for_gets(transfer_syntaxes, sop_classes).syntaxes, for_gets(transfer_syntaxes, ()).syntaxes
    more = named if sop_classes else ()
    more += tuple(one for one in any_class if one[0] not in {abstract_syntax for abstract_syntax, _ in more})
    all_of_them = (*queries, *moves, (WITHOUT_BULK_DATA, syntaxes), *more)[:_MOST_CONTEXTS]
    services = {str(uid) for model in Model for uid in (model.find, model.move, model.get)}
    others = services | {WITHOUT_BULK_DATA, str(VERIFICATION)}
    roles = frozenset(abstract_syntax for abstract_syntax, _ in all_of_them if abstract_syntax not in others)
    return Proposed(all_of_them, storage_roles=roles)


def _verbs(association: Association) -> frozenset[str]:
    by_class = {WITHOUT_BULK_DATA: "get without bulk data"}
    for model in Model:
        by_class |= {str(model.find): "find", str(model.get): "get", str(model.move): "move"}
    contexts = association.contexts.values()
    return frozenset(by_class[one.abstract_syntax] for one in contexts if one.abstract_syntax in by_class)
