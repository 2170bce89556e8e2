"""Compressed pixel data to native frames with pydicom's decoders, where nobody joined us to better ones."""

from collections.abc import Mapping
from typing import BinaryIO

import numpy as np
from pydicom.dataset import Dataset
from pydicom.pixels.decoders.base import get_decoder

from ..errors import IconError
from ..pixels import Header, read_header
from .frames import PixelData

_ATTRIBUTES = {
    "bits_allocated": "BitsAllocated",
    "bits_stored": "BitsStored",
    "photometric_interpretation": "PhotometricInterpretation",
    "pixel_representation": "PixelRepresentation",
    "samples_per_pixel": "SamplesPerPixel",
}
_DESCRIBING = (
    "Rows", "Columns", "SamplesPerPixel", "PhotometricInterpretation", "BitsAllocated", "BitsStored", "HighBit",
    "PixelRepresentation", "PlanarConfiguration",
)  # fmt: skip


class PydicomDecompressed:
    """Compressed pixel data, read decoded; see `ports.Decompressed`.

    Parameters
    ----------
    stream
        The file, which stays open as long as frames are read.

    Raises
    ------
    IconError
        There are no pixels, no decoder knows the transfer syntax, or the first frame does not decode.
    """

    def __init__(self, stream: BinaryIO) -> None:
        header = read_header(stream)
        self._pixels = PixelData(header)
        self._header = header
        self._description = _description(header)
        try:
            self._decoder = get_decoder(header.transfer_syntax)
        except NotImplementedError as exc:
            raise IconError(f"No decoder knows {header.transfer_syntax.name}") from exc
        if not self._decoder.is_available:
            raise IconError(f"No decoder for {header.transfer_syntax.name} is installed")
        self._first, described = self._decoded(1)
        self.attributes: Mapping[str, object] = _changed(described)
        self.length = len(self._first) * self._pixels.frames

    def frame(self, number: int) -> bytes:
        """Give one frame, 1-based, in native form, little endian; raises IconError."""
        return self._first if number == 1 else self._decoded(number)[0]

    def _decoded(self, number: int) -> tuple[bytes, Mapping[str, object]]:
        data = self._pixels.frame(number)
        image = Dataset()
        image.update(self._description)
        image.file_meta = self._description.file_meta
        image.NumberOfFrames = 1
        image.add_new(0x7FE00010, "OB", _one_fragment(data))
        image["PixelData"].is_undefined_length = True
        try:
            array, described = self._decoder.as_array(image, index=0)
        except Exception as exc:  # decoders raise whatever hostile bytes lead them to
            raise IconError(f"Frame {number} does not decode as {self._header.transfer_syntax.name}: {exc}") from exc
        if array.ndim == 3 and self._header.integer(0x00280006) == 1:  # colour by plane, as the instance says
            array = np.ascontiguousarray(array.transpose(2, 0, 1))
        little = array.astype(array.dtype.newbyteorder("<"), copy=False)
        return little.tobytes(), dict(described)


def _description(header: Header) -> Dataset:
    full = header.dataset()
    image = Dataset()
    for keyword in _DESCRIBING:
        if keyword in full:
            image[keyword] = full[keyword]
    image.file_meta = full.file_meta
    image.file_meta.TransferSyntaxUID = header.transfer_syntax
    return image


def _one_fragment(data: bytes) -> bytes:
    padded = data + b"\0" * (len(data) % 2)
    return b"\xfe\xff\x00\xe0\0\0\0\0\xfe\xff\x00\xe0" + len(padded).to_bytes(4, "little") + padded


def _changed(described: Mapping[str, object]) -> dict[str, object]:
    found = {keyword: described[name] for name, keyword in _ATTRIBUTES.items() if name in described}
    stored = found.get("BitsStored")
    if isinstance(stored, int):
        found["HighBit"] = stored - 1
    return found
