"""Icons that others made: in answers, in files, correct or not (PS3.3 C.7.6.1.1.6, PS3.5 8).

Every length is checked before it is believed. What the Standard does not allow but people send is taken all the same:
RGB and YBR, 16 bit, several items, no Pixel Representation, encapsulated pixel data.
"""

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from ..errors import IconError
from .attributes import Attributes
from .codestream import decode_codestream, find_codestream
from .icon import Icon

ICON_IMAGE_SEQUENCE = 0x00880200
_PIXEL_DATA = 0x7FE00010
# No icon is anywhere near it. It bounds the memory that a lying item can take: 64 MiB with 4 bytes a sample.
_MOST_PIXELS = 1 << 22
_INVERTED = bytes(range(255, -1, -1))


def icon_from_dataset(dataset: Dataset) -> Icon | None:
    """Take the picture out of a data set with an Icon Image Sequence: an answer, or the header of a file.

    Parameters
    ----------
    dataset
        A pydicom data set; of a file with its file meta information, if at hand.

    Returns
    -------
    Icon or None
        None when (0088,0200) is absent or has no items; the first one when it has several.

    Raises
    ------
    IconError
        There is an item but no picture can be had from it; one sentence says why.
    """
    if ICON_IMAGE_SEQUENCE not in dataset:
        return None
    try:
        items = dataset[ICON_IMAGE_SEQUENCE].value
        item = items[0] if items else None
    except Exception as error:  # pydicom raises whatever malformed items lead it to
        raise IconError("The Icon Image Sequence is malformed") from error
    if item is None:
        return None
    if not isinstance(item, Dataset):
        raise IconError("The Icon Image Sequence is no sequence")
    return icon_from_item(item)


def icon_from_item(item: Dataset, pixel_data: int = _PIXEL_DATA) -> Icon:
    """Take the picture out of an item that has the attributes of an image.

    Parameters
    ----------
    item
        The item; of its attributes only those of PS3.3 C.7.6.3 are looked at.
    pixel_data
        Tag of the element with the pixels, where it is not (7FE0,0010).

    Raises
    ------
    IconError
        No picture can be had from it.
    """
    values = Attributes(item)
    rows, columns = values.number(0x00280010), values.number(0x00280011)
    data, undefined = values.data(pixel_data)
    if not data:
        raise IconError("The icon has no pixels: its Pixel Data is absent or empty")
    if not rows or not columns:
        raise IconError(f"The icon has {rows or 'no'} rows and {columns or 'no'} columns")
    if rows * columns > _MOST_PIXELS:
        raise IconError(f"An icon of {columns} x {rows} pixels is beyond the limit of {_MOST_PIXELS} pixels")
    stream = find_codestream(data, undefined=undefined, native_length=_native_length(values, rows, columns, len(data)))
    if stream is not None:
        return Icon.from_array(decode_codestream(stream, rows, columns, item))
    return _native(values, rows, columns, data)


def _photometric(values: Attributes) -> str:
    name = values.text(0x00280004).upper().replace("MONOCHROME ", "MONOCHROME")
    if name:
        return name
    if values.number(0x00280002, 1) == 3:
        return "RGB"
    return "PALETTE COLOR" if values.numbers(0x00281101) else "MONOCHROME2"


def _native_length(values: Attributes, rows: int, columns: int, at_hand: int) -> int:
    samples, allocated = values.number(0x00280002, 1), values.number(0x00280100, 8)
    whole = (rows * columns * samples * allocated + 7) // 8
    # Chrominance for every other pixel only (PS3.3 C.7.6.3.1.2); but some say so and send all of it.
    halved = rows * columns * 2 * allocated // 8
    return halved if _photometric(values) == "YBR_FULL_422" and at_hand < whole else whole


def _native(values: Attributes, rows: int, columns: int, data: bytes) -> Icon:
    samples, allocated = values.number(0x00280002, 1), values.number(0x00280100, 8)
    photometric = _photometric(values)
    if (samples, allocated) not in {(1, 1), (1, 8), (1, 16), (3, 8), (3, 16)}:
        raise IconError(f"An icon of {samples} samples of {allocated} bits is not one this can read")
    needed = _native_length(values, rows, columns, len(data))
    if len(data) < needed:
        raise IconError(f"The icon's Pixel Data has {len(data)} bytes where {columns} x {rows} pixels need {needed}")
    data = data[:needed]  # padding is not significant, however long (PS3.5 8.1.1)
    if samples == 3:
        return Icon.from_array(_colour(values, rows, columns, data, photometric))
    if photometric == "PALETTE COLOR":
        return _indexed(values, rows, columns, _stored(values, data, allocated))
    if photometric not in {"MONOCHROME1", "MONOCHROME2"}:
        raise IconError(f"An icon of Photometric Interpretation {photometric!r} is not one this can read")
    gray = data if _is_plain(values, allocated) else _stretched(values, data, allocated, rows * columns)
    return Icon(rows, columns, gray.translate(_INVERTED) if photometric == "MONOCHROME1" else gray)


def _is_plain(values: Attributes, allocated: int) -> bool:
    return allocated == 8 and values.number(0x00280101, 8) == 8 and values.number(0x00280103) == 0


def _stored(values: Attributes, data: bytes, allocated: int) -> NDArray[np.int32]:
    """Give the stored values, without what may lie beside them in their cells (PS3.5 8.1.1)."""
    if allocated == 1:
        return np.unpackbits(np.frombuffer(data, np.uint8), bitorder="little").astype(np.int32)
    kind = np.dtype(np.uint8) if allocated == 8 else np.dtype(values.word(_PIXEL_DATA))
    cells = np.frombuffer(data, kind).astype(np.int32)
    stored = min(values.number(0x00280101, allocated) or allocated, allocated)
    cells &= (1 << stored) - 1
    if values.number(0x00280103) == 1:
        cells[cells >= 1 << (stored - 1)] -= 1 << stored
    return cells


def _stretched(values: Attributes, data: bytes, allocated: int, count: int) -> bytes:
    """Spread what is there over 0 to 255; an icon has no window that would say more."""
    cells = _stored(values, data, allocated)[:count]
    if allocated == 1:
        return (cells * 255).astype(np.uint8).tobytes()
    low, high = int(cells.min()), int(cells.max())
    spread = (cells - low) * 255 // max(high - low, 1)
    return spread.astype(np.uint8).tobytes()


def _colour(values: Attributes, rows: int, columns: int, data: bytes, photometric: str) -> NDArray[np.uint8]:
    if photometric not in {"RGB", "YBR_FULL", "YBR_FULL_422"}:
        raise IconError(f"An icon of Photometric Interpretation {photometric!r} is not one this can read")
    allocated = values.number(0x00280100, 8)
    if allocated == 16:
        stored = max(values.number(0x00280101, 16), 8)
        data = (_stored(values, data, 16) >> (stored - 8)).astype(np.uint8).tobytes()
    samples = np.frombuffer(data, np.uint8)
    if samples.size < rows * columns * 3:
        pairs = samples[: samples.size // 4 * 4].reshape(-1, 4)
        if pairs.shape[0] * 2 != rows * columns:
            raise IconError(f"An icon in YBR_FULL_422 of {columns} x {rows} pixels has a pixel too many")
        samples = pairs[:, [0, 2, 3, 1, 2, 3]].reshape(-1)
    if values.number(0x00280006) == 1:
        samples = np.ascontiguousarray(samples.reshape(3, -1).T).reshape(-1)
    if photometric == "RGB":
        return samples.reshape(rows, columns, 3)
    return np.asarray(Image.frombytes("YCbCr", (columns, rows), samples.tobytes()).convert("RGB"))


def _indexed(values: Attributes, rows: int, columns: int, cells: NDArray[np.int32]) -> Icon:
    colours, first = _palette(values)
    # Values outside map to the nearest entry (PS3.3 C.7.6.3.1.5).
    indices = np.clip(cells[: rows * columns] - first, 0, colours.shape[0] - 1)
    if colours.shape[0] <= 256:
        return Icon(rows, columns, indices.astype(np.uint8).tobytes(), colours.tobytes())
    return Icon.from_array(colours[indices].reshape(rows, columns, 3))


def _palette(values: Attributes) -> tuple[NDArray[np.uint8], int]:
    """Give the palette as 8-bit RGB, (entries, 3), and the first value it maps (PS3.3 C.7.6.3.1.5-6)."""
    tables, first = [], 0
    for colour in range(3):
        descriptor = values.numbers(0x00281101 + colour)
        if len(descriptor) != 3 or descriptor[2] not in {8, 16}:
            raise IconError("The icon's palette has no descriptor that makes sense")
        entries = descriptor[0] or 65536
        first = descriptor[1]
        tables.append(_table(values, 0x00281201 + colour, entries, descriptor[2]))
    if len({table.size for table in tables}) != 1:
        raise IconError("The icon's palette has tables of different lengths")
    table = np.stack(tables, axis=1)
    # 16-bit entries shall span the full range; some hold 8-bit values all the same.
    wide = table.max() > 255
    return (table >> 8 if wide else table).astype(np.uint8), first


def _table(values: Attributes, tag: int, entries: int, bits: int) -> NDArray[np.uint16]:
    words = values.words(tag)
    if bits == 16 or words.size >= entries:  # or 8-bit entries that were given a word each
        table = words
    else:
        table = np.frombuffer(values.data(tag)[0], np.uint8).astype(np.uint16)
    if table.size < entries:
        raise IconError(f"The icon's palette has {table.size} entries where its descriptor says {entries}")
    return table[:entries]
