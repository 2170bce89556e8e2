"""The server: one listening socket, one thread for each association, and it lives through whatever they do."""

import contextlib
import threading
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from time import monotonic
from typing import Self

from ..dimse import (
    LIMIT_EXCEEDED,
    NO_REASON,
    Address,
    Association,
    Connection,
    Flusher,
    Limits,
    Listener,
    Peer,
    Proposal,
    ProposalFailed,
    Rejection,
    Terms,
    Tls,
    UserIdentity,
    receive_proposal,
)
from ..errors import PeerError
from ..observe import audit, log
from ..query import Finder, Ingest, InstanceSource, Options, Relay
from .doors import Caller, Doors
from .move import Mover
from .places import OwnPlaces, Places
from .service import Joined, Service
from .services import offered

_SPARE = 32  # connections above the limit that are still told why they are refused


class Server:
    """An SCP that answers from a Finder.

    Parameters
    ----------
    finder
        What answers queries.
    ae_title
        Our AE title; whatever title a caller calls us by is taken.
    host, port
        Where to listen; port 0 takes a free one, `address` tells it.
    peers
        Who may call, and what each may do; none lets in whoever is on this machine, for everything.
    limits
        What the server bears.
    source
        Where instances come from for C-GET and C-MOVE; None offers neither.
    ingest
        Where C-STORE puts instances; None does not offer it.
    relay
        Has another archive do what a C-MOVE asks, where that can; needs a source beside it.
    options
        What queries may negotiate (PS3.4 C.5.1.1); the Finder's own ``options`` unless given, nothing without them.
    tls
        Our certificate; None talks plainly.
    check_user
        Says whether a user identity (PS3.7 D.3.3.7) is good: gives the answer for whoever asks for one, empty for names
        and passcodes, or None, and the association is rejected. Identities are not looked at unless it is given.
    listener
        Listens already, maybe for other processes too; `host` and `port` then say nothing.
    places
        Counts associations against the limits; this process's own unless given.

    Raises
    ------
    QueryError
        `host` can be reached from other machines and no peers are named, or it cannot be listened on.
    """

    def __init__(
        self,
        finder: Finder,
        *,
        ae_title: str = "FINDICON",
        host: str = "127.0.0.1",
        port: int = 0,
        peers: Iterable[Peer] = (),
        limits: Limits | None = None,
        source: InstanceSource | None = None,
        ingest: Ingest | None = None,
        relay: Relay | None = None,
        options: Options | None = None,
        tls: Tls | None = None,
        check_user: Callable[[UserIdentity], bytes | None] | None = None,
        listener: Listener | None = None,
        places: Places | None = None,
    ) -> None:
        self._limits = limits or Limits()
        self._flusher = Flusher()
        peers = tuple(peers)
        destinations = {peer.address.ae_title: peer for peer in peers}
        mover = Mover(finder, source, ae_title, destinations, self._limits, relay) if source is not None else None
        self._joined = Joined(finder, self._flusher, source, ingest, mover)
        self._tls = tls.server_context() if tls else None
        if listener is not None:
            host = listener.address[0]
        services = offered(gets=source is not None, moves=source is not None, stores=ingest is not None)
        if options is None:
            options = getattr(finder, "options", None) or Options()
        self._doors = Doors(peers, host, services, options)
        self._listener = listener or Listener(host, port)
        self._listener.open()
        self._check_user = check_user
        self.address = Address(ae_title, *self._listener.address)
        self._lock = threading.Lock()
        self._threads: dict[threading.Thread, Service | None] = {}
        self._waiting: Counter[str] = Counter()  # connections by host that have not asked for an association yet
        self._places = places or OwnPlaces(self._limits)
        self._is_stopping = False
        self._main = threading.Thread(target=self._accept, name=f"findicon-{self.address.port}", daemon=True)
        self._main.start()
        log.info("listening", address=str(self.address), tls=tls is not None)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    @property
    def associations(self) -> int:
        """How many connections are open now."""
        return len(self._threads)

    def stop(self, grace: float = 2.0) -> None:
        """Take no more calls, end idle associations, give busy ones `grace` seconds to end what they do."""
        if self._is_stopping:
            return
        self._is_stopping = True
        self._listener.stop()
        self._main.join()
        for _, service in self._open():
            if service is not None:
                service.stop()
        busy_until = monotonic() + grace
        for patience in (busy_until, busy_until + self._limits.release + grace):
            for thread, _ in self._open():
                thread.join(max(0.0, patience - monotonic()))
            for _, service in self._open():
                if service is not None:
                    service.interrupt(now=True)
        self._flusher.stop()
        self._listener.close()
        log.info("stopped", address=str(self.address))

    def wait(self) -> None:
        """Wait until the server is stopped from another thread."""
        self._main.join()

    def _open(self) -> list[tuple[threading.Thread, Service | None]]:
        with self._lock:
            return list(self._threads.items())

    def _accept(self) -> None:
        while (call := self._listener.accept()) is not None:
            self._start(*call)

    def _start(self, connection: Connection, address: tuple[str, int]) -> None:
        with self._lock:
            count, waiting = len(self._threads), self._waiting[address[0]]
            if count >= self._limits.associations + _SPARE or waiting >= self._limits.associations_per_caller + _SPARE:
                connection.close()
                reason = f"{count} connections are open, and {waiting} of this host wait without a request"
                log.warning("a call was dropped", host=address[0], reason=reason)
                return
            self._waiting[address[0]] += 1
            thread = threading.Thread(
                target=self._serve,
                args=(connection, address),
                name=f"findicon-{address[0]}-{address[1]}",
                daemon=True,
            )
            self._threads[thread] = None
        try:
            thread.start()
        except RuntimeError as error:  # no more threads to be had
            connection.close()
            with self._lock:
                del self._threads[thread]
            self._has_asked(address[0])
            log.warning("a call was dropped", host=address[0], reason=str(error))

    def _has_asked(self, host: str) -> None:
        """Count a connection no more among those of a host that have not asked for an association yet."""
        with self._lock:
            self._waiting[host] -= 1
            if not self._waiting[host]:
                del self._waiting[host]

    def _serve(self, connection: Connection, address: tuple[str, int]) -> None:
        try:
            try:
                proposal = receive_proposal(connection, address, self._limits, self._tls)
            finally:
                self._has_asked(address[0])
            with self._places.place(proposal.request.calling, proposal.host) as has_place:
                self._answer(proposal, full=not has_place)
        except ProposalFailed as error:
            log.info("no association", host=address[0], reason=str(error))
        except PeerError as error:
            log.info("association lost", peer=error.peer, reason=error.reason)
        except Exception:  # noqa: BLE001  whatever happens on one association is none of the others' business
            log.exception("association failed", host=address[0])
        finally:
            connection.close()
            with self._lock:
                del self._threads[threading.current_thread()]

    def _admit(self, proposal: Proposal) -> tuple[Caller, Terms] | Rejection:
        """Let a caller in on its terms, or say why not."""
        admitted = self._doors.admit(proposal.request, proposal.host)
        user = proposal.request.user.identity
        if user is None or self._check_user is None or isinstance(admitted, Rejection):
            return admitted
        try:
            answer = self._check_user(user)
        except Exception:  # noqa: BLE001  it is somebody else's code, and nobody comes in because it failed
            log.exception("a user identity could not be checked", peer=proposal.peer)
            answer = None
        return NO_REASON if answer is None else (admitted[0], replace(admitted[1], identity_answer=answer))

    def _joined_for(self, proposal: Proposal) -> Joined:  # noqa: ARG002  it says which archive is called
        """Give what answers a caller."""
        return self._joined

    def _answer(self, proposal: Proposal, *, full: bool) -> None:
        admitted = LIMIT_EXCEEDED if full else self._admit(proposal)
        if isinstance(admitted, Rejection):
            log.warning("association rejected", peer=proposal.peer, reason=admitted.text)
            audit("association rejected", caller=proposal.request.calling, host=proposal.host, reason=admitted.text)
            proposal.reject(admitted)
            return
        caller, terms = admitted
        association = proposal.accept(terms)
        service = Service(association, caller, self._joined_for(proposal))
        with self._lock:
            self._threads[threading.current_thread()] = service
        user = proposal.request.user
        self._tell_refusals(proposal, caller, association)
        audit(
            "association accepted",
            caller=caller.ae_title,
            host=caller.host,
            called=proposal.request.called,
            user=user.identity.primary.decode("utf-8", "replace") if user.identity and user.identity.kind < 3 else None,
        )
        with contextlib.ExitStack() as ending:
            ending.callback(association.abort)  # nothing, once it is over
            service.run()

    @staticmethod
    def _tell_refusals(proposal: Proposal, caller: Caller, association: Association) -> None:
        """Say in the log what a caller asked for and did not get: it may learn no more than a number."""
        accepted, asked = len(association.contexts), len(proposal.request.contexts)
        log.debug("association accepted", peer=proposal.peer, contexts=accepted, asked=asked)
        if caller.refused:
            reason = f"peer {caller.name} has not the verbs {', '.join(caller.refused)}"
            log.warning("presentation contexts refused", peer=proposal.peer, reason=reason)
            audit("verbs refused", caller=caller.ae_title, host=caller.host, verbs=caller.refused)
        elif not accepted:
            reason = "none has an abstract syntax and a transfer syntax that are served"
            log.warning("presentation contexts refused", peer=proposal.peer, reason=reason)
