"""An element's bytes to text and numbers (PS3.5 6.2)."""

import warnings
from collections.abc import Iterator
from contextlib import suppress
from functools import lru_cache
from struct import Struct

from pydicom import charset
from pydicom.datadict import dictionary_VR

from .elements import Encoding

_NUMBERS = {
    "FD": "d", "FL": "f", "OD": "d", "OF": "f", "SL": "i", "SS": "h", "SV": "q", "UL": "I", "US": "H", "UV": "Q",
}  # fmt: skip
_SIZES = {"d": 8, "f": 4, "h": 2, "H": 2, "i": 4, "I": 4, "q": 8, "Q": 8}
# Character strings whose backslash is a character, and of which only the end is padding.
_LONG_TEXTS = frozenset({"LT", "ST", "UR", "UT"})
_OTHER_TEXTS = frozenset({"AE", "AS", "CS", "DA", "DS", "DT", "IS", "LO", "PN", "SH", "TM", "UC", "UI"})
# What Specific Character Set applies to (PS3.5 6.1.2.3).
_LOCAL_TEXTS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
_DEFAULT = ("iso8859",)
# After these a text starts again in the first character set (PS3.5 6.1.2.5.3).
_TEXT_DELIMITERS = {0x09, 0x0A, 0x0C, 0x0D}
_NAME_DELIMITERS = _TEXT_DELIMITERS | {0x3D, 0x5C, 0x5E}


@lru_cache(maxsize=4096)
def _dictionary_vr(tag: int) -> str:
    """Give the VR that PS3.6 has for a tag, such as "US or SS"; UN for a private or unknown one."""
    try:
        return dictionary_VR(tag)
    except KeyError:
        return "UL" if tag & 0xFFFF == 0 else "UN"


@lru_cache(maxsize=1 << 13)
def joined_text(tag: int, vr: bytes, data: bytes, signed: bool, encoding: Encoding, encodings: tuple[str, ...]) -> str:
    r"""Give a short attribute as text, its values joined by ``\``: the files of a series repeat most of theirs."""
    return "\\".join(texts(vr_of_element(tag, vr, signed), data, encoding, encodings))


def vr_of_element(tag: int, written: bytes, signed: bool, *, undefined: bool = False) -> str:
    """Give the VR of an element: as written, or from the dictionary where none or UN is.

    Parameters
    ----------
    tag
        Its tag.
    written
        Its VR as written; empty in an implicit encoding.
    signed
        Whether "US or SS" is SS.
    undefined
        Whether its length is undefined: a private one without a VR is a sequence then.
    """
    if written and written != b"UN":
        return written.decode("ascii")
    vr = _dictionary_vr(tag)
    if vr == "UN":
        return "SQ" if undefined else "UN"
    if len(vr) == 2:
        return vr
    return "SS" if signed and vr.startswith("US or SS") else vr[:2]


def texts(vr: str, data: bytes, encoding: Encoding, encodings: tuple[str, ...]) -> tuple[str, ...]:
    """Give each value as text, without padding; nothing for bulk data and sequences."""
    if vr in _OTHER_TEXTS:
        text = _decoded(vr, data, encodings)
        if not text:
            return ()
        return tuple([part.strip(" ") for part in text.split("\\")])
    if vr in _LONG_TEXTS:
        text = _decoded(vr, data, encodings)
        return (text,) if text else ()
    if vr == "AT":
        pairs = _unpacked("H", data, encoding)
        return tuple([f"{group:04X}{number:04X}" for group, number in zip(pairs[::2], pairs[1::2], strict=False)])
    if vr in _NUMBERS and vr[0] != "O":
        return tuple([repr(number) for number in _unpacked(_NUMBERS[vr], data, encoding)])
    return ()


def numbers(vr: str, data: bytes, encoding: Encoding) -> tuple[float, ...]:
    """Give each value as a number, of decimal strings those before the first that is none."""
    if vr in _NUMBERS:
        return _unpacked(_NUMBERS[vr], data, encoding)
    if vr in {"DS", "IS"}:
        parts = data.rstrip(b" \0").split(b"\\")
        try:
            return tuple([float(part) for part in parts])
        except ValueError:
            return tuple(_leading(parts))
    return ()


def _leading(parts: list[bytes]) -> Iterator[float]:
    """Give the numbers that text begins with; some write a comma for the decimal point."""
    with suppress(ValueError):
        for part in parts:
            yield float(part.replace(b",", b"."))


def encodings_of(character_sets: tuple[str, ...]) -> tuple[str, ...]:
    """Give Python's names for the values of (0008,0005) Specific Character Set (PS3.3 C.12.1.1.2)."""
    if not any(character_sets):
        return _DEFAULT
    return _encodings_of(character_sets)


@lru_cache(maxsize=256)
def _encodings_of(character_sets: tuple[str, ...]) -> tuple[str, ...]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a wrong name is what the file says: the text is then read as ISO 8859-1
        try:
            return tuple(charset.convert_encodings(list(character_sets)))
        except (LookupError, ValueError):  # bytes that are no name at all
            return _DEFAULT


def _decoded(vr: str, data: bytes, encodings: tuple[str, ...]) -> str:
    if data[-1:] in {b"\0", b" "}:
        data = data.rstrip(b" \0")
    if data.isascii() and b"\x1b" not in data:
        return data.decode("ascii")
    if vr not in _LOCAL_TEXTS:
        return data.decode("iso8859")
    if b"\x1b" not in data:
        try:
            return data.decode(encodings[0], "replace")
        except LookupError:
            return data.decode("iso8859")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # characters that the set does not have become replacement characters
        return charset.decode_bytes(data, encodings, _NAME_DELIMITERS if vr == "PN" else _TEXT_DELIMITERS)


def _unpacked(code: str, data: bytes, encoding: Encoding) -> tuple[float, ...]:
    count = len(data) // _SIZES[code]
    order = "<" if encoding.little_endian else ">"
    return _struct(order, code, count).unpack_from(data)


@lru_cache(maxsize=512)
def _struct(order: str, code: str, count: int) -> Struct:
    return Struct(f"{order}{count}{code}")
