"""Icons of other makers, right and wrong: a picture, None, or an IconError that says why; never anything else."""

from collections.abc import Callable
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image
from pydicom.dataset import Dataset
from pydicom.encaps import encapsulate
from pydicom.uid import ExplicitVRBigEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.errors import IconError
from findicon.icons import Icon, icon_from_dataset
from findicon.query import decode, encode

RAMP = np.arange(64, dtype=np.uint8).reshape(8, 8) * 4
COLOURS = np.stack([RAMP, RAMP[::-1], np.full_like(RAMP, 99)], axis=2)


LEVELS = np.arange(256, dtype=np.uint8)
TABLES = [LEVELS, LEVELS[::-1], LEVELS // 2]


def item(**attributes: object) -> Dataset:
    """Make the item of a right icon, 8 by 8; attributes replace its own, None leaves one out."""
    values = {
        "SamplesPerPixel": 1,
        "PhotometricInterpretation": "MONOCHROME2",
        "Rows": 8,
        "Columns": 8,
        "BitsAllocated": 8,
        "BitsStored": 8,
        "HighBit": 7,
        "PixelRepresentation": 0,
        "PixelData": RAMP.tobytes(),
    } | attributes
    dataset = Dataset()
    for keyword, value in values.items():
        if value is not None:
            setattr(dataset, keyword, value)
    if "PixelData" in dataset:
        dataset["PixelData"].VR = "OB"
    return dataset


def answer(*items: Dataset) -> Dataset:
    dataset = Dataset()
    dataset.PatientID = "P1"
    dataset.IconImageSequence = list(items)
    return dataset


def rgb(**attributes: object) -> Dataset:
    values = {"SamplesPerPixel": 3, "PhotometricInterpretation": "RGB", "PixelData": COLOURS.tobytes()}
    return item(**(values | attributes))


def with_palette(entries: int, first: int, bits: int, tables: list[bytes], **attributes: object) -> Dataset:
    dataset = item(PhotometricInterpretation="PALETTE COLOR", **attributes)
    for colour, table in enumerate(tables):
        dataset.add_new(0x00281101 + colour, "US", [entries, first, bits])
        dataset.add_new(0x00281201 + colour, "OW", table)
    return dataset


def uneven_palette() -> Dataset:
    dataset = with_palette(256, 0, 16, [wide(table) for table in TABLES])
    dataset[0x00281102].value = [200, 0, 16]
    return dataset


def wide(values: np.ndarray) -> bytes:
    return (values.astype("<u2") * 257).tobytes()


PALETTED = np.stack([table[RAMP] for table in TABLES], axis=2)
WORDS = (RAMP.astype("<u2") * 16 + 15).tobytes()  # 12 bit

# name: (item, what it shows)
SHOWN = {
    "right": (item(), RAMP),
    "no Pixel Representation": (item(PixelRepresentation=None), RAMP),
    "only what is needed": (
        item(SamplesPerPixel=None, PhotometricInterpretation=None, BitsStored=None, HighBit=None), RAMP),
    "a blank inside MONOCHROME 2": (item(PhotometricInterpretation="MONOCHROME 2"), RAMP),
    "MONOCHROME1": (item(PhotometricInterpretation="MONOCHROME1"), 255 - RAMP),
    "padding": (item(PixelData=RAMP.tobytes() + bytes(100)), RAMP),
    "a number of frames": (item(NumberOfFrames=1), RAMP),
    "1 bit": (
        item(BitsAllocated=1, BitsStored=1, HighBit=0, PixelData=np.packbits(RAMP > 99, bitorder="little").tobytes()),
        (RAMP > 99) * 255),
    "1 bit, odd size": (
        item(Rows=7, Columns=7, BitsAllocated=1, BitsStored=1, HighBit=0,
             PixelData=np.packbits(RAMP[:7, :7] > 99, bitorder="little").tobytes() + b"\0"),
        (RAMP[:7, :7] > 99) * 255),
    "6 bit": (item(BitsStored=6, HighBit=5, PixelData=(RAMP // 4).tobytes()), (RAMP // 4).astype(int) * 255 // 63),
    "12 bit": (item(BitsAllocated=16, BitsStored=12, HighBit=11, PixelData=WORDS), RAMP.astype(int) * 255 // 252),
    "12 bit with rubbish above": (
        item(BitsAllocated=16, BitsStored=12, HighBit=11, PixelData=(np.frombuffer(WORDS, "<u2") | 0xF000).tobytes()),
        RAMP.astype(int) * 255 // 252),
    "16 bit signed": (
        item(BitsAllocated=16, BitsStored=16, HighBit=15, PixelRepresentation=1,
             PixelData=(RAMP.astype("<i2") - 126).tobytes()),
        RAMP.astype(int) * 255 // 252),
    "RGB": (rgb(PlanarConfiguration=0), COLOURS),
    "RGB, planes": (rgb(PlanarConfiguration=1, PixelData=COLOURS.transpose(2, 0, 1).tobytes()), COLOURS),
    "RGB, 16 bit": (rgb(BitsAllocated=16, BitsStored=16, PixelData=(COLOURS.astype("<u2") << 8).tobytes()), COLOURS),
    "palette, 16-bit entries": (with_palette(256, 0, 16, [wide(table) for table in TABLES]), PALETTED),
    "palette, 8-bit entries": (with_palette(256, 0, 8, [table.tobytes() for table in TABLES]), PALETTED),
    "palette, 8-bit entries a word each": (
        with_palette(256, 0, 8, [table.astype("<u2").tobytes() for table in TABLES]), PALETTED),
    "palette, 8-bit values in 16-bit entries": (
        with_palette(256, 0, 16, [table.astype("<u2").tobytes() for table in TABLES]), PALETTED),
    "palette that begins at 8": (with_palette(248, 8, 16, [wide(table[8:]) for table in TABLES]),
                                 np.stack([table[np.maximum(RAMP, 8)] for table in TABLES], axis=2)),
    "palette of 100": (with_palette(100, 0, 16, [wide(table[:100]) for table in TABLES]),
                       np.stack([table[np.minimum(RAMP, 99)] for table in TABLES], axis=2)),
    "palette of 65536": (with_palette(0, 0, 16, [wide(np.resize(table, 65536)) for table in TABLES]), PALETTED),
    "palette with padding": (with_palette(256, 0, 16, [wide(table) + bytes(8) for table in TABLES]), PALETTED),
}  # fmt: skip


@pytest.mark.parametrize("transfer_syntax", [None, ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(("made", "shown"), SHOWN.values(), ids=SHOWN)
def test_a_picture_is_had_from(made: Dataset, shown: np.ndarray, transfer_syntax: str | None) -> None:
    dataset = answer(made)
    if transfer_syntax is not None:
        dataset = decode(encode(dataset, transfer_syntax), transfer_syntax)
    icon = icon_from_dataset(dataset)
    assert icon is not None
    assert np.array_equal(icon.to_array(), shown)


def test_big_endian_words_are_read_as_such() -> None:
    data = encode(answer(item(PixelData=RAMP.tobytes())), ExplicitVRBigEndian)
    icon = icon_from_dataset(decode(data, ExplicitVRBigEndian))
    assert icon is not None
    assert np.array_equal(icon.to_array(), RAMP)


@pytest.mark.parametrize("halved", [False, True], ids=["YBR_FULL", "YBR_FULL_422"])
def test_luminance_and_chrominance_become_rgb(halved: bool) -> None:
    ybr = np.array(Image.fromarray(COLOURS).convert("YCbCr"))
    if halved:
        ybr[:, 1::2, 1:] = ybr[:, ::2, 1:]
    expected = np.asarray(Image.frombytes("YCbCr", (8, 8), ybr.tobytes()).convert("RGB"))
    data = ybr.tobytes()
    if halved:
        pairs = ybr.reshape(-1, 6)
        data = pairs[:, [0, 3, 1, 2]].tobytes()
    made = rgb(PhotometricInterpretation="YBR_FULL_422" if halved else "YBR_FULL", PixelData=data)
    icon = icon_from_dataset(answer(made))
    assert icon is not None
    assert np.array_equal(icon.to_array(), expected)


def test_the_first_of_several_items_is_taken() -> None:
    icon = icon_from_dataset(answer(item(), item(PhotometricInterpretation="MONOCHROME1")))
    assert icon is not None
    assert np.array_equal(icon.to_array(), RAMP)


@pytest.mark.parametrize("dataset", [Dataset(), answer()], ids=["absent", "zero-length"])
def test_there_is_no_icon_when(dataset: Dataset) -> None:
    assert icon_from_dataset(dataset) is None
    assert icon_from_dataset(decode(encode(dataset, ImplicitVRLittleEndian), ImplicitVRLittleEndian)) is None


REFUSED = {
    "hollow, as Orthanc sends it": (item(PixelData=b""), "no pixels"),
    "without Pixel Data": (item(PixelData=None), "no pixels"),
    "an empty item": (Dataset(), "no pixels"),
    "a byte short": (item(PixelData=RAMP.tobytes()[:-2]), "62 bytes where 8 x 8 pixels need 64"),
    "65535 x 65535": (item(Rows=65535, Columns=65535), "beyond the limit"),
    "no rows": (item(Rows=None), "no rows"),
    "zero columns": (item(Columns=0), "no columns"),
    "RGB of a third": (rgb(PixelData=RAMP.tobytes()), "64 bytes where"),
    "16 bit of half": (item(BitsAllocated=16, BitsStored=16), "64 bytes where"),
    "32 bit": (item(BitsAllocated=32, BitsStored=32, PixelData=bytes(256)), "1 samples of 32 bits"),
    "two samples": (item(SamplesPerPixel=2, PixelData=bytes(128)), "2 samples of 8 bits"),
    "an unknown Photometric Interpretation": (item(PhotometricInterpretation="HSV"), "'HSV'"),
    "RGB with a palette": (rgb(PhotometricInterpretation="PALETTE COLOR"), "'PALETTE COLOR'"),
    "a palette without tables": (item(PhotometricInterpretation="PALETTE COLOR"), "no descriptor"),
    "a palette too short": (with_palette(256, 0, 16, [wide(LEVELS[:99])] * 3), "99 entries where"),
    "palettes of two lengths": (uneven_palette(), "different lengths"),
    "a palette of 7 bits": (with_palette(256, 0, 7, [wide(LEVELS)] * 3), "no descriptor"),
}  # fmt: skip


@pytest.mark.parametrize("transfer_syntax", [None, ExplicitVRLittleEndian, ImplicitVRLittleEndian])
@pytest.mark.parametrize(("made", "reason"), REFUSED.values(), ids=REFUSED)
def test_an_icon_error_says_why_for(made: Dataset, reason: str, transfer_syntax: str | None) -> None:
    dataset = answer(made)
    if transfer_syntax is not None:
        dataset = decode(encode(dataset, transfer_syntax), transfer_syntax)
    with pytest.raises(IconError, match=reason):
        icon_from_dataset(dataset)


def jpeg(image: np.ndarray, **options: object) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "JPEG", quality=95, **options)
    data = buffer.getvalue()
    return data + b"\0" * (len(data) % 2)


def jpeg_2000(image: np.ndarray) -> bytes:
    buffer = BytesIO()
    Image.fromarray(image).save(buffer, "JPEG2000", no_jp2=True, irreversible=False)
    data = buffer.getvalue()
    return data + b"\0" * (len(data) % 2)


BIG_RAMP = np.tile(np.arange(64, dtype=np.uint8) * 3 + 10, (32, 1))
BIG_COLOURS = np.stack([BIG_RAMP, BIG_RAMP[:, ::-1], np.full_like(BIG_RAMP, 99)], axis=2)


def compressed(stream: bytes, wrap: Callable[[bytes], bytes], *, undefined: bool, **attributes: object) -> Dataset:
    made = item(**({"Rows": 32, "Columns": 64, "PixelData": wrap(stream)} | attributes))
    made["PixelData"].is_undefined_length = undefined
    return made


def fragments(stream: bytes) -> bytes:
    return encapsulate([stream], fragments_per_frame=2)


@pytest.mark.parametrize(
    ("wrap", "undefined"),
    [(fragments, True), (fragments, False), (bytes, False)],
    ids=["encapsulated", "encapsulated with a defined length", "bare"],
)
@pytest.mark.parametrize(
    ("stream", "shown", "tolerance"),
    [
        (jpeg(BIG_RAMP), BIG_RAMP, 3),
        (jpeg_2000(BIG_RAMP), BIG_RAMP, 0),
        (jpeg_2000(BIG_COLOURS), BIG_COLOURS, 0),
        (jpeg(BIG_COLOURS, subsampling=0), BIG_COLOURS, 6),
    ],
    ids=["JPEG", "JPEG 2000", "JPEG 2000 in colour", "JPEG in colour"],
)
def test_compressed_icons_are_decoded(
    stream: bytes, shown: np.ndarray, tolerance: int, wrap: Callable[[bytes], bytes], undefined: bool
) -> None:
    """Also where the item says nothing of it, or lies: vendors compress icons of native images."""
    colour = shown.ndim == 3
    photometric = ("RGB" if stream[:2] != b"\xff\xd8" else "YBR_FULL_422") if colour else "MONOCHROME2"
    made = compressed(
        stream, wrap, undefined=undefined, SamplesPerPixel=3 if colour else 1, PhotometricInterpretation=photometric
    )
    icon = icon_from_dataset(answer(made))
    assert icon is not None
    assert np.abs(icon.to_array().astype(int) - shown).max() <= tolerance


REFUSED_COMPRESSED = {
    "another size": (compressed(jpeg(BIG_RAMP), fragments, undefined=True, Rows=64), "64 x 32 pixels where"),
    "a fragment that ends early": (compressed(fragments(jpeg(BIG_RAMP))[:-9], bytes, undefined=True), "ends early"),
    "no fragment": (compressed(b"", lambda _: encapsulate([b"\0\0"])[:12], undefined=True), "empty"),
    "an unknown codec": (compressed(b"GIF89a", fragments, undefined=True), "cannot tell"),
    "half a header": (compressed(jpeg(BIG_RAMP)[:60], bytes, undefined=False), "ends inside its header"),
    "no bits": (
        compressed(jpeg(BIG_RAMP).replace(b"\x0b\x08\0\x20", b"\x0b\0\0\x20"), bytes, undefined=False),
        "0 bits",
    ),
    "no frame header": (compressed(b"\xff\xd8\xff\xe0\0\4\0\0\xff\xda\0\0\0\0", bytes, undefined=False), "header"),
}


@pytest.mark.parametrize(("made", "reason"), REFUSED_COMPRESSED.values(), ids=REFUSED_COMPRESSED)
def test_an_icon_error_says_why_for_compressed(made: Dataset, reason: str) -> None:
    with pytest.raises(IconError, match=reason):
        icon_from_dataset(answer(made))


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_whatever_bytes_come_the_outcome_is_one_of_three(data: st.DataObject) -> None:
    """A right answer with some of its bytes changed: an icon, none, or an IconError."""
    made = data.draw(st.sampled_from([pair[0] for pair in SHOWN.values() if len(pair[0].PixelData) < 2000]))
    syntax = data.draw(st.sampled_from([ExplicitVRLittleEndian, ImplicitVRLittleEndian]))
    dataset = decode(encode(answer(made), syntax), syntax)
    bytes_ = bytearray(encode(dataset.IconImageSequence[0], syntax))
    for _ in range(data.draw(st.integers(1, 4))):
        bytes_[data.draw(st.integers(0, min(len(bytes_), 150) - 1))] = data.draw(st.integers(0, 255))
    length = len(bytes_).to_bytes(4, "little")
    whole = (len(bytes_) + 8).to_bytes(4, "little")
    head = b"\x88\0\0\2" + (b"SQ\0\0" if syntax == ExplicitVRLittleEndian else b"") + whole
    try:
        icon = icon_from_dataset(decode(head + b"\xfe\xff\0\xe0" + length + bytes(bytes_), syntax))
    except IconError:
        return
    assert icon is None or isinstance(icon, Icon)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_whatever_a_codestream_holds_the_outcome_is_one_of_two(data: st.DataObject) -> None:
    """A right codestream with some of its bytes changed or its end cut off: an icon, or an IconError."""
    stream = bytearray(data.draw(st.sampled_from([jpeg(BIG_RAMP), jpeg_2000(BIG_RAMP), jpeg_2000(BIG_COLOURS)])))
    for _ in range(data.draw(st.integers(1, 4))):
        stream[data.draw(st.integers(0, len(stream) - 1))] = data.draw(st.integers(0, 255))
    length = data.draw(st.integers(4, len(stream)))
    made = compressed(bytes(stream[:length]), fragments, undefined=True)
    try:
        icon = icon_from_dataset(answer(made))
    except IconError:
        return
    assert icon is not None
    assert (icon.rows, icon.columns) == (32, 64)
