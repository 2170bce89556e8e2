"""Two judges that share no code, the room `check` and the one of the tests, on the same bytes."""

import struct
from collections.abc import Callable

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from pydicom.uid import ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.check.answers import Answer
from support.icon_rules import violations
from support.wrong_scp import ICON, Item, colour, content, element, gray, items, text, undefined, us

LEVEL = element(0x00080052, *text(b"CS", "IMAGE"), implicit=False)
LEVEL_IMPLICIT = element(0x00080052, *text(b"CS", "IMAGE"), implicit=True)
NUMBERS = (0x00280002, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103)
ATTRIBUTES = sorted(colour(bytes(25)))
# Attributes that have no place in an icon: their tag, VR and a value
FOREIGN = [
    (0x00280006, us(0)),
    (0x00280008, text(b"IS", "1")),
    (0x00080060, text(b"CS", "CT")),
    (0x00281050, text(b"DS", "40")),
    (0x60000010, us(4)),
    (0x7FE00008, (b"OW", bytes(8))),
]

numbers = st.builds(
    lambda tag, value: lambda item: item | {tag: us(value)},
    st.sampled_from(NUMBERS),
    st.sampled_from([0, 1, 2, 3, 5, 7, 8, 12, 15, 16, 25, 26, 255, 65535]),
)
photometric = st.builds(
    lambda name: lambda item: item | {0x00280004: text(b"CS", name)},
    st.sampled_from(["MONOCHROME1", "MONOCHROME2", "PALETTE COLOR", "RGB", "YBR_FULL", "YBR_FULL_422", "MONOCHROME 2"]),
)
deleted = st.builds(lambda tag: lambda item: {t: v for t, v in item.items() if t != tag}, st.sampled_from(ATTRIBUTES))
emptied = st.builds(lambda tag: lambda item: item | {tag: (item.get(tag, (b"OB",))[0], b"")}, st.sampled_from(NUMBERS))
foreign = st.builds(lambda one: lambda item: item | dict([one]), st.sampled_from(FOREIGN))
optional = st.builds(
    lambda one: lambda item: item | dict([one]),
    st.sampled_from(
        [
            (0x00280034, text(b"IS", "1\\1")),
            (0x00280034, text(b"IS", "3\\4")),
            (0x00280034, text(b"IS", "one")),
            (0x00280106, us(0)),
            (0x00280107, us(255)),
            (0x00282000, (b"OB", bytes(10))),
            (0x00282002, text(b"CS", "SRGB")),
        ]
    ),
)
vr = st.builds(
    lambda tag, name: lambda item: item | {tag: (name, item[tag][1])} if tag in item else item,
    st.sampled_from(ATTRIBUTES),
    st.sampled_from([b"US", b"SS", b"OB", b"OW", b"UN", b"CS", b"LO"]),
)
pixel_data = st.builds(
    lambda length: lambda item: item | {0x7FE00010: (b"OB", bytes(length))},
    st.sampled_from([0, 2, 4, 24, 25, 26, 28, 76]),
)
descriptor = st.builds(
    lambda number, values: lambda item: item | {0x00281101 + number: us(*values)},
    st.integers(0, 2),
    st.tuples(st.sampled_from([0, 1, 16, 256]), st.sampled_from([0, 1]), st.sampled_from([0, 8, 12, 16])),
)
descriptors = st.builds(
    lambda values: lambda item: item | {0x00281101 + number: us(*values) for number in range(3)},
    st.tuples(st.sampled_from([0, 1, 16, 256]), st.just(0), st.sampled_from([8, 16])),
)
table = st.builds(
    lambda number, length: lambda item: item | {0x00281201 + number: (b"OW", bytes(length))},
    st.integers(0, 2),
    st.sampled_from([0, 1, 2, 15, 16, 32, 256, 512, 131072]),
)
odd = st.builds(
    lambda tag: lambda item: item | {tag: (item[tag][0], item[tag][1] + b"\0")} if tag in item else item,
    st.sampled_from(ATTRIBUTES),
)
twice = st.builds(
    lambda tag: lambda item: item | {tag: (item[tag][0], 2 * item[tag][1])} if tag in item else item,
    st.sampled_from(NUMBERS),
)
one_bit = st.just(
    lambda item: item | {0x00280100: us(1), 0x00280101: us(1), 0x00280102: us(0), 0x7FE00010: (b"OB", bytes(4))}
)
changes = st.one_of(
    numbers, photometric, deleted, emptied, foreign, optional, vr, pixel_data, descriptor, descriptors, table, odd,
    twice, one_bit,
)  # fmt: skip
lawful = st.sampled_from(
    [gray(bytes(25)), colour(bytes(25)), colour(bytes(range(24)) + b"\0", 64), gray(bytes(64), 8, 8)]
)


def whole(sequence: bytes, *, implicit: bool) -> bytes:
    return (LEVEL_IMPLICIT if implicit else LEVEL) + sequence


def ours(data: bytes, *, implicit: bool) -> list[str]:
    answer = Answer(data, ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian, is_warned=False)
    return [f"{rule.section} {rule.name}: {detail}" for rule, detail in answer.judgement.items() if detail]


def theirs(data: bytes, *, implicit: bool) -> list[str]:
    try:
        found = violations(data, implicit=implicit)
    except (ValueError, struct.error, IndexError, UnicodeDecodeError) as error:
        return [f"cannot be read: {error}"]
    # A pixel value outside is the palette's last entry (PS3.3 C.7.6.3.1.5): careless, and lawful.
    return [one for one in found if "outside the palette" not in one]


def assert_same(data: bytes, *, implicit: bool) -> None:
    our, their = ours(data, implicit=implicit), theirs(data, implicit=implicit)
    assert bool(our) == bool(their), (our, their)


@given(lawful, st.lists(changes, max_size=3), st.booleans(), st.booleans())
@settings(max_examples=1500, deadline=None)
@example(gray(bytes(25)), [], True, True)
@example(colour(bytes(25)), [], False, True)
def test_both_find_something_or_neither(
    item: Item, mutations: list[Callable[[Item], Item]], implicit: bool, defined: bool
) -> None:
    for change in mutations:
        item = change(item)
    sequence = element(ICON, b"SQ", items(content(item, implicit=implicit)), implicit=implicit)
    assert_same(whole(sequence if defined else undefined(sequence, implicit), implicit=implicit), implicit=implicit)


@given(lawful, st.randoms(use_true_random=False), st.booleans())
@settings(max_examples=200, deadline=None)
def test_both_see_the_order_of_tags(item: Item, random, implicit: bool) -> None:
    tags = sorted(item)
    if random.random() < 0.8:
        random.shuffle(tags)
    shuffled = b"".join(element(tag, *item[tag], implicit=implicit) for tag in tags)
    assert_same(whole(element(ICON, b"SQ", items(shuffled), implicit=implicit), implicit=implicit), implicit=implicit)


@pytest.mark.parametrize("implicit", [True, False])
@pytest.mark.parametrize("count", [0, 1, 2])
def test_both_count_the_items(count: int, implicit: bool) -> None:
    value = items(*[content(gray(bytes(25)), implicit=implicit)] * count)
    data = whole(element(ICON, b"SQ", value, implicit=implicit), implicit=implicit)
    assert_same(data, implicit=implicit)
    assert bool(ours(data, implicit=implicit)) == (count == 2)


@pytest.mark.parametrize("implicit", [True, False])
def test_both_want_the_icon_in_its_place(implicit: bool) -> None:
    sequence = element(ICON, b"SQ", b"", implicit=implicit)
    uid = element(0x0020000D, *text(b"UI", "1.2"), implicit=implicit)
    assert ours(uid + sequence, implicit=implicit) == []
    assert_same(uid + sequence, implicit=implicit)
    assert ours(sequence + uid, implicit=implicit)
    assert_same(sequence + uid, implicit=implicit)


@given(st.binary(max_size=200), st.booleans())
@settings(max_examples=500, deadline=None)
def test_no_bytes_are_too_wrong_to_be_judged(noise: bytes, implicit: bool) -> None:
    syntax = ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian
    answer = Answer(noise, syntax, is_warned=False)
    assert answer.judgement
    assert answer.icon() is None or answer.size


@given(st.integers(0, 700), st.integers(0, 255), st.booleans())
@settings(max_examples=700, deadline=None)
def test_no_byte_that_changes_is_too_much(place: int, value: int, implicit: bool) -> None:
    inside = content(colour(bytes(25), 64), implicit=implicit)
    data = bytearray(whole(element(ICON, b"SQ", items(inside), implicit=implicit), implicit=implicit))
    data[place % len(data)] = value
    answer = Answer(bytes(data), ImplicitVRLittleEndian if implicit else ExplicitVRLittleEndian, is_warned=False)
    assert all(isinstance(detail, str) for detail in answer.judgement.values())
    answer.icon()
    assert answer.size is None or len(answer.size) == 2
