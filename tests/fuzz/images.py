"""Coverage-guided fuzz of images: ``python tests/fuzz/images.py -max_total_time=600`` (libFuzzer's flags).

What comes in is a whole file, or the attributes of an image whose pixels are right. Either way there is a picture or an
IconError of one sentence, nothing else.
"""

import struct
import sys
import warnings
from io import BytesIO
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.running import fuzz

with atheris.instrument_imports(include=["findicon.pixels", "findicon.icons"]):
    from findicon.errors import IconError
    from findicon.icons import Icon
    from findicon.icons.reading import icon_from_item
    from findicon.icons.stored import stored_icon
    from findicon.pixels import Limits, read_header, render

from pydicom.dataset import Dataset

from findicon.errors import StorageError
from unit.pixels.making import (
    BIG,
    EXPLICIT,
    HTJ2K,
    HTJ2K_RPCL,
    IMPLICIT,
    J2K,
    J2K_LOSSLESS,
    JPEG,
    JPEG_LOSSLESS,
    JPEG_LS,
    JPEG_SV1,
    JPEG_XL_LOSSLESS,
    NEAR_LOSSLESS,
    RLE,
    colour_scene,
    file_of,
    scene,
)

TIGHT = Limits(pixels=1 << 20, memory=1 << 26, read=1 << 24)
SYNTAXES = (IMPLICIT, EXPLICIT, BIG, RLE, JPEG, JPEG_SV1, J2K_LOSSLESS, HTJ2K)
SYNTAXES += (JPEG_LOSSLESS, JPEG_LS, NEAR_LOSSLESS, J2K, HTJ2K_RPCL, JPEG_XL_LOSSLESS)
GRAY, COLOUR = scene(24, 18, 8), colour_scene(24, 18)
# Pixel Data and the end of each file, by which a data set of any attributes is completed.
PIXELS = {
    (syntax, colour): data[data.rindex(b"\xe0\x7f\x10\0" if syntax != BIG else b"\x7f\xe0\0\x10") :]
    for syntax in SYNTAXES
    for colour in (False, True)
    for data in [file_of(COLOUR if colour else GRAY, syntax).getvalue()]
}
META = {
    syntax: data[: data.index(b"\x08\0\x16\0" if syntax != BIG else b"\0\x08\0\x16")]
    for syntax in SYNTAXES
    for data in [file_of(GRAY, syntax).getvalue()]
}


def one_input(data: bytes) -> None:
    """Take one input: its first byte says what it is."""
    if not data:
        return
    way, said = data[0], data[1:]
    if way & 1:
        syntax = SYNTAXES[(way >> 1 & 15) % len(SYNTAXES)]
        said = META[syntax] + said + PIXELS[syntax, bool(way & 0x40)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if way & 0x20:
            _read_an_icon(said)
        else:
            _make_an_icon(said)


def _make_an_icon(data: bytes) -> None:
    try:
        picture = render(BytesIO(data), 16, limits=TIGHT)
    except IconError as error:
        _check(error)
        return
    assert 1 <= max(picture.array.shape[:2]) <= 16
    assert Icon.from_picture(picture).encoded()


def _read_an_icon(data: bytes) -> None:
    """Take the data set for an icon that somebody sent, and for an image with a picture beside it."""
    try:
        dataset = read_header(BytesIO(data)).dataset()
        assert isinstance(dataset, Dataset)
        dataset.add_new(0x7FE00010, "OB", data[-432:])
        stored_icon(dataset, 8)
        icon_from_item(dataset)
    except (IconError, StorageError) as error:
        _check(error)


def _check(error: Exception) -> None:
    assert str(error)
    assert "\n" not in str(error)


def seeds() -> dict[str, bytes]:
    """Give inputs to begin with: the attributes of images that are right, and whole files."""
    attributes = {
        "window": {"WindowCenter": 128, "WindowWidth": 100, "RescaleSlope": 1, "RescaleIntercept": -5},
        "padding": {"PixelPaddingValue": 0, "PixelPaddingRangeLimit": 3, "PresentationLUTShape": "INVERSE"},
        "frames": {"PixelSpacing": [1, 2], "RepresentativeFrameNumber": 1},
    }
    given = {}
    for number, syntax in enumerate(SYNTAXES):
        for name, more in attributes.items():
            whole = file_of(GRAY, syntax, **more).getvalue()
            described = whole[len(META[syntax]) : len(whole) - len(PIXELS[syntax, False])]
            given[f"{name}{number}"] = struct.pack("B", number << 1 | 1) + described
            given[f"{name}{number}-icon"] = struct.pack("B", number << 1 | 0x21) + described
        given[f"file{number}"] = b"\0" + file_of(COLOUR, syntax).getvalue()
    return given


if __name__ == "__main__":
    fuzz(one_input, seeds())
