"""Values as they are kept: padding, old forms, and what a VR forbids (PS3.5 6.2)."""

import pytest

from findicon.query import clean


@pytest.mark.parametrize(
    ("vr", "text", "kept"),
    [
        ("LO", "  CHEST ", "CHEST"),
        ("LO", "A \\ B", "A\\B"),
        ("LO", " \\ ", ""),
        ("LO", "A\\\\B", "A\\\\B"),
        ("UI", "1.2.3\0", "1.2.3"),
        ("LT", "  two\\lines  ", "  two\\lines"),
        ("DA", "2020.01.31", "20200131"),
        ("DA", "20200131 ", "20200131"),
        ("DA", "20200230", ""),
        ("DA", "2020", ""),
        ("DA", "\uff12\uff10200101", ""),
        ("TM", "10:30:15", "103015"),
        ("TM", "10", "10"),
        ("TM", "103015.5", "103015.5"),
        ("TM", "2400", ""),
        ("TM", "103060", "103060"),
        ("TM", "1030.5", ""),
        ("IS", "+007", "7"),
        ("IS", "-0", "0"),
        ("IS", "1.5", ""),
        ("IS", "1" * 50, ""),
    ],
)
def test_a_value_is_kept_in_the_form_its_vr_allows(vr: str, text: str, kept: str) -> None:
    assert clean(vr, text) == kept


def test_what_is_many_times_as_long_as_its_vr_allows_is_damage() -> None:
    assert clean("LO", "x" * 700) == ""
    assert clean("PN", "A^B\\" + "x" * 700) == "A^B\\"
    assert clean("LO", "x" * 100) == "x" * 100
    assert len(clean("LT", "x" * 5000)) == 5000
