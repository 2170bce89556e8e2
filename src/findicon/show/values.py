"""DICOM values as people read them: dates, times, names, kinds of object."""

import re
import warnings
from collections.abc import Iterable

from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.sequence import Sequence
from pydicom.uid import UID

# ACR-NEMA wrote dates with full stops, and such files are still about (PS3.5 6.2, DA)
_DATE = re.compile(r"(\d{4})\.?(\d{2})\.?(\d{2})")
_TIME = re.compile(r"(\d{2}):?(\d{2})(?::?(\d{2}))?")


def value_of(dataset: Dataset, path: str) -> str:
    r"""Give the text of an element as it stands; "" when it is absent or empty, backslashes between several values.

    Parameters
    ----------
    dataset
        The answer.
    path
        A keyword, or eight hexadecimal digits; for an element inside the items of a sequence, the sequence's keyword
        before it and a full stop between them.
    """
    keyword, _, inner = path.partition(".")
    if keyword not in dataset:
        return ""
    if inner:
        return "\\".join(filter(None, (value_of(item, inner) for item in _items(dataset, keyword))))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # a peer's odd value is shown as it is
            value = dataset[keyword].value
    # pydicom raises NotImplementedError for a VR that the Standard does not have
    except (ValueError, TypeError, AttributeError, OverflowError, NotImplementedError):
        return _undecoded(dataset, keyword)
    if value is None:
        return ""
    if isinstance(value, bytes):
        return f"{len(value)} bytes"
    if isinstance(value, Sequence):
        return counted(str(len(value)), "item", "items") if value else ""
    if isinstance(value, MultiValue | list | tuple):
        return "\\".join("" if one is None else _line(str(one)) for one in value)
    return _line(str(value))


def _items(dataset: Dataset, keyword: str) -> Iterable[Dataset]:
    value = dataset[keyword].value
    return value if isinstance(value, Sequence) else ()


def _undecoded(dataset: Dataset, keyword: str) -> str:
    """Give what came where pydicom cannot make a value of its VR out of it, as IS 1A."""
    raw = dataset.get_item(keyword)
    content = getattr(raw, "value", b"") or b""
    return _line(content.decode("latin-1")) if isinstance(content, bytes) else ""


def _line(text: str) -> str:
    """Keep control characters (escape sequences above all) away from the terminal."""
    return "".join(character if character.isprintable() else " " for character in text).strip()


def date_text(value: str) -> str:
    """Write a DA value as 2004-01-19; what is no date stays as it is."""
    written = _DATE.fullmatch(value)
    return "-".join(written.groups()) if written else value


def time_text(value: str) -> str:
    """Write a TM value as 07:27, to the minute: what a list needs; what is no time stays as it is."""
    written = _TIME.match(value)
    return f"{written[1]}:{written[2]}" if written else value


def name_text(value: str) -> str:
    """Write a PN value as ``Doe, John``, followed by its ideographic form where it has one (PS3.5 6.2.1)."""
    groups = [_one_name(group) for group in value.split("=")]
    if not groups[0] and len(groups) > 1:
        return " ".join(group for group in groups[1:2] if group)
    ideographic = groups[1].replace(", ", " ") if len(groups) > 1 else ""
    return " ".join(text for text in (groups[0], ideographic) if text)


def _one_name(group: str) -> str:
    family, given, middle, prefix, suffix = ([part.strip() for part in group.split("^")] + [""] * 5)[:5]
    first = " ".join(part for part in (prefix, given, middle) if part)
    return ", ".join(part for part in (family, first, suffix) if part)


def list_text(value: str) -> str:
    """Write several values with commas between them."""
    return ", ".join(dict.fromkeys(part for part in value.split("\\") if part))


def kind_text(value: str) -> str:
    """Name a SOP Class UID in words, without what every name has in common."""
    name = UID(value).name if value else ""
    return name.partition(" - For ")[0].removesuffix(" Storage")


def sex_text(value: str) -> str:
    """Write a Patient's Sex in words."""
    return {"M": "male", "F": "female", "O": "other"}.get(value, value)


def counted(value: str, one: str, many: str) -> str:
    """Write a count with its noun; "" when there is no count."""
    if not value:
        return ""
    return f"{value} {one if value == '1' else many}"


def joined(parts: Iterable[str], separator: str = " · ") -> str:
    """Join what is not empty."""
    return separator.join(part for part in parts if part)
