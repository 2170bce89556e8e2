"""Person names: case, diacritics, components and groups (PS3.5 6.2.1, PS3.4 C.2.2.2.1.1)."""

import pytest

from findicon.query import Key, Options, matches, name_groups

NAME = Key.named("PatientName").tag


def asks(value: str, name: str) -> bool:
    return matches([Key.named("PatientName", value)], {NAME: name}, Options())


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("DOE^JOHN", "Doe^John"),
        ("doe^john", "DOE^JOHN^^^"),
        ("DOE^JOHN^^^", "DOE^JOHN"),
        ("DOE*", "DOE"),
        ("DOE*", "DOE^JOHN"),
        ("DOE^*", "DOE"),
        ("DOE^*", "DOE^JOHN^M"),
        ("DOE^J*", "DOE^JOHN^M"),
        ("^JOHN", "DOE^JOHN"),
        ("*JOHN*", "DOE^JOHN^M"),
        ("*john", "DOE^JOHN"),
        ("D?E^*", "DOE^JOHN"),
        ("DOE^^M", "DOE^JOHN^M"),
        ("*", ""),
        ("muller*", "Müller^Jürgen"),
        ("MÜLLER^JURGEN", "Muller^Jürgen"),
        ("strasse", "Straße"),
        ("lukasz", "Łukasz"),
        ("αθηνα*", "Αθηνά^Μαρία"),
        ("山田*", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("やまだ^たろう", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("ﾔﾏﾀﾞ*", "=山田^太郎=ヤマダ^タロウ"),
        ("=山*", "Yamada^Tarou=山田^太郎"),
        ("Yamada*=山田^太郎", "Yamada^Tarou=山田^太郎=やまだ^たろう"),
        ("DOE ^ JOHN", "DOE^JOHN"),
        ("A_B%*", "a_b%^c"),
    ],
)
def test_names_that_match(value: str, name: str) -> None:
    assert asks(value, name)


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("DOE", "DOE^JOHN"),  # literal: a family name alone is another name
        ("DOE^*", "DOER^JOHN"),
        ("JOHN*", "DOE^JOHN"),
        ("DO?", "DO"),
        ("DOE*", ""),
        ("A.E*", "ABE"),
        ("=Yamada*", "Yamada^Tarou=山田^太郎"),
        ("Yamada*=王*", "Yamada^Tarou=山田^太郎"),
        ("かま", "=がま"),  # a voiced kana is another sound, not a letter with a mark
    ],
)
def test_names_that_do_not_match(value: str, name: str) -> None:
    assert not asks(value, name)


def test_every_component_of_a_group_ends_with_its_delimiter() -> None:
    assert name_groups("DOE^John^^= 山田 ^太郎") == ("doe^john^", "山田^太郎^", "")
    assert name_groups("") == ("", "", "")


def test_a_fourth_group_is_left_out() -> None:
    assert name_groups("A=B=C=D") == ("a^", "b^", "c^")


def means(value: str, name: str) -> bool:
    return matches([Key.named("PatientName", value)], {NAME: name}, Options(fuzzy_names=True))


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("Swain", "SWAYNE^JOHN"),  # the Standard's own examples (PS3.4 C.2.2.2.1.1)
        ("Smith^Mary", "Mary^Smith"),
        ("Smith^Mary", "Mary Smith"),
        ("Smith^Mary", "Smith, Mary"),
        ("Meyer", "Maier^Anna"),
        ("Mueller", "Müller^Jürgen"),
        ("steven", "Stephen^King"),
        ("smi*^mary", "MARY^SMITH"),
        ("*mit*", "Smith"),
        ("Ohara", "O'Hara^Scarlett"),
        ("山田", "Yamada^Tarou=山田^太郎"),
        ("Lukasz", "Łukasz"),
        ("do*hn", "DOE^JOHN"),  # literal matching stays
        ("*", ""),
    ],
)
def test_names_that_are_meant(value: str, name: str) -> None:
    assert means(value, name)


@pytest.mark.parametrize(
    ("value", "name"), [("Smith^Mary", "Smith^John"), ("Swain", "Jones"), ("smi*", "Jones"), ("Smith", "")]
)
def test_names_that_are_not_meant(value: str, name: str) -> None:
    assert not means(value, name)


def test_sounds_count_only_once_agreed() -> None:
    assert not asks("Swain", "SWAYNE^JOHN")
