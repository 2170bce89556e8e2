"""Attribute values as text: what the catalogue keeps and what matching compares (PS3.5 6.2)."""

import math
import re
from datetime import date

# VRs in which a backslash is text, not the delimiter between values (PS3.5 6.4).
_NO_DELIMITER = {"LT", "ST", "UR", "UT"}
# Half of a character, from text that was decoded wrongly; it cannot be encoded again.
_LONE_SURROGATE = re.compile("[\ud800-\udfff]")
# Characters of one value in a VR that allows 64 at most, or less. Longer ones are damage, and no index takes them.
_LONGEST = 640
_TIME = re.compile(r"([01]\d|2[0-3])(?:([0-5]\d)(?:([0-5]\d|60)(\.\d{1,6})?)?)?")
_INTEGER = re.compile(r"[+-]?\d+")


def split(vr: str, text: str) -> tuple[str, ...]:
    """Give the values of an attribute's text; none for empty text."""
    if not text:
        return ()
    return (text,) if vr in _NO_DELIMITER else tuple(text.split("\\"))


def clean(vr: str, text: str) -> str:
    r"""Bring an attribute's text into the form in which it is kept, compared and answered.

    Padding goes (PS3.5 6.2), dates and times lose the delimiters of ACR-NEMA, whole numbers their leading zeros. What
    is no date, no time or no whole number becomes empty, and so does what is many times as long as its VR allows: an
    answer shall not carry a value that its VR forbids.

    Parameters
    ----------
    vr
        The attribute's VR.
    text
        Its decoded value, several values joined by backslashes.
    """
    if not text:
        return ""
    if not text.isprintable():
        text = _LONE_SURROGATE.sub("?", text.replace("\0", ""))
    if vr in _NO_DELIMITER:
        return text.rstrip()
    tidy = _TIDY.get(vr, str.strip)
    longest = math.inf if vr == "UC" else _LONGEST
    if "\\" not in text:
        return tidy(text) if len(text) <= longest else ""
    values = [tidy(value) if len(value) <= longest else "" for value in text.split("\\")]
    return "\\".join(values) if any(values) else ""


def as_date(text: str) -> str:
    """Give a date as YYYYMMDD, also one written YYYY.MM.DD (PS3.5 6.2 Note); empty when it is none."""
    digits = text.strip()
    if len(digits) == 10 and digits[4] == digits[7] == ".":
        digits = digits.replace(".", "")
    if len(digits) != 8 or not (digits.isascii() and digits.isdigit()):
        return ""
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return ""
    return digits


def as_time(text: str) -> str:
    """Give a time as HH[MM[SS[.F]]], also one written HH:MM:SS (PS3.5 6.2 Note); empty when it is none."""
    digits = text.strip().replace(":", "")
    return digits if digits.isascii() and _TIME.fullmatch(digits) else ""


def as_integer(text: str) -> str:
    """Give a whole number without plus sign and leading zeros; empty when it is none."""
    digits = text.strip()
    return str(int(digits)) if digits.isascii() and len(digits) < 40 and _INTEGER.fullmatch(digits) else ""


_TIDY = {"DA": as_date, "TM": as_time, "IS": as_integer}
