"""Headers: what the walk reads is what pydicom reads, at a fraction of the bytes."""

import io
import struct
from io import BytesIO
from pathlib import Path

import data_store
import numpy as np
import pydicom
import pytest
from pydicom.data import DATA_ROOT
from pydicom.dataset import Dataset
from pydicom.sequence import Sequence

from findicon.errors import StorageError
from findicon.pixels import read_header, render
from unit.pixels.making import BIG, DEFLATED, EXPLICIT, IMPLICIT, NATIVE, described, file_of, saved, scene

FILES = [
    path
    for root in (Path(DATA_ROOT), Path(data_store.__file__).parent / "data")
    for path in sorted(root.rglob("*"))
    if path.is_file() and (path.suffix == ".dcm" or "dicomdirtests" in path.parts) and "README" not in path.name
]
# What is no DICOM file, or ends too early, and so is refused.
REFUSED = {
    "no_meta.dcm": "no DICOM file",  # begins with a stray byte
    "rtplan_truncated.dcm": "it ends inside element (300A,00B0)",
}


class CountingStream(io.BytesIO):
    """A file in memory that knows how much of it was read."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.bytes_read = 0

    def read(self, size: int | None = -1) -> bytes:
        data = super().read(size)
        self.bytes_read += len(data)
        return data


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_without_private_elements_all_others_are_as_they_are_with_them(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(StorageError, match=path.name):
            read_header(path, private=False)
        return
    whole, short = read_header(path), read_header(path, private=False)
    assert short.pixels == whole.pixels
    assert len(short.elements) <= len(whole.elements)
    for kept, of in ((whole, short), (short, whole)):
        assert {tag: kept.elements[tag] for tag in kept if not tag >> 16 & 1}.items() <= of.elements.items()


@pytest.mark.filterwarnings("ignore::UserWarning")  # pydicom's, about what is odd in the files
@pytest.mark.parametrize("path", FILES, ids=lambda path: path.name)
def test_every_real_header_is_read_as_pydicom_reads_it(path: Path) -> None:
    if path.name in REFUSED:
        with pytest.raises(StorageError, match=path.name) as refusal:
            read_header(path)
        assert REFUSED[path.name] in str(refusal.value)
        return
    header = read_header(path)
    expected = pydicom.dcmread(path, stop_before_pixels=True, force=True)
    actual = header.dataset()
    assert header.transfer_syntax == expected.file_meta.get("TransferSyntaxUID", header.transfer_syntax)
    for element in expected:
        if element.tag.group == 0x7FE0 or element.tag not in actual:
            assert element.tag.group == 0x7FE0 or len(header.raw(element.tag)) > 1 << 16
            continue
        assert actual[element.tag] == element


def test_text_is_decoded_with_the_character_set_of_its_data_set() -> None:
    dataset = described(scene(4, 4))
    dataset.SpecificCharacterSet = ["", "ISO 2022 IR 87"]
    dataset.PatientName = "Yamada^Tarou=山田^太郎=やまだ^たろう"
    dataset.PatientComments = "é is not in it, ASCII is"
    dataset.PatientComments = "plain"
    inner = Dataset()
    inner.SpecificCharacterSet = "ISO_IR 192"
    inner.CodeMeaning = "Übersicht"
    inherits = Dataset()
    inherits.CodeMeaning = "頭"
    dataset.ConceptNameCodeSequence = Sequence([inner, inherits])
    header = read_header(saved(dataset))
    assert header.text(0x00100010) == "Yamada^Tarou=山田^太郎=やまだ^たろう"
    assert [item.text(0x00080104) for item in header.items(0x0040A043)] == ["Übersicht", "頭"]


def test_values_are_given_as_asked_for() -> None:
    dataset = described(scene(4, 4), PatientID=" 12 ", ImageType=["ORIGINAL", "PRIMARY ", "AXIAL"])
    dataset.ImagePositionPatient = [1.5, -2, 3e2]
    dataset.InstanceNumber = " 7"
    dataset.FrameIncrementPointer = [0x00181063, 0x00181065]
    dataset.DerivationDescription = "a\\b"
    dataset.RecommendedDisplayFrameRateInFloat = 1.5
    header = read_header(saved(dataset))
    assert header.text(0x00100020) == "12"
    assert header.text(0x00080008) == "ORIGINAL\\PRIMARY\\AXIAL"
    assert header.texts(0x00080008) == ("ORIGINAL", "PRIMARY", "AXIAL")
    assert header.numbers(0x00200032) == (1.5, -2.0, 300.0)
    assert header.integer(0x00200013) == 7
    assert header.texts(0x00280009) == ("00181063", "00181065")
    assert header.texts(0x00282111) == ()  # absent
    assert header.texts(0x00082111) == ("a\\b",)
    assert header.text(0x00189004) == ""
    assert header.integer(0x00280010) == 4
    assert header.text(0x00280010) == "4"
    assert header.text(0x7FE00010) == ""
    assert 0x00280010 in header
    assert 0x00280008 not in header


@pytest.mark.parametrize("syntax", NATIVE)
def test_every_encoding_reads_alike(syntax: str) -> None:
    dataset = described(scene(4, 4), PatientName="DOE^JANE", SmallestImagePixelValue=3)
    item = Dataset()
    item.ReferencedFrameNumber = [3, 4]
    dataset.ReferencedImageSequence = Sequence([item])
    dataset.PixelData = bytes(32)
    header = read_header(saved(dataset, syntax))
    assert header.transfer_syntax == syntax
    assert header.text(0x00100010) == "DOE^JANE"
    assert header.integer(0x00280106) == 3
    assert header.items(0x00081140)[0].texts(0x00081160) == ("3", "4")
    assert header.pixels is not None
    assert header.pixels.length == 32


@pytest.mark.parametrize("syntax", [IMPLICIT, EXPLICIT, BIG])
def test_sequences_of_undefined_length_are_walked_through(syntax: str) -> None:
    dataset = described(scene(4, 4))
    innermost = Dataset()
    innermost.CodeValue = "X"
    inner = Dataset()
    inner.PurposeOfReferenceCodeSequence = Sequence([innermost])
    inner.PurposeOfReferenceCodeSequence[0].is_undefined_length_sequence_item = True
    dataset.SourceImageSequence = Sequence([inner, inner])
    dataset["SourceImageSequence"].is_undefined_length = True
    for item in dataset.SourceImageSequence:
        item.is_undefined_length_sequence_item = True
        item["PurposeOfReferenceCodeSequence"].is_undefined_length = True
    dataset.PixelData = bytes(32)
    header = read_header(saved(dataset, syntax))
    codes = [item.items(0x0040A170)[0].text(0x00080100) for item in header.items(0x00082112)]
    assert codes == ["X", "X"]
    assert header.item(0x00082112, 2) is None
    assert header.integer(0x00280010) == 4


def test_a_file_without_preamble_or_meta_is_read() -> None:
    stream = file_of(scene(4, 4), PatientName="DOE^JOE")
    whole = stream.getvalue()
    assert read_header(BytesIO(whole[132:])).text(0x00100010) == "DOE^JOE"
    length = struct.unpack_from("<I", whole, 140)[0]
    bare = whole[144 + length :]
    header = read_header(BytesIO(bare))
    assert header.text(0x00100010) == "DOE^JOE"
    assert header.transfer_syntax == EXPLICIT
    assert render(BytesIO(bare), 4).array.shape == (4, 4)


def test_what_the_data_set_is_written_in_beats_what_the_meta_group_says() -> None:
    implicit = file_of(scene(4, 4), IMPLICIT).getvalue()
    lying = implicit.replace(b"1.2.840.10008.1.2\0", b"1.2.840.10008.1.2\0")
    explicit_named = implicit.replace(b"UI\x12\x001.2.840.10008.1.2\0", b"UI\x14\x001.2.840.10008.1.2.1\0")
    group_length = struct.unpack_from("<I", implicit, 140)[0]
    explicit_named = explicit_named[:140] + struct.pack("<I", group_length + 2) + explicit_named[144:]
    assert read_header(BytesIO(lying)).integer(0x00280010) == 4
    header = read_header(BytesIO(explicit_named))
    assert header.transfer_syntax == EXPLICIT
    assert header.integer(0x00280010) == 4


def test_odd_bytes_are_left_to_pydicom() -> None:
    whole = file_of(scene(4, 4), PatientName="DOE^JOE", PatientID="1").getvalue()
    at = whole.index(b"\x10\0\x20\0LO")
    mended = whole[: at + 4] + b"ZZ" + whole[at + 6 :]  # a VR that is none
    header = read_header(BytesIO(mended))
    assert header.text(0x00100010) == "DOE^JOE"
    assert header.integer(0x00280010) == 4
    assert render(BytesIO(mended), 4).array.shape == (4, 4)


@pytest.mark.parametrize("syntax", [EXPLICIT, IMPLICIT, BIG])
@pytest.mark.parametrize("number", [0xE000, 0xE00D, 0xE0DD], ids=["item", "item delimiter", "sequence delimiter"])
def test_delimiters_of_no_sequence_are_skipped(syntax: str, number: int) -> None:
    array = scene(4, 4, 8)
    whole = file_of(array, syntax, PatientName="DOE^JOE").getvalue()
    order = ">" if syntax == BIG else "<"
    at = whole.index(struct.pack(f"{order}HH", 0x0028, 0x0010))
    stray = whole[:at] + struct.pack(f"{order}HHI", 0xFFFE, number, 0) + whole[at:]
    header = read_header(BytesIO(stray))
    assert header.text(0x00100010) == "DOE^JOE"
    assert header.integer(0x00280010) == 4
    assert np.array_equal(render(BytesIO(stray), 4).array, render(BytesIO(whole), 4).array)


def test_only_the_header_is_read() -> None:
    frames = np.zeros((50, 256, 256), np.uint16)
    stream = CountingStream(file_of(frames).getvalue())
    header = read_header(stream)
    assert header.has_pixels
    assert stream.bytes_read <= 1 << 14
    deflated = CountingStream(
        file_of(np.random.default_rng(0).bytes(1 << 22) and scene(2048, 1024), DEFLATED).getvalue()
    )
    assert read_header(deflated).integer(0x00280010) == 2048
    assert deflated.bytes_read < len(deflated.getvalue()) / 2


def test_long_values_stay_in_the_file_until_they_are_asked_for(tmp_path: Path) -> None:
    dataset = described(scene(4, 4))
    dataset.add_new(0x00091010, "OB", bytes(range(256)) * 8192)
    dataset.add_new(0x00090010, "LO", "findicon")
    dataset.PixelData = bytes(32)
    path = tmp_path / "long.dcm"
    path.write_bytes(saved(dataset).getvalue())
    stream = CountingStream(path.read_bytes())
    assert read_header(stream).integer(0x00280010) == 4
    assert stream.bytes_read < 1 << 16
    header = read_header(path)
    assert 0x00091010 not in header.dataset()
    assert header.raw(0x00091010)[:4] == b"\0\1\2\3"
    assert len(header.raw(0x00091010)) == 2 << 20
    header.source.close()
    path.unlink()
    with pytest.raises(StorageError, match=r"long\.dcm cannot be opened"):
        header.raw(0x00091010)


@pytest.mark.parametrize(
    "content", [b"", b"hello", bytes(200), bytes(128) + b"DICM", b"\x89PNG\r\n\x1a\n" + bytes(300)]
)
def test_what_is_no_dicom_file_is_refused_by_name(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "other.bin"
    path.write_bytes(content)
    with pytest.raises(StorageError, match=r"other\.bin"):
        read_header(path)


def test_a_missing_file_and_a_folder_are_refused(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="No such file"):
        read_header(tmp_path / "missing.dcm")
    with pytest.raises(StorageError, match="cannot be opened"):
        read_header(tmp_path)


def test_a_header_that_is_cut_off_is_refused() -> None:
    whole = file_of(scene(4, 4), PatientName="DOE^JOE", StudyDescription="A long description of a study").getvalue()
    end_of_header = whole.index(b"\xe0\x7f\x10\0")
    inside = whole.index(b"A long")
    assert inside < end_of_header
    with pytest.raises(StorageError, match=r"ends inside element \(0008,1030\)"):
        read_header(BytesIO(whole[: inside + 5]))
    with pytest.raises(StorageError, match="ends inside"):
        read_header(BytesIO(whole[: inside - 3]))


def test_a_stream_that_cannot_seek_is_refused() -> None:
    class Pipe(io.RawIOBase):
        def seekable(self) -> bool:
            return False

        def seek(self, *_: int) -> int:
            raise io.UnsupportedOperation("seek")

    with pytest.raises(StorageError, match="by position"):
        read_header(Pipe())


def test_an_item_of_a_data_set_nested_too_deeply_is_refused() -> None:
    item = b"\xfe\xff\x00\xe0\xff\xff\xff\xff" + b"\x08\x00\x12\x11SQ\0\0\xff\xff\xff\xff"
    bomb = bytes(128) + b"DICM" + b"\x08\x00\x12\x11SQ\0\0\xff\xff\xff\xff" + item * 3000
    with pytest.raises(StorageError):
        read_header(BytesIO(bomb))
