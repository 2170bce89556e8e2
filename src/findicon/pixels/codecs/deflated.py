"""Deflated Image Frame Compression: each frame deflated by itself (PS3.5 A.4.13), mostly of segmentations."""

import zlib

from ...errors import IconError
from ..files import MemorySource
from ..frames import Frame
from ..image import Image
from .interface import Decoded, Task
from .native import Native


class DeflatedFrame:
    """zlib, then a native frame; there is no way to inflate less than a whole frame."""

    name = "zlib"

    def supports(self, image: Image) -> bool:
        """Whether it knows images of this kind."""
        return Native().supports(image)

    def decode(self, task: Task) -> Decoded:
        """Inflate the frame, to no more bytes than it has pixels."""
        length = (task.image.frame_bits + 7) // 8
        task.limits.check_memory(2 * length, "Inflating the frame")
        try:
            data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(task.frame.read(), length)
        except zlib.error as exc:
            raise IconError(f"The frame cannot be inflated: {exc}") from exc
        if len(data) < length:
            raise IconError(f"The frame inflates to {len(data)} of {length} bytes")
        return Native().decode(task._replace(frame=Frame(MemorySource(data), ((0, length),))))
