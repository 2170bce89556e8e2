"""Rows to encoded identifiers: one function is generated for each set of elements and transfer syntax.

Tags, VRs and every constant stand in the function ready-made; what a row adds is its text and the lengths of it. While
all of that is ASCII, an answer is one formatted string turned into bytes at once. No data set is built.
"""

import struct
from collections.abc import Callable, Sequence
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..errors import IconError
from ..icons import icon_element
from ..query import (
    ICON_IMAGE_SEQUENCE,
    LONG_LENGTH,
    NUMBERS,
    TEXT_VRS,
    characters_for,
    deflate,
    encode_text,
    encode_value,
    head,
    sized,
    texts_in,
)

Encoder: TypeAlias = Callable[[Sequence[Any]], bytes]

_SPECIFIC_CHARACTER_SET = 0x00080005
# Rows with more text than this take the slower way: their lengths are not at hand.
_READY = 4096
_SHORT = tuple(struct.pack("<H", length + length % 2).decode("latin-1") for length in range(_READY))
_LONG = tuple(struct.pack("<L", length + length % 2).decode("latin-1") for length in range(_READY))
_SPACE = tuple(" " * (length % 2) for length in range(_READY))
_NULL = tuple("\0" * (length % 2) for length in range(_READY))


class Element(NamedTuple):
    """One element of every answer.

    Attributes
    ----------
    tag, vr
        Of the element.
    place
        Where its value stands in a row; None for a constant.
    constant
        Its value in every answer.
    """

    tag: int
    vr: str
    place: int | None
    constant: str = ""


@lru_cache(maxsize=512)
def encoder(elements: tuple[Element, ...], transfer_syntax: UID, character_sets: tuple[str, ...]) -> Encoder:
    """Give the function that encodes a row.

    Parameters
    ----------
    elements
        In ascending order of their tags.
    transfer_syntax
        Implicit, Explicit or Deflated Explicit VR Little Endian.
    character_sets
        (0008,0005) of the request; answers use it where it can hold them.
    """
    explicit = transfer_syntax != ImplicitVRLittleEndian

    def careful(row: Sequence[Any]) -> bytes:
        return _encoded(elements, row, explicit, transfer_syntax, character_sets)

    has_sequences = any(one.vr == "SQ" and one.tag != ICON_IMAGE_SEQUENCE for one in elements)
    quick = careful if has_sequences else _quick(elements, explicit, transfer_syntax, character_sets, careful)
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        return lambda row: deflate(quick(row))
    return quick


def _quick(
    elements: tuple[Element, ...],
    explicit: bool,
    transfer_syntax: UID,
    character_sets: tuple[str, ...],
    careful: Encoder,
) -> Encoder:
    texts = [(one.vr, one.place) for one in elements if one.place is not None and one.vr not in {"SQ", *NUMBERS}]

    def beyond_ascii(row: Sequence[Any]) -> bytes:
        """Encode text first, and then let every byte of it stand as one character in the formatted string."""
        values = [(vr, place, row[place]) for vr, place in texts if vr != "IS" and not row[place].isascii()]
        names = characters_for(character_sets, ((vr, text) for vr, _, text in values if vr in TEXT_VRS))
        changed = list(row)
        for vr, place, text in values:
            data = encode_text(vr, text, names) if vr in TEXT_VRS else text.encode("ascii", "replace")
            changed[place] = data.decode("latin-1")
        if any(len(str(changed[place])) >= _READY for _, place in texts):
            return careful(row)
        return _character_set(names, explicit) + plain(changed)

    plain, checked = _generated(elements, explicit, transfer_syntax, beyond_ascii)
    return checked


def _generated(
    elements: tuple[Element, ...], explicit: bool, transfer_syntax: UID, otherwise: Encoder
) -> tuple[Encoder, Encoder]:
    """Make the function that encodes any row whose texts are bytes, and the one that leaves others to `otherwise`."""
    pieces: list[str] = [""]
    texts: list[str] = []
    for element in elements:
        start = head(element.tag, element.vr, explicit=explicit)
        value = f"r[{element.place}]"
        if element.vr == "SQ":
            pieces += [f"icon({value}, transfer_syntax)", ""]
        elif element.place is None:
            pieces[-1] += _literal(start + sized(element.vr, element.constant.encode(), explicit=explicit))
        elif element.vr in NUMBERS:
            pieces[-1] += f"{_literal(start)}{{binary({element.vr!r}, explicit, {value})}}"
        else:
            name = f"v{len(texts)}"
            texts.append(f"    {name} = str({value})" if element.vr == "IS" else f"    {name} = {value}")
            lengths = "long" if not explicit or element.vr in LONG_LENGTH else "short"
            padding = "null" if element.vr == "UI" else "space"
            pieces[-1] += f"{_literal(start)}{{{lengths}[(n := len({name}))]}}{{{name}}}{{{padding}[n]}}"
    parts = [piece if place % 2 else f'f"{piece}".encode("latin-1")' for place, piece in enumerate(pieces) if piece]
    names = " + ".join(f"v{number}" for number in range(len(texts))) or "''"
    answer = f"    return {' + '.join(parts)}"
    check = [
        f"    text = {names}",
        f"    if len(text) >= {_READY} or not text.isascii():",
        "        return otherwise(r)",
    ]
    source = "\n".join(["def plain(r):", *texts, answer, "def checked(r):", *texts, *check, answer])
    space: dict[str, Any] = {
        "binary": _binary_text, "explicit": explicit, "icon": _icon, "long": _LONG, "null": _NULL,
        "otherwise": otherwise, "short": _SHORT, "space": _SPACE, "transfer_syntax": transfer_syntax,
    }  # fmt: skip
    exec(compile(source, "<encoder>", "exec"), space)  # noqa: S102 -- made of tags and places alone, not of any value
    return space["plain"], space["checked"]


def _literal(data: bytes) -> str:
    """Write bytes as they stand inside a formatted string."""
    return "".join(chr(byte) if chr(byte).isalnum() and byte < 128 else f"\\x{byte:02x}" for byte in data)


def _encoded(
    elements: tuple[Element, ...],
    row: Sequence[Any],
    explicit: bool,
    transfer_syntax: UID,
    character_sets: tuple[str, ...],
) -> bytes:
    """Encode a row whatever is in it, element by element."""
    icon: Any = None
    values: list[tuple[Element, Any]] = []
    for element in elements:
        value: Any = element.constant if element.place is None else row[element.place]
        if element.tag == ICON_IMAGE_SEQUENCE:
            icon, value = value, ""
        values.append((element, str(value) if isinstance(value, int) else value))
    names = characters_for(character_sets, (text for one, value in values for text in texts_in(one.vr, value)))
    parts = [_character_set(names, explicit)]
    for element, value in values:
        if element.tag == ICON_IMAGE_SEQUENCE:
            parts.append(_icon(icon, transfer_syntax))
        else:
            parts.append(head(element.tag, element.vr, explicit=explicit))
            parts.append(encode_value(element.vr, value, names, explicit=explicit))
    return b"".join(parts)


@lru_cache(maxsize=256)
def _character_set(names: tuple[str, ...], explicit: bool) -> bytes:
    """Encode (0008,0005), which stands before everything else; nothing for ASCII."""
    if not names:
        return b""
    value = sized("CS", "\\".join(names).encode(), explicit=explicit)
    return head(_SPECIFIC_CHARACTER_SET, "CS", explicit=explicit) + value


def _icon(item: bytes | None, transfer_syntax: UID) -> bytes:
    try:
        return icon_element(item, transfer_syntax)
    except IconError:  # a stored item that is damaged: the query is answered all the same
        return icon_element(None, transfer_syntax)


def _binary_text(vr: str, explicit: bool, text: str) -> str:
    return encode_value(vr, text, (), explicit=explicit).decode("latin-1")
