"""Instances given natively: the same values, and attributes that say what the pixels are now."""

import io
import tracemalloc
import zlib
from io import BytesIO
from pathlib import Path

import numpy as np
import pydicom
import pytest
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.filereader import read_dataset
from pydicom.pixels import pixel_array
from pydicom.uid import UID

from findicon.errors import IconError, StorageError
from findicon.pixels import Decompressed, native_pieces, read_header
from findicon.query.wire import elements_of
from support.samples import real_files
from unit.pixels.making import (
    BIG,
    DEFLATED,
    EXPLICIT,
    HTJ2K_LOSSY,
    IMPLICIT,
    J2K,
    J2K_LOSSLESS,
    JPEG,
    JPEG_12,
    JPEG_LS,
    JPEG_SV1,
    JPEG_XL,
    LOSSLESS,
    NATIVE,
    NEAR_LOSSLESS,
    RLE,
    colour_scene,
    described,
    encoded,
    file_of,
    saved,
    scene,
    with_frames,
)


def native(stream: BytesIO, syntax: str = EXPLICIT) -> Dataset:
    """Give the data set that comes out, read by pydicom, with its transfer syntax beside it."""
    data = b"".join(native_pieces(stream, UID(syntax)))
    if syntax == DEFLATED:
        assert len(data) % 2 == 0
        data = zlib.decompressobj(-zlib.MAX_WBITS).decompress(data)
    dataset = read_dataset(BytesIO(data), syntax == IMPLICIT, syntax != BIG)
    dataset.file_meta = pydicom.dataset.FileMetaDataset()
    dataset.file_meta.TransferSyntaxUID = UID(EXPLICIT if syntax == DEFLATED else syntax)
    return dataset


def values(dataset: Dataset) -> np.ndarray:
    return pixel_array(dataset, raw=True)


@pytest.mark.parametrize("syntax", LOSSLESS)
@pytest.mark.parametrize("bits", [8, 12, 16])
def test_lossless_syntaxes_give_every_value(syntax: str, bits: int) -> None:
    array = scene(60, 71, bits)
    got = native(file_of(array, syntax, BitsStored=bits, HighBit=bits - 1))
    assert (values(got) == array).all()
    assert (got.BitsAllocated, got.BitsStored, got.HighBit) == (array.itemsize * 8, bits, bits - 1)
    vr = got["PixelData"].VR
    assert vr == ("OB" if bits == 8 else "OW")
    assert not got["PixelData"].is_undefined_length


@pytest.mark.parametrize("syntax", LOSSLESS)
def test_colours(syntax: str) -> None:
    array = colour_scene(33, 37)
    got = native(file_of(array, syntax, PlanarConfiguration=1 if syntax == RLE else 0))
    assert (values(got) == array).all()
    assert (got.PhotometricInterpretation, got.PlanarConfiguration) == ("RGB", 0)


@pytest.mark.parametrize(("syntax", "bits"), [(RLE, 16), (JPEG_LS, 16), (RLE, 12), (JPEG_LS, 12), (JPEG_SV1, 12)])
def test_signed_values(syntax: str, bits: int) -> None:
    array = (scene(40, 41, bits).astype(np.int32) - (1 << bits - 1)).astype(np.int16)
    coded = encoded((array.view(np.uint16) & ((1 << bits) - 1)).astype(np.uint16), syntax, bits)
    image = described(array, BitsStored=bits, HighBit=bits - 1)
    got = native(with_frames(image, [coded], syntax))
    assert (values(got) == array).all()
    assert got.PixelRepresentation == 1


@pytest.mark.parametrize(
    ("syntax", "bits", "tolerance"),
    [
        (JPEG, 8, 1.5),
        (JPEG_12, 12, 4.0),
        (NEAR_LOSSLESS, 8, 2.0),
        (J2K, 8, 1.5),
        (HTJ2K_LOSSY, 8, 2.0),
        (JPEG_XL, 8, 2),
    ],
)
def test_lossy_syntaxes_give_what_is_left(syntax: str, bits: int, tolerance: float) -> None:
    array = scene(64, 80, bits)
    got = native(
        file_of(array, syntax, BitsStored=bits, HighBit=bits - 1, LossyImageCompression="01", ImageType="DERIVED")
    )
    assert np.abs(values(got).astype(int) - array).mean() < tolerance
    assert (got.LossyImageCompression, got.ImageType) == ("01", "DERIVED")


@pytest.mark.parametrize(("syntax", "said"), [(JPEG, "YBR_FULL_422"), (J2K, "YBR_ICT"), (J2K_LOSSLESS, "YBR_RCT")])
def test_colours_that_exist_in_the_stream_only(syntax: str, said: str) -> None:
    array = colour_scene(64, 48)
    got = native(file_of(array, syntax, PhotometricInterpretation=said))
    assert got.PhotometricInterpretation == "RGB"
    assert np.abs(values(got).astype(int) - array).mean() < 3


def test_subsampled_chroma_that_a_lossless_stream_cannot_have() -> None:
    array = colour_scene(16, 16)
    got = native(file_of(array, RLE, PhotometricInterpretation="YBR_FULL_422"))
    assert got.PhotometricInterpretation == "YBR_FULL"
    assert (values(got) == array).all()


@pytest.mark.parametrize("table", ["basic", "extended", "none"])
@pytest.mark.parametrize("syntax", [RLE, JPEG_LS, JPEG_SV1])
def test_every_frame_and_no_offsets(syntax: str, table: str) -> None:
    array = np.stack([scene(31, 33, 12, seed) for seed in range(4)])
    got = native(file_of(array, syntax, table=table, BitsStored=12, HighBit=11))
    assert (values(got) == array).all()
    assert got.NumberOfFrames == 4
    assert "ExtendedOffsetTable" not in got
    assert "ExtendedOffsetTableLengths" not in got


@pytest.mark.parametrize("to", NATIVE)
@pytest.mark.parametrize("stored", [*NATIVE, RLE])
@pytest.mark.parametrize("bits", [8, 12])
def test_from_every_syntax_to_every_native_one(stored: str, to: str, bits: int) -> None:
    array = scene(20, 24, bits)
    item = Dataset()
    item.ReferencedFrameNumber = [1, 2, 3]
    item.RescaleSlope = "1.5"
    attributes = {
        "SpecificCharacterSet": "ISO_IR 192", "PatientName": "Å^Ä", "BitsStored": bits, "HighBit": bits - 1,
        "ReferencedImageSequence": [item, Dataset()], "RedPaletteColorLookupTableDescriptor": [256, 0, 16],
        "PixelSpacing": [0.5, 0.25], "SliceLocation": None, "DoubleFloatPixelPaddingValue": 1.5,
        "FrameIncrementPointer": 0x00181063,
        "RedPaletteColorLookupTableData": np.arange(256, dtype=">u2" if stored == BIG else "<u2").tobytes(),
    }  # fmt: skip
    got = native(file_of(array, stored, **attributes), to)
    assert (values(got) == array).all()
    assert str(got.PatientName) == "Å^Ä"
    assert got.ReferencedImageSequence[0].ReferencedFrameNumber == [1, 2, 3]
    assert len(got.ReferencedImageSequence) == 2
    assert (got.PixelSpacing, got.DoubleFloatPixelPaddingValue) == ([0.5, 0.25], 1.5)
    assert got.RedPaletteColorLookupTableDescriptor == [256, 0, 16]
    assert got.FrameIncrementPointer == 0x00181063
    words = np.frombuffer(got.RedPaletteColorLookupTableData, ">u2" if to == BIG else "<u2")
    assert (words == np.arange(256)).all()


def test_values_too_long_for_their_vr_become_unknown_ones() -> None:
    element = b"\x10\0\0\x40"  # (0010,4000) Patient Comments, LT
    whole = file_of(scene(8, 8, 8), IMPLICIT, PatientComments="xx").getvalue()
    longer = whole.replace(element + b"\2\0\0\0xx", element + (70000).to_bytes(4, "little") + b"x" * 70000)
    got = native(BytesIO(longer))
    assert got.get_item(0x00104000).VR == "UN"
    assert len(got.get_item(0x00104000).value) == 70000


def test_an_icon_that_is_compressed_is_left_out_and_a_native_one_stays() -> None:
    icon = described(scene(8, 8, 8))
    icon.PixelData = scene(8, 8, 8).tobytes()
    got = native(file_of(scene(16, 16, 8), RLE, IconImageSequence=[icon]), IMPLICIT)
    assert got.IconImageSequence[0].PixelData == scene(8, 8, 8).tobytes()
    icon.PixelData = encapsulate([encoded(scene(8, 8, 8), JPEG, 8)])
    icon["PixelData"].VR = "OB"
    icon["PixelData"].is_undefined_length = True
    assert "IconImageSequence" not in native(file_of(scene(16, 16, 8), RLE, IconImageSequence=[icon]))


def test_what_stands_behind_the_pixels() -> None:
    image = described(scene(16, 16, 8))
    image.PixelData = encapsulate([encoded(scene(16, 16, 8), RLE, 8)])
    image["PixelData"].VR = "OB"
    image.add_new(0x7FE10010, "LO", "MAKER")
    image.add_new(0x7FE11001, "OB", b"1234")
    image.DataSetTrailingPadding = bytes(10)
    got = native(saved(image, RLE))
    assert (got[0x7FE10010].value, got[0x7FE11001].value) == ("MAKER", b"1234")
    assert "DataSetTrailingPadding" not in got


def test_single_bits() -> None:
    array = np.stack([scene(16, 16, 8, seed) > 128 for seed in range(3)]).astype(np.uint8)
    frames = [encoded(frame, J2K_LOSSLESS, 8) for frame in array]
    image = described(array, BitsAllocated=1, BitsStored=1, HighBit=0)
    assert (values(native(with_frames(image, frames, J2K_LOSSLESS))) == array).all()


def test_an_odd_number_of_bytes_is_padded() -> None:
    got = native(file_of(scene(3, 3, 8), RLE))
    assert len(got.PixelData) == 10
    assert (values(got) == scene(3, 3, 8)).all()


@pytest.mark.parametrize(
    ("attributes", "reason"),
    [
        ({"Rows": 17}, "but the frame"),
        ({"NumberOfFrames": 2_000_000_000}, "more than a native data set can hold"),
        ({"NumberOfFrames": 3}, "Frame"),
        ({"PixelDataProviderURL": "https://example.org"}, "elsewhere"),
    ],
)
def test_what_cannot_be_given_natively(attributes: dict[str, object], reason: str) -> None:
    array = scene(16, 16, 8)
    image = described(array, **attributes)
    with pytest.raises(IconError, match=reason):
        native(with_frames(image, [encoded(array, JPEG_LS, 8)], JPEG_LS))


def test_what_no_decoder_knows() -> None:
    with pytest.raises(IconError, match="video"):
        native(with_frames(described(scene(16, 16, 8)), [bytes(16)], "1.2.840.10008.1.2.4.102"))
    with pytest.raises(StorageError):
        native(BytesIO(b"nothing"))


def test_pixels_that_are_cut_off() -> None:
    whole = file_of(scene(64, 64, 8), EXPLICIT).getvalue()
    with pytest.raises(StorageError, match="cut off"):
        native(BytesIO(whole[:-100]), IMPLICIT)


@pytest.mark.filterwarnings("ignore:.*:UserWarning")  # pydicom has much to say about these files
@pytest.mark.parametrize("path", real_files(), ids=lambda path: path.name)
def test_real_files_as_pydicom_reads_them(path: Path) -> None:
    expected = pydicom.dcmread(path, force=True)
    try:
        got = native(BytesIO(path.read_bytes()))
    except (IconError, StorageError):
        assert "PixelData" not in expected or path.name in WITHOUT_USE
        return
    assert {element.tag for element in got} >= {
        one.tag for one in expected if 8 <= one.tag.group < 0x7FE0
    } - GROUP_LENGTHS
    if "PixelData" in expected and "Rows" in expected:
        turned = got.PhotometricInterpretation == "RGB" != expected.PhotometricInterpretation
        try:
            pixels, ours = pixel_array(expected, raw=not turned), values(got)
        except (RuntimeError, ValueError):  # pydicom has no decoder for it, or stumbles over its attributes
            return
        assert ours.shape == pixels.shape
        largest = 3 if expected.file_meta.TransferSyntaxUID in {JPEG, JPEG_12, J2K} else 0
        assert np.abs(ours.astype(int) - pixels.astype(int)).mean() <= largest


# What has pixels that nobody can read.
WITHOUT_USE = {"JPEG2000-embedded-sequence-delimiter.dcm", "MR_truncated.dcm"}
GROUP_LENGTHS = {pydicom.tag.Tag(group, 0) for group in range(0x10000)}


class _Zeros(io.RawIOBase):
    """A file that ends in zeros and takes no room."""

    def __init__(self, head: bytes, size: int) -> None:
        self._head, self._size, self._at = head, size, 0

    def seek(self, offset: int, whence: int = 0) -> int:
        self._at = offset + (0, self._at, self._size)[whence]
        return self._at

    def tell(self) -> int:
        return self._at

    def read(self, count: int = -1) -> bytes:
        count = max(0, min(count, self._size - self._at))
        data = self._head[self._at : self._at + count]
        self._at += count
        return data + bytes(count - len(data))


def _large_file(syntax: str) -> io.RawIOBase | BytesIO:
    size = 8192 * 8192
    head = file_of(scene(2, 2, 8), IMPLICIT).getvalue()[:-12]  # without Pixel Data
    head = head.replace(b"\x28\0\x10\0\2\0\0\0\2\0", b"\x28\0\x10\0\2\0\0\0\0\x20")
    head = head.replace(b"\x28\0\x11\0\2\0\0\0\2\0", b"\x28\0\x11\0\2\0\0\0\0\x20")
    head += b"\xe0\x7f\x10\0" + size.to_bytes(4, "little")
    if syntax == IMPLICIT:
        return _Zeros(head, len(head) + size)
    whole = file_of(scene(2, 2, 8), DEFLATED).getvalue()
    begin = _data_set_start(whole)
    explicit = file_of(scene(2, 2, 8), EXPLICIT).getvalue()
    data = explicit[_data_set_start(explicit) : -4 - 12].replace(b"\x28\0\x10\0US\2\0\2\0", b"\x28\0\x10\0US\2\0\0\x20")
    data = data.replace(b"\x28\0\x11\0US\2\0\2\0", b"\x28\0\x11\0US\2\0\0\x20")
    data += b"\xe0\x7f\x10\0OB\0\0" + size.to_bytes(4, "little")
    compressor = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    parts = [compressor.compress(data)]
    parts += [compressor.compress(bytes(1 << 20)) for _ in range(size >> 20)]
    return BytesIO(whole[:begin] + b"".join(parts) + compressor.flush())


def _data_set_start(whole: bytes) -> int:
    return 144 + int.from_bytes(whole[140:144], "little")


@pytest.mark.parametrize("syntax", [IMPLICIT, DEFLATED])
def test_large_native_pixels_pass_in_constant_memory(syntax: str) -> None:
    stream = _large_file(syntax)
    tracemalloc.start()
    try:
        length = sum(len(piece) for piece in native_pieces(stream, UID(EXPLICIT)))  # type: ignore[arg-type]
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert length > 8192 * 8192
    assert peak < 1 << 23


def test_frames_by_number() -> None:
    array = np.stack([scene(8, 8, 8, seed) for seed in range(2)])
    stream = file_of(array, RLE)
    decompressed = Decompressed(read_header(stream))
    assert decompressed.length == 128
    assert decompressed.frame(2) == array[1].tobytes()
    with pytest.raises(IconError, match="no frame 3"):
        decompressed.frame(3)


@pytest.mark.parametrize("syntax", [RLE, JPEG_LS, J2K_LOSSLESS, JPEG_SV1, DEFLATED, BIG])
def test_broken_bytes_are_an_error_or_a_data_set(syntax: str) -> None:
    whole = file_of(scene(24, 24, 12), syntax, BitsStored=12, HighBit=11).getvalue()
    random = np.random.default_rng(7)
    for _ in range(60):
        broken = bytearray(whole)
        for place in random.integers(132, len(whole), 4):
            broken[place] = random.integers(0, 256)
        try:
            data = b"".join(native_pieces(BytesIO(bytes(broken)), UID(IMPLICIT)))
        except (IconError, StorageError):
            continue
        assert elements_of(data, explicit=False) is not None  # it can be walked to its end
