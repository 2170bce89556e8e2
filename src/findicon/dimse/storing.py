"""C-STORE in both directions (PS3.7 9.3.1, PS3.4 Annex B): instances out of files, instances into an Ingest."""

from collections.abc import Iterable
from contextlib import closing
from tempfile import SpooledTemporaryFile
from typing import IO, NamedTuple

from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..errors import CatalogueError, IconError, PeerRejected, StorageError
from ..observe import log
from ..query import Ingest
from . import commands
from .association import Association, Received, unexpected
from .commands import encode_command
from .negotiation import NATIVE_SYNTAXES, Context, is_uid
from .part10 import Instance

SUCCESS = 0x0000
OUT_OF_RESOURCES = 0xA700
DOES_NOT_MATCH = 0xA900
CANNOT_UNDERSTAND = 0xC000
INVALID_INSTANCE = 0x0117
# What the sender is told; what it has to do with our files stands in the log.
_COMMENTS = {
    DOES_NOT_MATCH: "The data set is not the instance that was announced",
    CANNOT_UNDERSTAND: "The data set cannot be understood",
}
# Proposed beside an instance's own transfer syntax.
_PLAIN = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_MOST_CONTEXTS = 128
_SMALL = 1 << 24  # bytes of a data set that is made anew in memory


class Originator(NamedTuple):
    """Who asked for the C-MOVE that a C-STORE is part of."""

    ae_title: str
    message_id: int


def storage_syntaxes(instances: Iterable[tuple[str, str]]) -> list[tuple[str, tuple[str, ...]]]:
    """Give what to propose for storing instances of these SOP classes and transfer syntaxes.

    Each transfer syntax has a context of its own, so that the peer cannot choose between them; native ones are
    proposed for each SOP class in any case.
    """
    proposed: dict[tuple[str, tuple[str, ...]], None] = {}
    for sop_class, transfer_syntax in instances:
        if transfer_syntax not in _PLAIN:
            proposed[sop_class, (transfer_syntax,)] = None
        for plain in _PLAIN:
            proposed[sop_class, (plain,)] = None
    return list(proposed)[:_MOST_CONTEXTS]


def storage_context(association: Association, sop_class: str, transfer_syntax: str) -> Context | None:
    """Give the context to send an instance in: as it is, else natively; None when there is none."""
    contexts = [one for one in association.contexts.values() if one.abstract_syntax == sop_class and one.scu]
    for syntax in (transfer_syntax, *NATIVE_SYNTAXES):
        for context in contexts:
            if context.transfer_syntax == syntax:
                return context
    return None


def send_instance(
    association: Association,
    instance: Instance,
    message_id: int,
    originator: Originator | None = None,
    priority: int = commands.MEDIUM,
) -> None:
    """Send a C-STORE request; its response has still to be received.

    Raises
    ------
    PeerRejected
        The peer takes the instance neither as it is nor natively; nothing was sent.
    StorageError
        It cannot be decompressed; nothing was sent.
    PeerTimeout, PeerAborted
        The association is over.
    """
    context = storage_context(association, instance.sop_class, instance.transfer_syntax)
    if context is None:
        name = UID(instance.sop_class).name
        raise PeerRejected(association.peer, f"does not take {name} in {UID(instance.transfer_syntax).name}")
    command: dict[int, int | str] = {
        commands.AFFECTED_SOP_CLASS: instance.sop_class,
        commands.COMMAND_FIELD: commands.C_STORE,
        commands.MESSAGE_ID: message_id,
        commands.PRIORITY: priority,
        commands.DATA_SET_TYPE: commands.DATA_SET,
        commands.AFFECTED_SOP_INSTANCE: instance.sop_instance,
    }
    if originator is not None:
        command[commands.MOVE_ORIGINATOR] = originator.ae_title
        command[commands.MOVE_ORIGINATOR_ID] = originator.message_id
    if context.transfer_syntax == instance.transfer_syntax:
        association.send_stream(context, encode_command(command), instance.stream.read)
        return
    with closing(_native(instance, context.transfer_syntax)) as native:
        association.send_stream(context, encode_command(command), native.read)


def store_answer(association: Association, received: Received, message_id: int) -> int:
    """Read the response to a C-STORE request; give its status.

    Raises
    ------
    PeerAborted
        It is something else: the association is over.
    """
    command = received.command
    if command.field != commands.C_STORE | commands.RESPONSE or command.responded_to != message_id:
        raise unexpected(association, f"a message {command.field:04X} instead of an answer to a C-STORE")
    if command.has_data:
        association.read_data_into(None, received.context, association.limits.identifier)
    return command.status


def receive_instance(association: Association, received: Received, ingest: Ingest, sender: str) -> tuple[int, str]:
    """Take in the instance of a C-STORE request that was received; give the status and a comment to answer.

    Raises
    ------
    PeerTimeout, PeerAborted
        The association is over; the instance was not kept.
    """
    command, context = received.command, received.context
    sop_class = command.text(commands.AFFECTED_SOP_CLASS)
    sop_instance = command.text(commands.AFFECTED_SOP_INSTANCE)
    problem = None
    if not command.has_data:
        return CANNOT_UNDERSTAND, "A C-STORE request without a data set"
    if not is_uid(sop_instance):
        problem = INVALID_INSTANCE, "Affected SOP Instance UID is no UID"
    elif sop_class != context.abstract_syntax:
        problem = DOES_NOT_MATCH, "Affected SOP Class UID is not the abstract syntax"
    limit = association.limits.instance
    if problem is not None:
        association.read_data_into(None, context, limit)
        return problem
    sink = _Sink()
    try:
        with ingest.receive(sop_class, sop_instance, context.transfer_syntax, sender) as stream:
            sink.stream = stream
            association.read_data_into(sink, context, limit)
            sink.check()
    except Exception as error:
        if not association.is_open:
            raise
        if sink.stream is None:  # it did not even begin to take the data set
            association.read_data_into(None, context, limit)
        if isinstance(error, StorageError | CatalogueError | OSError):
            log.error("an instance was not kept", sender=sender, instance=sop_instance, reason=str(error))
            status = error.status if isinstance(error, StorageError) else OUT_OF_RESOURCES
            return status, _COMMENTS.get(status, "The instance cannot be kept")
        log.exception("an instance was not kept", sender=sender, instance=sop_instance)
        return CANNOT_UNDERSTAND, "Internal error, see the log of the receiver"
    return SUCCESS, ""


class _Sink:
    """A stream whose first error is kept until the data set has passed, so that the next message is found."""

    def __init__(self) -> None:
        self.stream: object = None
        self._error: Exception | None = None

    def write(self, data: memoryview) -> None:
        if self._error is None:
            try:
                self.stream.write(data)  # type: ignore[attr-defined]
            except Exception as error:  # noqa: BLE001  raised again by check
                self._error = error

    def check(self) -> None:
        if self._error is not None:
            raise self._error


def _native(instance: Instance, transfer_syntax: UID) -> IO[bytes]:
    """Give the data set in a native transfer syntax.

    It is made whole before any of it is sent, because a message that has begun cannot be taken back: in memory when it
    is small, else in a temporary file.
    """
    from ..pixels import native_pieces  # noqa: PLC0415  decoders take time to load that most exchanges do without

    instance.stream.seek(0)
    whole = SpooledTemporaryFile(max_size=_SMALL)  # noqa: SIM115  the caller closes it
    try:
        for piece in native_pieces(instance.stream, transfer_syntax):
            whole.write(piece)
    except (IconError, StorageError, OSError) as error:
        whole.close()
        name = UID(instance.transfer_syntax).name
        raise StorageError(f"{instance.sop_instance} in {name} cannot be sent natively: {error}") from error
    except BaseException:
        whole.close()
        raise
    whole.seek(0)
    return whole
