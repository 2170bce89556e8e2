"""Final responses and their statuses (PS3.7 9.3, Annex C; PS3.4 Table C.4-1)."""

from collections.abc import Mapping

from ..dimse import Association, Received, commands, encode_command
from ..errors import AnswersCut, CatalogueError, PeerError, QueryError, StorageError

SUCCESS = 0x0000
CANCEL = 0xFE00
PENDING = 0xFF00
PENDING_WARNING = 0xFF01
OUT_OF_RESOURCES = 0xA700
MATCHES_NOT_CALCULATED = 0xA701
SUB_OPERATIONS_FAILED = 0xA702
DESTINATION_UNKNOWN = 0xA801
UNABLE_TO_PROCESS = 0xC000
UPSTREAM_FAILED = 0xC001
CATALOGUE_FAILED = 0xC002
STORAGE_FAILED = 0xC003
SOP_CLASS_NOT_SUPPORTED = 0x0122
NOT_AUTHORIZED = 0x0124
UNRECOGNIZED_OPERATION = 0x0211


def response(received: Received, status: int, extra: Mapping[int, int | str] | None = None) -> bytes:
    """Encode the response to a request that was received, without a data set.

    Parameters
    ----------
    extra
        More elements, by element number: an Error Comment, counts of sub-operations.
    """
    return encode_command(elements(received, status, commands.NO_DATA_SET) | dict(extra or {}))


def elements(received: Received, status: int, data_set_type: int) -> dict[int, int | str]:
    """Give the elements that every response has."""
    command = received.command
    sop_class = command.text(commands.AFFECTED_SOP_CLASS) or str(received.context.abstract_syntax)
    return {
        commands.AFFECTED_SOP_CLASS: sop_class,
        commands.COMMAND_FIELD: command.field | commands.RESPONSE,
        commands.RESPONDED_TO: command.number(commands.MESSAGE_ID),
        commands.DATA_SET_TYPE: data_set_type,
        commands.STATUS: status,
    }


def reply(
    association: Association, received: Received, status: int, comment: str = "", offending: int | None = None
) -> None:
    """Send a response without a data set."""
    association.send(received.context, response(received, status, details(comment, offending)))


def details(comment: str = "", offending: int | None = None) -> dict[int, int | str]:
    """Give the elements that explain a status: Error Comment and Offending Element."""
    extra: dict[int, int | str] = {}
    if comment:
        extra[commands.ERROR_COMMENT] = comment
    if offending is not None:
        extra[commands.OFFENDING_ELEMENT] = offending
    return extra


def status_of(error: Exception) -> tuple[int, str, int | None]:
    """Give status, Error Comment and Offending Element for what a Finder raised."""
    if isinstance(error, QueryError):
        return error.status, error.comment, error.offending_element
    if isinstance(error, AnswersCut):
        return OUT_OF_RESOURCES, str(error), None
    if isinstance(error, PeerError):
        # What another archive says about the question is what our asker has to know; its cancel is none of ours.
        is_failure = error.status is not None and error.status >> 12 in {0x0, 0xA, 0xC} and error.status != SUCCESS
        return (error.status or 0) if is_failure else UPSTREAM_FAILED, error.comment or str(error), None
    if isinstance(error, CatalogueError):
        return CATALOGUE_FAILED, "The catalogue cannot be read", None
    if isinstance(error, StorageError):
        return STORAGE_FAILED, "The archive cannot be read", None
    return UNABLE_TO_PROCESS, "Internal error, see the log of the server", None
