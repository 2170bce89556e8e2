"""The judge in tests/support is judged too: it passes a lawful icon and names each broken rule once."""

import struct

import pytest

from support.icon_rules import icon_element, violations


def us(tag: int, *values: int) -> bytes:
    return struct.pack(f"<HH2sH{len(values)}H", tag >> 16, tag & 0xFFFF, b"US", 2 * len(values), *values)


def short(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr, len(value)) + value


def long(tag: int, vr: bytes, value: bytes) -> bytes:
    return struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr, 0, len(value)) + value


LAWFUL = {
    0x00280002: us(0x00280002, 1),
    0x00280004: short(0x00280004, b"CS", b"MONOCHROME2 "),
    0x00280010: us(0x00280010, 3),
    0x00280011: us(0x00280011, 3),
    0x00280100: us(0x00280100, 8),
    0x00280101: us(0x00280101, 8),
    0x00280102: us(0x00280102, 7),
    0x00280103: us(0x00280103, 0),
    0x7FE00010: long(0x7FE00010, b"OB", bytes(10)),
}
COLOUR = LAWFUL | {
    0x00280004: short(0x00280004, b"CS", b"PALETTE COLOR "),
    **{tag: us(tag, 2, 0, 16) for tag in (0x00281101, 0x00281102, 0x00281103)},
    **{tag: long(tag, b"OW", bytes(4)) for tag in (0x00281201, 0x00281202, 0x00281203)},
}


def answer(*contents: bytes) -> bytes:
    items = b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(content)) + content for content in contents)
    return long(0x00880200, b"SQ", items)


def item(elements: dict[int, bytes]) -> bytes:
    return b"".join(elements[tag] for tag in sorted(elements))


@pytest.mark.parametrize("lawful", [LAWFUL, COLOUR])
def test_a_lawful_icon_passes(lawful: dict[int, bytes]) -> None:
    assert violations(answer(item(lawful)), implicit=False) == []


def test_undefined_lengths_are_read_too() -> None:
    content = item(LAWFUL)
    data = (
        struct.pack("<HH2sHL", 0x0088, 0x0200, b"SQ", 0, 0xFFFFFFFF)
        + struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF)
        + content
        + struct.pack("<HHL", 0xFFFE, 0xE00D, 0)
        + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    )
    assert violations(data, implicit=False) == []
    assert icon_element(data, implicit=False) is not None


def test_an_empty_sequence_breaks_no_rule() -> None:
    assert violations(answer(), implicit=False) == []


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ({0x00280002: us(0x00280002, 3)}, "Samples per Pixel is 3"),
        ({0x00280004: short(0x00280004, b"CS", b"RGB ")}, "'RGB' is not allowed"),
        ({0x00280006: us(0x00280006, 0)}, "00280006"),
        ({0x00280008: short(0x00280008, b"IS", b"1 ")}, "00280008"),
        ({0x00280034: short(0x00280034, b"IS", b"1\\2 ")}, "Pixel Aspect Ratio"),
        ({0x00280100: us(0x00280100, 16)}, "Bits Allocated 16"),
        ({0x00280102: us(0x00280102, 8)}, "High Bit"),
        ({0x00280103: us(0x00280103, 1)}, "Pixel Representation"),
        ({0x7FE00010: long(0x7FE00010, b"OB", bytes(9))}, "odd length"),
        ({0x7FE00010: long(0x7FE00010, b"OB", bytes(12))}, "12 bytes"),
        ({0x7FE00010: long(0x7FE00010, b"OB", b"")}, "missing or empty"),
        ({0x7FE00010: long(0x7FE00010, b"UN", bytes(10))}, "VR b'UN'"),
        ({0x00281101: us(0x00281101, 2, 0, 16)}, "without PALETTE COLOR"),
    ],
)
def test_each_broken_rule_is_named(broken: dict[int, bytes], rule: str) -> None:
    assert any(rule in violation for violation in violations(answer(item(LAWFUL | broken)), implicit=False))


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        ({0x00281102: us(0x00281102, 3, 0, 16)}, "descriptors differ"),
        ({0x00281201: long(0x00281201, b"OW", bytes(2))}, "2 bytes for 2 entries"),
        ({0x7FE00010: long(0x7FE00010, b"OB", b"\2" * 10)}, "outside the palette"),
    ],
)
def test_each_broken_rule_of_a_palette_is_named(broken: dict[int, bytes], rule: str) -> None:
    assert any(rule in violation for violation in violations(answer(item(COLOUR | broken)), implicit=False))


def test_a_missing_palette_is_named() -> None:
    colour = {tag: value for tag, value in COLOUR.items() if tag != 0x00281203}
    assert any("00281203" in violation for violation in violations(answer(item(colour)), implicit=False))


def test_two_items_are_one_too_many() -> None:
    assert any("2 items" in found for found in violations(answer(item(LAWFUL), item(LAWFUL)), implicit=False))
