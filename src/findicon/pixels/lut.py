"""Lookup tables: LUT Descriptor with LUT Data (PS3.3 C.11.1.1, C.11.2.1.1)."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import IconError
from .header import Header

Words = NDArray[np.uint16]
_DESCRIPTOR = 0x00283002
_DATA = 0x00283006


@dataclass(frozen=True, slots=True, eq=False)
class Lut:
    """A lookup table: `entries` for the inputs from `first` on; an input outside takes the nearest entry."""

    entries: Words
    first: int
    bits: int

    @property
    def highest(self) -> int:
        """The largest output: 2^bits - 1, or less where a descriptor names more bits than its entries use."""
        largest = int(self.entries.max())
        full = (1 << self.bits) - 1
        return full if largest > full >> 1 else (1 << max(largest.bit_length(), 1)) - 1

    def apply(self, values: NDArray[Any]) -> Words:
        """Look up each value."""
        whole = values if values.dtype.kind in "iu" else np.rint(values)
        at = np.clip(whole.astype(np.int64) - self.first, 0, len(self.entries) - 1)
        looked_up: Words = self.entries[at]
        return looked_up


def read_lut(item: Header, name: str, *, signed_input: bool) -> Lut:
    """Read a LUT item.

    Parameters
    ----------
    item
        Of Modality LUT Sequence or VOI LUT Sequence.
    name
        What to call it in an error.
    signed_input
        Whether its inputs may be negative; the descriptor's second value then is signed, whatever its VR.

    Raises
    ------
    IconError
        The descriptor is not three values, or does not fit the data.
    """
    descriptor = [int(value) for value in item.numbers(_DESCRIPTOR)]
    if len(descriptor) != 3:
        raise IconError(f"The {name} LUT has no descriptor of three values")
    count, first, bits = descriptor[0] & 0xFFFF or 1 << 16, descriptor[1], descriptor[2] & 0xFFFF
    if signed_input and first >= 1 << 15:
        first -= 1 << 16
    if not 8 <= bits <= 16:
        raise IconError(f"The {name} LUT has entries of {bits} bits; 8 to 16 are known")
    return Lut(
        lut_entries(item.raw(_DATA), count, f"{name} LUT", little_endian=item.encoding.little_endian), first, bits
    )


def lut_entries(data: bytes, count: int, name: str, *, little_endian: bool) -> Words:
    """Give `count` entries of a table: words, or bytes where there are only as many; raises IconError."""
    if len(data) >= 2 * count:
        return np.frombuffer(data, "<u2" if little_endian else ">u2", count).astype(np.uint16)
    if count <= len(data) <= count + 1:
        if not little_endian and len(data) % 2 == 0:  # two in a word
            data = np.frombuffer(data, ">u2").astype("<u2").tobytes()
        return np.frombuffer(data, np.uint8, count).astype(np.uint16)
    raise IconError(f"The {name} has {len(data)} bytes for {count} entries")
