"""The strict walk: what is no data set is told with its place, what stands before it is kept."""

import struct

import pytest

from findicon.check.elements import UNDEFINED, Element, MalformedError, read_elements, read_items
from support.wrong_scp import element, items, text, us

ROWS = element(0x00280010, *us(5), implicit=False)
END_OF_ITEM = struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
END_OF_SEQUENCE = struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)


def sequence(value: bytes, length: int | None = None, vr: bytes = b"SQ") -> bytes:
    return element(0x00880200, vr, value, implicit=False, length=length)


def nested(depth: int) -> bytes:
    data = b""
    for _ in range(depth):
        data = sequence(
            struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED) + data + END_OF_ITEM + END_OF_SEQUENCE, UNDEFINED
        )
    return data


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"\x28\x00\x10", "3 bytes are left"),
        (ROWS[:9], "a length of 2 bytes, 1 are left"),
        (b"\x28\x00\x10\x00us\x02\x00\x05\x00", "no VR"),
        (sequence(b"", 10), "a length of 10 bytes, 0 are left"),
        (sequence(b"", UNDEFINED), "the bytes end inside a sequence"),
        (sequence(ROWS, UNDEFINED), "where an item has to begin"),
        (sequence(items(ROWS), UNDEFINED), "the bytes end inside a sequence"),
        (sequence(struct.pack("<HHL", 0xFFFE, 0xE0DD, 4), UNDEFINED), "a delimiter with a length of 4"),
        (sequence(b"", UNDEFINED, b"UT") + END_OF_SEQUENCE, "of VR UT has an undefined length"),
        (END_OF_ITEM, "outside a sequence"),
        (nested(20), "deep"),
    ],
)
def test_what_is_no_data_set(data: bytes, why: str) -> None:
    found, problem = read_elements(ROWS + data, implicit=False)
    assert [one.tag for one in found] == [0x00280010]
    assert why in problem


def test_lengths_may_be_undefined() -> None:
    inside = struct.pack("<HHL", 0xFFFE, 0xE000, UNDEFINED) + ROWS + nested(3) + END_OF_ITEM + items(ROWS)
    data = sequence(inside + END_OF_SEQUENCE, UNDEFINED) + ROWS
    (first, second), problem = read_elements(data, implicit=False)
    assert problem == ""
    assert (first.length, second.tag) == (UNDEFINED, 0x00280010)
    assert read_items(first) == [(ROWS + nested(3), UNDEFINED), (ROWS, len(ROWS))]


def test_what_is_unknown_holds_implicit_items() -> None:
    inside = items(element(0x00280010, *us(5), implicit=True))
    (found,), problem = read_elements(sequence(inside + END_OF_SEQUENCE, UNDEFINED, b"UN"), implicit=False)
    assert problem == ""
    ((content, _),) = read_items(found)
    assert read_elements(content, implicit=True)[0][0].value == b"\5\0"


def test_items_that_are_none() -> None:
    with pytest.raises(MalformedError, match=r"\(0028,0010\) where an item"):
        read_items(Element(0x00880200, "SQ", len(ROWS), ROWS))
    with pytest.raises(MalformedError, match="a length of 40 bytes"):
        read_items(Element(0x00880200, "SQ", 8, struct.pack("<HHL", 0xFFFE, 0xE000, 40)))


def test_spaces_around_a_text_do_not_count() -> None:
    assert Element(0x00280004, "CS", 6, b" RGB  ").text == "RGB"
    assert read_elements(element(0x00280004, *text(b"CS", "RGB"), implicit=True), implicit=True)[0][0].vr == ""
