import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_dataset

from findicon.dimse import commands
from findicon.dimse.commands import Command, decode_command, encode_command
from findicon.dimse.pdus import MalformedError

ECHO = {
    commands.AFFECTED_SOP_CLASS: "1.2.840.10008.1.1",
    commands.COMMAND_FIELD: commands.C_ECHO | commands.RESPONSE,
    commands.RESPONDED_TO: 7,
    commands.DATA_SET_TYPE: commands.NO_DATA_SET,
    commands.STATUS: 0xC000,
    commands.OFFENDING_ELEMENT: 0x00080052,
    commands.ERROR_COMMENT: "a comment of odd length",
}


def test_pydicom_reads_what_we_encode() -> None:
    data = encode_command(ECHO)
    dataset = read_dataset(DicomBytesIO(data), is_implicit_VR=True, is_little_endian=True)
    assert dataset[0x00000000].value == len(data) - 12
    assert dataset.AffectedSOPClassUID == "1.2.840.10008.1.1"
    assert dataset.MessageIDBeingRespondedTo == 7
    assert dataset.Status == 0xC000
    assert dataset.OffendingElement == 0x00080052
    assert dataset.ErrorComment == "a comment of odd length"
    assert [int(one.tag) for one in dataset] == sorted(int(one.tag) for one in dataset)


def test_we_read_it_too() -> None:
    command = decode_command(encode_command(ECHO))
    assert command.field == 0x8030
    assert command.responded_to == 7
    assert command.status == 0xC000
    assert command.error_comment == "a comment of odd length"
    assert not command.has_data
    assert not command.is_pending


@pytest.mark.parametrize(
    ("text", "comment"),
    [
        ("Short and whole", "Short and whole"),
        ("x" * 64, "x" * 64),
        ("x" * 65, "x" * 61 + "..."),
        ("\N{EURO SIGN}" * 100, "?" * 61 + "..."),
        (
            "The Unique Key of the SERIES level is missing, which a request needs to have",
            "The Unique Key of the SERIES level is missing, which a...",
        ),
        ("one two, " + "three " * 9 + "four five", "one two, " + "three " * 7 + "three..."),
        ("a\\b\tc\nd", "a b c d"),
    ],
)
def test_an_error_comment_has_64_characters_at_most_and_whole_words(text: str, comment: str) -> None:
    command = decode_command(encode_command({commands.COMMAND_FIELD: 1, commands.ERROR_COMMENT: text}))
    assert command.error_comment == comment
    assert len(command.error_comment) <= 64


@pytest.mark.parametrize("status", [0xFF00, 0xFF01])
def test_pending(status: int) -> None:
    assert decode_command(encode_command({commands.COMMAND_FIELD: 0x8020, commands.STATUS: status})).is_pending


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"\0\0\0\1", "cut short"),
        (struct.pack("<HHI", 0, 0x0100, 2), "are left"),
        (struct.pack("<HHI", 0, 0x0100, 0xFFFFFFFF) + b"\0\0", "are left"),
        (struct.pack("<HHIH", 8, 0x0016, 2, 0), "in a command set"),
        (struct.pack("<HHIH", 0, 0x0100, 2, 0x30) * 2, "twice"),
        (struct.pack("<HHIH", 0, 0x0110, 2, 1), r"without \(0000,0100\)"),
        (struct.pack("<HHIL", 0, 0x0100, 4, 1), "with 4 bytes"),
        (struct.pack("<HHIH", 0, 0x0100, 2, 1) + struct.pack("<HHI12x", 0, 0x0110, 12), "with 12 bytes"),
        (struct.pack("<HHI", 0, 0x0100, 0), "an empty"),
    ],
)
def test_what_is_no_command_set(data: bytes, says: str) -> None:
    with pytest.raises(MalformedError, match=says):
        decode_command(data)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_command_set_or_malformed(data: bytes) -> None:
    try:
        command = decode_command(data)
    except MalformedError:
        return
    assert isinstance(command, Command)
    assert sum(8 + len(one) for one in command.elements.values()) == len(data)


@given(
    st.dictionaries(
        st.sampled_from(
            [commands.MESSAGE_ID, commands.STATUS, commands.REMAINING, commands.COMPLETED, commands.PRIORITY]
        ),
        st.integers(0, 0xFFFF),
    ),
    st.text(alphabet=st.characters(min_codepoint=33, max_codepoint=126, exclude_characters="\\"), max_size=64),
)
def test_what_is_encoded_is_decoded(numbers: dict[int, int], comment: str) -> None:
    command = decode_command(encode_command({commands.COMMAND_FIELD: 1, commands.ERROR_COMMENT: comment, **numbers}))
    assert {number: command.number(number) for number in numbers} == numbers
    assert command.error_comment == comment
