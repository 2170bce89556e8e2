"""An instance's file in the transfer syntax that is asked for (PS3.18 8.7.3.4; PS3.10 7)."""

import io
from collections.abc import Iterator, Sequence
from itertools import chain
from typing import BinaryIO

from pydicom.filebase import DicomBytesIO
from pydicom.filewriter import write_file_meta_info
from pydicom.uid import UID, ExplicitVRLittleEndian

from ...errors import IconError, StorageError
from ...pixels import Header, native_pieces, read_header
from ..negotiation import MediaRange
from ..problems import Problem

_PIECE = 1 << 18
_EXPLICIT = str(ExplicitVRLittleEndian)
# Neither may be used on the web (PS3.18 8.7.3); GE's private one is implicit, too.
_FORBIDDEN = {"1.2.840.10008.1.2", "1.2.840.10008.1.2.2", "1.2.840.113619.5.2"}
# Lossy compressed data may go out as it is where Explicit VR Little Endian is the default (PS3.18 8.7.3.4).
_LOSSY = {
    "1.2.840.10008.1.2.4.50", "1.2.840.10008.1.2.4.51", "1.2.840.10008.1.2.4.81", "1.2.840.10008.1.2.4.91",
    "1.2.840.10008.1.2.4.93", "1.2.840.10008.1.2.4.203", "1.2.840.10008.1.2.4.111", "1.2.840.10008.1.2.4.112",
    *(f"1.2.840.10008.1.2.4.10{last}" for last in range(9)),
    *(f"1.2.840.10008.1.2.4.10{last}.1" for last in range(7)),
}  # fmt: skip
_SOP_CLASS, _SOP_INSTANCE = 0x00080016, 0x00080018


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
        self._stored = str(self._header.transfer_syntax)
        self._native: Iterator[bytes] = iter(())
        self.transfer_syntax = UID(self._chosen(wanted))
        is_stored_so = self.transfer_syntax == self._stored
        self._meta = b"" if is_stored_so else _file_meta(self._header)

    def pieces(self) -> Iterator[bytes]:
        """Give the file in pieces."""
        if self.transfer_syntax == self._stored:
            self._stream.seek(0)
            while piece := self._stream.read(_PIECE):
                yield piece
            return
        yield self._meta
        yield from self._native

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
        """Begin to give it in Explicit VR Little Endian; raises IconError where its first frame cannot be decoded."""
        if self._stored != _EXPLICIT:
            pieces = native_pieces(self._stream, ExplicitVRLittleEndian)
            self._native = chain([next(pieces, b"")], pieces)
        return _EXPLICIT


def _file_meta(header: Header) -> bytes:
    """Give preamble, prefix and File Meta Information of a file in Explicit VR Little Endian (PS3.10 7.1)."""
    meta = header.dataset().file_meta
    meta.TransferSyntaxUID = ExplicitVRLittleEndian
    meta.MediaStorageSOPClassUID = UID(header.text(_SOP_CLASS))
    meta.MediaStorageSOPInstanceUID = UID(header.text(_SOP_INSTANCE))
    buffer = DicomBytesIO(b"\0" * 128 + b"DICM")
    buffer.seek(0, io.SEEK_END)
    try:
        write_file_meta_info(buffer, meta, enforce_standard=True)
    except Exception as exc:  # pydicom raises whatever a malformed file leads it to
        raise StorageError(f"The instance does not say what it is: {exc}") from exc
    written: bytes = buffer.getvalue()
    return written
