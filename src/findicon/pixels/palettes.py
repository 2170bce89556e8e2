"""Palettes: Palette Color Lookup Table Data, plain and segmented (PS3.3 C.7.6.3.1.5, C.7.6.3.1.6, C.7.9.2)."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..errors import IconError
from .header import Header
from .lut import lut_entries

_COLOURS = ("red", "green", "blue")
_DESCRIPTOR, _DATA, _SEGMENTED_DATA = 0x00281101, 0x00281201, 0x00281221  # of red; green and blue follow
_DISCRETE, _LINEAR, _INDIRECT = 0, 1, 2


@dataclass(frozen=True, slots=True, eq=False)
class Palette:
    """Three tables of 0 to 255, float32 (entries, 3), for the stored values from `first` on."""

    table: NDArray[np.float32]
    first: int

    def indices(self, stored: NDArray[Any]) -> NDArray[np.int64]:
        """Give which entry each stored value takes: one outside takes the nearest."""
        at: NDArray[np.int64] = np.clip(stored.astype(np.int64) - self.first, 0, len(self.table) - 1)
        return at


def read_palette(header: Header) -> Palette:
    """Read the palette of an image; raises IconError where a descriptor and its data do not fit each other."""
    columns, first = [], 0
    for number, colour in enumerate(_COLOURS):
        descriptor = [int(value) & 0xFFFF for value in header.numbers(_DESCRIPTOR + number)]
        if len(descriptor) != 3:
            raise IconError(f"The {colour} palette has no descriptor of three values")
        count, first, bits = descriptor[0] or 1 << 16, descriptor[1], descriptor[2]
        entries = _entries(header, number, count, bits)
        # A descriptor may say 16 bits of tables that use 8.
        scale = 255 / 65535 if bits > 8 and int(entries.max()) > 255 else 1.0
        columns.append(entries.astype(np.float32) * np.float32(scale))
    if len({len(column) for column in columns}) > 1:
        raise IconError("The red, green and blue palettes differ in length")
    return Palette(np.stack(columns, axis=1), first)


def _entries(header: Header, number: int, count: int, bits: int) -> NDArray[np.uint16]:
    name, little_endian = f"{_COLOURS[number]} palette", header.encoding.little_endian
    data = header.raw(_DATA + number)
    if data:
        return lut_entries(data, count, name, little_endian=little_endian)
    segments = header.raw(_SEGMENTED_DATA + number)
    wide = bits > 8
    values = np.frombuffer(
        segments[: len(segments) // 2 * 2], ("<u2" if little_endian else ">u2") if wide else np.uint8
    )
    try:
        entries = _expanded(values.tolist(), count, 2 if wide else 1)
    except IndexError:
        raise IconError(f"The segmented {name} ends inside a segment") from None
    if len(entries) < count:
        raise IconError(f"The segmented {name} has {len(entries)} of {count} entries")
    return np.array(entries[:count], np.uint16)


def _expanded(values: Sequence[int], count: int, width: int) -> list[int]:
    """Expand segments, `width` bytes to a value, until there are `count` entries."""
    entries: list[int] = []
    at = 0
    while at < len(values) and len(entries) < count:
        if values[at] != _INDIRECT:
            at = _segment(values, at, entries)
            continue
        segments = values[at + 1]
        parts = values[at + 2 : at + 2 + 4 // width]
        back = sum(part << 8 * width * place for place, part in enumerate(parts)) // width
        at += 2 + 4 // width
        for _ in range(segments):
            back = _segment(values, back, entries)
            if len(entries) >= count:
                break
    return entries


def _segment(values: Sequence[int], at: int, entries: list[int]) -> int:
    """Append one discrete or linear segment; give where the next one begins."""
    kind, length = values[at], values[at + 1]
    if kind == _DISCRETE:
        entries.extend(values[at + 2 : at + 2 + length])
        return at + 2 + length
    if kind != _LINEAR or not entries:
        raise IconError(f"A palette segment of type {kind} is not known here")
    start, end = entries[-1], values[at + 2]
    entries.extend(round(start + (end - start) * (step + 1) / length) for step in range(length))
    return at + 3
