"""Answers in the DICOM JSON Model (PS3.18 Annex F), written from their bytes without a data set in between."""

import base64
import json
import math
import re
import struct
from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Any, TextIO

from pydicom.charset import convert_encodings, decode_bytes
from pydicom.uid import ExplicitVRLittleEndian

from ..errors import FindiconError
from ..query import Match

_UNDEFINED = 0xFFFFFFFF
_ITEM, _END_OF_ITEM, _END_OF_SEQUENCE = b"\xfe\xff\x00\xe0", b"\xfe\xff\x0d\xe0", b"\xfe\xff\xdd\xe0"
_CHARACTER_SET = "00080005"
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_NUMBERS = {
    "FD": "<d", "FL": "<f", "SL": "<l", "SS": "<h", "SV": "<q", "UL": "<L", "US": "<H", "UV": "<Q",
}  # fmt: skip
_BINARY = {"OB", "OD", "OF", "OL", "OV", "OW", "UN"}
_CODED = {"LO", "LT", "PN", "SH", "ST", "UC", "UT"}  # those that Specific Character Set is about (PS3.5 6.1.2.3)
_ONE_TEXT = {"LT", "ST", "UR", "UT"}  # a backslash in them is a backslash
_INTEGER = re.compile(r"[+-]?\d+")
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")
_DELIMITERS = {0x5C, 0x5E, 0x3D}  # after each of them a text starts again in its first character set (PS3.5 6.1.2.5.3)
_DEFAULT = ("iso8859",)


def json_of(match: Match) -> dict[str, Any]:
    """Give an answer as an object of the DICOM JSON Model (PS3.18 F.2), its icon inline.

    Raises
    ------
    FindiconError
        The answer's bytes are no data set.
    """
    try:
        return _data_set(match.encoded(ExplicitVRLittleEndian), _DEFAULT)
    except (struct.error, ValueError, LookupError) as error:
        raise FindiconError(f"An answer is not a valid data set: {error}") from error


def write_json(matches: Iterable[Match], stream: TextIO) -> None:
    """Write answers as one JSON array, one answer a line, as they come."""
    before = "[\n"
    for match in matches:
        stream.write(before + _text(match))
        before = ",\n"
    stream.write("[]\n" if before == "[\n" else "\n]\n")


def write_json_lines(matches: Iterable[Match], stream: TextIO) -> None:
    """Write each answer as one line of JSON, as it comes."""
    stream.writelines(_text(match) + "\n" for match in matches)


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), check_circular=False).encode


def _text(match: Match) -> str:
    return _encode(json_of(match))


def _data_set(data: bytes, encodings: tuple[str, ...]) -> dict[str, Any]:
    made: dict[str, Any] = {}
    for name, vr, value in _elements(data):
        if name == _CHARACTER_SET:
            encodings = _encodings(value)
            made[name] = {"vr": "CS", "Value": ["ISO_IR 192"]}  # what JSON is written in (PS3.18 F.2.1.1)
        elif not name.endswith("0000"):  # no group lengths (F.2.2)
            made[name] = _element(vr, value, encodings)
    names = list(made)
    return made if names == sorted(names) else dict(sorted(made.items()))


def _elements(data: bytes) -> Iterator[tuple[str, str, bytes]]:
    """Walk a data set in Explicit VR Little Endian: name, VR and value field."""
    offset, end = 0, len(data)
    while offset < end:
        name, vr = _name(data[offset : offset + 4]), data[offset + 4 : offset + 6]
        if vr in _LONG:
            (length,) = struct.unpack_from("<L", data, offset + 8)
            offset += 12
        else:
            (length,) = struct.unpack_from("<H", data, offset + 6)
            offset += 8
        after = offset + length
        if length == _UNDEFINED:
            if vr != b"SQ":  # encapsulated pixels have no place in an identifier, nor has UN: encoding names the VR
                raise ValueError(f"({name}) has undefined length and VR {vr!r}")
            after = _after_sequence(data, offset)
            yield name, "SQ", data[offset : after - 8]
        elif after > end:
            raise ValueError(f"({name}) has {length} bytes where {end - offset} are left")
        else:
            yield name, vr.decode("ascii"), data[offset:after]
        offset = after


def _after_sequence(data: bytes, offset: int) -> int:
    while data[offset : offset + 4] == _ITEM:
        (length,) = struct.unpack_from("<L", data, offset + 4)
        offset = _after_item(data, offset + 8) if length == _UNDEFINED else offset + 8 + length
    if data[offset : offset + 4] != _END_OF_SEQUENCE:
        raise ValueError("a sequence does not end")
    return offset + 8


def _after_item(data: bytes, offset: int) -> int:
    while data[offset : offset + 4] != _END_OF_ITEM:
        if data[offset + 4 : offset + 6] in _LONG:
            (length,) = struct.unpack_from("<L", data, offset + 8)
            offset = _after_sequence(data, offset + 12) if length == _UNDEFINED else offset + 12 + length
        else:
            (length,) = struct.unpack_from("<H", data, offset + 6)
            offset += 8 + length
    return offset + 8


@lru_cache(maxsize=4096)
def _name(tag: bytes) -> str:
    group, element = struct.unpack("<HH", tag)
    return f"{group:04X}{element:04X}"


def _element(vr: str, value: bytes, encodings: tuple[str, ...]) -> dict[str, Any]:
    values: list[Any]
    if vr == "SQ":
        values = [_data_set(item, encodings) for item in _items(value)]
    elif not value:
        values = []
    elif vr in _BINARY:
        return {"vr": vr, "InlineBinary": base64.b64encode(value).decode("ascii")}
    elif vr in _NUMBERS:
        values = [_finite(one) for (one,) in struct.iter_unpack(_NUMBERS[vr], value)]
    elif vr == "AT":
        values = [_name(value[start : start + 4]) for start in range(0, len(value), 4)]
    else:
        values = _texts(vr, _decoded(value, encodings if vr in _CODED else _DEFAULT))
    return {"vr": vr, "Value": values} if values else {"vr": vr}  # an empty one has no Value (F.2.5)


def _items(value: bytes) -> Iterator[bytes]:
    offset = 0
    while offset < len(value):
        if value[offset : offset + 4] != _ITEM:
            raise ValueError("a sequence holds something that is no item")
        (length,) = struct.unpack_from("<L", value, offset + 4)
        offset += 8
        after = _after_item(value, offset) if length == _UNDEFINED else offset + length
        yield value[offset : after - 8] if length == _UNDEFINED else value[offset:after]
        offset = after


def _decoded(value: bytes, encodings: tuple[str, ...]) -> str:
    if value.isascii() and b"\x1b" not in value:
        return value.decode("ascii")
    return str(decode_bytes(value, list(encodings), _DELIMITERS))


@lru_cache(maxsize=64)
def _encodings(value: bytes) -> tuple[str, ...]:
    names = value.decode("ascii", "replace").rstrip(" \0").split("\\")
    return tuple(convert_encodings([name.strip() for name in names]))


def _texts(vr: str, text: str) -> list[Any]:
    text = text.rstrip(" \0")
    if not text:
        return []
    if vr in _ONE_TEXT:
        return [text]
    parts = [part.strip(" ") for part in text.split("\\")]
    if vr == "PN":
        return [_name_groups(part) for part in parts]
    if vr in ("DS", "IS"):
        return [_number(part) for part in parts]
    return [part or None for part in parts]


def _name_groups(text: str) -> dict[str, str] | None:
    groups = (group.strip(" ") for group in text.split("="))
    return {name: group for name, group in zip(_GROUPS, groups, strict=False) if group} or None


def _number(text: str) -> int | float | str | None:
    if not text:
        return None
    if _INTEGER.fullmatch(text):
        return int(text)
    try:
        return _finite(float(text))
    except ValueError:
        return text  # not a number: a string keeps what came (F.2.3)


def _finite(number: float) -> float | str:
    return number if math.isfinite(number) else str(number)  # JSON has no NaN
