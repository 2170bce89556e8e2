"""One key of a question: a tag, its VR from pydicom's dictionary and what it shall match (PS3.4 C.2.2)."""

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from pydicom import datadict
from pydicom.datadict import dictionary_VR, keyword_for_tag, tag_for_keyword
from pydicom.dataelem import DataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue
from pydicom.tag import Tag

from ..errors import QueryError
from .values import split

BYTES_VRS = frozenset({"OB", "OD", "OF", "OL", "OV", "OW", "UN"})
"""VRs whose values are no text and no numbers: neither matched nor answered."""
_TAG = re.compile(r"\(?([0-9A-Fa-f]{4}),?([0-9A-Fa-f]{4})\)?")


@dataclass(frozen=True, slots=True)
class Key:
    r"""A key and what it shall match.

    Parameters
    ----------
    tag
        The attribute's tag as one number, 0x00100010.
    vr
        Its VR, from pydicom's dictionary.
    values
        What to match, as text; several values are those between backslashes. Empty: universal matching. Bytes that
        came from a peer in a VR without text are their hexadecimal digits.
    items
        For a sequence: the keys of each item of the request (PS3.4 C.2.2.2.6); one empty item asks for all.
    """

    tag: int
    vr: str
    values: tuple[str, ...] = ()
    items: "tuple[tuple[Key, ...], ...]" = ()

    @property
    def keyword(self) -> str:
        """The attribute's keyword, or its eight hexadecimal digits where the dictionary has none."""
        return keyword_for_tag(self.tag) or f"{self.tag:08X}"

    @property
    def is_universal(self) -> bool:
        """Whether the key matches everything and only asks for the value back (PS3.4 C.2.2.2.3)."""
        return not self.values and all(key.is_universal for item in self.items for key in item)

    @classmethod
    def named(cls, name: str, value: str | Iterable[str] = ()) -> "Key":
        r"""Make a key from a keyword or a tag as people write it.

        Parameters
        ----------
        name
            ``PatientName``, ``00100010``, ``0010,0010`` or ``(0010,0010)``.
        value
            What to match; a backslash, or an iterable, separates several values.

        Raises
        ------
        QueryError
            The name is no keyword and no tag, the message offers the nearest keyword; or there is a value for an
            attribute that can only be asked for, such as bulk data or a private one.
        """
        tag = tag_of(name)
        vr = vr_of(tag)
        values = split(vr, value) if isinstance(value, str) else tuple(str(one) for one in value)
        if not any(values):
            return cls(tag, vr)
        if vr in BYTES_VRS:
            why = "is not in the dictionary of DICOM" if vr == "UN" else "has bytes, not text"
            raise QueryError(f"{name} {why}: it can be asked for, but not matched", offending_element=tag)
        return cls(tag, vr, values)

    @classmethod
    def from_element(cls, element: DataElement) -> "Key":
        """Make a key from an element of a C-FIND identifier."""
        tag = int(element.tag)
        if element.VR == "SQ":
            items = tuple(tuple(cls.from_element(inner) for inner in item) for item in element.value or ())
            return cls(tag, "SQ", items=items)
        return cls(tag, element.VR, _texts(element.value))

    def to_element(self) -> DataElement:
        """Make the element that asks this; raise QueryError where pydicom has no value for it in this VR."""
        try:
            return self._element()
        except (ValueError, TypeError, OverflowError) as error:
            raise QueryError(f"{self.keyword} cannot be encoded: {error}", offending_element=self.tag) from error

    def _element(self) -> DataElement:
        if self.vr == "SQ":
            return DataElement(self.tag, "SQ", [_dataset(item) for item in self.items])
        if self.vr in BYTES_VRS:
            return DataElement(self.tag, self.vr, bytes.fromhex("".join(self.values)))
        if self.vr in _NUMBERS:
            numbers = [_NUMBERS[self.vr](value) for value in self.values]
            return DataElement(self.tag, self.vr, numbers or None)
        return DataElement(self.tag, self.vr, list(self.values) if len(self.values) != 1 else self.values[0])


_NUMBERS: dict[str, Any] = {"FD": float, "FL": float, "SL": int, "SS": int, "SV": int, "UL": int, "US": int, "UV": int}


def _dataset(keys: Iterable[Key]) -> Dataset:
    dataset = Dataset()
    for key in keys:
        dataset.add(key.to_element())
    return dataset


def _texts(value: Any) -> tuple[str, ...]:
    if value is None or value == "" or isinstance(value, bytes):
        return ()
    values = tuple(str(one) for one in value) if isinstance(value, MultiValue | list | tuple) else (str(value),)
    return values if any(values) else ()


def tag_of(name: str) -> int:
    """Give the tag for a keyword or a tag as people write it; raise QueryError with the nearest keyword."""
    tag = tag_for_keyword(name)
    if tag is not None:
        return tag
    written = _TAG.fullmatch(name)
    if written:
        return int(written[1] + written[2], 16)
    keywords = list(datadict.keyword_dict)
    near = difflib.get_close_matches(name, keywords, n=1)
    hint = f", did you mean {near[0]}?" if near else ""
    raise QueryError(f"{name!r} is neither a DICOM keyword nor a tag like 00100010{hint}")


@lru_cache(maxsize=8192)
def vr_of(tag: int) -> str:
    """Give the VR of a tag from pydicom's dictionary (the first, where it names several); UN for unknown ones."""
    try:
        return dictionary_VR(Tag(tag)).split(" or ")[0]
    except KeyError:
        return "UN"
