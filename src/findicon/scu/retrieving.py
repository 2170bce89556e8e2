"""C-GET and C-MOVE as the side that asks: what came of it, and how it is asked (PS3.4 C.4.2, C.4.3)."""

from dataclasses import dataclass
from time import monotonic

from pydicom.dataset import Dataset

from ..dimse import (
    Association,
    Command,
    Received,
    commands,
    encode_command,
    receive_instance,
    status_text,
    unexpected,
)
from ..errors import PeerError
from ..query import Cancel, Ingest, Retrieved, RetrieveProgress, decode, never
from .asking import cancel_request, encoded, next_message_id, offered
from .asking import request as ask_for

_LOOK = 0.05  # seconds between two questions to a Cancel while nothing comes
_CANCELLED = 0xFE00


@dataclass(frozen=True, slots=True)
class Request:
    """A C-GET or C-MOVE to ask.

    Parameters
    ----------
    operation
        C_GET or C_MOVE.
    sop_classes
        Of the information models that will do, the best first.
    destination
        AE title that a C-MOVE sends to.
    ingest
        Takes the instances of a C-GET.
    timeout
        Seconds that the peer may say nothing.
    """

    operation: int
    identifier: Dataset
    sop_classes: tuple[str, ...]
    destination: str
    ingest: Ingest | None
    cancel: Cancel
    progress: RetrieveProgress | None
    timeout: float

    @property
    def verb(self) -> str:
        """Its name for people."""
        return "C-GET" if self.operation == commands.C_GET else "C-MOVE"


def retrieve(association: Association, request: Request) -> Retrieved:
    """Ask, take what comes, give what came of it.

    Raises
    ------
    PeerError
        The peer failed the whole operation, or the association is over.
    """
    return _Retrieval(association, request).run()


class _Retrieval:
    """One request on one association."""

    def __init__(self, association: Association, request: Request) -> None:
        self._association = association
        self._request = request
        self._context = offered(association, request.sop_classes, f"{request.verb} in this information model")
        self._message_id = next_message_id()
        self._is_cancelled = False

    def run(self) -> Retrieved:
        operation = self._request.operation
        command = ask_for(self._context, operation, self._message_id)
        if self._request.destination:
            command[commands.MOVE_DESTINATION] = self._request.destination
        data = encoded(self._request.identifier, self._context)
        self._association.send(self._context, encode_command(command), data)
        while True:
            received = self._receive()
            answer = received.command
            if answer.field == commands.C_STORE and self._request.ingest is not None:
                self._store(received, self._request.ingest)
                continue
            if answer.field != operation | commands.RESPONSE or answer.responded_to != self._message_id:
                text = f"a message {answer.field:04X} instead of an answer to a {self._request.verb}"
                raise unexpected(self._association, text)
            failed = self._failed_instances(received)
            if not answer.is_pending:
                return self._finish(answer, failed)
            if self._request.progress is not None:
                self._request.progress(_counts(answer), answer.number(commands.REMAINING, 0))

    def _receive(self) -> Received:
        deadline = monotonic() + self._request.timeout
        while self._request.cancel is not never and monotonic() < deadline:
            if not self._is_cancelled and self._request.cancel():
                self._is_cancelled = True
                self._association.send(self._context, cancel_request(self._message_id))
            if self._association.wait(_LOOK):
                break
        return self._association.receive_answer(max(0.0, deadline - monotonic()))

    def _store(self, received: Received, ingest: Ingest) -> None:
        status, comment = receive_instance(self._association, received, ingest, self._association.peer)
        command = received.command
        answer: dict[int, int | str] = {
            commands.AFFECTED_SOP_CLASS: command.text(commands.AFFECTED_SOP_CLASS),
            commands.COMMAND_FIELD: commands.C_STORE | commands.RESPONSE,
            commands.RESPONDED_TO: command.message_id,
            commands.DATA_SET_TYPE: commands.NO_DATA_SET,
            commands.STATUS: status,
            commands.AFFECTED_SOP_INSTANCE: command.text(commands.AFFECTED_SOP_INSTANCE),
        }
        if comment:
            answer[commands.ERROR_COMMENT] = comment
        self._association.send(received.context, encode_command(answer))

    def _failed_instances(self, received: Received) -> tuple[str, ...]:
        if not received.command.has_data:
            return ()
        data = self._association.read_data(received.context, self._association.limits.identifier)
        try:
            # as it came: a list that is too long for UI is UN in Explicit VR (PS3.5 6.2.2)
            named = decode(data, received.context.transfer_syntax).get_item("FailedSOPInstanceUIDList")
            uids = bytes(named.value or b"").decode("ascii").split("\\") if named is not None else []
        except Exception:  # noqa: BLE001  pydicom raises whatever Python raises; the counts say what matters
            return ()
        return tuple(uid for one in uids if (uid := one.strip(" \0")))

    def _finish(self, answer: Command, failed: tuple[str, ...]) -> Retrieved:
        status = answer.status
        counts = _counts(answer)
        if status == 0 or status in commands.WARNING_STATUSES or (status == _CANCELLED and self._is_cancelled):
            return Retrieved(
                counts.completed,
                counts.failed,
                counts.warnings,
                cancelled=status == _CANCELLED,
                failed_instances=failed,
            )
        reason = f"{self._request.verb} failed: {status_text(self._request.operation, status)}"
        raise PeerError(self._association.peer, reason, status=status, comment=answer.error_comment)


def _counts(answer: Command) -> Retrieved:
    return Retrieved(
        answer.number(commands.COMPLETED, 0), answer.number(commands.FAILED, 0), answer.number(commands.WARNING, 0)
    )
