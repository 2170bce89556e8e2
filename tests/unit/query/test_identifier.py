"""Identifiers to queries: what is read, what is refused and with which status (PS3.4 C.4.1.1.3.1, Table C.4-1)."""

import struct
import zlib
from collections.abc import Callable

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.errors import QueryError
from findicon.query import (
    Key,
    Level,
    Model,
    Options,
    Query,
    decode,
    encode,
    query_from_bytes,
    query_from_identifier,
    query_to_bytes,
)

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]
LEVEL = 0x00080052


def identifier(level: str = "STUDY", **values: object) -> Dataset:
    dataset = Dataset()
    dataset.QueryRetrieveLevel = level
    for name, value in values.items():
        setattr(dataset, name, value)
    return dataset


def element(tag: int, vr: str, value: bytes) -> bytes:
    return struct.pack("<HH2sH", tag >> 16, tag & 0xFFFF, vr.encode(), len(value)) + value


STUDY_LEVEL = element(LEVEL, "CS", b"STUDY ")


def asked(*elements: bytes, options: Options | None = None) -> Query:
    return query_from_bytes(b"".join(elements), ExplicitVRLittleEndian, Model.STUDY_ROOT, options)


def from_bytes(dataset: Dataset, syntax: UID) -> Query:
    return query_from_bytes(encode(dataset, syntax), syntax, Model.STUDY_ROOT)


def from_raw(dataset: Dataset, syntax: UID) -> Query:
    return query_from_identifier(decode(encode(dataset, syntax), syntax), Model.STUDY_ROOT)


def from_decoded(dataset: Dataset, syntax: UID) -> Query:
    return query_from_identifier(dataset, Model.STUDY_ROOT)


@pytest.mark.parametrize("read", [from_bytes, from_raw, from_decoded])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_keys_are_read(read: Callable[[Dataset, UID], Query], syntax: UID) -> None:
    item = Dataset()
    item.CodeValue = "A1"
    query = read(
        identifier(
            PatientName="DOE*",
            StudyInstanceUID=["1.2", "1.3"],
            StudyDate="20200101-",
            ProcedureCodeSequence=[item],
            Rows=512,
            PatientComments="a\\b",
            AccessionNumber="",
        ),
        syntax,
    )
    assert query.level is Level.STUDY
    assert {key.keyword: key.values for key in query.keys.values()} == {
        "AccessionNumber": (),
        "PatientComments": ("a\\b",),
        "PatientName": ("DOE*",),
        "ProcedureCodeSequence": (),
        "Rows": ("512",),
        "StudyDate": ("20200101-",),
        "StudyInstanceUID": ("1.2", "1.3"),
    }
    assert query.keys[0x00081032].items == ((Key.named("CodeValue", "A1"),),)


@pytest.mark.parametrize("items", [[], [Dataset()]], ids=["null sequence", "one empty item"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_both_ways_to_ask_for_a_whole_sequence(items: list[Dataset], syntax: UID) -> None:
    query = from_bytes(identifier(IconImageSequence=items), syntax)
    assert query.icon
    assert query.keys[0x00880200].is_universal


@pytest.mark.parametrize(
    ("names", "data", "name"),
    [
        (b"ISO_IR 100", b"M\xfcller*", "Müller*"),
        (b"ISO_IR 192", "山田*".encode(), "山田*"),
        (b"GB18030 ", b"\xcd\xf5*\xd0", None),
        (b"\\ISO 2022 IR 87 ", b"\x1b$B;3ED\x1b(B*", "山田*"),
        (b"\\ISO 2022 IR 149", b"\x1b$)C\xfb\xf3*", "洪*"),
    ],
)
def test_text_is_read_in_its_character_set(names: bytes, data: bytes, name: str | None) -> None:
    query = asked(element(0x00080005, "CS", names), STUDY_LEVEL, element(0x00100010, "PN", data))
    assert query.keys[0x00100010].values == ((name,) if name else ("王*\ufffd",))
    assert query.character_sets[-1] == names.split(b"\\")[-1].decode().strip()


def test_a_character_set_that_does_not_exist() -> None:
    unknown = element(0x00080005, "CS", b"KOI8-R")
    assert asked(unknown, STUDY_LEVEL, element(0x00100010, "PN", b"DOE*")).character_sets == ()
    with pytest.raises(QueryError, match="Character Set") as error:
        asked(unknown, STUDY_LEVEL, element(0x00100010, "PN", b"\xcd\xf5"))
    assert (error.value.status, error.value.offending_element) == (0xA900, 0x00080005)


def test_group_lengths_and_what_is_no_key_are_left_out() -> None:
    query = asked(element(0x00080000, "UL", b"\x00\x00\x00\x00"), STUDY_LEVEL, element(0x00080054, "AE", b"PACS"))
    assert dict(query.keys) == {}


def test_the_dictionary_knows_better_than_a_wrong_vr() -> None:
    query = asked(STUDY_LEVEL, element(0x00200010, "LO", b"1 "), element(0x00280010, "US", b"\x00\x02"))
    assert query.keys[0x00200010].vr == "SH"
    assert query.keys[0x00280010].values == ("512",)


@pytest.mark.parametrize(
    ("level", "offending"),
    [(b"", LEVEL), (b"FRAME ", LEVEL), (b"PATIENT ", LEVEL)],
    ids=["empty", "unknown", "not in Study Root"],
)
def test_a_level_that_is_none_is_refused(level: bytes, offending: int) -> None:
    with pytest.raises(QueryError) as error:
        asked(element(LEVEL, "CS", level))
    assert (error.value.status, error.value.offending_element) == (0xA900, offending)


def test_a_missing_level_is_refused() -> None:
    with pytest.raises(QueryError, match="missing") as error:
        asked(element(0x00100010, "PN", b"DOE "))
    assert (error.value.status, error.value.offending_element) == (0xA900, LEVEL)


@pytest.mark.parametrize("study", [None, b"", b"1.2\\1.3 ", b"1.2*"])
def test_one_unique_key_of_each_level_above_is_needed(study: bytes | None) -> None:
    parts = [element(LEVEL, "CS", b"SERIES")]
    if study is not None:
        parts.append(element(0x0020000D, "UI", study))
    with pytest.raises(QueryError, match="StudyInstanceUID") as error:
        asked(*parts)
    assert (error.value.status, error.value.offending_element) == (0xA900, 0x0020000D)
    assert asked(*parts, options=Options(relational=True)).level is Level.SERIES


@pytest.mark.parametrize("data", [b"\x02", b"\x00\x02\x00"])
def test_a_number_of_the_wrong_length_is_refused(data: bytes) -> None:
    with pytest.raises(QueryError, match="Rows") as error:
        asked(STUDY_LEVEL, element(0x00280010, "US", data))
    assert error.value.offending_element == 0x00280010


@pytest.mark.parametrize(
    "read", [query_from_bytes, lambda data, *rest: query_from_identifier(decode(data, rest[0]), rest[1])]
)
def test_bytes_that_are_no_data_set_cannot_be_processed(read: Callable[..., Query]) -> None:
    sequence = struct.pack("<HH2sHL", 0x0008, 0x1032, b"SQ", 0, 8) + b"\x08\x00\x00\x01\x02\x00\x00\x00"
    with pytest.raises(QueryError, match="Malformed identifier") as error:
        read(STUDY_LEVEL + sequence, ExplicitVRLittleEndian, Model.STUDY_ROOT)
    assert (error.value.status, error.value.offending_element) == (0xC000, 0x00081032)


def test_a_deflated_identifier_does_not_grow_without_end() -> None:
    packer = zlib.compressobj(wbits=-15)
    bomb = packer.compress(bytes(1 << 27)) + packer.flush()
    for data in (bomb, b"nonsense"):
        with pytest.raises(QueryError, match="decompressed") as error:
            query_from_bytes(data, DeflatedExplicitVRLittleEndian, Model.STUDY_ROOT)
        assert error.value.status == 0xC000


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_a_question_comes_back_from_its_bytes(syntax: UID, level: str) -> None:
    item = (Key.named("CodeValue", "A1"), Key.named("CodeMeaning"))
    asked_for = Query(
        level,
        icon=True,
        keys=[Key(0x00081032, "SQ", items=(item,)), Key.named("Rows", "512\\256"), Key.named("00091001")],
        PatientName="Müller*",
        StudyInstanceUID="1.2",
        SeriesInstanceUID="1.2.3",
        PatientComments="a\\b",
    )
    data = query_to_bytes(asked_for, syntax)
    found = query_from_bytes(data, syntax, Model.STUDY_ROOT)
    expected = {tag: key for tag, key in asked_for.keys.items() if tag != 0x00091001}
    assert {tag: found.keys[tag] for tag in expected} == expected
    assert found.character_sets == ("ISO_IR 192",)
    if syntax != DeflatedExplicitVRLittleEndian:
        dataset = decode(data, syntax)
        assert dataset.PatientName == "Müller*"
        assert [int(one.tag) for one in dataset] == sorted(int(one.tag) for one in dataset)


def test_a_question_names_its_character_set_only_when_it_needs_one() -> None:
    plain = query_to_bytes(Query("STUDY", PatientName="DOE*"), ExplicitVRLittleEndian, ("ISO_IR 100",))
    assert "SpecificCharacterSet" not in decode(plain, ExplicitVRLittleEndian)
    western = query_to_bytes(Query("STUDY", PatientName="Müller"), ExplicitVRLittleEndian, ("ISO_IR 100",))
    assert decode(western, ExplicitVRLittleEndian).SpecificCharacterSet == "ISO_IR 100"


def test_a_sequence_in_vr_un_is_read_as_one() -> None:
    inner = b"\x08\x00\x00\x01\x02\x00\x00\x00A1"
    item = b"\xfe\xff\x00\xe0" + len(inner).to_bytes(4, "little") + inner
    data = STUDY_LEVEL + b"\x08\x00\x32\x10UN\0\0" + len(item).to_bytes(4, "little") + item
    query = query_from_bytes(data, ExplicitVRLittleEndian, Model.STUDY_ROOT)
    assert query.keys[0x00081032].items == ((Key.named("CodeValue", "A1"),),)


@pytest.mark.parametrize(
    ("data", "tag"),
    [
        (b"\x08\x00\x32\x10LO\x02\x00A1", 0x00081032),
        (b"\x10\x00\x10\x00SQ\0\0\x00\x00\x00\x00", 0x00100010),
        (b"\x08\x00\x32\x10UN\0\0\x02\x00\x00\x00A1", 0x00081032),
    ],
    ids=["text for a sequence", "a sequence for a name", "bytes for a sequence"],
)
def test_what_is_no_sequence_is_named(data: bytes, tag: int) -> None:
    whole = b"".join(sorted((STUDY_LEVEL, data)))
    with pytest.raises(QueryError) as error:
        query_from_bytes(whole, ExplicitVRLittleEndian, Model.STUDY_ROOT)
    assert error.value.offending_element == tag


def test_what_has_no_text_is_asked_for_and_not_matched() -> None:
    query = Query("IMAGE", keys=[Key.named("00091001"), Key.named("PixelData")], defaults=False)
    for syntax in SYNTAXES:
        again = query_from_bytes(query_to_bytes(query, syntax), syntax, Model.STUDY_ROOT, Options(relational=True))
        assert {0x00091001, 0x7FE00010} <= set(again.keys)
    assert query.to_dataset()[0x00091001].value == b""


@pytest.mark.parametrize("name", ["00091001", "00189999", "PixelData"])
def test_what_cannot_be_matched_is_named(name: str) -> None:
    with pytest.raises(QueryError, match=rf"{name} .* not matched") as error:
        Key.named(name, "X")
    assert error.value.offending_element == Key.named(name).tag


def test_bytes_of_a_private_key_pass_as_they_came() -> None:
    query = asked(STUDY_LEVEL, b"\x09\x00\x01\x10UN\0\0\x02\0\0\0\x01\xff")
    assert query.keys[0x00091001].values == ("01ff",)
    assert b"\x02\0\0\0\x01\xff" in query_to_bytes(query, ExplicitVRLittleEndian)
    assert query.to_dataset()[0x00091001].value == b"\x01\xff"


def test_an_element_that_is_there_twice_is_refused() -> None:
    with pytest.raises(QueryError, match="PatientID is there twice") as error:
        asked(STUDY_LEVEL, element(0x00100020, "LO", b"1 "), element(0x00100020, "LO", b"2 "))
    assert error.value.offending_element == 0x00100020
