"""What a decoder is."""

from collections.abc import Callable
from typing import NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from ...errors import IconError
from ..codestream import Codestream
from ..frames import Frame
from ..image import Image
from ..limits import Limits


class DecodeFailure(Exception):  # noqa: N818 -- never leaves this room: the table turns it into an IconError
    """This decoder cannot decode this frame; the text says why."""


class Decoded(NamedTuple):
    """A frame, at full size or smaller.

    ``pixels`` is (rows, columns) or (rows, columns, samples) of stored values; ``photometric`` is what they are now,
    for decoders that turn YCbCr into RGB themselves.
    """

    pixels: NDArray[np.generic]
    photometric: str


class Codec(Protocol):
    """A decoder for some transfer syntaxes."""

    name: str

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        ...

    def decode(self, frame: Frame, image: Image, size: int, limits: Limits) -> Decoded:
        """Decode a frame so that its longer side has at least `size` pixels, or all it has.

        Raises
        ------
        DecodeFailure
            This decoder cannot; another one may.
        IconError
            Nobody can, or nobody should.
        """
        ...


def check_size(stream: Codestream, image: Image, limits: Limits) -> None:
    """Raise IconError when a stream is not of the size that the header says, before a decoder allocates it."""
    if (stream.rows, stream.columns) != (image.rows, image.columns):
        raise IconError(
            f"Rows x Columns is {image.rows} x {image.columns}, but the frame is {stream.rows} x {stream.columns}"
        )
    if stream.components != image.samples:
        raise IconError(f"Samples per Pixel is {image.samples}, but the frame has {stream.components}")
    size = stream.rows * stream.columns * stream.components * (1 if stream.precision <= 8 else 2)
    limits.check_memory(4 * size, "Decoding the frame")


def foreign(decoder: str, decode: Callable[[], NDArray[np.generic]]) -> NDArray[np.generic]:
    """Call a foreign decoder; whatever it raises becomes a DecodeFailure."""
    try:
        return decode()
    except Exception as exc:  # decoders raise whatever hostile bytes lead them to
        raise DecodeFailure(f"{decoder}: {str(exc).strip() or type(exc).__name__}") from exc
