"""One answer as the bytes that came, and what is wrong with them."""

from functools import cached_property

from pydicom.dataset import Dataset
from pydicom.uid import UID, ImplicitVRLittleEndian

from ..icons import Icon, icon_from_dataset
from ..query import ICON_IMAGE_SEQUENCE, Level, decode
from . import rules
from .elements import Element, read_elements, read_items
from .item import Judgement, disorder, judge_sequence

_ROWS, _COLUMNS, _PIXEL_DATA = 0x00280010, 0x00280011, 0x7FE00010


class Answer:
    """One answer to a C-FIND.

    Parameters
    ----------
    data
        The identifier as it came.
    transfer_syntax
        Implicit or Explicit VR Little Endian.
    is_warned
        Whether its status was FF01.
    """

    def __init__(self, data: bytes, transfer_syntax: UID, *, is_warned: bool) -> None:
        self.data = data
        self.transfer_syntax = transfer_syntax
        self.is_warned = is_warned
        self.elements, self._problem = read_elements(data, implicit=transfer_syntax == ImplicitVRLittleEndian)

    @property
    def sequence(self) -> Element | None:
        """Its (0088,0200) Icon Image Sequence; None where there is none, or none that can be reached."""
        return self._element(ICON_IMAGE_SEQUENCE)

    @property
    def has_item(self) -> bool:
        """Whether the sequence has a value, right or wrong."""
        return self.sequence is not None and bool(self.sequence.value)

    @property
    def is_readable(self) -> bool:
        """Whether it can be read to its end."""
        return not self._problem

    def uid(self, level: Level) -> str:
        """Give the value of a level's Unique Key without padding; empty without one."""
        element = self._element(level.unique_key)
        return element.text.rstrip("\0") if element is not None else ""

    @cached_property
    def judgement(self) -> Judgement:
        """Every rule that applies to it, and what is wrong."""
        found: Judgement = {rules.WELL_FORMED: self._problem, rules.ASCENDING: disorder(self.elements)}
        if self.sequence is not None:
            inside = judge_sequence(self.sequence)
            found |= inside | {rules.ASCENDING: found[rules.ASCENDING] or inside.get(rules.ASCENDING, "")}
        return found

    @cached_property
    def size(self) -> tuple[int, int] | None:
        """Rows and columns of an icon that has pixels; None without one."""
        item = self._item
        if item is None or not item.get(_PIXEL_DATA) or len(item.get(_ROWS, b"")) != 2:
            return None
        return int.from_bytes(item[_ROWS], "little"), int.from_bytes(item.get(_COLUMNS, b""), "little")

    def icon(self) -> Icon | None:
        """Give its picture, read as tolerantly as findicon reads others' icons; None where none can be had."""
        try:
            dataset: Dataset = decode(self.data, self.transfer_syntax)
            return icon_from_dataset(dataset)
        except Exception:  # noqa: BLE001  whatever malformed bytes lead pydicom to; `judgement` says what is wrong
            return None

    def _element(self, tag: int) -> Element | None:
        return next((element for element in self.elements if element.tag == tag), None)

    @cached_property
    def _item(self) -> dict[int, bytes] | None:
        if self.sequence is None or self.judgement.get(rules.ITEMS, "no items"):
            return None
        content, _ = read_items(self.sequence)[0]
        elements, _ = read_elements(content, implicit=self.sequence.vr in {"", "UN"})
        return {element.tag: element.value for element in elements}
