"""Lookup tables in LUT Descriptor and LUT Data (PS3.3 C.11.1.1, C.11.2.1.1)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import IconError
from .header import Header

_DESCRIPTOR = 0x00283002
_DATA = 0x00283006


@dataclass(frozen=True, slots=True, eq=False)
class Lut:
    """A lookup table: `entries` for inputs from `first` on; inputs outside take the nearest entry."""

    entries: NDArray[np.uint16]
    first: int
    bits: int

    def apply(self, values: NDArray[np.generic]) -> NDArray[np.uint16]:
        """Look up each value."""
        at = np.clip(np.asarray(np.rint(values), np.int64) - self.first, 0, len(self.entries) - 1)
        return self.entries[at]


def read_lut(item: Header, name: str, *, signed_input: bool) -> Lut:
    """Read a LUT item; raises IconError when its descriptor and its data do not fit each other."""
    descriptor = item.numbers(_DESCRIPTOR)
    if len(descriptor) != 3:
        raise IconError(f"The {name} LUT has no descriptor of three values")
    count, first, bits = (int(value) for value in descriptor)
    count &= 0xFFFF
    count = count or 1 << 16
    # The second value has the input's sign, whatever VR it was written with.
    first &= 0xFFFF
    if signed_input and first >= 1 << 15:
        first -= 1 << 16
    bits &= 0xFFFF
    if not 8 <= bits <= 16:
        raise IconError(f"The {name} LUT has entries of {bits} bits; 8 to 16 are known")
    return Lut(_entries(item, name, count), first, bits)


def _entries(item: Header, name: str, count: int) -> NDArray[np.uint16]:
    data = item.raw(_DATA)
    if item.vr(_DATA) in {"US", "SS", "OW"} or len(data) >= 2 * count:
        order = "<" if item.encoding.little_endian else ">"
        if len(data) >= 2 * count:
            return np.frombuffer(data, f"{order}u2", count=count).astype(np.uint16)
    if count <= len(data) <= count + 1:  # 8-bit entries packed into words
        return np.frombuffer(data, np.uint8, count=count).astype(np.uint16)
    raise IconError(f"The {name} LUT has {len(data)} bytes for {count} entries")
