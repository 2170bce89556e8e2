"""An instance's file in the transfer syntax that is asked for (PS3.18 8.7.3.4; PS3.10 7)."""

import io
import struct
from collections.abc import Iterator, Sequence
from typing import BinaryIO

import numpy as np
from pydicom import dcmread
from pydicom.dataset import Dataset
from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian

from ...errors import IconError, StorageError
from ...pixels import Decompressed, Header, read_header
from ...query import encode
from ..attributes import pixel_vr
from ..frames import PixelData
from ..negotiation import MediaRange
from ..problems import Problem

_PIECE = 1 << 18
_LONGEST = 0xFFFFFFFE
_EXPLICIT = str(ExplicitVRLittleEndian)
# Neither may be used on the web (PS3.18 8.7.3); GE's private one is implicit, too.
_FORBIDDEN = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.113619.5.2"}
_DEFLATED = "1.2.840.10008.1.2.1.99"
# Lossy compressed data may go out as it is where Explicit VR Little Endian is the default (PS3.18 8.7.3.4).
_LOSSY = {
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.93", "1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112",
    *(f"1.2.840.10008.1.2.4.10{last}" for last in range(9)),
    *(f"1.2.840.10008.1.2.4.10{last}.1" for last in range(7)),
}  # fmt: skip
_VRS_OF_WORDS = {"OW": 2, "OL": 4, "OF": 4, "OD": 8, "OV": 8}


class InstanceFile:
    """An instance whose file is open, ready to be sent in one transfer syntax.

    Parameters
    ----------
    stream
        Its file; whoever opened it closes it once everything was sent.
    wanted
        The media ranges for ``application/dicom`` that are acceptable, the most wanted first.

    Attributes
    ----------
    transfer_syntax
        What it is going to be sent in.

    Raises
    ------
    Problem
        406: it cannot be given in any transfer syntax that is acceptable.
    StorageError
        The file cannot be read.
    """

    def __init__(self, stream: BinaryIO, wanted: Sequence[MediaRange]) -> None:
        self._stream = stream
        self._header = read_header(stream)
        self._decompressed: Decompressed | None = None
        self._stored = str(self._header.transfer_syntax)
        self.transfer_syntax = UID(self._chosen(wanted))
        is_stored_so = self.transfer_syntax == self._stored
        self._head = b"" if is_stored_so else _head(stream, self._header, self._decompressed)

    def pieces(self) -> Iterator[bytes]:
        """Give the file in pieces."""
        if self.transfer_syntax == self._stored:
            self._stream.seek(0)
            while piece := self._stream.read(_PIECE):
                yield piece
            return
        yield self._head
        yield from _pixels(self._header, self._decompressed)

    def _chosen(self, wanted: Sequence[MediaRange]) -> str:
        reason = ""
        for one in wanted:
            syntax = one.transfer_syntax
            if one.name == "*/*":
                syntax = syntax or "*"
            if syntax == "*" and self._stored not in _FORBIDDEN:
                return self._stored
            if syntax == self._stored and syntax not in _FORBIDDEN:
                return syntax
            if syntax not in {"", "*", _EXPLICIT}:
                continue
            try:
                return self._explicit()
            except IconError as exc:
                reason = f": {exc}"
                if not syntax and self._stored in _LOSSY:
                    return self._stored
        name = UID(self._stored).name
        raise Problem(406, f"The instance is stored in {self._stored} ({name}); ask for transfer-syntax=*{reason}")

    def _explicit(self) -> str:
        """Check that it can be given in Explicit VR Little Endian; raises IconError."""
        if self._header.pixels is None or self._stored in {_EXPLICIT, _DEFLATED} or self._stored in _FORBIDDEN:
            return _EXPLICIT
        if not PixelData(self._header).is_compressed:
            return _EXPLICIT
        self._decompressed = Decompressed(self._header)
        if self._decompressed.length > _LONGEST:
            raise IconError("Its pixels are too many for Explicit VR Little Endian")
        return _EXPLICIT


def _pixels(header: Header, decompressed: Decompressed | None) -> Iterator[bytes]:
    """Give the element of the pixels in Explicit VR Little Endian; what stands behind it is left out."""
    if header.pixels is None:
        return
    pixels = PixelData(header)
    length = decompressed.length if decompressed is not None else pixels.length
    vr = pixel_vr(header)
    if decompressed is not None:
        vr = "OW" if decompressed.attributes.get("BitsAllocated", 8) != 8 else "OB"
    tag = header.pixels.tag
    yield struct.pack("<HH2sHL", tag >> 16, tag & 0xFFFF, vr.encode(), 0, length + length % 2)
    if decompressed is None:
        yield from pixels.whole()
    else:
        for number in range(1, pixels.frames + 1):
            yield decompressed.frame(number)
    if length % 2:
        yield b"\0"


def _head(stream: BinaryIO, header: Header, decompressed: Decompressed | None) -> bytes:
    """Give everything before the pixels."""
    stream.seek(0)
    try:
        dataset = dcmread(stream, stop_before_pixels=True, force=True)
        if not header.encoding.little_endian:
            _swap(dataset)
        for keyword, value in (decompressed.attributes if decompressed is not None else {}).items():
            setattr(dataset, keyword, value)
        for tag in (0x7FE00001, 0x7FE00002):  # offsets into what is no longer encapsulated
            if tag in dataset:
                del dataset[tag]
        dataset.file_meta.TransferSyntaxUID = ExplicitVRLittleEndian
        dataset.file_meta.MediaStorageSOPClassUID = dataset.SOPClassUID
        dataset.file_meta.MediaStorageSOPInstanceUID = dataset.SOPInstanceUID
        buffer = DicomBytesIO(b"\0" * 128 + b"DICM")
        buffer.seek(0, io.SEEK_END)
        write_file_meta_info(buffer, dataset.file_meta, enforce_standard=True)
        buffer.write(encode(dataset, ExplicitVRLittleEndian))
    except Exception as exc:  # pydicom raises whatever a malformed file leads it to
        raise StorageError(f"The instance cannot be encoded in Explicit VR Little Endian: {exc}") from exc
    head: bytes = buffer.getvalue()
    return head


def _swap(dataset: Dataset) -> None:
    """Bring words into little endian, which pydicom leaves as they were read."""
    for element in dataset.iterall():
        size = _VRS_OF_WORDS.get(element.VR)
        if size and element.value:
            words = np.frombuffer(element.value[: len(element.value) // size * size], f">u{size}")
            element.value = words.astype(f"<u{size}").tobytes()
