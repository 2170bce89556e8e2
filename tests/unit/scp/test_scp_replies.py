import pytest
from pydicom.uid import UID

from findicon.dimse import Context, Received, commands, decode_command, encode_command
from findicon.errors import AnswersCut, CatalogueError, IconError, PeerError, QueryError, StorageError
from findicon.scp import replies

FIND = UID("1.2.840.10008.5.1.4.1.2.2.1")
ASKED = {commands.AFFECTED_SOP_CLASS: FIND, commands.COMMAND_FIELD: commands.C_FIND, commands.MESSAGE_ID: 513}
RECEIVED = Received(
    Context(3, FIND, UID("1.2.840.10008.1.2"), scu=False, scp=True), decode_command(encode_command(ASKED))
)


def test_a_response_answers_its_request() -> None:
    extra = replies.details("no such level", 0x00080052)
    answer = decode_command(replies.response(RECEIVED, 0xA900, extra))
    assert answer.field == 0x8020
    assert answer.responded_to == 513
    assert answer.text(commands.AFFECTED_SOP_CLASS) == FIND
    assert answer.status == 0xA900
    assert answer.error_comment == "no such level"
    assert answer.elements[commands.OFFENDING_ELEMENT] == b"\x08\0\x52\0"
    assert not answer.has_data


@pytest.mark.parametrize(
    ("error", "status", "comment", "offending"),
    [
        (QueryError("wrong", offending_element=0x00100010), 0xA900, "wrong", 0x00100010),
        (QueryError("wrong", status=0xC123), 0xC123, "wrong", None),
        (AnswersCut(5), 0xA700, "More than 5 matches: only the first 5 were sent", None),
        (PeerError("PACS", "is down"), 0xC001, "PACS: is down", None),
        (CatalogueError("SELECT * FROM patient"), 0xC002, "The catalogue cannot be read", None),
        (StorageError("/archive/DOE^JANE"), 0xC003, "The archive cannot be read", None),
        (IconError("hollow"), 0xC000, "Internal error, see the log of the server", None),
        (ZeroDivisionError(), 0xC000, "Internal error, see the log of the server", None),
    ],
)
def test_what_a_finder_raises_has_a_status(error: Exception, status: int, comment: str, offending: int | None) -> None:
    assert replies.status_of(error) == (status, comment, offending)
    assert len(comment) <= 64
