"""A judge of icons that shares no code with their maker: PS3.3 C.7.6.1.1.6 and PS3.5 read off the raw bytes.

`violations` takes the encoded identifier of an answer and lists every rule its Icon Image Sequence breaks. It walks the
bytes itself, so that neither findicon nor pydicom can hide a mistake by mending it while reading.
"""

import struct
from collections.abc import Iterator
from dataclasses import dataclass

ICON = 0x00880200
_LONG = {b"OB", b"OD", b"OF", b"OL", b"OV", b"OW", b"SQ", b"SV", b"UC", b"UN", b"UR", b"UT", b"UV"}
_UNDEFINED = 0xFFFFFFFF

# tag: the VRs that PS3.6 allows for it in Explicit VR
_ALLOWED = {
    0x00280002: {b"US"},  # Samples per Pixel
    0x00280004: {b"CS"},  # Photometric Interpretation
    0x00280010: {b"US"},  # Rows
    0x00280011: {b"US"},  # Columns
    0x00280034: {b"IS"},  # Pixel Aspect Ratio
    0x00280100: {b"US"},  # Bits Allocated
    0x00280101: {b"US"},  # Bits Stored
    0x00280102: {b"US"},  # High Bit
    0x00280103: {b"US"},  # Pixel Representation
    0x00280106: {b"US"},  # Smallest Image Pixel Value
    0x00280107: {b"US"},  # Largest Image Pixel Value
    0x00281101: {b"US"},  # Red Palette Color Lookup Table Descriptor
    0x00281102: {b"US"},
    0x00281103: {b"US"},
    0x00281201: {b"OW"},  # Red Palette Color Lookup Table Data
    0x00281202: {b"OW"},
    0x00281203: {b"OW"},
    0x00282000: {b"OB"},  # ICC Profile
    0x00282002: {b"CS"},  # Color Space
    0x7FE00010: {b"OB", b"OW"},  # Pixel Data
}
_REQUIRED = (
    0x00280002, 0x00280004, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x7FE00010,
)  # fmt: skip
_PALETTE = (0x00281101, 0x00281102, 0x00281103, 0x00281201, 0x00281202, 0x00281203)


@dataclass(frozen=True)
class Element:
    """One element as it stands in the bytes."""

    tag: int
    vr: bytes  # empty in Implicit VR
    length: int  # as written; 0xFFFFFFFF for undefined
    value: bytes  # a sequence's items with their tags, without the delimiter


def elements(data: bytes, *, implicit: bool) -> Iterator[Element]:
    """Walk the elements of an encoded data set; ValueError where the bytes are no data set."""
    offset = 0
    while offset < len(data):
        tag, vr, length, start = _head(data, offset, implicit=implicit)
        if length == _UNDEFINED:
            end = _end_of_sequence(data, start, implicit=implicit)
            yield Element(tag, vr, length, data[start : end - 8])
        else:
            end = start + length
            if end > len(data):
                raise ValueError(f"{tag:08X}: length {length} runs over the end")
            yield Element(tag, vr, length, data[start:end])
        offset = end


def items(value: bytes, *, implicit: bool) -> Iterator[bytes]:
    """Give the contents of a sequence's items."""
    offset = 0
    while offset < len(value):
        group, element, length = struct.unpack_from("<HHL", value, offset)
        if (group, element) != (0xFFFE, 0xE000):
            raise ValueError(f"expected an item tag, found {group:04X},{element:04X}")
        start = offset + 8
        if length == _UNDEFINED:
            end = _end_of_item(value, start, implicit=implicit)
            yield value[start : end - 8]
        else:
            end = start + length
            if end > len(value):
                raise ValueError(f"an item of {length} bytes runs over the end of its sequence")
            yield value[start:end]
        offset = end


def icon_element(data: bytes, *, implicit: bool) -> Element | None:
    """Give the answer's Icon Image Sequence, None when there is none."""
    return next((element for element in elements(data, implicit=implicit) if element.tag == ICON), None)


def violations(data: bytes, *, implicit: bool) -> list[str]:
    """List the rules that an answer's icon breaks; an absent or empty sequence breaks none."""
    answer = list(elements(data, implicit=implicit))
    found = _order(answer, "answer")
    icons = [element for element in answer if element.tag == ICON]
    if not icons:
        return found
    sequence = icons[0]
    if not implicit and sequence.vr != b"SQ":
        found.append(f"PS3.6: (0088,0200) has VR {sequence.vr!r}, not SQ")
    contents = list(items(sequence.value, implicit=implicit))
    if not contents:
        return found
    if len(contents) != 1:
        found.append(f"C.7.6.1.1.6: {len(contents)} items, a single one is permitted")
    return found + _item_violations(contents[0], implicit=implicit)


def _item_violations(content: bytes, *, implicit: bool) -> list[str]:
    item = list(elements(content, implicit=implicit))
    found = _order(item, "item")
    by_tag = {element.tag: element for element in item}
    for tag, element in by_tag.items():
        if tag not in _ALLOWED:
            found.append(f"C.7.6.1.1.6: ({tag:08X}) has no place in an icon")
        elif not implicit and element.vr not in _ALLOWED[tag]:
            found.append(f"PS3.5 A.2: ({tag:08X}) has VR {element.vr!r}")
        if element.length != _UNDEFINED and element.length % 2:
            found.append(f"PS3.5 7.1: ({tag:08X}) has the odd length {element.length}")
    absent = [tag for tag in _REQUIRED if tag not in by_tag or not by_tag[tag].value]
    found += [f"C.7.6.3 Type 1: ({tag:08X}) is missing or empty" for tag in absent]
    return found if absent else found + _pixel_violations(by_tag)


def _pixel_violations(by_tag: dict[int, Element]) -> list[str]:
    def number(tag: int) -> int:
        return int(struct.unpack("<H", by_tag[tag].value)[0])

    found = []
    photometric = by_tag[0x00280004].value.decode("ascii").rstrip(" ")
    rows, columns, bits = number(0x00280010), number(0x00280011), number(0x00280100)
    if number(0x00280002) != 1:
        found.append(f"C.7.6.1.1.6: Samples per Pixel is {number(0x00280002)}, not 1")
    if photometric not in ("MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"):
        found.append(f"C.7.6.1.1.6: Photometric Interpretation {photometric!r} is not allowed")
    if bits not in ((8,) if photometric == "PALETTE COLOR" else (1, 8)):
        found.append(f"C.7.6.1.1.6: Bits Allocated {bits} with {photometric}")
    if number(0x00280101) != bits or number(0x00280102) != bits - 1:
        found.append("C.7.6.1.1.6: Bits Stored or High Bit does not fit Bits Allocated")
    if number(0x00280103) != 0:
        found.append("C.7.6.1.1.6: Pixel Representation is not 0")
    if not rows or not columns:
        found.append(f"C.7.6.3: {rows} rows and {columns} columns")
    if 0x00280034 in by_tag and by_tag[0x00280034].value.strip(b" ") != b"1\\1":
        found.append("C.7.6.1.1.6: Pixel Aspect Ratio is not 1:1")
    pixels = by_tag[0x7FE00010]
    expected = (rows * columns * bits + 7) // 8
    if pixels.length == _UNDEFINED:
        found.append("PS3.5 A.4: Pixel Data is encapsulated in an identifier")
    elif pixels.length != expected + expected % 2:
        found.append(f"PS3.5 8.1.1: Pixel Data has {pixels.length} bytes, {rows} x {columns} need {expected} made even")
    return found + (_palette_violations(by_tag) if photometric == "PALETTE COLOR" else _no_palette(by_tag))


def _no_palette(by_tag: dict[int, Element]) -> list[str]:
    return [f"C.7.6.3 Type 1C: ({tag:08X}) without PALETTE COLOR" for tag in _PALETTE if tag in by_tag]


def _palette_violations(by_tag: dict[int, Element]) -> list[str]:
    absent = [tag for tag in _PALETTE if tag not in by_tag]
    if absent:
        return [f"C.7.6.3 Type 1C: ({tag:08X}) is missing with PALETTE COLOR" for tag in absent]
    found = []
    descriptors = [struct.unpack("<HHH", by_tag[tag].value) for tag in _PALETTE[:3]]
    if len(set(descriptors)) != 1:
        found.append(f"C.7.6.3.1.5: the palette descriptors differ: {descriptors}")
    entries, first, bits = descriptors[0]
    entries = entries or 65536
    if bits not in (8, 16):
        found.append(f"C.7.6.3.1.5: {bits} bits per palette entry")
    for tag in _PALETTE[3:]:
        expected = entries * bits // 8
        if by_tag[tag].length != expected + expected % 2:
            found.append(
                f"C.7.6.3.1.6: ({tag:08X}) has {by_tag[tag].length} bytes for {entries} entries of {bits} bits"
            )
    used = max(by_tag[0x7FE00010].value)
    if used >= first + entries:
        found.append(f"C.7.6.3.1.5: pixel value {used} lies outside the palette of {entries} from {first}")
    return found


def _order(dataset: list[Element], where: str) -> list[str]:
    tags = [element.tag for element in dataset]
    return [] if tags == sorted(set(tags)) else [f"PS3.5 7.1: the tags of the {where} do not ascend"]


def _head(data: bytes, offset: int, *, implicit: bool) -> tuple[int, bytes, int, int]:
    group, element = struct.unpack_from("<HH", data, offset)
    tag = group << 16 | element
    if implicit or group == 0xFFFE:
        return tag, b"", struct.unpack_from("<L", data, offset + 4)[0], offset + 8
    vr = data[offset + 4 : offset + 6]
    if not vr.isalpha() or not vr.isupper():
        raise ValueError(f"{tag:08X}: no VR in {vr!r}")
    if vr in _LONG:
        return tag, vr, struct.unpack_from("<L", data, offset + 8)[0], offset + 12
    return tag, vr, struct.unpack_from("<H", data, offset + 6)[0], offset + 8


def _end_of_sequence(data: bytes, offset: int, *, implicit: bool) -> int:
    while True:
        group, element, length = struct.unpack_from("<HHL", data, offset)
        offset += 8
        if (group, element) == (0xFFFE, 0xE0DD):
            return offset
        offset = _end_of_item(data, offset, implicit=implicit) if length == _UNDEFINED else offset + length


def _end_of_item(data: bytes, offset: int, *, implicit: bool) -> int:
    while True:
        tag, _, length, start = _head(data, offset, implicit=implicit)
        if tag == 0xFFFEE00D:
            return start
        offset = _end_of_sequence(data, start, implicit=implicit) if length == _UNDEFINED else start + length
