"""One icon, rule by rule: the sequence and its item as their bytes say (PS3.3 C.7.6.1.1.6, Tables C.7-11b and c)."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import pairwise
from struct import unpack

from . import rules
from .elements import UNDEFINED, Element, MalformedError, read_elements, read_items
from .rules import Rule

Judgement = dict[Rule, str]
"""The rules that applied: what is wrong, or nothing where the rule is obeyed."""

_SAMPLES, _PHOTOMETRIC, _ROWS, _COLUMNS, _ASPECT = 0x00280002, 0x00280004, 0x00280010, 0x00280011, 0x00280034
_ALLOCATED, _STORED, _HIGH_BIT, _REPRESENTATION = 0x00280100, 0x00280101, 0x00280102, 0x00280103
_PLANAR, _PIXEL_DATA = 0x00280006, 0x7FE00010
_DESCRIPTORS = (0x00281101, 0x00281102, 0x00281103)
_TABLES = (0x00281201, 0x00281202, 0x00281203)
_NAMES = {
    _SAMPLES: "Samples per Pixel",
    _PHOTOMETRIC: "Photometric Interpretation",
    _ROWS: "Rows",
    _COLUMNS: "Columns",
    _ALLOCATED: "Bits Allocated",
    _STORED: "Bits Stored",
    _HIGH_BIT: "High Bit",
    _REPRESENTATION: "Pixel Representation",
}
_TYPE_1 = tuple(_NAMES)
# The Image Pixel macro: the VRs of each attribute and how many values it has; 0 for values that are not counted.
_MACRO: dict[int, tuple[tuple[str, ...], int]] = {
    **dict.fromkeys((_SAMPLES, _ROWS, _COLUMNS, _PLANAR), (("US",), 1)),
    **dict.fromkeys((_ALLOCATED, _STORED, _HIGH_BIT, _REPRESENTATION), (("US",), 1)),
    **dict.fromkeys((0x00280106, 0x00280107), (("US",), 1)),  # Smallest and Largest Image Pixel Value
    **dict.fromkeys((_PHOTOMETRIC, 0x00282002), (("CS",), 1)),  # and Color Space
    _ASPECT: (("IS",), 2),
    **dict.fromkeys(_DESCRIPTORS, (("US",), 3)),
    **dict.fromkeys(_TABLES, (("OW",), 0)),
    0x00282000: (("OB",), 0),  # ICC Profile
    _PIXEL_DATA: (("OB", "OW"), 0),
}


def judge_sequence(sequence: Element) -> Judgement:
    """Judge (0088,0200) Icon Image Sequence; one without items breaks no rule."""
    found: Judgement = {}
    if sequence.vr:
        found[rules.SEQUENCE_VR] = "" if sequence.vr == "SQ" else f"its VR is {sequence.vr}"
        found[rules.RESERVED] = "" if not sequence.reserved else f"{sequence.name} has {sequence.reserved:04X}"
    if not sequence.value:
        return found
    try:
        items = read_items(sequence)
    except MalformedError as problem:
        return found | {rules.ITEMS: str(problem)}
    contents = [read_elements(content, implicit=sequence.vr in {"", "UN"}) for content, _ in items]
    found[rules.ITEMS] = next((problem for _, problem in contents if problem), "")
    found[rules.ONE_ITEM] = "" if len(items) == 1 else f"{len(items)} items"
    if not found[rules.ITEMS]:
        inside = _Item(contents[0][0], sequence, items[0][1]).judge()
        found |= inside | {rules.RESERVED: found.get(rules.RESERVED) or inside[rules.RESERVED]}
    return found


def disorder(elements: Sequence[Element]) -> str:
    """Say where tags do not ascend; nothing where they do."""
    for before, after in pairwise(elements):
        if after.tag <= before.tag:
            return f"{after.name} comes after {before.name}"
    return ""


class _Item:
    """The one item."""

    def __init__(self, elements: list[Element], sequence: Element, length: int) -> None:
        self._elements = elements
        self._by_tag = {element.tag: element for element in elements}
        self._around = ((sequence.name, sequence.length), ("its item", length))

    def judge(self) -> Judgement:
        """Judge rule by rule; those that need an attribute which is not there, or not readable, do not apply."""
        found = {
            rules.ASCENDING: disorder(self._elements),
            rules.COMPLETE: _listed(self._incomplete(), "missing or empty: "),
            rules.NOT_HOLLOW: self._hollow(),
            rules.MACRO_ONLY: _listed(self._foreign()),
            rules.NO_PLANES: "it is present" if _PLANAR in self._by_tag else "",
            rules.VRS: _listed(self._wrong_vrs()),
            rules.RESERVED: _listed(f"{one.name} has {one.reserved:04X}" for one in self._elements if one.reserved),
            rules.EVEN: _listed(self._odd()),
            rules.MULTIPLICITY: _listed(self._wrong_counts()),
        }
        found |= self._judge_numbers()
        found |= self._judge_pixels()
        if self._photometric() and self._photometric() != "PALETTE COLOR":
            found[rules.PALETTE] = _listed(
                (self._by_tag[tag].name for tag in (*_DESCRIPTORS, *_TABLES) if tag in self._by_tag),
                "without PALETTE COLOR: ",
            )
        elif self._photometric():
            found |= self._judge_palette()
        return found

    def _own(self) -> Iterator[Element]:
        """Give the elements that the macro knows."""
        return (element for element in self._elements if element.tag in _MACRO)

    def _incomplete(self) -> Iterator[str]:
        for tag in _TYPE_1:
            if tag not in self._by_tag or not self._by_tag[tag].value:
                yield _NAMES[tag]

    def _hollow(self) -> str:
        pixels = self._by_tag.get(_PIXEL_DATA)
        if pixels is None:
            return "hollow: the item has no Pixel Data"
        return "" if pixels.value else "hollow: its Pixel Data is empty"

    def _foreign(self) -> Iterator[str]:
        """Name what is not of the macro; private elements may stand anywhere (PS3.5 7.8), group lengths too (7.2)."""
        for element in self._elements:
            if element.tag not in _MACRO and not element.tag >> 16 & 1 and element.tag & 0xFFFF:
                yield element.name

    def _wrong_vrs(self) -> Iterator[str]:
        for element in self._own():
            allowed, _ = _MACRO[element.tag]
            if element.vr and element.vr not in allowed:
                yield f"{element.name} has VR {element.vr}, not {' or '.join(allowed)}"

    def _odd(self) -> Iterator[str]:
        for name, length in (*self._around, *((one.name, one.length) for one in self._elements)):
            if length != UNDEFINED and length % 2:
                yield f"{name} has {length} bytes"

    def _wrong_counts(self) -> Iterator[str]:
        for element in self._own():
            vrs, wanted = _MACRO[element.tag]
            if not wanted or not element.value:
                continue
            count = len(element.value) / 2 if vrs == ("US",) else element.value.count(b"\\") + 1
            if count != wanted:
                yield f"{element.name} has {count:g} values, not {wanted}"

    def _number(self, tag: int) -> int | None:
        values = self._numbers(tag, 1)
        return values[0] if values else None

    def _numbers(self, tag: int, count: int) -> tuple[int, ...]:
        element = self._by_tag.get(tag)
        if element is None or len(element.value) != 2 * count:
            return ()
        return unpack(f"<{count}H", element.value)

    def _photometric(self) -> str:
        element = self._by_tag.get(_PHOTOMETRIC)
        return element.text if element is not None else ""

    def _judge_numbers(self) -> Judgement:
        found: Judgement = {}
        photometric = self._photometric()
        samples, representation = self._number(_SAMPLES), self._number(_REPRESENTATION)
        rows, columns = self._number(_ROWS), self._number(_COLUMNS)
        allocated, stored, high = (self._number(tag) for tag in (_ALLOCATED, _STORED, _HIGH_BIT))
        if samples is not None:
            found[rules.SAMPLES] = "" if samples == 1 else f"it is {samples}"
        if photometric:
            known = photometric in {"MONOCHROME1", "MONOCHROME2", "PALETTE COLOR"}
            found[rules.PHOTOMETRIC] = "" if known else f"it is {photometric!r}"
        if rows is not None and columns is not None:
            found[rules.SIZE] = "" if rows and columns else f"{rows} rows, {columns} columns"
        if allocated is not None:
            lawful = allocated == 8 or (allocated == 1 and photometric != "PALETTE COLOR")
            found[rules.ALLOCATED] = "" if lawful else f"it is {allocated} with {photometric or 'no photometry'}"
        if allocated is not None and stored is not None:
            found[rules.STORED] = "" if stored == allocated else f"it is {stored} of {allocated} bits"
        if stored is not None and high is not None:
            found[rules.HIGH_BIT] = "" if high == stored - 1 else f"it is {high} with {stored} bits stored"
        if representation is not None:
            found[rules.UNSIGNED] = "" if representation == 0 else f"it is {representation}"
        if _ASPECT in self._by_tag:
            found[rules.SQUARE] = "" if _is_square(self._by_tag[_ASPECT].text) else f"it is {self._text(_ASPECT)!r}"
        return found

    def _text(self, tag: int) -> str:
        return self._by_tag[tag].text

    def _judge_pixels(self) -> Judgement:
        pixels = self._by_tag.get(_PIXEL_DATA)
        if pixels is None or not pixels.value:
            return {}
        if pixels.length == UNDEFINED:
            return {rules.NATIVE: "its length is undefined"}
        found = {rules.NATIVE: ""}
        rows, columns, allocated = self._number(_ROWS), self._number(_COLUMNS), self._number(_ALLOCATED)
        if not rows or not columns or not allocated or self._photometric().startswith("YBR"):
            return found
        bits = rows * columns * allocated * (self._number(_SAMPLES) or 1)
        needed = (bits + 7) // 8
        needed += needed % 2
        right = pixels.length == needed
        what = f"{pixels.length} bytes where {rows} rows of {columns} columns need {needed}"
        return found | {rules.PIXEL_LENGTH: "" if right else what}

    def _judge_palette(self) -> Judgement:
        absent = [tag for tag in (*_DESCRIPTORS, *_TABLES) if tag not in self._by_tag or not self._by_tag[tag].value]
        found: Judgement = {rules.PALETTE: _listed((f"({tag >> 16:04X},{tag & 0xFFFF:04X})" for tag in absent), "no ")}
        descriptors = [self._numbers(tag, 3) for tag in _DESCRIPTORS]
        if not all(descriptors):
            return found
        entries, _, bits = descriptors[0]
        entries = entries or 65536
        if len(set(descriptors)) > 1:
            return found | {rules.DESCRIPTORS: f"they differ: {', '.join(map(str, descriptors))}"}
        found[rules.DESCRIPTORS] = "" if bits in {8, 16} else f"{bits} bits for each entry"
        if found[rules.DESCRIPTORS]:
            return found
        needed = entries * bits // 8
        needed += needed % 2
        tables = [self._by_tag[tag] for tag in _TABLES if tag in self._by_tag and self._by_tag[tag].value]
        wrong = (f"{one.name} has {len(one.value)} bytes, not {needed}" for one in tables if len(one.value) != needed)
        return found | {rules.TABLES: _listed(wrong)}


def _is_square(text: str) -> bool:
    parts = text.split("\\")
    try:
        across, down = (int(part) for part in parts)
    except ValueError:
        return False
    return across == down > 0


def _listed(parts: Iterable[str], before: str = "") -> str:
    """Join what is wrong; nothing when nothing is."""
    text = ", ".join(parts)
    return before + text if text else ""
