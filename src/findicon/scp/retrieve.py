"""C-GET and C-MOVE: sub-operations, their counts and their cancel (PS3.4 C.4.2, C.4.3; PS3.7 9.1.3, 9.1.4)."""

from collections.abc import Sequence
from contextlib import closing
from itertools import count
from typing import Protocol

from pydicom.dataset import Dataset

from ..dimse import Association, Originator, Received, commands, open_instance, send_instance, store_answer, unexpected
from ..errors import FindiconError, PeerAborted, PeerError
from ..observe import log
from ..query import Cancel, InstanceSource, Retrieved, encode
from . import replies
from .selection import Selected

_SOME_FAILED = 0xB000
_FAILED_LIST = "FailedSOPInstanceUIDList"
_LONG = 0xFFFF


class Deliverer(Protocol):
    """Sends one instance; gives the status that the receiver answered."""

    def __call__(self, one: Selected, source: InstanceSource) -> int:
        """Send it; raises FindiconError when it cannot be sent, PeerError when its receiver is gone."""
        ...


class SubOperations:
    """The sub-operations of one C-GET or C-MOVE that was received.

    Parameters
    ----------
    selection
        The instances to send.
    deliver
        Sends one of them.
    is_cancelled
        Asked before each: whether the asker wants no more.
    """

    def __init__(
        self,
        association: Association,
        received: Received,
        selection: Sequence[Selected],
        source: InstanceSource,
        deliver: Deliverer,
        is_cancelled: Cancel,
    ) -> None:
        self._association = association
        self._received = received
        self._selection = selection
        self._source = source
        self._deliver = deliver
        self._is_cancelled = is_cancelled
        self.completed = self.warnings = 0
        self.failed: list[str] = []

    @property
    def came(self) -> Retrieved:
        """What has come of it so far."""
        return Retrieved(self.completed, len(self.failed), self.warnings, failed_instances=tuple(self.failed))

    def run(self) -> int:
        """Send the instances, tell how far it is after each, and answer at the end; give the final status.

        Raises
        ------
        PeerError
            The asker's association is over.
        """
        for index, one in enumerate(self._selection):
            if self._is_cancelled():
                return self._finish(replies.CANCEL, len(self._selection) - index)
            self._send(one)
            remaining = len(self._selection) - index - 1
            if remaining:
                self._answer(replies.PENDING, remaining)
        return self._finish(end_of(self.came), 0)

    def _send(self, one: Selected) -> None:
        try:
            status = self._deliver(one, self._source)
        except Exception as error:  # noqa: BLE001  an InstanceSource is somebody else's code: a failure, whatever it is
            self._fail(one, error)
            return
        if status == replies.SUCCESS:
            self.completed += 1
        elif status in commands.WARNING_STATUSES:
            self.warnings += 1
        else:
            log.warning("an instance was refused", instance=one.sop_instance, status=f"{status:04X}")
            self.failed.append(one.sop_instance)

    def _fail(self, one: Selected, error: Exception) -> None:
        if not self._association.is_open:
            if isinstance(error, PeerError):
                raise error
            raise PeerAborted(self._association.peer, f"aborted: {one.sop_instance} broke off: {error}") from error
        if isinstance(error, FindiconError | OSError):
            log.warning("an instance was not sent", instance=one.sop_instance, reason=str(error))
        else:
            log.error("an instance was not sent", instance=one.sop_instance, exc_info=error)
        self.failed.append(one.sop_instance)

    def _finish(self, status: int, remaining: int) -> int:
        self._answer(status, remaining)
        return status

    def _answer(self, status: int, remaining: int) -> None:
        answer(self._association, self._received, status, self.came, remaining)


def answer(
    association: Association, received: Received, status: int, came: Retrieved, remaining: int, comment: str = ""
) -> None:
    """Answer a C-GET or C-MOVE with its counts, and at a bad end with the instances that failed."""
    counts = replies.details(comment) | {
        commands.COMPLETED: came.completed,
        commands.FAILED: came.failed,
        commands.WARNING: came.warnings,
    }
    if status in {replies.PENDING, replies.CANCEL}:
        counts[commands.REMAINING] = remaining
    if status in {replies.SUCCESS, replies.PENDING} or not came.failed_instances:
        association.send(received.context, replies.response(received, status, counts))
        return
    association.send(
        received.context,
        replies.response(received, status, counts | {commands.DATA_SET_TYPE: commands.DATA_SET}),
        encode(_naming(came.failed_instances), received.context.transfer_syntax),
    )


def _naming(failed: Sequence[str]) -> Dataset:
    """Make the identifier that names what failed; UI has no room for very many in Explicit VR (PS3.5 6.2.2)."""
    uids = "\\".join(failed)
    identifier = Dataset()
    if len(uids) < _LONG:
        identifier.add_new(_FAILED_LIST, "UI", uids)
    else:
        identifier.add_new(_FAILED_LIST, "UN", (uids + "\0" * (len(uids) % 2)).encode("ascii"))
    return identifier


def end_of(came: Retrieved) -> int:
    """Give the final status for what came of a retrieval."""
    if came.cancelled:
        return replies.CANCEL
    if came.failed:
        return _SOME_FAILED if came.completed or came.warnings else replies.SUB_OPERATIONS_FAILED
    return _SOME_FAILED if came.warnings else replies.SUCCESS


class SameAssociation:
    """Sends the instances of a C-GET on the association that it came on."""

    def __init__(self, association: Association, received: Received) -> None:
        self._association = association
        self._request = received.command.message_id
        self._priority = received.command.priority
        self._message_ids = count(self._request + 1)
        self._cancelled = False

    def deliver(self, one: Selected, source: InstanceSource) -> int:
        """Send one instance and wait for its answer; a cancel may come before it."""
        message_id = next(self._message_ids) & 0xFFFF
        with closing(source.open(one.sop_instance)) as stream:
            instance = open_instance(stream, one.sop_instance)
            send_instance(self._association, instance, message_id, priority=self._priority)
        while True:
            received = self._association.receive_answer(self._association.limits.network)
            if received.command.field == commands.C_CANCEL:
                self._cancelled |= received.command.responded_to == self._request
            else:
                return store_answer(self._association, received, message_id)

    def is_cancelled(self) -> bool:
        """See whether a cancel has come, now or before the answer to the last instance."""
        self._cancelled |= was_cancelled(self._association, self._request)
        return self._cancelled


class OtherAssociation:
    """Sends the instances of a C-MOVE to its destination."""

    def __init__(
        self, asker: Association, received: Received, destination: Association | None, asker_ae_title: str
    ) -> None:
        self._asker = asker
        self._destination = destination
        self._request = received.command.message_id
        self._originator = Originator(asker_ae_title, self._request)
        self._priority = received.command.priority
        self._message_ids = count(1)

    def deliver(self, one: Selected, source: InstanceSource) -> int:
        """Send one instance and wait for its answer."""
        destination = self._destination
        assert destination is not None  # without one there is nothing to send
        if not destination.is_open:
            raise PeerAborted(destination.peer, "the association had ended before")
        message_id = next(self._message_ids) & 0xFFFF
        with closing(source.open(one.sop_instance)) as stream:
            instance = open_instance(stream, one.sop_instance)
            send_instance(destination, instance, message_id, self._originator, self._priority)
        return store_answer(destination, destination.receive_answer(destination.limits.network), message_id)

    def is_cancelled(self) -> bool:
        """See whether a cancel has come."""
        return was_cancelled(self._asker, self._request)


def was_cancelled(association: Association, message_id: int) -> bool:
    """See whether the C-CANCEL of a request has arrived; raises PeerError when the association is over."""
    cancelled = False
    while (received := association.receive_now()) is not None:
        if received.command.field != commands.C_CANCEL:
            raise unexpected(association, "a request before the last one was answered")
        cancelled |= received.command.responded_to == message_id
    return cancelled
