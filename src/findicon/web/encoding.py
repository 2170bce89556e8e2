"""Pictures to files that browsers show, and back.

Pillow lives below (`icons`, `pixels`): what is encoded here is the Pillow image that `Icon` gives.
"""

from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from pydicom.dataset import Dataset, FileMetaDataset
from pydicom.encaps import encapsulate
from pydicom.uid import JPEGBaseline8Bit

from ..errors import IconError
from ..icons import Icon
from ..pixels import Picture, render

JPEG, PNG, GIF, WEBP = "image/jpeg", "image/png", "image/gif", "image/webp"
FORMATS = {JPEG: "JPEG", PNG: "PNG", GIF: "GIF", WEBP: "WEBP"}
DEFAULT_QUALITY = 90
_LOSSY = {JPEG, WEBP}
# Start Of Frame markers: all of FFC0 to FFCF but those that define tables (ISO/IEC 10918-1 Table B.1).
_FRAME_MARKERS = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def encoded(picture: Picture, media_type: str, quality: int = DEFAULT_QUALITY) -> bytes:
    """Encode a picture.

    Parameters
    ----------
    picture
        Gray or RGB.
    media_type
        One of `FORMATS`.
    quality
        1 to 100, for JPEG and WebP (PS3.18 8.3.5.1.2).

    Raises
    ------
    IconError
        The picture is larger than the format can hold.
    """
    rows, columns = picture.array.shape[:2]
    gray = picture.array if picture.is_gray else np.zeros((rows, columns), np.uint8)
    image = Icon(rows, columns, np.ascontiguousarray(gray).tobytes()).to_image()
    if not picture.is_gray:
        image = image.convert("RGB")
        image.frombytes(np.ascontiguousarray(picture.array).tobytes())
    options: dict[str, int] = {"quality": quality} if media_type in _LOSSY else {}
    if media_type == PNG:
        options["compress_level"] = 3  # a picture on its way to somebody: speed before the last per cent
    if media_type == WEBP:
        options["method"] = 2  # half the time of the default, and hardly more bytes
    if media_type == JPEG and quality >= DEFAULT_QUALITY:
        options["subsampling"] = 0
    buffer = BytesIO()
    try:
        image.save(buffer, FORMATS[media_type], **options)
    except (OSError, ValueError) as exc:
        raise IconError(f"A picture of {columns} x {rows} cannot be encoded as {media_type}: {exc}") from exc
    return buffer.getvalue()


def size_of(jpeg: bytes) -> tuple[int, int, int]:
    """Read rows, columns and components of a JPEG; raises IconError for what is none."""
    offset = 2
    while offset + 10 <= len(jpeg) and jpeg[offset] == 0xFF:
        marker = jpeg[offset + 1]
        if marker in _FRAME_MARKERS:
            rows = int.from_bytes(jpeg[offset + 5 : offset + 7], "big")
            columns = int.from_bytes(jpeg[offset + 7 : offset + 9], "big")
            return rows, columns, jpeg[offset + 9]
        offset += 2 + int.from_bytes(jpeg[offset + 2 : offset + 4], "big")
    raise IconError("The preview is no JPEG")


def decoded(jpeg: bytes, size: int) -> Picture:
    """Decode a JPEG of ours so that its longer side is at most `size` pixels; raises IconError."""
    rows, columns, samples = size_of(jpeg)
    image = Dataset()
    image.file_meta = FileMetaDataset()
    image.file_meta.TransferSyntaxUID = JPEGBaseline8Bit
    image.SamplesPerPixel = samples
    image.PhotometricInterpretation = "MONOCHROME2" if samples == 1 else "YBR_FULL_422"
    image.Rows, image.Columns = rows, columns
    image.BitsAllocated = image.BitsStored = 8
    image.HighBit, image.PixelRepresentation = 7, 0
    if samples == 1:
        image.WindowCenter, image.WindowWidth = 128, 256  # as it is: not spread to the full range
    else:
        image.PlanarConfiguration = 0
    image.add_new(0x7FE00010, "OB", encapsulate([jpeg]))
    image["PixelData"].is_undefined_length = True
    return render(image, size)


def fitted(picture: Picture, width: int, height: int) -> Picture:
    """Make a picture as large as fits into a box, also larger than it is (PS3.18 8.3.5.1.3)."""
    rows, columns = picture.array.shape[:2]
    scale = min(width / columns, height / rows)
    if scale <= 1:
        return shrunk(picture, width, height)
    target = max(min(round(rows * scale), height), 1), max(min(round(columns * scale), width), 1)
    return Picture(_magnified(picture.array, *target), picture.frame)


def shrunk(picture: Picture, width: int, height: int) -> Picture:
    """Make a picture fit into a box; one that fits stays as it is."""
    rows, columns = picture.array.shape[:2]
    scale = min(width / columns, height / rows)
    if scale >= 1:
        return picture
    longer = max(int(max(rows, columns) * scale + 0.5), 1)
    smaller = picture.shrunk(longer)
    if smaller.array.shape[0] > height or smaller.array.shape[1] > width:  # rounded up
        smaller = picture.shrunk(max(longer - 1, 1))
    return smaller


def _magnified(array: NDArray[np.uint8], rows: int, columns: int) -> NDArray[np.uint8]:
    """Interpolate linearly between the centres of pixels."""
    vertical = _between(array.shape[0], rows)
    horizontal = _between(array.shape[1], columns)
    result = np.empty((rows, columns, *array.shape[2:]), np.uint8)
    left, right, along = horizontal
    weights = along.astype(np.float32)
    weights = weights[:, None] if array.ndim == 3 else weights
    stretched = array[:, left] + weights * (array[:, right].astype(np.float32) - array[:, left])
    top, bottom, down = vertical
    for row in range(rows):
        share = np.float32(down[row])
        line = stretched[top[row]] * (1 - share) + stretched[bottom[row]] * share
        result[row] = line + np.float32(0.5)
    return result


def _between(source: int, target: int) -> tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.float64]]:
    """Give for each target pixel the two source pixels around its centre, and how far it lies to the second."""
    centres = np.clip((np.arange(target) + 0.5) * source / target - 0.5, 0, source - 1)
    first = centres.astype(np.intp)
    return first, np.minimum(first + 1, source - 1), centres - first
