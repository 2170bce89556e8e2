"""What the Image Pixel module says about an image (PS3.3 C.7.6.3), checked."""

from typing import NamedTuple

from pydicom.uid import UID

from ..errors import IconError
from .elements import UNDEFINED
from .header import Header
from .limits import Limits

# Explicit VR Big Endian, and GE's private syntax with pixels like that in an Implicit VR Little Endian data set.
BIG_ENDIAN_PIXELS = frozenset({"1.2.840.10008.1.2.2", "1.2.840.113619.5.2"})
_SUBSAMPLED = frozenset({"YBR_FULL_422", "YBR_PARTIAL_422"})
_OF_THREE_SAMPLES = ("RGB", "YBR")
_OF_FOUR_SAMPLES = frozenset({"ARGB", "CMYK"})  # retired
_MODALITY = 0x00080060
_RADIOGRAPHS = frozenset({"CR", "DX", "IO", "MG", "PX", "RF", "RG", "XA"})
PIXEL_DATA_PROVIDER_URL = 0x00287FE0
_FLOATS = {0x7FE00008: 32, 0x7FE00009: 64}
_LOSSY = frozenset(f"1.2.840.10008.1.2.4.{number}" for number in (50, 51, 81, 91, 93, 111, 112, 203))


class Image(NamedTuple):
    """The shape and the coding of an image's pixels.

    ``floating`` tells Float and Double Float Pixel Data from integers; ``shift`` is where the stored bits begin;
    ``big_endian`` is of native pixels; ``in_words`` says that their bytes lie in 16-bit words, two in each;
    ``is_radiograph`` that a projection's detector saw them, whose images are large and without hard lines;
    ``is_subsampled`` that two pixels share their chroma in native pixel data (PS3.3 C.7.6.3.1.2). ``frame_bits`` is the
    length of a native frame in bits (PS3.5 8.1.1, 8.2).
    """

    transfer_syntax: UID
    rows: int
    columns: int
    samples: int
    photometric: str
    planar: bool
    bits_allocated: int
    bits_stored: int
    shift: int
    signed: bool
    floating: bool
    frames: int
    big_endian: bool
    in_words: bool
    is_radiograph: bool
    is_subsampled: bool
    frame_bits: int

    @property
    def is_colour(self) -> bool:
        """Whether there are several samples per pixel."""
        return self.samples > 1

    @property
    def is_lossy(self) -> bool:
        """Whether the transfer syntax lets values come out a little different from what went in."""
        return self.transfer_syntax in _LOSSY


def describe(header: Header, limits: Limits) -> Image:
    """Read the Image Pixel module.

    Raises
    ------
    IconError
        There are no pixels, or an attribute is missing, makes no sense or is beyond the limits.
    """
    if header.pixels is None and PIXEL_DATA_PROVIDER_URL in header:
        raise IconError("Its pixels are on a JPIP server, which is not asked for them")
    if header.pixels is None:
        raise IconError(f"There are no pixels in it (Modality {printable(header.text(_MODALITY)) or 'unknown'})")
    if not header.has_pixels:
        raise IconError("Its pixel data is empty")
    rows = _positive(header, 0x00280010, "Rows")
    columns = _positive(header, 0x00280011, "Columns")
    limits.check_pixels(rows, columns)
    photometric = header.text(0x00280004).upper()
    samples = header.integer(0x00280002) or (3 if photometric.startswith(_OF_THREE_SAMPLES) else 1)
    photometric = photometric or ("RGB" if samples > 1 else "MONOCHROME2")
    if samples not in {1, 3} and (samples != 4 or photometric not in _OF_FOUR_SAMPLES):
        raise IconError(f"Samples per Pixel is {samples}; 1 and 3 are known")
    allocated = _FLOATS.get(header.pixels.tag) or header.integer(0x00280100) or 0
    packed = samples == 1 and header.transfer_syntax not in BIG_ENDIAN_PIXELS  # as ACR-NEMA allowed, before DICOM
    if allocated not in {1, 8, 16, 32, 64} and not (allocated == 12 and packed):
        raise IconError(f"Bits Allocated is {allocated}; 1, 8, 16, 32 and 64 are known")
    stored = header.integer(0x00280101) or allocated
    if not 1 <= stored <= allocated:
        stored = allocated
    frames = max(header.integer(0x00280008) or 1, 1)
    if photometric in _SUBSAMPLED and _has_all_samples(header, rows * columns * allocated * samples * frames):
        photometric = photometric.removesuffix("_422")
    is_subsampled = samples == 3 and photometric in _SUBSAMPLED
    high = header.integer(0x00280102)
    shift = 0 if high is None else high + 1 - stored
    return Image(
        transfer_syntax=header.transfer_syntax,
        rows=rows,
        columns=columns,
        samples=samples,
        photometric=photometric,
        planar=header.integer(0x00280006) == 1,
        bits_allocated=allocated,
        bits_stored=stored,
        shift=shift if 0 < shift <= allocated - stored else 0,
        signed=header.integer(0x00280103) == 1,
        floating=header.pixels.tag in _FLOATS,
        frames=frames,
        big_endian=header.transfer_syntax in BIG_ENDIAN_PIXELS,
        in_words=allocated <= 8 and header.pixels.vr == b"OW",
        is_radiograph=header.text(_MODALITY) in _RADIOGRAPHS,
        is_subsampled=is_subsampled,
        frame_bits=rows * columns * (2 if is_subsampled else samples) * allocated,
    )


def _has_all_samples(header: Header, bits: int) -> bool:
    """Whether native pixel data is as long as if no samples were left out, as some write it all the same."""
    pixels = header.pixels
    return pixels is not None and pixels.length != UNDEFINED and 8 * pixels.length >= bits


def printable(text: str) -> str:
    """Give what can be printed of a text from a file, for an error's sentence."""
    return "".join(character for character in text[:64] if character.isprintable())


def _positive(header: Header, tag: int, name: str) -> int:
    value = header.integer(tag)
    if value is None or value <= 0:
        raise IconError(f"{name} is {'missing' if value is None else value}")
    return value
