"""Text to bytes and back in the character sets of PS3.3 C.12.1.1.2."""

from functools import lru_cache

from pydicom.charset import python_encoding

UTF_8 = "ISO_IR 192"
TEXT_VRS = frozenset({"LO", "LT", "PN", "SH", "ST", "UC", "UT"})
"""VRs whose text is encoded as (0008,0005) says; text of all others is ASCII (PS3.5 6.1.2.2)."""


@lru_cache(maxsize=256)
def characters_for(names: tuple[str, ...], text: str) -> tuple[str, ...]:
    """Give the value of (0008,0005) under which text can be sent: the one asked for, else UTF-8; none for ASCII."""
    if text.isascii():
        return ()
    return names if names and _encoded(text, names) is not None else (UTF_8,)


def encode_text(text: str, names: tuple[str, ...]) -> bytes:
    """Encode text under a value of (0008,0005) that can hold it."""
    encoded = _encoded(text, names)
    return text.encode("ascii", "replace") if encoded is None else encoded


def _encoded(text: str, names: tuple[str, ...]) -> bytes | None:
    if len(names) > 1:
        return None
    try:
        return text.encode(python_encoding.get(names[0], "ascii") if names else "ascii")
    except UnicodeEncodeError:
        return None
