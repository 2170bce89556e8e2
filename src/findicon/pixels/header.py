"""The header of a DICOM file: every attribute before the pixel data, decoded when asked for (PS3.10 7, PS3.5 7)."""

import os
import warnings
from collections.abc import Iterator
from io import BytesIO
from typing import BinaryIO

from pydicom import dcmread
from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_dataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from ..errors import StorageError
from .deflated import InflatingSource
from .elements import (
    EXPLICIT_BIG,
    EXPLICIT_LITTLE,
    IMPLICIT_LITTLE,
    PIXEL_TAGS,
    UNDEFINED,
    Encoding,
    Malformed,
    PixelElement,
    Truncated,
    Value,
    Walk,
    items_of,
)
from .files import MemorySource, Source, open_source
from .values import encodings_of, numbers, texts, vr_of

_SPECIFIC_CHARACTER_SET = 0x00080005
_PIXEL_REPRESENTATION = 0x00280103
_TRANSFER_SYNTAX = 0x00020010
_NATIVE = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)
_FIRST_READ = 1 << 14
_LARGEST_VALUE = 1 << 26


class Header:
    """The attributes of a data set, or of one item of a sequence, as they are in the file.

    Values are decoded when they are asked for. Long ones are read then, too, so the file has to be still there.
    """

    def __init__(
        self,
        elements: dict[int, Value],
        encoding: Encoding,
        *,
        transfer_syntax: UID,
        source: Source | None = None,
        pixels: PixelElement | None = None,
        encodings: tuple[str, ...] | None = None,
        signed: bool | None = None,
    ) -> None:
        self.transfer_syntax = transfer_syntax
        self.encoding = encoding
        self.source = source
        self.pixels = pixels
        self._elements = elements
        own = elements.get(_SPECIFIC_CHARACTER_SET)
        if own is not None or encodings is None:
            data = own.data if own is not None and own.data else b""
            encodings = encodings_of(texts("CS", data, encoding, ()))
        self._encodings = encodings
        if _PIXEL_REPRESENTATION in elements or signed is None:
            signed = self.integer(_PIXEL_REPRESENTATION) == 1
        self._signed = signed

    def __contains__(self, tag: int) -> bool:
        return tag in self._elements

    def __iter__(self) -> Iterator[int]:
        return iter(self._elements)

    @property
    def has_pixels(self) -> bool:
        """Whether there is Pixel Data, Float Pixel Data or Double Float Pixel Data that is not empty."""
        return self.pixels is not None and self.pixels.length != 0

    @property
    def is_image(self) -> bool:
        """Whether there are pixels and the attributes that say how many."""
        return self.has_pixels and bool(self.integer(0x00280010)) and bool(self.integer(0x00280011))

    def vr(self, tag: int) -> str:
        """Give an attribute's VR, from the dictionary in implicit encodings; '' when it is absent."""
        value = self._elements.get(tag)
        return "" if value is None else vr_of(tag, value, self._signed)

    def raw(self, tag: int) -> bytes:
        """Give an attribute's bytes as they are in the file; none when it is absent.

        Raises
        ------
        StorageError
            A long value that cannot be read any more, or is beyond 64 MiB.
        """
        value = self._elements.get(tag)
        if value is None:
            return b""
        if value.data is not None:
            return value.data
        if value.length > _LARGEST_VALUE or self.source is None:
            raise StorageError(f"{_name(tag)} is {value.length} bytes long, beyond the limit of {_LARGEST_VALUE}")
        data = self.source.read(value.position, value.length)
        if len(data) < value.length:
            raise StorageError(f"{self.source.name} ends inside {_name(tag)}")
        return data

    def text(self, tag: int) -> str:
        r"""Give an attribute as text, its values joined by ``\``; '' when it is absent, empty or bulk data."""
        return "\\".join(self.texts(tag))

    def texts(self, tag: int) -> tuple[str, ...]:
        """Give an attribute's values as text, decoded with Specific Character Set; none when it is absent."""
        value = self._elements.get(tag)
        if value is None:
            return ()
        data = self.raw(tag) if value.data is None else value.data
        return texts(vr_of(tag, value, self._signed), data, self.encoding, self._encodings)

    def integer(self, tag: int) -> int | None:
        """Give an attribute's first value as an integer; None when it has none."""
        values = self.numbers(tag)
        try:
            return int(values[0]) if values else None
        except (ValueError, OverflowError):  # NaN and infinity
            return None

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Give an attribute's values as numbers; none when it is absent or one of its values is no number."""
        value = self._elements.get(tag)
        if value is None:
            return ()
        vr = vr_of(tag, value, getattr(self, "_signed", False))
        return numbers(vr, self.raw(tag), self.encoding)

    def unsigned_at(self, tag: int, index: int) -> int | None:
        """Give one value of a long OV attribute without reading the others; None when it has no such value."""
        value = self._elements.get(tag)
        begin = 8 * index
        if value is None or begin + 8 > value.length:
            return None
        if value.data is not None:
            data = value.data[begin : begin + 8]
        elif self.source is not None:
            data = self.source.read(value.position + begin, 8)
        return int.from_bytes(data, "little") if len(data) == 8 else None

    def items(self, tag: int) -> tuple["Header", ...]:
        """Give the items of a sequence; none when it is absent or no sequence."""
        return tuple(self._items(tag))

    def item(self, tag: int, index: int = 0) -> "Header | None":
        """Give one item of a sequence, 0-based, without decoding the others; None when there is none."""
        for number, data in enumerate(self._item_bytes(tag)):
            if number == index:
                return self._nested(tag, data)
        return None

    def _items(self, tag: int) -> Iterator["Header"]:
        for data in self._item_bytes(tag):
            yield self._nested(tag, data)

    def _item_encoding(self, tag: int) -> Encoding:
        # PS3.5 6.2.2 Note 4: a sequence in VR UN is implicit little endian whatever surrounds it.
        return IMPLICIT_LITTLE if self._elements[tag].vr == b"UN" else self.encoding

    def _item_bytes(self, tag: int) -> Iterator[bytes]:
        if self.vr(tag) != "SQ":
            return
        try:
            yield from items_of(self.raw(tag), self._item_encoding(tag))
        except Malformed as exc:
            raise StorageError(f"{_name(tag)} is malformed: {exc}") from exc

    def _nested(self, tag: int, data: bytes) -> "Header":
        encoding = self._item_encoding(tag)
        walk = Walk(None, 0, encoding, data)
        try:
            end = walk.run()
        except Malformed as exc:
            raise StorageError(f"An item of {_name(tag)} is malformed: {exc}") from exc
        source = None
        if walk.pixels is not None:  # an icon: its pixel data lies in the item
            walk.pixels = walk.pixels._replace(position=walk.pixels.position - end)
        return Header(
            walk.elements,
            encoding,
            transfer_syntax=self.transfer_syntax,
            source=source,
            pixels=walk.pixels,
            encodings=self._encodings,
            signed=self._signed,
        )

    def dataset(self) -> Dataset:
        """Make a pydicom Dataset of the header: no pixel data, and no values longer than 64 KiB."""
        elements: dict[BaseTag, DataElement | RawDataElement] = {}
        meta: dict[BaseTag, DataElement | RawDataElement] = {}
        for tag, value in self._elements.items():
            if value.data is None:
                continue
            vr = vr_of(tag, value, self._signed)
            kept = RawDataElement(
                Tag(tag),
                vr,
                UNDEFINED if value.undefined and vr != "SQ" else len(value.data),
                value.data,
                value.position,
                self.encoding.implicit or (value.vr == b"UN" and vr == "SQ"),
                self.encoding.little_endian,
            )
            if tag >> 16 == 2:
                meta[kept.tag] = kept._replace(is_implicit_VR=False, is_little_endian=True)
            else:
                elements[kept.tag] = kept
        dataset = Dataset(elements)
        names = list(self._encodings)
        dataset.set_original_encoding(self.encoding.implicit, self.encoding.little_endian, names)
        dataset.file_meta = FileMetaDataset(meta)
        return dataset


def read_header(source: str | os.PathLike[str] | BinaryIO) -> Header:
    """Read the header of a DICOM file, and nothing behind it.

    Parameters
    ----------
    source
        A path, or a binary file object that can seek.

    Raises
    ------
    StorageError
        The file cannot be read, is no DICOM file, or ends inside its header; the text names it and says which.
    """
    opened = open_source(source)
    try:
        return header_of(opened)
    finally:
        opened.close()


def header_of(source: Source) -> Header:
    """Read the header of an open source; raises StorageError."""
    start = source.read(0, _FIRST_READ)
    if not start:
        raise StorageError(f"{source.name} is empty")
    try:
        return _walked(source, start)
    except Malformed as exc:
        reason = exc
    if isinstance(reason, Truncated):
        raise StorageError(f"{source.name}: {reason}") from reason
    try:
        return _read_by_pydicom(source)
    except Malformed:
        raise StorageError(f"{source.name}: {reason}") from reason


def _walked(source: Source, start: bytes) -> Header:
    has_preamble = start[128:132] == b"DICM"
    begin = 132 if has_preamble else 0
    if not has_preamble and not _looks_like_data_set(start):
        raise Malformed("it is no DICOM file")
    meta: dict[int, Value] = {}
    if start[begin : begin + 2] == b"\x02\0":
        walk = Walk(source, begin, EXPLICIT_LITTLE, start[begin:])
        begin = walk.run(only_group=2)
        meta = walk.elements
    named = meta.get(_TRANSFER_SYNTAX)
    text = "" if named is None or named.data is None else named.data.rstrip(b" \0").decode("ascii", "replace")
    transfer_syntax = UID(text)
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        source = InflatingSource(source, begin)
        begin, start = 0, b""
    head = start[begin : begin + 8] if begin + 8 <= len(start) else source.read(begin, 8)
    encoding = _encoding(head, transfer_syntax)
    if not transfer_syntax:
        transfer_syntax = _native_syntax(encoding)
    walk = Walk(source, begin, encoding, start[begin:])
    walk.run()
    if not walk.elements and walk.pixels is None:
        raise Malformed("it holds no data set")
    return Header(meta | walk.elements, encoding, transfer_syntax=transfer_syntax, source=source, pixels=walk.pixels)


def _looks_like_data_set(start: bytes) -> bool:
    """Whether a file without preamble may be a data set: it begins with group 2 or 8, in an encoding of PS3.5."""
    if len(start) < 8:
        return False
    group = start[:2]
    if group in {b"\x02\0", b"\x08\0"}:
        length = int.from_bytes(start[4:8], "little")
        return (start[4:6].isalpha() and start[4:6].isupper()) or length < 1 << 16
    return group == b"\0\x08" and start[4:6].isalpha() and start[4:6].isupper()


def _encoding(head: bytes, transfer_syntax: UID) -> Encoding:
    """Give how the data set is written: as its first element shows, which beats what the file says of itself."""
    if head[4:6].isalpha() and head[4:6].isupper():
        little = transfer_syntax != ExplicitVRBigEndian
        if not transfer_syntax:
            little = head[1:2] == b"\0"
        return EXPLICIT_LITTLE if little else EXPLICIT_BIG
    return IMPLICIT_LITTLE


def _native_syntax(encoding: Encoding) -> UID:
    if encoding.implicit:
        return ImplicitVRLittleEndian
    return ExplicitVRLittleEndian if encoding.little_endian else ExplicitVRBigEndian


def _read_by_pydicom(source: Source) -> Header:
    """Read what the walk did not understand with pydicom, which knows many ways of being wrong."""
    stream = BytesIO(source.read(0, _LARGEST_VALUE))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = dcmread(stream, stop_before_pixels=True)
            header = header_of_dataset(dataset)
    except Exception as exc:
        raise Malformed(str(exc)) from exc
    position = stream.tell()
    implicit, little_endian = dataset.original_encoding
    walk = Walk(source, position, Encoding(bool(implicit), bool(little_endian)))
    walk.run()
    header.source = source
    header.pixels = walk.pixels
    return header


def header_of_dataset(dataset: Dataset) -> Header:
    """Make a Header of a pydicom Dataset; its pixel data is not copied.

    Raises
    ------
    StorageError
        The data set cannot be encoded, or its pixel data is not bytes.
    """
    meta = getattr(dataset, "file_meta", None) or FileMetaDataset()
    implicit, little_endian = dataset.original_encoding
    transfer_syntax = meta.get("TransferSyntaxUID") or _native_syntax(
        Encoding(implicit=implicit is not False, little_endian=little_endian is not False)
    )
    encoding = EXPLICIT_BIG if transfer_syntax == ExplicitVRBigEndian else EXPLICIT_LITTLE
    pixels = next((dataset[tag] for tag in PIXEL_TAGS if tag in dataset), None)
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = False
    buffer.is_little_endian = encoding.little_endian
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            write_dataset(buffer, _without_pixels(dataset))
        walk = Walk(None, 0, encoding, buffer.getvalue())
        walk.run()
    except Exception as exc:
        raise StorageError(f"The data set cannot be read: {exc}") from exc
    header = Header(walk.elements, encoding, transfer_syntax=UID(transfer_syntax))
    if pixels is not None and pixels.value is not None:
        if not isinstance(pixels.value, bytes | bytearray):
            raise StorageError(f"The pixel data is a {type(pixels.value).__name__}, not bytes")
        compressed = transfer_syntax not in _NATIVE
        length = UNDEFINED if compressed else len(pixels.value)
        header.source = MemorySource(bytes(pixels.value))
        header.pixels = PixelElement(int(pixels.tag), pixels.VR.encode("ascii"), 0, length)
    return header


def _without_pixels(dataset: Dataset) -> Dataset:
    tags = [tag for tag in dataset.keys() if tag not in PIXEL_TAGS]  # noqa: SIM118 -- a Dataset gives its elements
    return Dataset({tag: dataset.get_item(tag) for tag in tags})


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
