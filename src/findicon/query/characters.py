"""Text to bytes and back in the character sets of PS3.3 C.12.1.1.2, with code extensions (PS3.5 6.1.2)."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

UTF_8 = "ISO_IR 192"
TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs whose text is encoded as (0008,0005) says; text of all others is ASCII (PS3.5 6.1.2.2)."""

# Sets that allow no others beside them.
_ALONE = {UTF_8: "utf-8", "GB18030": "gb18030", "GBK": "gbk"}
_ESCAPE = 0x1B
# After these a text begins anew in the first set (PS3.5 6.1.2.5.3); a name does after its own delimiters, too.
_LINE_ENDS = frozenset("\t\n\f\r")
_DELIMITERS = {"PN": _LINE_ENDS | frozenset("\\^="), "LO": _LINE_ENDS | {"\\"}, "SH": _LINE_ENDS | {"\\"}}
_NAME = re.compile(r"ISO[ _-]?(2022)?[ _-]?IR[ _-]?(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Set:
    """A set of graphic characters and how it is called in.

    Parameters
    ----------
    codec
        Python's codec, in which its bytes are written as 8-bit codes.
    g0, g1
        The escape sequences that put it into the lower and the upper half; empty where it cannot be there.
    width
        Bytes for each character.
    """

    codec: str
    g0: bytes = b""
    g1: bytes = b""
    width: int = 1
    prefix: bytes = b""


_ASCII = _Set("ascii", g0=b"\x1b(B")
_ROMAN = _Set("ascii", g0=b"\x1b(J")  # JIS X 0201: a yen sign for the backslash, which stays the delimiter it is
_KATAKANA = _Set("shift_jis", g1=b"\x1b)I")
_UPPER = {
    "100": _Set("iso8859-1", g1=b"\x1b-A"),
    "101": _Set("iso8859-2", g1=b"\x1b-B"),
    "109": _Set("iso8859-3", g1=b"\x1b-C"),
    "110": _Set("iso8859-4", g1=b"\x1b-D"),
    "126": _Set("iso8859-7", g1=b"\x1b-F"),
    "127": _Set("iso8859-6", g1=b"\x1b-G"),
    "138": _Set("iso8859-8", g1=b"\x1b-H"),
    "144": _Set("iso8859-5", g1=b"\x1b-L"),
    "148": _Set("iso8859-9", g1=b"\x1b-M"),
    "166": _Set("tis-620", g1=b"\x1b-T"),
    "203": _Set("iso8859-15", g1=b"\x1b-b"),
}
_MULTIBYTE = {
    "87": _Set("euc_jp", g0=b"\x1b$B", width=2),
    "159": _Set("euc_jp", g0=b"\x1b$(D", width=2, prefix=b"\x8f"),
    "149": _Set("euc_kr", g1=b"\x1b$)C", width=2),
    "58": _Set("gb2312", g1=b"\x1b$)A", width=2),
}


def character_sets_of(names: Iterable[str]) -> tuple[str, ...] | None:
    """Give the values of (0008,0005) as the Standard spells them; None when one of them is no character set.

    Parameters
    ----------
    names
        The values as they came. An empty first one is the default repertoire.
    """
    found = [_spelled(name.strip().upper()) for name in names]
    if None in found:
        return None
    return tuple(name or "" for name in found) if any(found) else ()


def _spelled(name: str) -> str | None:
    match = _NAME.fullmatch(name)
    number = match[2] if match else ""
    if name in {"UTF-8", "UTF8"} or number == "192":
        return UTF_8
    if match and (number in _UPPER or number in _MULTIBYTE or number in {"6", "13"}):
        return f"ISO 2022 IR {number}" if match[1] else f"ISO_IR {number}"
    return name if not name or name in _ALONE else None


def characters_for(names: tuple[str, ...], texts: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """Give the value of (0008,0005) under which texts can be sent: the one asked for, else UTF-8; none for ASCII.

    Parameters
    ----------
    names
        As `character_sets_of` gives them.
    texts
        VR and text of each.
    """
    beyond = [(vr, text) for vr, text in texts if not text.isascii()]
    if not beyond:
        return ()
    return names if names and all(_encoded(vr, text, names) is not None for vr, text in beyond) else (UTF_8,)


def encode_text(vr: str, text: str, names: tuple[str, ...]) -> bytes:
    """Encode text under a value of (0008,0005); what that cannot hold becomes a question mark."""
    if text.isascii():
        return text.encode("ascii")
    encoded = _encoded(vr, text, names)
    return text.encode("ascii", "replace") if encoded is None else encoded


def decode_text(vr: str, data: bytes, names: tuple[str, ...]) -> str:
    """Decode text as its (0008,0005) says; what is not in its set becomes a replacement character.

    Without (0008,0005) bytes beyond ASCII have no meaning, yet some send them: they are read as UTF-8 where they are
    that, else as ISO 8859-1.
    """
    if data.isascii() and _ESCAPE not in data:
        return data.decode("ascii")
    if not names or vr not in TEXT_VRS:
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError:
            return data.decode("iso8859-1")
    if names[0] in _ALONE:
        return data.decode(_ALONE[names[0]], "replace")
    lower, upper = _initial(names)
    if _ESCAPE not in data:
        return _halves(data, lower, upper)
    return _decoded(vr, data, lower, upper)


@lru_cache(maxsize=256)
def _initial(names: tuple[str, ...]) -> tuple[_Set, _Set | None]:
    """Give the sets that a text begins in: the lower and the upper half."""
    number = _number(names[0])
    if number == "13":
        return _ROMAN, _KATAKANA
    return _ASCII, _UPPER.get(number)


def _number(name: str) -> str:
    match = _NAME.fullmatch(name)
    return match[2] if match else "6"


@lru_cache(maxsize=256)
def _extensions(names: tuple[str, ...]) -> tuple[_Set, ...]:
    """Give the sets that escape sequences may call in, in the order of their names."""
    found: list[_Set] = []
    if len(names) == 1 and not names[0].startswith("ISO 2022"):
        return ()
    for number in map(_number, names):
        if number == "13":
            found += [_ROMAN, _KATAKANA]
        else:
            found.append(_UPPER.get(number) or _MULTIBYTE.get(number) or _ASCII)
    return tuple(found)


def _halves(data: bytes, lower: _Set, upper: _Set | None) -> str:
    """Decode bytes without escape sequences."""
    if lower.width == 2:
        return _wide(data, lower)
    if upper is None:
        return data.decode("ascii", "replace")
    if upper.width == 1 and lower is not _ROMAN:
        return data.decode(upper.codec, "replace")
    # Two sets side by side: each stretch in its own.
    parts = re.findall(rb"[\x00-\x7f]+|[\x80-\xff]+", data)
    return "".join(part.decode("ascii") if part[0] < 0x80 else part.decode(upper.codec, "replace") for part in parts)


def _wide(data: bytes, found: _Set) -> str:
    pairs = (data[at : at + 2] for at in range(0, len(data), 2))
    eight_bits = b"".join(found.prefix + bytes(byte | 0x80 for byte in pair) for pair in pairs)
    return eight_bits.decode(found.codec, "replace")


_SEQUENCES = re.compile(rb"\x1b(?:\$\([A-Z]|\$\)[A-Z]|\$[A-Z]|[()\-][A-Za-z])")
_BY_SEQUENCE = {
    sequence: found
    for found in (_ASCII, _ROMAN, _KATAKANA, *_UPPER.values(), *_MULTIBYTE.values())
    for sequence in (found.g0, found.g1)
    if sequence
}


def _decoded(vr: str, data: bytes, lower: _Set, upper: _Set | None) -> str:
    """Decode bytes with escape sequences."""
    first = lower, upper
    delimiters = "".join(sorted(_DELIMITERS.get(vr, _LINE_ENDS))).encode()
    at, found = 0, []
    for match in (*_SEQUENCES.finditer(data), None):
        stretch = data[at : match.start() if match else len(data)]
        while stretch:
            # Bytes of a set of two bytes may look like delimiters.
            end = len(stretch) if lower.width == 2 else _end_of_component(stretch, delimiters)
            found.append(_halves(stretch[:end], lower, upper))
            if lower.width == 1 and stretch[end - 1] in delimiters:
                lower, upper = first
            stretch = stretch[end:]
        if match:
            at = match.end()
            called = _BY_SEQUENCE.get(match[0])
            if called is not None and called.g0 == match[0]:
                lower = called
            elif called is not None:
                upper = called
    return "".join(found)


def _end_of_component(data: bytes, delimiters: bytes) -> int:
    return next((at + 1 for at, byte in enumerate(data) if byte in delimiters), len(data))


def _encoded(vr: str, text: str, names: tuple[str, ...]) -> bytes | None:
    """Encode text; None where no set of these has one of its characters."""
    try:
        if names[0] in _ALONE:
            return text.encode(_ALONE[names[0]])
        lower, upper = _initial(names)
        if len(names) == 1 and upper is not None and upper.width == 1 and lower is _ASCII:
            return text.encode(upper.codec)
        return _Encoding(vr, lower, upper, _extensions(names)).encoded(text)
    except (UnicodeEncodeError, IndexError):
        return None


class _Encoding:
    """One text on its way to bytes: which sets are in the halves now, and which may be called in."""

    def __init__(self, vr: str, lower: _Set, upper: _Set | None, extensions: tuple[_Set, ...]) -> None:
        self._first = lower, upper
        self._lower, self._upper = lower, upper
        self._extensions = extensions
        self._delimiters = _DELIMITERS.get(vr, _LINE_ENDS)
        self._parts: list[bytes] = []

    def encoded(self, text: str) -> bytes:
        """Encode text; raises UnicodeEncodeError where no set has one of its characters."""
        for character in text:
            if character in self._delimiters:
                self._begin_anew()
                self._parts.append(character.encode("ascii"))
                self._lower, self._upper = self._first
            else:
                self._add(character)
        self._begin_anew()
        return b"".join(self._parts)

    def _begin_anew(self) -> None:
        # The lower half has to be as it was at the end of a component; the upper half may stay as it is.
        if self._lower is not self._first[0]:
            self._lower = self._first[0]
            self._parts.append(self._lower.g0)

    def _add(self, character: str) -> None:
        for candidate in (self._lower, self._upper, self._first[0], *self._extensions):
            data = _in_set(character, candidate) if candidate else None
            if data is not None and candidate is not None:
                self._call(candidate)
                self._parts.append(data)
                return
        raise UnicodeEncodeError("iso2022", character, 0, 1, "no character set has it")

    def _call(self, wanted: _Set) -> None:
        if wanted.g0 and wanted is not self._lower:
            self._lower = wanted
            self._parts.append(wanted.g0)
        elif wanted.g1 and wanted is not self._upper:
            self._upper = wanted
            self._parts.append(wanted.g1)


def _in_set(character: str, wanted: _Set) -> bytes | None:
    """Give the bytes of a character as they stand in its half; None when the set does not have it."""
    try:
        data = character.encode(wanted.codec)
    except UnicodeEncodeError:
        return None
    if wanted.codec == "ascii":
        return data
    if not data.startswith(wanted.prefix):
        return None
    data = data[len(wanted.prefix) :]
    if len(data) != wanted.width or any(byte < 0x80 for byte in data):
        return None
    return bytes(byte & 0x7F for byte in data) if wanted.g0 else data
