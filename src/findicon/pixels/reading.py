"""Reading a header: from a file, with pydicom where the bytes are odd, or from a pydicom Dataset (PS3.10 7)."""

import os
import warnings
from contextlib import suppress
from io import BytesIO
from typing import BinaryIO

from pydicom import config
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.filebase import DicomBytesIO
from pydicom.filereader import read_partial
from pydicom.filewriter import write_dataset
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
    TooLong,
    Truncated,
    Value,
    Walk,
)
from .files import MemorySource, Source, open_source
from .header import Header

_TRANSFER_SYNTAX = 0x00020010
_NATIVE = frozenset(
    {ImplicitVRLittleEndian, ExplicitVRLittleEndian, ExplicitVRBigEndian, DeflatedExplicitVRLittleEndian}
)
_FIRST_READ = 1 << 14
# pydicom may take two seconds for a megabyte that is made for it.
_MOST_FOR_PYDICOM = 1 << 20


def read_header(source: str | os.PathLike[str] | BinaryIO, *, private: bool = True) -> Header:
    """Read the header of a DICOM file, and nothing behind it.

    Parameters
    ----------
    source
        A path, or a binary file object that can seek.
    private
        False for whoever has no use for private elements: then most of them are left out.

    Raises
    ------
    StorageError
        The file cannot be read, is no DICOM file, or ends inside its header; the text names it and says which.
    """
    opened = open_source(source)
    try:
        return header_of(opened, private=private)
    finally:
        opened.close()


def header_of(source: Source, *, private: bool = True) -> Header:
    """Read the header of an open source, as `read_header` does; raises StorageError."""
    start = source.read(0, _FIRST_READ)
    if not start:
        raise StorageError(f"{source.name} is empty")
    try:
        return _walked(source, start, private=private)
    except (Truncated, TooLong) as exc:
        raise StorageError(f"{source.name}: {exc}") from exc
    except Malformed as exc:
        reason = exc
    try:
        return _read_by_pydicom(source)
    except Malformed:
        raise StorageError(f"{source.name}: {reason}") from reason


def _walked(source: Source, start: bytes, *, private: bool) -> Header:
    has_preamble = start[128:132] == b"DICM"
    begin = 132 if has_preamble else 0
    if not has_preamble and not _looks_like_data_set(start):
        raise Malformed("it is no DICOM file")
    meta: dict[int, Value] = {}
    if start[begin : begin + 2] == b"\x02\0":
        walk = Walk(source, begin, EXPLICIT_LITTLE, start[begin:])
        begin = walk.run(only_group=2)
        meta = walk.elements
    named = meta[_TRANSFER_SYNTAX][1] if _TRANSFER_SYNTAX in meta else None
    text = "" if named is None else named.rstrip(b" \0").decode("ascii", "replace")
    transfer_syntax = UID(text, validation_mode=config.IGNORE)
    if transfer_syntax == DeflatedExplicitVRLittleEndian:
        source = InflatingSource(source, begin)
        begin, start = 0, b""
    head = start[begin : begin + 8] if begin + 8 <= len(start) else source.read(begin, 8)
    encoding = _encoding(head, transfer_syntax)
    if not transfer_syntax:
        transfer_syntax = _native_syntax(encoding)
    walk = Walk(source, begin, encoding, start[begin:], private=private)
    try:
        end = walk.run()
    except Malformed as exc:
        if isinstance(source, InflatingSource):  # pydicom would inflate all of it, however much that is
            raise StorageError(f"{source.name}: {exc}") from exc
        raise
    if isinstance(source, InflatingSource):
        source.expect_pixels()
    if not walk.elements and walk.pixels is None and (private or end == begin):
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
    stream = BytesIO(source.read(0, _MOST_FOR_PYDICOM))
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            dataset = read_partial(stream, stop_when=lambda tag, _vr, _length: tag in PIXEL_TAGS)
            header = header_of_dataset(dataset)
    except Exception as exc:  # pydicom raises whatever the bytes lead it to
        raise Malformed(str(exc)) from exc
    if not dataset:
        raise Malformed("it holds no data set")
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
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            pixels = next((dataset[tag] for tag in PIXEL_TAGS if tag in dataset), None)
            encoded = _encoded(_without_pixels(dataset), encoding)
        walk = Walk(None, 0, encoding, encoded)
        walk.run()
    except Exception as exc:  # pydicom raises whatever the values lead it to
        raise StorageError(f"The data set cannot be read: {' '.join(str(exc).split())}") from exc
    header = Header(walk.elements, encoding, transfer_syntax=UID(transfer_syntax))
    if pixels is not None and pixels.value is not None:
        if not isinstance(pixels.value, bytes | bytearray):
            raise StorageError(f"The pixel data is of type {type(pixels.value).__name__}, not bytes")
        length = len(pixels.value) if transfer_syntax in _NATIVE else UNDEFINED
        header.source = MemorySource(bytes(pixels.value))
        header.pixels = PixelElement(int(pixels.tag), pixels.VR.encode("ascii"), 0, length)
    return header


def _encoded(dataset: Dataset, encoding: Encoding) -> bytes:
    """Encode a data set in Explicit VR; what pydicom cannot encode is left out."""
    try:
        return _written(dataset, encoding)
    except Exception:  # noqa: BLE001 -- pydicom raises whatever the values lead it to
        pieces = []
        for tag in sorted(dataset.keys()):
            with suppress(Exception):
                pieces.append(_written(Dataset({tag: dataset.get_item(tag)}), encoding))
        return b"".join(pieces)


def _written(dataset: Dataset, encoding: Encoding) -> bytes:
    buffer = DicomBytesIO()
    buffer.is_implicit_VR = False
    buffer.is_little_endian = encoding.little_endian
    write_dataset(buffer, dataset)
    return bytes(buffer.getvalue())


def _without_pixels(dataset: Dataset) -> Dataset:
    tags = [tag for tag in dataset.keys() if tag not in PIXEL_TAGS]  # noqa: SIM118 -- a Dataset gives its elements
    return Dataset({tag: dataset.get_item(tag) for tag in tags})
