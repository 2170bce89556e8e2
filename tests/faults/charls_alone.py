"""A decoder that hangs in C on a broken stream: CharLS without what `pixels` does for it."""

from pathlib import Path

import imagecodecs
import numpy as np

from findicon.pixels import Picture, render


def decode(source: str, size: int, *, frame: int | None = None) -> Picture:
    """Decode a bare JPEG-LS stream with nothing around it; render any other file."""
    data = Path(source).read_bytes()
    if not data.startswith(b"\xff\xd8"):
        return render(source, size, frame=frame)
    return Picture(np.asarray(imagecodecs.jpegls_decode(data))[:size, :size])
