"""The header of a DICOM file: every attribute before the pixel data, decoded when it is asked for (PS3.5 7)."""

from collections.abc import Iterator, Mapping

from pydicom.dataelem import DataElement, RawDataElement
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.tag import BaseTag, Tag
from pydicom.uid import UID

from ..errors import StorageError
from .elements import IMPLICIT_LITTLE, UNDEFINED, Encoding, Malformed, PixelElement, Value, Walk, items_of
from .files import MemorySource, Source
from .values import encodings_of, joined_text, numbers, texts, vr_of_element

_SPECIFIC_CHARACTER_SET = 0x00080005
_PIXEL_REPRESENTATION = 0x00280103
_LARGEST_VALUE = 1 << 28
_SHORT_TEXT = 64  # bytes; what is not longer is often the same in the next file


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
        signed: bool = False,
    ) -> None:
        self.transfer_syntax = transfer_syntax
        self.encoding = encoding
        self.source = source
        self.pixels = pixels
        self._elements = elements
        own = elements.get(_SPECIFIC_CHARACTER_SET)
        if own is not None or encodings is None:
            data = (own[1] if own is not None else None) or b""
            encodings = encodings_of(texts("CS", data, encoding, ()))
        self._encodings = encodings
        self._signed = signed
        if _PIXEL_REPRESENTATION in elements:
            self._signed = self.integer(_PIXEL_REPRESENTATION) == 1

    def __contains__(self, tag: int) -> bool:
        return tag in self._elements

    def __iter__(self) -> Iterator[int]:
        return iter(self._elements)

    @property
    def elements(self) -> Mapping[int, Value]:
        """Every attribute as its bytes, in the file's order."""
        return self._elements

    @property
    def signed(self) -> bool:
        """What (0028,0103) Pixel Representation says: whether an attribute of VR "US or SS" is SS."""
        return self._signed

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
        return "" if value is None else vr_of_element(tag, value[0], self._signed, undefined=value[4])

    def raw(self, tag: int) -> bytes:
        """Give an attribute's bytes as they are in the file; none when it is absent.

        Raises
        ------
        StorageError
            A long value that cannot be read any more, or is beyond 256 MiB.
        """
        value = self._elements.get(tag)
        if value is None:
            return b""
        _, data, position, length, _ = value
        if data is not None:
            return data
        if length > _LARGEST_VALUE or self.source is None:
            raise StorageError(f"{_name(tag)} is {length} bytes long, beyond the limit of {_LARGEST_VALUE}")
        data = self.source.read(position, length)
        if len(data) < length:
            raise StorageError(f"{self.source.name} ends inside {_name(tag)}")
        return data

    def text(self, tag: int) -> str:
        r"""Give an attribute as text, its values joined by ``\``; '' when it is absent, empty or bulk data."""
        value = self._elements.get(tag)
        if value is None:
            return ""
        vr, data, _, length, _ = value
        if data is not None and length <= _SHORT_TEXT:
            return joined_text(tag, vr, data, self._signed, self.encoding, self._encodings)
        return "\\".join(self.texts(tag))

    def texts(self, tag: int) -> tuple[str, ...]:
        """Give an attribute's values as text, decoded with Specific Character Set; none when it is absent."""
        value = self._elements.get(tag)
        if value is None:
            return ()
        vr, data, _, _, undefined = value
        written = vr_of_element(tag, vr, self._signed, undefined=undefined)
        return texts(written, self.raw(tag) if data is None else data, self.encoding, self._encodings)

    def integer(self, tag: int) -> int | None:
        """Give an attribute's first value as an integer; None when it has none."""
        value = self._elements.get(tag)
        if value is None:
            return None
        vr, data, _, _, _ = value
        if vr == b"US" and data is not None and len(data) >= 2:  # nearly all that is asked for
            return int.from_bytes(data[:2], "little" if self.encoding.little_endian else "big")
        values = self.numbers(tag)
        try:
            return int(values[0]) if values else None
        except (ValueError, OverflowError):  # NaN and infinity
            return None

    def numbers(self, tag: int) -> tuple[float, ...]:
        """Give an attribute's values as numbers, as far as they are numbers; none when it is absent."""
        value = self._elements.get(tag)
        if value is None:
            return ()
        vr, data, _, _, _ = value
        return numbers(vr_of_element(tag, vr, self._signed), self.raw(tag) if data is None else data, self.encoding)

    def unsigned_at(self, tag: int, index: int) -> int | None:
        """Give one value of a long OV attribute without reading the others; None when it has no such value."""
        value = self._elements.get(tag)
        if value is None:
            return None
        _, data, position, length, _ = value
        begin = 8 * index
        if begin + 8 > length:
            return None
        if data is None:
            one = b"" if self.source is None else self.source.read(position + begin, 8)
        else:
            one = data[begin : begin + 8]
        return int.from_bytes(one, "little") if len(one) == 8 else None

    def items(self, tag: int) -> tuple["Header", ...]:
        """Give the items of a sequence; none when it is absent or no sequence."""
        return tuple(self.each(tag))

    def item(self, tag: int, index: int = 0) -> "Header | None":
        """Give one item of a sequence, 0-based, without decoding the others; None when there is none."""
        for number, data in enumerate(self._item_bytes(tag)):
            if number == index:
                return self._nested(tag, data)
        return None

    def each(self, tag: int) -> Iterator["Header"]:
        """Give the items of a sequence one by one, each decoded when it is reached."""
        for data in self._item_bytes(tag):
            yield self._nested(tag, data)

    def _item_encoding(self, tag: int) -> Encoding:
        # PS3.5 6.2.2 Note 4: a sequence in VR UN is implicit little endian whatever surrounds it.
        return IMPLICIT_LITTLE if self._elements[tag][0] == b"UN" else self.encoding

    def _item_bytes(self, tag: int) -> Iterator[bytes]:
        if tag not in self._elements or self.vr(tag) != "SQ":
            return
        try:
            yield from items_of(self.raw(tag), self._item_encoding(tag))
        except Malformed as exc:
            raise StorageError(f"{_name(tag)} is malformed: {exc}") from exc

    def _nested(self, tag: int, data: bytes) -> "Header":
        encoding = self._item_encoding(tag)
        walk = Walk(None, 0, encoding, data)
        try:
            walk.run()
        except Malformed as exc:
            raise StorageError(f"An item of {_name(tag)} is malformed: {exc}") from exc
        return Header(
            walk.elements,
            encoding,
            transfer_syntax=self.transfer_syntax,
            source=MemorySource(data, _name(tag)),
            pixels=walk.pixels,
            encodings=self._encodings,
            signed=self._signed,
        )

    def dataset(self) -> Dataset:
        """Make a pydicom Dataset of the header: no pixel data, and no values longer than 64 KiB."""
        elements: dict[BaseTag, DataElement | RawDataElement] = {}
        meta: dict[BaseTag, DataElement | RawDataElement] = {}
        for tag, (written, data, position, _, undefined) in self._elements.items():
            if data is None:
                continue
            vr = vr_of_element(tag, written, self._signed, undefined=undefined)
            kept = RawDataElement(
                Tag(tag),
                vr,
                UNDEFINED if undefined and vr != "SQ" else len(data),
                data,
                position,
                self.encoding.implicit or (written == b"UN" and vr == "SQ"),
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


def _name(tag: int) -> str:
    return f"({tag >> 16:04X},{tag & 0xFFFF:04X})"
