"""What a decoder is."""

from collections.abc import Callable
from typing import Any, NamedTuple, Protocol

from numpy.typing import NDArray

from ...errors import IconError
from ..codestream import Codestream
from ..frames import Frame
from ..image import Image
from ..limits import Limits
from ..shrink import Extent

# Of frames that are larger than this in native form some rows are enough: so many for each row of the picture.
_LARGE_FRAME = 4 << 20
_ROWS_TAKEN = 4


class DecodeFailure(Exception):
    """One decoder cannot decode a frame; the text says why."""


class Task(NamedTuple):
    """One frame to decode, and how large the picture of it is going to be.

    ``exact`` asks for pixels as they are: colour numbers and labels have no averages. ``is_tile`` says that there are
    many of them to a picture, so that none needs the care that a frame gets by itself.
    """

    frame: Frame
    image: Image
    rows: int
    columns: int
    limits: Limits
    exact: bool = False
    is_tile: bool = False

    def reduction(self, oversampling: float) -> float:
        """Give by how much the frame may shrink and still have `oversampling` times the picture's pixels."""
        if self.exact:
            return 1.0
        return min(self.image.rows / self.rows, self.image.columns / self.columns) / oversampling


class Decoded(NamedTuple):
    """A whole frame, at full size or smaller, even smaller in one direction than in the other.

    ``pixels`` is (rows, columns) or (rows, columns, samples) of stored values; ``photometric`` is what they are now,
    for decoders that turn YCbCr into RGB themselves; ``extent`` is where they lie, unless they fill the frame.
    """

    pixels: NDArray[Any]
    photometric: str
    extent: Extent | None = None


class Codec(Protocol):
    """A decoder for some transfer syntaxes."""

    name: str

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        ...

    def decode(self, task: Task) -> Decoded:
        """Decode a frame, to no more pixels than the picture needs where the codec can.

        Raises
        ------
        DecodeFailure
            This decoder cannot; another one may.
        IconError
            Nobody can, or nobody should.
        """
        ...


def check_stream(stream: Codestream, task: Task) -> None:
    """Raise IconError when a stream is not what the header says, before a decoder allocates what it asks for."""
    image = task.image
    if (stream.rows, stream.columns) != (image.rows, image.columns):
        raise IconError(
            f"Rows x Columns is {image.rows} x {image.columns}, but the frame is {stream.rows} x {stream.columns}"
        )
    if stream.components != image.samples:
        raise IconError(f"Samples per Pixel is {image.samples}, but the frame has {stream.components}")


def check_decoding(task: Task, scale: float = 1.0) -> None:
    """Raise IconError when decoding the frame at a scale is beyond the limit on memory."""
    image = task.image
    cell = 1 if image.bits_allocated <= 8 else 2 if image.bits_allocated <= 16 else 8
    samples = int(image.rows * scale) * int(image.columns * scale) * image.samples
    # A decoder holds the result, and often a copy of it in wider integers.
    task.limits.check_memory(3 * samples * cell, "Decoding the frame")


def rows_enough(image: Image, rows: int) -> list[int] | None:
    """Tell which of an image's rows are enough for a picture of `rows` rows, at even distances; None for all of them.

    Neighbouring rows tell less: four rows side by side miss the average of twenty by five times as much.
    """
    taken = _ROWS_TAKEN * rows
    if image.frame_bits <= 8 * _LARGE_FRAME or image.rows < 2 * taken:
        return None
    return [int((row + 0.5) * image.rows / taken) for row in range(taken)]


def foreign(decoder: str, decode: Callable[[], NDArray[Any]]) -> NDArray[Any]:
    """Call a foreign decoder; whatever it raises becomes a DecodeFailure."""
    try:
        return decode()
    except Exception as exc:  # decoders raise whatever hostile bytes lead them to
        raise DecodeFailure(f"{decoder}: {' '.join(str(exc).split()) or type(exc).__name__}") from exc
