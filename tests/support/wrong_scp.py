"""An SCP that answers with icons, rightly or with one mistake: two studies of two images, every byte written by hand.

`Mistake` says what it does wrong, at which level, and which rule of the judge it breaks. What is not part of the
mistake is right, so that a judge that finds anything else has invented it.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from io import BytesIO
from typing import BinaryIO

import numpy as np
from pydicom.dataset import Dataset
from pydicom.uid import UID, ImplicitVRLittleEndian

from findicon.errors import QueryError
from findicon.query import Cancel, Level, Match, Query, never
from findicon.scp import Server

from .samples import instance

ICON = 0x00880200
ROWS = COLUMNS = 5  # an odd number of pixels, which needs padding
_LONG = {b"OB", b"OW", b"SQ", b"UN", b"UT"}
Item = dict[int, tuple[bytes, bytes]]
"""Tag to VR and value."""


def us(*values: int) -> tuple[bytes, bytes]:
    return b"US", struct.pack(f"<{len(values)}H", *values)


def text(vr: bytes, value: str) -> tuple[bytes, bytes]:
    data = value.encode("ascii")
    return vr, data + (b"\0" if vr == b"UI" else b" ") * (len(data) % 2)


def element(
    tag: int, vr: bytes, value: bytes, *, implicit: bool, length: int | None = None, reserved: int = 0
) -> bytes:
    """Write one element; a length may be given that is not the value's."""
    length = len(value) if length is None else length
    head = struct.pack("<HH", tag >> 16, tag & 0xFFFF)
    if implicit:
        return head + struct.pack("<L", length) + value
    if vr in _LONG:
        return head + vr + struct.pack("<HL", reserved, length) + value
    return head + vr + struct.pack("<H", length) + value


def content(item: Item, *, implicit: bool) -> bytes:
    """Write the elements of an item in tag order."""
    return b"".join(element(tag, *item[tag], implicit=implicit) for tag in sorted(item))


def items(*contents: bytes) -> bytes:
    return b"".join(struct.pack("<HHL", 0xFFFE, 0xE000, len(one)) + one for one in contents)


def gray(pixels: bytes, rows: int = ROWS, columns: int = COLUMNS) -> Item:
    """Make a lawful item of 8-bit gray pixels."""
    return {
        0x00280002: us(1),
        0x00280004: text(b"CS", "MONOCHROME2"),
        0x00280010: us(rows),
        0x00280011: us(columns),
        0x00280100: us(8),
        0x00280101: us(8),
        0x00280102: us(7),
        0x00280103: us(0),
        0x7FE00010: (b"OB", pixels + b"\0" * (len(pixels) % 2)),
    }


def colour(pixels: bytes, entries: int = 256) -> Item:
    """Make a lawful item with a palette that is gray, so that its pixels look as they do without."""
    table = b"".join(struct.pack("<H", 257 * (value % 256)) for value in range(entries))
    return gray(pixels) | {
        0x00280004: text(b"CS", "PALETTE COLOR"),
        **{0x00281101 + one: us(entries, 0, 16) for one in range(3)},
        **{0x00281201 + one: (b"OW", table) for one in range(3)},
    }


@dataclass(frozen=True)
class Mistake:
    """One thing done wrong; `rule` is empty for what looks odd and is lawful.

    Every function gets what is right and gives what is sent instead; those on bytes are told whether the transfer
    syntax is Implicit VR. `form` is how the request asks: ``without``, ``null`` or ``empty item``.
    """

    name: str
    rule: str
    level: Level = Level.SERIES
    item: Callable[[Item], Item] = lambda item: item
    content: Callable[[bytes, bool], bytes] = lambda data, implicit: data
    value: Callable[[bytes, bool], bytes] = lambda data, implicit: data
    sequence: Callable[[bytes, bool], bytes] = lambda data, implicit: data
    answer: Callable[[list[tuple[int, bytes]]], list[tuple[int, bytes]]] = lambda parts: parts
    has_key: Callable[[str, int], bool] = lambda form, number: form != "without"
    """Whether the answer with that number has (0088,0200), by how the request asked."""
    is_warned: Callable[[int], bool] = lambda number: False
    matches: Callable[[str, list[str]], list[str]] = lambda form, uids: uids
    refuses: Callable[[str], bool] = lambda form: False
    shown: Callable[[str], str] = lambda uid: uid
    """Whose picture an image's icon shows."""


def picture(number: int) -> np.ndarray:
    """Four pictures that nobody takes for each other: a ramp across, one down, a hill, and rings."""
    down, across = np.mgrid[0:40, 0:40] / 39.0
    centre = np.hypot(down - 0.5, across - 0.5)
    return (across, down, 1 - centre, np.cos(30 * centre) / 2 + 0.5)[number]


class WrongScp:
    """A Finder and an InstanceSource over four images."""

    def __init__(self, mistake: Mistake | None = None) -> None:
        self.mistake = mistake
        self.images: dict[str, Dataset] = {}
        self._pixels: dict[str, bytes] = {}
        for study in (1, 2):
            for image in (1, 2):
                self._add(study, image)

    def _add(self, study: int, image: int) -> None:
        uid = f"1.2.{study}.1.{image}"
        shown = picture(2 * (study - 1) + image - 1)
        self.images[uid] = instance(
            PatientID=f"P{study}",
            StudyInstanceUID=f"1.2.{study}",
            SeriesInstanceUID=f"1.2.{study}.1",
            SOPInstanceUID=uid,
            InstanceNumber=image,
            Rows=40,
            Columns=40,
            PixelData=(shown * 2000).astype("<i2").tobytes(),
        )
        cells = shown.reshape(ROWS, 40 // ROWS, COLUMNS, 40 // COLUMNS).mean(axis=(1, 3))
        self._pixels[uid] = (cells * 250).astype(np.uint8).tobytes()

    def open(self, sop_instance: str) -> BinaryIO:
        """Give an instance as a file."""
        stream = BytesIO()
        self.images[sop_instance].save_as(stream, enforce_file_format=True)
        stream.seek(0)
        return stream

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        """Answer, wrongly where the mistake says so."""
        key = query.keys.get(ICON)
        form = "without" if key is None else "empty item" if key.items else "null"
        mistake = self.mistake if self.mistake and self.mistake.level is query.level else Mistake("none", "")
        if mistake.refuses(form):
            raise QueryError("Unknown key (0088,0200)", offending_element=ICON)
        found = {str(image[query.level.unique_key].value): uid for uid, image in self._matching(query)}
        for number, unique in enumerate(mistake.matches(form, list(found))):
            yield self._answer(query, mistake, form, number, found[unique])

    def _matching(self, query: Query) -> Iterator[tuple[str, Dataset]]:
        for uid, image in self.images.items():
            if all(
                str(image[key.tag].value) in key.values
                for key in query.keys.values()
                if key.values and key.tag in image
            ):
                yield uid, image

    def _answer(self, query: Query, mistake: Mistake, form: str, number: int, uid: str) -> "_Bytes":
        image = self.images[uid]
        icon = self._pixels[mistake.shown(uid)]
        common: Item = {0x00080052: text(b"CS", str(query.level)), 0x00080054: text(b"AE", "WRONG")}
        for tag in query.keys:
            if tag in image and image[tag].VR in {"UI", "CS", "IS", "LO", "US"}:
                value = image[tag].value
                common[tag] = us(int(value)) if image[tag].VR == "US" else text(image[tag].VR.encode(), _plain(value))
        with_key = mistake.has_key(form, number)

        def encoded(implicit: bool) -> bytes:
            parts = [(tag, element(tag, *common[tag], implicit=implicit)) for tag in common]
            if with_key:
                inside = content(mistake.item(gray(icon)), implicit=implicit)
                value = mistake.value(items(mistake.content(inside, implicit)), implicit)
                whole = element(ICON, b"SQ", value, implicit=implicit)
                parts.append((ICON, mistake.sequence(whole, implicit)))
            return b"".join(data for _, data in mistake.answer(sorted(parts)))

        return _Bytes(encoded, is_warned=mistake.is_warned(number))


def _plain(value: object) -> str:
    return str(value) if isinstance(value, str | int) else "\\".join(map(str, value))  # type: ignore[call-overload]


class _Bytes(Match):
    """An answer that is bytes, right or wrong."""

    def __init__(self, made: Callable[[bool], bytes], *, is_warned: bool) -> None:
        self._made = made
        self.all_keys_supported = not is_warned

    def encoded(self, transfer_syntax: UID) -> bytes:
        return self._made(transfer_syntax == ImplicitVRLittleEndian)


@contextmanager
def serving(mistake: Mistake | None = None) -> Iterator[str]:
    """Serve on a free port of 127.0.0.1; give the address."""
    scp = WrongScp(mistake)
    with Server(scp, ae_title="WRONG", source=scp) as server:
        yield str(server.address)


def changed(**tags: tuple[bytes, bytes]) -> Callable[[Item], Item]:
    """Give an item with other elements, by their eight hexadecimal digits after a ``t``."""
    return lambda item: item | {int(tag[1:], 16): value for tag, value in tags.items()}


def without(*tags: int) -> Callable[[Item], Item]:
    return lambda item: {tag: value for tag, value in item.items() if tag not in tags}


def pixels(item: Item) -> bytes:
    return item[0x7FE00010][1]


def repainted(change: Callable[[bytes], bytes], **tags: tuple[bytes, bytes]) -> Callable[[Item], Item]:
    """Give an item with other pixels, and other elements."""
    return lambda item: changed(t7FE00010=(b"OB", change(pixels(item))), **tags)(item)


def coloured(more: Item, entries: int = 256) -> Callable[[Item], Item]:
    return lambda item: colour(pixels(item), entries) | more


def encapsulated(data: bytes, implicit: bool) -> bytes:
    """Put the pixels of an item into a fragment."""
    value = items(b"", data[-26:]) + struct.pack("<HHL", 0xFFFE, 0xE0DD, 0)
    pixel_data = element(0x7FE00010, b"OB", value, implicit=implicit, length=0xFFFFFFFF)
    return data[: -26 - (8 if implicit else 12)] + pixel_data


def undefined(whole: bytes, implicit: bool) -> bytes:
    """Give the sequence and its item undefined lengths."""
    head = 8 if implicit else 12
    value = struct.pack("<HHL", 0xFFFE, 0xE000, 0xFFFFFFFF) + whole[head + 8 :]
    value += struct.pack("<HHLHHL", 0xFFFE, 0xE00D, 0, 0xFFFE, 0xE0DD, 0)
    return element(ICON, b"SQ", value, implicit=implicit, length=0xFFFFFFFF)


def enlarged(item: Item) -> Item:
    """Give the same picture with 40 pixels for each."""
    cells = np.frombuffer(pixels(item)[: ROWS * COLUMNS], np.uint8).reshape(ROWS, COLUMNS)
    return gray(cells.repeat(40, axis=0).repeat(40, axis=1).tobytes(), 40 * ROWS, 40 * COLUMNS)


def one_bit(item: Item) -> Item:
    bits = np.packbits(np.frombuffer(pixels(item)[:25], np.uint8) > 100, bitorder="little").tobytes()
    return changed(t7FE00010=(b"OB", bits), t00280100=us(1), t00280101=us(1), t00280102=us(0))(item)


def swapped(uid: str) -> str:
    return {"1.2.1.1.1": "1.2.1.1.2", "1.2.1.1.2": "1.2.1.1.1"}.get(uid, uid)


SHORT_TABLE = (b"OW", bytes(100))
MISTAKES = (
    Mistake("unasked", "only when asked", Level.STUDY, has_key=lambda form, number: True),
    Mistake("null ignored", "a null sequence asks", Level.STUDY, has_key=lambda form, number: form == "empty item"),
    Mistake("item ignored", "an empty item asks", Level.IMAGE, has_key=lambda form, number: form == "null"),
    Mistake(
        "refused", "answered all the same", Level.IMAGE, refuses=lambda form: form == "empty item"
    ),
    Mistake(
        "fewer matches", "same matches", Level.STUDY, matches=lambda form, uids: uids[: 1 if form == "null" else None]
    ),
    Mistake("absent in one", "in every answer", Level.STUDY,
            has_key=lambda form, number: (form == "null" and not number) or form == "empty item"),
    Mistake("key ignored", "FF00 or FF01", Level.IMAGE, has_key=lambda form, number: False),
    Mistake("cut short", "well formed", answer=lambda parts: [*parts[:-1], (ICON, parts[-1][1][:-3])]),
    Mistake("first of all", "ascending tags", answer=lambda parts: [parts[-1], *parts[:-1]]),
    Mistake("twice", "ascending tags", answer=lambda parts: [*parts, parts[-1]]),
    Mistake("item out of order", "ascending tags", content=lambda data, implicit: data[10:] + data[:10]),
    Mistake("sequence of VR OB", "VR of the sequence", sequence=lambda data, implicit: data.replace(b"SQ", b"OB", 1)),
    Mistake("no items", "items", value=lambda data, implicit: bytes(len(data))),
    Mistake("item cut short", "items", value=lambda data, implicit: items(data[8:-1])),
    Mistake("two items", "one item", value=lambda data, implicit: data + data),
    Mistake("hollow", "not hollow", item=changed(t7FE00010=(b"OB", b""))),
    Mistake("without pixels", "not hollow", item=without(0x7FE00010)),
    *(
        Mistake(f"without {tag:08X}", "Type 1 attributes", item=without(tag))
        for tag in (0x00280002, 0x00280010, 0x00280011, 0x00280100, 0x00280101, 0x00280102, 0x00280103, 0x00280004)
    ),
    Mistake("Rows empty", "Type 1 attributes", item=changed(t00280010=(b"US", b""))),
    Mistake("Number of Frames", "no other attributes", item=changed(t00280008=text(b"IS", "1"))),
    Mistake("UN pixels", "VRs in the item", item=lambda item: item | {0x7FE00010: (b"UN", pixels(item))}),
    Mistake("reserved", "reserved bytes", sequence=lambda data, implicit: data.replace(b"SQ\0\0", b"SQ\1\0", 1)),
    Mistake("odd", "even lengths", item=changed(t00280004=(b"CS", b"MONOCHROME2"))),
    Mistake("two rows", "value multiplicity", item=changed(t00280010=us(5, 5))),
    Mistake("three samples", "Samples per Pixel", item=repainted(lambda data: bytes(76), t00280002=us(3))),
    Mistake("RGB", "Photometric Interpretation", item=changed(t00280004=text(b"CS", "RGB"))),
    Mistake("a blank", "Photometric Interpretation", item=changed(t00280004=text(b"CS", "MONOCHROME 2"))),
    Mistake("planes", "Planar Configuration", item=changed(t00280006=us(0))),
    Mistake("no rows", "Rows and Columns", item=changed(t00280010=us(0))),
    Mistake("16 bits", "Bits Allocated", item=repainted(
        lambda data: bytes(50), t00280100=us(16), t00280101=us(16), t00280102=us(15)
    )),
    Mistake("7 bits", "Bits Stored", item=changed(t00280101=us(7), t00280102=us(6))),
    Mistake("high bit", "High Bit", item=changed(t00280102=us(0))),
    Mistake("signed", "Pixel Representation", item=changed(t00280103=us(1))),
    Mistake("aspect", "Pixel Aspect Ratio", item=changed(t00280034=text(b"IS", "1\\2"))),
    Mistake("fragments", "native pixels", content=encapsulated),
    Mistake("too short", "length of Pixel Data", item=repainted(lambda data: data[:-2])),
    Mistake("too long", "length of Pixel Data", item=repainted(lambda data: data + bytes(2))),
    Mistake("a table missing", "palette", item=lambda item: without(0x00281203)(colour(pixels(item)))),
    Mistake("a needless table", "palette", item=changed(t00281101=us(256, 0, 16))),
    Mistake("descriptors differ", "palette descriptors", item=coloured({0x00281102: us(255, 0, 16)})),
    Mistake("12 bits an entry", "palette descriptors", item=coloured(
        {0x00281101 + one: us(256, 0, 12) for one in range(3)}
    )),
    Mistake("short table", "palette data", item=coloured({0x00281202: SHORT_TABLE})),
    Mistake("another's icon", "of its image", Level.IMAGE, shown=swapped),
)  # fmt: skip

ODD_BUT_LAWFUL = (
    Mistake("MONOCHROME1", "", item=changed(t00280004=text(b"CS", "MONOCHROME1"))),
    Mistake("one bit", "", Level.IMAGE, item=one_bit),
    Mistake("palette", "", Level.IMAGE, item=coloured({})),
    Mistake("8 bits an entry", "", item=coloured(
        {0x00281101 + one: us(256, 0, 8) for one in range(3)}
        | {0x00281201 + one: (b"OW", bytes(range(256))) for one in range(3)}
    )),
    Mistake("65536 entries", "", item=coloured({0x00281101 + one: us(0, 0, 16) for one in range(3)}, 65536)),
    Mistake("pixels outside the palette", "", item=coloured({}, 16)),
    Mistake("OW", "", item=lambda item: item | {0x7FE00010: (b"OW", pixels(item))}),
    Mistake("aspect", "", item=changed(t00280034=text(b"IS", "1\\1"))),
    Mistake("range", "", item=changed(t00280106=us(0), t00280107=us(255))),
    Mistake("colours", "", item=changed(t00282000=(b"OB", bytes(128)), t00282002=text(b"CS", "SRGB"))),
    Mistake("private", "", item=changed(t00290010=text(b"LO", "FINDICON TEST"))),
    Mistake("undefined lengths", "", Level.IMAGE, sequence=undefined),
    Mistake("zero-length", "", Level.IMAGE, value=lambda data, implicit: b""),
    Mistake("FF01", "", Level.IMAGE, has_key=lambda form, number: False, is_warned=lambda number: True),
    Mistake("an extension ignored", "", Level.STUDY, has_key=lambda form, number: False),
    Mistake("an extension refused", "", Level.STUDY, refuses=lambda form: form != "without"),
    Mistake("one not supported", "", Level.IMAGE, is_warned=lambda number: number == 1,
            has_key=lambda form, number: form != "without" and number != 1),
    Mistake("FF01 with icons", "", Level.IMAGE, is_warned=lambda number: True),
    Mistake("another window", "", Level.IMAGE, item=repainted(
        lambda data: bytes(min(255, value // 2 + 40) for value in data)
    )),
    Mistake("large", "", Level.IMAGE, item=enlarged),
    Mistake("blank", "", Level.IMAGE, item=repainted(lambda data: bytes(len(data)))),
)  # fmt: skip
