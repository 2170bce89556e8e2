"""What one association asks, one request after the other (PS3.7 9.3)."""

from collections.abc import Callable
from dataclasses import dataclass

from pydicom.uid import UID

from ..dimse import Association, Flusher, Received, commands, unexpected
from ..observe import log
from ..query import Finder, Ingest, InstanceSource, Model
from . import replies
from .doors import Caller
from .find import answer_find
from .get import answer_get
from .move import Mover
from .services import is_storage
from .store import answer_store


@dataclass(frozen=True, slots=True)
class Joined:
    """What a server is joined to; what is None is not offered."""

    finder: Finder
    flusher: Flusher
    source: InstanceSource | None = None
    ingest: Ingest | None = None
    mover: Mover | None = None


class Service:
    """One association that is served.

    Attributes
    ----------
    is_busy
        Whether a request is being answered.
    """

    def __init__(self, association: Association, caller: Caller, joined: Joined) -> None:
        self._association = association
        self._caller = caller
        self._joined = joined
        self.is_busy = False
        self._is_stopping = False
        self._operations: dict[int, Callable[[Received], None]] = {
            commands.C_ECHO: self._echo,
            commands.C_FIND: self._find,
            commands.C_GET: self._get,
            commands.C_MOVE: self._move,
            commands.C_STORE: self._store,
        }

    def run(self) -> None:
        """Serve until the association ends; raise PeerError when it does not end in order."""
        association = self._association
        while True:
            received = association.receive(association.limits.idle)
            if received is None:
                return
            self.is_busy = True
            self._serve(received)
            self.is_busy = False
            if self._is_stopping:
                association.abort()
                return

    def stop(self) -> None:
        """Make `run` end when it is idle, from another thread."""
        self._is_stopping = True
        if not self.is_busy:
            self.interrupt()

    def interrupt(self, *, now: bool = False) -> None:
        """Make `run` end, from another thread; with `now` also in the middle of a write."""
        self._association.transport.interrupt(now=now)

    def _serve(self, received: Received) -> None:
        command = received.command
        if command.field == commands.C_CANCEL:
            return  # it crossed with our final response: nothing is left to cancel
        if command.field & commands.RESPONSE:
            raise unexpected(self._association, f"a response {command.field:04X} that nobody asked for")
        if not command.elements.get(commands.MESSAGE_ID):
            raise unexpected(self._association, f"a request {command.field:04X} without a Message ID")
        operation = self._operations.get(command.field)
        if operation is None:
            log.warning("unknown request", caller=self._caller.name, command=f"{command.field:04X}")
            self._refuse(received, replies.UNRECOGNIZED_OPERATION)
            return
        operation(received)

    def _refuse(self, received: Received, status: int, comment: str = "") -> None:
        if received.command.has_data:
            limits, is_instance = self._association.limits, received.command.field == commands.C_STORE
            limit = limits.instance if is_instance else limits.identifier
            self._association.read_data_into(None, received.context, limit)
        replies.reply(self._association, received, status, comment)

    def _echo(self, received: Received) -> None:
        self._refuse(received, replies.SUCCESS)  # PS3.7 9.1.5: nothing to do but to answer

    def _find(self, received: Received) -> None:
        if _is_asked(received, _FIND_CLASSES):
            answer_find(self._association, received, self._joined.finder, self._joined.flusher, self._caller)
        else:
            self._refuse(received, replies.SOP_CLASS_NOT_SUPPORTED, "No C-FIND in this presentation context")

    def _get(self, received: Received) -> None:
        source = self._joined.source
        if source is not None and _is_asked(received, _GET_CLASSES):
            answer_get(self._association, received, self._joined.finder, source, self._caller)
        else:
            self._refuse(received, replies.SOP_CLASS_NOT_SUPPORTED, "No C-GET in this presentation context")

    def _move(self, received: Received) -> None:
        mover = self._joined.mover
        if mover is not None and _is_asked(received, _MOVE_CLASSES):
            mover.answer(self._association, received, self._caller)
        else:
            self._refuse(received, replies.SOP_CLASS_NOT_SUPPORTED, "No C-MOVE in this presentation context")

    def _store(self, received: Received) -> None:
        ingest, context = self._joined.ingest, received.context
        if ingest is None or not context.scp or not is_storage(context.abstract_syntax):
            self._refuse(received, replies.SOP_CLASS_NOT_SUPPORTED, "No C-STORE in this presentation context")
        elif "store" not in self._caller.verbs:
            self._refuse(received, replies.NOT_AUTHORIZED, "This peer may not store")
        else:
            answer_store(self._association, received, ingest, self._caller)


def _is_asked(received: Received, sop_classes: set[UID]) -> bool:
    """Tell whether a request is for one of these SOP classes; some peers leave its own name of it empty."""
    abstract_syntax = received.context.abstract_syntax
    named = received.command.text(commands.AFFECTED_SOP_CLASS)
    return abstract_syntax in sop_classes and named in {"", abstract_syntax}


_FIND_CLASSES = {model.find for model in Model}
_GET_CLASSES = {model.get for model in Model}
_MOVE_CLASSES = {model.move for model in Model}
