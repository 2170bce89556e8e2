"""How large an image may be: checked before anything is allocated."""

from dataclasses import dataclass

from ..errors import IconError


@dataclass(frozen=True, slots=True)
class Limits:
    """The bounds within which a picture is made.

    Parameters
    ----------
    pixels
        Rows times columns of a frame, at most. 65,535 by 65,535 is 4.3e9, a large mammogram 3e7.
    memory
        Bytes that decoding one frame may take.
    read
        Bytes of one compressed frame, or of one header value.
    """

    pixels: int = 1 << 28
    memory: int = 1 << 30
    read: int = 1 << 29

    def check_pixels(self, rows: int, columns: int, what: str = "The image") -> None:
        """Raise IconError when a frame of that size is not to be decoded."""
        if rows * columns > self.pixels:
            raise IconError(f"{what} of {rows} x {columns} pixels is beyond the limit of {self.pixels} pixels")

    def check_memory(self, size: int, what: str) -> None:
        """Raise IconError when `what` would take `size` bytes and that is too much."""
        if size > self.memory:
            raise IconError(f"{what} takes {size} bytes, beyond the limit of {self.memory} bytes")

    def check_read(self, size: int, what: str) -> None:
        """Raise IconError when `what` is `size` bytes long and that is too much to read."""
        if size > self.read:
            raise IconError(f"{what} is {size} bytes long, beyond the limit of {self.read} bytes")


DEFAULT_LIMITS = Limits()
