"""C-ECHO as the side that asks (PS3.7 9.1.5)."""

from ..dimse import VERIFICATION, Association, commands, encode_command, status_text, unexpected
from ..errors import PeerError
from .asking import next_message_id, offered


def echo(association: Association, timeout: float) -> None:
    """Ask whether the peer is there; raise PeerError when it does not say so."""
    context = offered(association, (str(VERIFICATION),), "C-ECHO")
    message_id = next_message_id()
    command: dict[int, int | str] = {
        commands.AFFECTED_SOP_CLASS: str(VERIFICATION),
        commands.COMMAND_FIELD: commands.C_ECHO,
        commands.MESSAGE_ID: message_id,
        commands.DATA_SET_TYPE: commands.NO_DATA_SET,
    }
    association.send(context, encode_command(command))
    answer = association.receive_answer(timeout).command
    if answer.field != commands.C_ECHO | commands.RESPONSE or answer.responded_to != message_id:
        raise unexpected(association, f"a message {answer.field:04X} instead of an answer to a C-ECHO")
    if answer.status:
        reason = f"C-ECHO failed: {status_text(commands.C_ECHO, answer.status)}"
        raise PeerError(association.peer, reason, status=answer.status, comment=answer.error_comment)
