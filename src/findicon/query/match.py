"""One answer (PS3.4 C.4.1.1.3.2): bytes on the way out, a data set and a picture for whoever asks for them."""

from abc import ABC, abstractmethod
from functools import cached_property

from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian

from ..errors import IconError
from ..icons import Icon, icon_from_dataset
from .encoding import decode, encode


class Match(ABC):
    """One answer to a Query.

    Attributes
    ----------
    all_keys_supported
        Whether every key asked for was supported: status FF00, else FF01 (PS3.4 Table C.4-1).
    """

    all_keys_supported: bool = True

    @abstractmethod
    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the answer's identifier encoded in Implicit, Explicit or Deflated Explicit VR Little Endian."""

    @cached_property
    def dataset(self) -> Dataset:
        """The answer's identifier, decoded when first asked for."""
        return decode(self.encoded(ExplicitVRLittleEndian), ExplicitVRLittleEndian)

    @cached_property
    def _icon(self) -> tuple[Icon | None, str]:
        try:
            return icon_from_dataset(self.dataset), ""
        except IconError as error:
            return None, str(error)

    @property
    def icon(self) -> Icon | None:
        """The picture; None when it is absent, empty, hollow or not usable."""
        return self._icon[0]

    @property
    def icon_problem(self) -> str:
        """Why an Icon Image Sequence that came cannot be used; empty when it can, or when none came."""
        return self._icon[1]


class EncodedMatch(Match):
    """An answer that is at hand as the bytes that came from a peer."""

    def __init__(self, data: bytes, transfer_syntax: UID, *, all_keys_supported: bool = True) -> None:
        self._data = data
        self._transfer_syntax = transfer_syntax
        self.all_keys_supported = all_keys_supported

    @property
    def transfer_syntax(self) -> UID:
        """What it came in: giving it in this one costs nothing."""
        return self._transfer_syntax

    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the bytes as they came, or encoded anew in another transfer syntax."""
        if transfer_syntax == self._transfer_syntax:
            return self._data
        return encode(self.dataset, transfer_syntax)

    @cached_property
    def dataset(self) -> Dataset:
        """The answer's identifier, decoded when first asked for."""
        return decode(self._data, self._transfer_syntax)
