"""One answer of the catalogue: a row that becomes bytes when it is sent."""

from collections.abc import Sequence
from typing import Any

from pydicom.uid import UID

from ..query import Match
from .encoder import Element, Encoder, encoder


class Layout:
    """What all answers to one query have in common.

    Parameters
    ----------
    elements
        What a row is encoded to, in ascending order of tags.
    character_sets
        (0008,0005) of the request.
    all_keys_supported
        Status FF00, else FF01.
    """

    def __init__(
        self, elements: tuple[Element, ...], character_sets: tuple[str, ...], all_keys_supported: bool
    ) -> None:
        self.all_keys_supported = all_keys_supported
        self._elements = elements
        self._character_sets = character_sets
        self._encoders: dict[str, Encoder] = {}

    def encoder(self, transfer_syntax: UID) -> Encoder:
        """Give the function that encodes a row in a transfer syntax."""
        found = self._encoders.get(transfer_syntax)
        if found is None:
            found = self._encoders[transfer_syntax] = encoder(self._elements, transfer_syntax, self._character_sets)
        return found


class CatalogueMatch(Match):
    """An answer that is encoded straight from its row.

    Parameters
    ----------
    row
        Values in the order of the statement's columns.
    layout
        What the row is encoded to.
    """

    def __init__(self, row: Sequence[Any], layout: Layout) -> None:
        self._row = row
        self._layout = layout
        self.all_keys_supported = layout.all_keys_supported

    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the answer's identifier encoded in Implicit, Explicit or Deflated Explicit VR Little Endian."""
        return self._layout.encoder(transfer_syntax)(self._row)
