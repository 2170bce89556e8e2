"""Elements of an encoded data set to the values that matching compares, and back to bytes."""

import struct
from collections.abc import Iterable, Mapping, Sequence

from .characters import TEXT_VRS, character_sets_of, decode_text, encode_text
from .keys import BYTES_VRS, vr_of
from .matching import Value
from .values import clean, split
from .wire import LONG_LENGTH, Element

NUMBERS = {"FD": "d", "FL": "f", "SL": "l", "SS": "h", "SV": "q", "UL": "L", "US": "H", "UV": "Q", "AT": "HH"}
"""VRs of binary numbers, with their layout."""

_SPECIFIC_CHARACTER_SET = 0x00080005
_LONGEST_SHORT = 0xFFFE
_ITEM = b"\xfe\xff\x00\xe0"


def values_of(element: Element, vr: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Decode the values of an element as text.

    Parameters
    ----------
    element
        Not a sequence.
    vr
        How its value is encoded.
    names
        The values of (0008,0005) that hold for it.

    Raises
    ------
    ValueError
        It is not as long as a number of its VR.
    """
    if vr in NUMBERS:
        layout = f"<{NUMBERS[vr]}"
        size = struct.calcsize(layout)
        if len(element.value) % size:
            raise ValueError(f"it is {len(element.value)} bytes long, not a multiple of {size}")
        numbers = struct.iter_unpack(layout, element.value)
        return tuple(f"{one[0]:04X}{one[1]:04X}" if vr == "AT" else repr(one[0]) for one in numbers)
    return split(vr, decode_text(vr, element.value.rstrip(b"\0 "), names))


def read_attributes(elements: Iterable[Element], wanted: Iterable[int] | None = None) -> dict[int, Value]:
    """Read the attributes of a data set, cleaned; those that are neither text nor numbers are left out.

    Parameters
    ----------
    elements
        The data set, taken apart.
    wanted
        Tags of those to read; all where None.
    """
    return _read(tuple(elements), (), None if wanted is None else set(wanted))


def _read(elements: Sequence[Element], names: tuple[str, ...], wanted: set[int] | None) -> dict[int, Value]:
    for element in elements:
        if element.tag == _SPECIFIC_CHARACTER_SET:
            given = element.value.decode("ascii", "replace").rstrip("\0 ").split("\\")
            names = character_sets_of(given) or ()
    found: dict[int, Value] = {}
    for element in elements:
        if wanted is not None and element.tag not in wanted:
            continue
        vr = vr_of(element.tag)
        if vr == "SQ":
            found[element.tag] = [_read(item, names, None) for item in element.items]
        elif vr not in BYTES_VRS and element.tag != _SPECIFIC_CHARACTER_SET:
            try:
                values = values_of(element, vr if element.vr in BYTES_VRS else element.vr, names)
            except ValueError:
                continue
            found[element.tag] = clean(vr, "\\".join(values))
    return found


def head(tag: int, vr: str, *, explicit: bool) -> bytes:
    """Give an element up to its length."""
    start = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    return start + vr.encode() + (b"\0\0" if vr in LONG_LENGTH else b"") if explicit else start


def sized(vr: str, value: bytes, *, explicit: bool) -> bytes:
    """Give an element's length and value, padded to even length; no value where it is longer than its VR can say."""
    short = explicit and vr not in LONG_LENGTH
    if short and len(value) > _LONGEST_SHORT:
        value = b""
    if len(value) % 2:
        value += b"\0" if vr == "UI" else b" "
    return struct.pack("<H" if short else "<L", len(value)) + value


def encode_value(vr: str, value: Value, names: tuple[str, ...], *, explicit: bool) -> bytes:
    """Encode length and value of an attribute; numbers that are none of their VR become empty."""
    if not isinstance(value, str):
        return sized(vr, b"".join(_item(one, names, explicit=explicit) for one in value), explicit=explicit)
    if vr in NUMBERS:
        return sized(vr, _numbers(vr, value), explicit=explicit)
    if vr in BYTES_VRS:
        return sized(vr, bytes.fromhex(value), explicit=explicit)
    encoded = encode_text(vr, value, names) if vr in TEXT_VRS else value.encode("ascii", "replace")
    return sized(vr, encoded, explicit=explicit)


def _numbers(vr: str, text: str) -> bytes:
    layout = f"<{NUMBERS[vr]}"
    try:
        if vr == "AT":
            return b"".join(struct.pack(layout, int(one[:4], 16), int(one[4:], 16)) for one in text.split("\\") if one)
        read = float if vr in {"FD", "FL"} else int
        return b"".join(struct.pack(layout, read(one)) for one in text.split("\\") if one)
    except (ValueError, OverflowError, struct.error):
        return b""


def _item(values: Mapping[int, Value], names: tuple[str, ...], *, explicit: bool) -> bytes:
    parts = []
    for tag, value in sorted(values.items()):
        vr = vr_of(tag)
        parts.append(head(tag, vr, explicit=explicit) + encode_value(vr, value, names, explicit=explicit))
    content = b"".join(parts)
    return _ITEM + struct.pack("<L", len(content)) + content


def texts_in(vr: str, value: Value) -> Iterable[tuple[str, str]]:
    """Give every text in a value that is encoded as (0008,0005) says, with its VR."""
    if isinstance(value, str):
        if vr in TEXT_VRS:
            yield vr, value
        return
    for item in value:
        for tag, one in item.items():
            yield from texts_in(vr_of(tag), one)
