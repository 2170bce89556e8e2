"""An answer of a DICOMweb server: DICOM JSON as an identifier, and its picture."""

from collections.abc import Mapping
from concurrent.futures import CancelledError, Future
from typing import Any, TypeAlias

from pydicom.dataset import Dataset
from pydicom.uid import UID

from ..icons import Icon
from ..query import Level, Query, encode
from .matches import Find, FoundMatch

_UTF_8 = "ISO_IR 192"
_RETRIEVE_AE_TITLE, _INSTANCE_AVAILABILITY = 0x00080054, 0x00080056

Thumbnail: TypeAlias = tuple[Icon | None, str]
"""A picture, or why there is none."""


class WebMatch(FoundMatch):
    """An answer that came as DICOM JSON.

    Parameters
    ----------
    find
        Asks the same server.
    thumbnail
        Its picture, where the answer was asked for with pictures and came without one: it is on its way.
    """

    def __init__(self, dataset: Dataset, find: Find, thumbnail: "Future[Thumbnail] | None" = None) -> None:
        self.dataset = dataset
        self._find = find
        self._thumbnail = thumbnail

    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the answer's identifier encoded."""
        return encode(self.dataset, transfer_syntax)

    @property
    def icon(self) -> Icon | None:
        """The picture: the answer's own, else the server's thumbnail, waited for; None where there is none."""
        return super().icon or self._fetched()[0]

    @property
    def icon_problem(self) -> str:
        """Why a picture cannot be used or had; empty when it can, or when there is none."""
        return "" if self.icon is not None else self._fetched()[1] or super().icon_problem

    def _fetched(self) -> Thumbnail:
        try:
            return self._thumbnail.result() if self._thumbnail is not None else (None, "")
        except CancelledError:
            return None, "the answers were left before its picture came"


def answer_of(query: Query, answer: Mapping[str, Any], above: Mapping[Level, str]) -> Dataset:
    """Make the answer's identifier of what a search gave; `above` are the UIDs that stood in the path."""
    found = Dataset.from_json({tag: element for tag, element in answer.items() if tag.upper() != "00080005"})
    dataset = Dataset()
    for tag in {*query.keys, *(level.unique_key for level in query.model.levels_above(query.level))}:
        if tag in found:
            dataset.add(found[tag])
        elif tag in query.keys:
            dataset.add_new(tag, query.keys[tag].vr, None)
    for level, uid in above.items():
        dataset.add_new(level.unique_key, "UI", uid)
    for tag in (_RETRIEVE_AE_TITLE, _INSTANCE_AVAILABILITY):
        if tag in found:
            dataset.add(found[tag])
    dataset.QueryRetrieveLevel = str(query.level)
    dataset.SpecificCharacterSet = _UTF_8
    return dataset


def has_picture(dataset: Dataset) -> bool:
    """Tell whether an answer came with its picture."""
    items = dataset.get("IconImageSequence")
    return bool(items) and bool(items[0].get("PixelData"))
