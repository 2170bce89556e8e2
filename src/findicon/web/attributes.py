"""Attributes of data sets as plain values, from an answer's bytes or a file's header: what JSON is made of."""

import struct
from collections.abc import Callable, Container, Iterator, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import numpy as np
from pydicom.charset import convert_encodings, decode_bytes
from pydicom.uid import ExplicitVRLittleEndian

from ..errors import StorageError
from ..pixels import Header
from ..query import Match

Plain: TypeAlias = str | int | float | None
Address: TypeAlias = Callable[[str], str]
"""Gives the address of a value that is left out, for the path of its tags: ``00880200/0/7FE00010``."""

BINARY_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
NUMBER_FORMATS = {
    "FD": "<d", "FL": "<f", "SL": "<l", "SS": "<h", "SV": "<q", "UL": "<L", "US": "<H", "UV": "<Q",
}  # fmt: skip
_LONG_LENGTH = frozenset({b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"})
_ONE_TEXT = frozenset({"LT", "ST", "UR", "UT"})
_LOCAL_TEXTS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_SPECIFIC_CHARACTER_SET = 0x00080005
_UNDEFINED = 0xFFFFFFFF
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = 0xFFFEE000, 0xFFFEE00D, 0xFFFEE0DD
_SHORT_HEAD = struct.Struct("<HH2sH").unpack_from
_LONG = struct.Struct("<L").unpack_from
_ITEM_HEAD = struct.Struct("<HHL").unpack_from
_DEFAULT = ("iso8859",)
_DELIMITERS = {0x5C, 0x5E, 0x3D}  # after them a text begins again in its first character set (PS3.5 6.1.2.5.3)
_UTF8 = "ISO_IR 192"
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)


class Attribute(NamedTuple):
    """One attribute with plain values.

    Parameters
    ----------
    tag, vr
        Of the attribute.
    values
        Texts or numbers; None for an empty one between others.
    items
        The items of a sequence; None for anything else.
    binary
        The bytes of a binary VR, little endian.
    address
        Where a value is that is left out; empty when it is here.
    """

    tag: int
    vr: str
    values: Sequence[Plain] = ()
    items: "Sequence[Sequence[Attribute]] | None" = None
    binary: bytes = b""
    address: str = ""


class Malformed(Exception):
    """Bytes that are no data set."""


def of_match(match: Match) -> list[Attribute]:
    """Give the attributes of an answer; raises StorageError for one that is no data set."""
    try:
        return of_bytes(match.encoded(ExplicitVRLittleEndian))
    except (Malformed, struct.error, ValueError, LookupError, RecursionError) as exc:
        raise StorageError(f"An answer is no valid data set: {exc}") from exc


def of_bytes(
    data: bytes, encodings: tuple[str, ...] = _DEFAULT, wanted: Container[int] | None = None
) -> list[Attribute]:
    """Give the attributes of a data set in Explicit VR Little Endian; raises Malformed or struct.error.

    Parameters
    ----------
    data
        The data set.
    encodings
        Of texts, until it names its own.
    wanted
        Tags of those that are wanted; None for all.
    """
    found = []
    offset, end = 0, len(data)
    while offset < end:
        group, number, vr_code, length = _SHORT_HEAD(data, offset)
        offset += 8
        if vr_code in _LONG_LENGTH:
            (length,) = _LONG(data, offset)
            offset += 4
        tag, vr = group << 16 | number, vr_code.decode("latin-1")
        is_left_out = wanted is not None and tag not in wanted and tag != _SPECIFIC_CHARACTER_SET
        if is_left_out and length != _UNDEFINED:
            offset += length
            continue
        if vr == "SQ":
            items, offset = _items(data, offset, length, encodings)
            found.append(Attribute(tag, vr, (), items))
            continue
        after = offset + length
        if after > end:
            raise Malformed(f"({tag:08X}) is longer than what is there")
        if number:  # no group lengths
            value = data[offset:after]
            if tag == _SPECIFIC_CHARACTER_SET:
                encodings = _encodings(value)
                found.append(Attribute(tag, "CS", (_UTF8,)))  # what JSON and XML are written in
            else:
                found.append(_attribute(tag, vr, value, encodings))
        offset = after
    return found


def _items(data: bytes, offset: int, length: int, encodings: tuple[str, ...]) -> tuple[list[list[Attribute]], int]:
    items = []
    end = len(data) if length == _UNDEFINED else offset + length
    while offset < end:
        group, number, size = _ITEM_HEAD(data, offset)
        offset += 8
        tag = group << 16 | number
        if tag == _END_OF_SEQUENCE:
            break
        if tag != _ITEM:
            raise Malformed(f"({tag:08X}) stands where an item should")
        after = _end_of_item(data, offset) if size == _UNDEFINED else offset + size
        items.append(of_bytes(data[offset : after - 8 if size == _UNDEFINED else after], encodings))
        offset = after
    return items, offset


def _end_of_item(data: bytes, offset: int) -> int:
    while True:
        group, number, vr, length = _SHORT_HEAD(data, offset)
        offset += 8
        if group << 16 | number == _END_OF_ITEM:
            return offset
        if vr in _LONG_LENGTH:
            (length,) = _LONG(data, offset)
            offset += 4
        if length == _UNDEFINED:
            _, offset = _items(data, offset, length, _DEFAULT)
        else:
            offset += length


@lru_cache(maxsize=64)
def _encodings(value: bytes) -> tuple[str, ...]:
    names = value.decode("ascii", "replace").rstrip(" \0").split("\\")
    return tuple(convert_encodings([name.strip() for name in names]))


def _attribute(tag: int, vr: str, value: bytes, encodings: tuple[str, ...]) -> Attribute:
    if not value:
        return Attribute(tag, vr)
    if vr in BINARY_VRS:
        return Attribute(tag, vr, (), None, value)
    if vr in NUMBER_FORMATS:
        return Attribute(tag, vr, [one for (one,) in struct.iter_unpack(NUMBER_FORMATS[vr], value)])
    if vr == "AT":
        pairs = struct.iter_unpack("<HH", value)
        return Attribute(tag, vr, [f"{group:04X}{number:04X}" for group, number in pairs])
    if value.isascii() and 0x1B not in value:
        text = value.decode("ascii")
    elif vr in _LOCAL_TEXTS:
        text = str(decode_bytes(value, list(encodings), _DELIMITERS))
    else:
        text = value.decode("iso8859")
    return Attribute(tag, vr, texts_of(vr, text))


def texts_of(vr: str, text: str) -> Sequence[str | None]:
    """Give the values in an attribute's text: without padding, None for an empty one, nothing for none at all."""
    text = text.rstrip(" \0")
    if not text:
        return ()
    if vr in _ONE_TEXT:
        return (text,)
    if "\\" not in text:
        return (text.lstrip(" "),)
    return [part.strip(" ") or None for part in text.split("\\")]


def of_header(header: Header, address: Address, longest: int = 1024, path: str = "") -> Iterator[Attribute]:
    """Give the attributes of a file's header, in ascending order; pixel data and long values by their address.

    Parameters
    ----------
    header
        Of the file, or of an item in it.
    address
        Gives the address of a value that is left out.
    longest
        Bytes that a binary value may have and still be given.
    path
        Of the item, ``00880200/0/`` for the first one of the icon sequence.

    Raises
    ------
    StorageError
        The header is malformed, or the file cannot be read any more.
    """
    pixels = header.pixels
    tags = sorted(tag for tag in header if tag >> 16 >= 8 and tag & 0xFFFF and tag not in _PIXELS)
    for tag in tags:
        yield _of_header(header, tag, address, longest, path)
    if pixels is not None:
        name = f"{path}{pixels.tag:08X}"
        yield Attribute(pixels.tag, pixel_vr(header), address=address(name) if pixels.length else "")


def _of_header(header: Header, tag: int, address: Address, longest: int, path: str) -> Attribute:
    vr = header.vr(tag)
    if tag == _SPECIFIC_CHARACTER_SET:
        return Attribute(tag, "CS", (_UTF8,))
    if vr == "SQ":
        items = header.items(tag)
        return Attribute(
            tag,
            vr,
            (),
            [
                list(of_header(item, address, longest, f"{path}{tag:08X}/{number}/"))
                for number, item in enumerate(items)
            ],
        )
    if vr in BINARY_VRS:
        return _binary_of_header(header, tag, vr, address, longest, path)
    if vr in NUMBER_FORMATS:
        return Attribute(tag, vr, header.numbers(tag))
    texts = header.texts(tag)
    return Attribute(tag, vr, [text or None for text in texts] if any(texts) else ())


def _binary_of_header(header: Header, tag: int, vr: str, address: Address, longest: int, path: str) -> Attribute:
    try:
        value = little_endian(vr, header.raw(tag), header)
    except StorageError:
        return Attribute(tag, vr, address=address(f"{path}{tag:08X}"))  # too long to be read in one piece
    if len(value) > longest:
        return Attribute(tag, vr, address=address(f"{path}{tag:08X}"))
    return Attribute(tag, vr, (), None, value)


def pixel_vr(header: Header) -> str:
    """Give the VR of an image's pixel data, which Implicit VR leaves to its bits (PS3.5 A.1, A.2)."""
    pixels = header.pixels
    if pixels is None:
        return ""
    if pixels.vr.isalpha():
        return pixels.vr.decode("ascii")
    if pixels.tag != 0x7FE00010:
        return "OF" if pixels.tag == 0x7FE00008 else "OD"
    return "OW" if (header.integer(0x00280100) or 0) > 8 or header.encoding.implicit else "OB"


def little_endian(vr: str, value: bytes, header: Header) -> bytes:
    """Give a binary value in little endian, whatever the file's order of bytes is."""
    size = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}.get(vr, 1)
    if header.encoding.little_endian or size == 1:
        return value
    return np.frombuffer(value[: len(value) // size * size], f">u{size}").astype(f"<u{size}").tobytes()
