"""Character sets (PS3.3 C.12.1.1.2): the Standard's own examples byte for byte, and back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from findicon.query import character_sets_of, characters_for, decode_text, encode_text

# PS3.5 Annexes H, I, J and K.
JAPANESE = (
    ("", "ISO 2022 IR 87"),
    "Yamada^Tarou=山田^太郎=やまだ^たろう",
    b"Yamada^Tarou=\x1b$B;3ED\x1b(B^\x1b$BB@O:\x1b(B=\x1b$B$d$^$@\x1b(B^\x1b$B$?$m$&\x1b(B",
)
KATAKANA = (
    ("ISO 2022 IR 13", "ISO 2022 IR 87"),
    "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう",
    b"\xd4\xcf\xc0\xde^\xc0\xdb\xb3=\x1b$B;3ED\x1b(J^\x1b$BB@O:\x1b(J=\x1b$B$d$^$@\x1b(J^\x1b$B$?$m$&\x1b(J",
)
KOREAN = (
    ("", "ISO 2022 IR 149"),
    "Hong^Gildong=洪^吉洞=홍^길동",
    b"Hong^Gildong=\x1b$)C\xfb\xf3^\x1b$)C\xd1\xce\xd4\xd7=\x1b$)C\xc8\xab^\x1b$)C\xb1\xe6\xb5\xbf",
)
CHINESE = (
    ("", "ISO 2022 IR 58"),
    "Zhang^XiaoDong=张^小东",
    b"Zhang^XiaoDong=\x1b$)A\xd5\xc5^\x1b$)A\xd0\xa1\xb6\xab",
)
UTF_8 = (
    ("ISO_IR 192",),
    "Wang^XiaoDong=王^小東",
    b"Wang^XiaoDong=\xe7\x8e\x8b^\xe5\xb0\x8f\xe6\x9d\xb1",
)
GB18030 = (("GB18030",), "Wang^XiaoDong=王^小东", b"Wang^XiaoDong=\xcd\xf5^\xd0\xa1\xb6\xab")
WESTERN = (("ISO_IR 100",), "Buc^Jérôme", b"Buc^J\xe9r\xf4me")
GREEK = (("ISO_IR 126",), "Διονυσιος", b"\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2")
EXAMPLES = [JAPANESE, KATAKANA, KOREAN, CHINESE, UTF_8, GB18030, WESTERN, GREEK]


@pytest.mark.parametrize(("names", "text", "data"), EXAMPLES)
def test_the_examples_of_the_standard(names: tuple[str, ...], text: str, data: bytes) -> None:
    assert encode_text("PN", text, names) == data
    assert decode_text("PN", data, names) == text


def test_a_byte_of_two_that_looks_like_a_backslash() -> None:
    text = "構ソ表\\次"
    for names in (("", "ISO 2022 IR 87"), ("GB18030",), ("GBK",)):
        assert decode_text("LO", encode_text("LO", text, names), names) == text


def test_several_sets_in_one_text() -> None:
    names = ("ISO 2022 IR 100", "ISO 2022 IR 126", "ISO 2022 IR 144")
    text = "Müller^Διονυσιος^Люксембург"
    assert encode_text("PN", text, names) == (
        b"M\xfcller^\x1b-F\xc4\xe9\xef\xed\xf5\xf3\xe9\xef\xf2^\x1b-L\xbb\xee\xda\xe1\xd5\xdc\xd1\xe3\xe0\xd3"
    )
    assert decode_text("PN", encode_text("PN", text, names), names) == text


def test_a_set_that_was_called_in_ends_with_its_component() -> None:
    assert decode_text("PN", b"\x1b-F\xc4^\xc4", ("ISO 2022 IR 100", "ISO 2022 IR 126")) == "Δ^Ä"
    assert decode_text("LT", b"\x1b-F\xc4\r\n\xc4", ("ISO 2022 IR 100", "ISO 2022 IR 126")) == "Δ\r\nÄ"


def test_an_escape_sequence_that_nobody_knows_is_kept_as_it_is() -> None:
    assert decode_text("LO", b"a\x1b%Gb", ("", "ISO 2022 IR 87")) == "a\x1b%Gb"


@pytest.mark.parametrize(
    ("data", "text"), [(b"M\xc3\xbcller", "Müller"), (b"M\xfcller", "Müller"), (b"MULLER", "MULLER")]
)
def test_text_without_a_character_set(data: bytes, text: str) -> None:
    assert decode_text("LO", data, ()) == text


def test_broken_bytes_become_replacement_characters() -> None:
    assert decode_text("LO", b"a\xffb", ("ISO_IR 192",)) == "a\ufffdb"
    assert decode_text("LO", b"\x1b$B;", ("", "ISO 2022 IR 87")) == "\ufffd"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        (["ISO_IR 100"], ("ISO_IR 100",)),
        (["ISO-IR 100"], ("ISO_IR 100",)),
        (["iso_ir_100 "], ("ISO_IR 100",)),
        (["ISO 2022 IR 6", "ISO 2022 IR 87"], ("ISO 2022 IR 6", "ISO 2022 IR 87")),
        (["", "ISO_2022_IR_149"], ("", "ISO 2022 IR 149")),
        (["UTF-8"], ("ISO_IR 192",)),
        ([""], ()),
        ([], ()),
        (["ISO_IR 999"], None),
        (["KOI8-R"], None),
        (["ISO_IR 100", "nonsense"], None),
    ],
)
def test_names_of_character_sets(written: list[str], meant: tuple[str, ...] | None) -> None:
    assert character_sets_of(written) == meant


def test_an_answer_uses_the_set_of_the_request_where_that_can_hold_it() -> None:
    assert characters_for(("ISO_IR 100",), [("PN", "DOE")]) == ()
    assert characters_for(("ISO_IR 100",), [("PN", "Müller"), ("LO", "x")]) == ("ISO_IR 100",)
    assert characters_for(("ISO_IR 100",), [("PN", "Müller"), ("PN", "山田")]) == ("ISO_IR 192",)
    assert characters_for((), [("PN", "Müller")]) == ("ISO_IR 192",)
    assert characters_for(("", "ISO 2022 IR 87"), [("PN", "山田")]) == ("", "ISO 2022 IR 87")
    assert characters_for(("", "ISO 2022 IR 87"), [("PN", "홍")]) == ("ISO_IR 192",)


SETS = [names for names, _, _ in EXAMPLES] + [
    ("ISO 2022 IR 6", "ISO 2022 IR 87", "ISO 2022 IR 159"),
    ("ISO 2022 IR 100", "ISO 2022 IR 149"),
    ("ISO_IR 166",),
    ("ISO_IR 203",),
    ("ISO_IR 13",),
]


@given(
    text=st.text(
        st.one_of(st.characters(codec="utf-8", exclude_categories=["Cc"]), st.sampled_from("äß山ﾔ홍あ^=\\Δд"))
    ),
    names=st.sampled_from(SETS),
    vr=st.sampled_from(["PN", "LO", "LT"]),
)
def test_what_can_be_encoded_comes_back(text: str, names: tuple[str, ...], vr: str) -> None:
    if characters_for(names, [(vr, text)]) == names:
        assert decode_text(vr, encode_text(vr, text, names), names) == text


@given(data=st.binary(max_size=40), names=st.sampled_from(SETS), vr=st.sampled_from(["PN", "LO", "LT", "CS"]))
def test_no_bytes_are_too_broken_to_decode(data: bytes, names: tuple[str, ...], vr: str) -> None:
    assert isinstance(decode_text(vr, data, names), str)
