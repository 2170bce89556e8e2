"""An icon: a small picture in one of the two forms that answers carry (PS3.3 C.7.6.1.1.6)."""

from dataclasses import dataclass, field
from io import BytesIO
from typing import Self

import numpy as np
from numpy.typing import NDArray
from PIL import Image
from pydicom.dataset import Dataset

from ..errors import IconError
from ..pixels import Picture
from .item import encode_item, replicate
from .palette import indexed


@dataclass(frozen=True, slots=True)
class Icon:
    """A small picture, 8-bit MONOCHROME2 or PALETTE COLOR; immutable, shows itself in notebooks.

    Parameters
    ----------
    rows, columns
        Its size in pixels, 1 to 65535.
    pixels
        Unsigned 8-bit values row by row, rows * columns of them: gray, or indices into the palette.
    palette
        Red, green and blue of each entry, one byte each, 1 to 256 entries; empty for a gray icon.

    Raises
    ------
    IconError
        The parts do not fit each other.
    """

    rows: int
    columns: int
    pixels: bytes = field(repr=False)
    palette: bytes = field(default=b"", repr=False)

    def __post_init__(self) -> None:
        if not (0 < self.rows <= 0xFFFF and 0 < self.columns <= 0xFFFF):
            raise IconError(f"An icon of {self.columns} x {self.rows} pixels cannot be")
        if len(self.pixels) != self.rows * self.columns:
            raise IconError(f"{self.columns} x {self.rows} pixels are not {len(self.pixels)} bytes")
        entries, rest = divmod(len(self.palette), 3)
        if rest or entries > 256 or (entries and self.pixels.translate(None, bytes(range(entries)))):
            raise IconError(f"A palette of {len(self.palette)} bytes does not fit the icon")

    @classmethod
    def from_array(cls, array: NDArray[np.uint8]) -> Self:
        """Make an icon of any small picture.

        Near-gray RGB becomes MONOCHROME2; up to 256 colours are kept exactly, more are reduced to 256.

        Parameters
        ----------
        array
            uint8, gray (rows, columns) or RGB (rows, columns, 3).
        """
        if array.ndim == 3:
            reduced = indexed(np.ascontiguousarray(array))
            palette = b"" if reduced.palette is None else reduced.palette.tobytes()
            return cls(array.shape[0], array.shape[1], reduced.indices.tobytes(), palette)
        return cls(array.shape[0], array.shape[1], array.tobytes())

    @classmethod
    def from_picture(cls, picture: Picture) -> Self:
        """Make an icon of a rendered picture."""
        return cls.from_array(picture.array)

    def to_array(self) -> NDArray[np.uint8]:
        """Give the pixels: uint8, (rows, columns) gray or (rows, columns, 3) RGB."""
        values = np.frombuffer(self.pixels, np.uint8).reshape(self.rows, self.columns)
        if not self.palette:
            return values
        colours = np.frombuffer(self.palette, np.uint8).reshape(-1, 3)
        return colours[values]

    def to_image(self) -> Image.Image:
        """Give a Pillow image, mode L or RGB."""
        return Image.fromarray(self.to_array())

    def to_item(self) -> Dataset:
        """Make the one item of (0088,0200) Icon Image Sequence (PS3.3 C.7.6.1.1.6)."""
        item = Dataset()
        item.SamplesPerPixel = 1
        item.PhotometricInterpretation = "PALETTE COLOR" if self.palette else "MONOCHROME2"
        item.Rows = self.rows
        item.Columns = self.columns
        item.BitsAllocated = 8
        item.BitsStored = 8
        item.HighBit = 7
        item.PixelRepresentation = 0
        # The VRs are written out: pydicom leaves them open ("US or SS", "OB or OW") until it knows the surroundings.
        for colour in range(3 if self.palette else 0):
            values = self.palette[colour::3]
            item.add_new(0x00281101 + colour, "US", [len(values), 0, 16])
            item.add_new(0x00281201 + colour, "OW", replicate(values))
        item.add_new(0x7FE00010, "OB", self.pixels + b"\0" * (len(self.pixels) % 2))
        return item

    def encoded(self) -> bytes:
        """Give the item's content in Explicit VR Little Endian, without item tag: the form that catalogues keep."""
        palette = (self.palette[0::3], self.palette[1::3], self.palette[2::3]) if self.palette else None
        return encode_item(self.rows, self.columns, self.pixels, palette)

    def _repr_png_(self) -> bytes:
        buffer = BytesIO()
        self.to_image().save(buffer, "PNG")
        return buffer.getvalue()
