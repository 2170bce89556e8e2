"""Attributes as they stand in a data set that may be wrong in any way."""

from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.multival import MultiValue

from ..errors import IconError

_UNDEFINED = 0xFFFFFFFF
_WORD = {"little": "<u2", "big": ">u2"}


class Attributes:
    """The attributes of a data set or an item, without pydicom's guesses about ambiguous VRs.

    Every method raises IconError for an element that is malformed, and nothing else.
    """

    def __init__(self, dataset: Dataset) -> None:
        self._dataset = dataset

    def _value(self, tag: int) -> tuple[Any, str, bool]:
        try:
            element = self._dataset.get_item(tag) if tag in self._dataset else None
        except Exception as error:  # pydicom raises whatever malformed elements lead it to
            raise IconError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) of the icon is malformed") from error
        if element is None or element.value is None:
            return None, "little", False
        if isinstance(element, RawDataElement):
            return element.value, "little" if element.is_little_endian else "big", element.length == _UNDEFINED
        return element.value, "little", element.is_undefined_length

    def numbers(self, tag: int) -> tuple[int, ...]:
        """Give the values of an element of VR US; none when it is absent."""
        value, order, _ = self._value(tag)
        if value is None:
            return ()
        if isinstance(value, bytes):
            return tuple(np.frombuffer(value, _WORD[order], len(value) // 2).tolist())
        try:
            return tuple(int(one) & 0xFFFF for one in (value if hasattr(value, "__iter__") else (value,)))
        except (TypeError, ValueError) as error:
            raise IconError(f"({tag >> 16:04X},{tag & 0xFFFF:04X}) of the icon is no number") from error

    def number(self, tag: int, default: int = 0) -> int:
        """Give the first value of an element of VR US."""
        return next(iter(self.numbers(tag)), default)

    def text(self, tag: int) -> str:
        r"""Give an element's text, its values joined by a backslash."""
        value, _, _ = self._value(tag)
        if isinstance(value, bytes):
            return value.decode("ascii", "replace").strip(" \0")
        if isinstance(value, MultiValue):
            return "\\".join(str(one) for one in value)
        return str(value or "").strip()

    def decimals(self, tag: int) -> tuple[float, ...]:
        """Give the values of an element of VR DS or IS; none when one of them is no number."""
        try:
            return tuple(float(one) for one in self.text(tag).split("\\") if one)
        except ValueError:
            return ()

    def data(self, tag: int) -> tuple[bytes, bool]:
        """Give an element's bytes, and whether its length was undefined, which means encapsulated (PS3.5 A.4)."""
        value, _, undefined = self._value(tag)
        return (bytes(value), undefined) if isinstance(value, bytes | bytearray | memoryview) else (b"", False)

    def words(self, tag: int) -> NDArray[np.uint16]:
        """Give 16-bit values that may be written as OW or as US."""
        value, order, _ = self._value(tag)
        if isinstance(value, bytes):
            return np.frombuffer(value, _WORD[order], len(value) // 2)
        return np.array(self.numbers(tag), np.uint16)

    def word(self, tag: int) -> str:
        """Give the NumPy type of the 16-bit words in an element."""
        return _WORD[self._value(tag)[1]]
