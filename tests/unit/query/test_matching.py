"""The matching of PS3.4 C.2.2.2, type by type."""

import pytest

from findicon.errors import QueryError
from findicon.query import Key, Options, matches

PLAIN = Options()


def asks(keyword: str, value: str, present: str, options: Options = PLAIN) -> bool:
    key = Key.named(keyword, value)
    return matches([key], {key.tag: present}, options)


@pytest.mark.parametrize("present", ["", "anything"])
def test_no_value_matches_everything(present: str) -> None:
    assert asks("StudyDescription", "", present)
    assert asks("StudyDescription", "*", present)


def test_text_matches_exactly_and_in_its_case() -> None:
    assert asks("StudyDescription", "CHEST", "CHEST")
    assert not asks("StudyDescription", "chest", "CHEST")
    assert not asks("StudyDescription", "CHES", "CHEST")
    assert not asks("StudyDescription", "CHEST", "")


@pytest.mark.parametrize(
    ("value", "present", "found"),
    [
        ("CH*", "CHEST", True),
        ("*", "CHEST", True),
        ("*ES*", "CHEST", True),
        ("CH?ST", "CHEST", True),
        ("CHEST?", "CHEST", False),
        ("?", "", False),
        ("[C]*", "CHEST", False),
        ("[C]*", "[C]HEST", True),
        ("C.*", "CHEST", False),
        ("ch*", "CHEST", False),
    ],
)
def test_wildcards(value: str, present: str, found: bool) -> None:
    assert asks("StudyDescription", value, present) is found


def test_a_wildcard_reaches_over_lines() -> None:
    assert asks("PatientComments", "first*last", "first\r\nlast")


def test_one_of_several_values_is_enough() -> None:
    assert asks("ModalitiesInStudy", "CT", "CT\\SR")
    assert asks("ModalitiesInStudy", "C*", "SR\\CT")
    assert not asks("ModalitiesInStudy", "S?C", "CT\\SR")
    assert not asks("ModalitiesInStudy", "T", "CT\\SR")


def test_a_backslash_in_long_text_divides_nothing() -> None:
    assert asks("PatientComments", "a\\b", "a\\b")
    assert asks("PatientComments", "a?b", "a\\b")


def test_any_of_a_list_of_uids() -> None:
    assert asks("StudyInstanceUID", "1.2\\1.3", "1.3")
    assert not asks("StudyInstanceUID", "1.2\\1.3", "1.4")


def test_several_values_mean_any_unless_agreed_otherwise() -> None:
    assert asks("ModalitiesInStudy", "CT\\PT", "CT")
    both = Options(multiple_value=True)
    assert not asks("ModalitiesInStudy", "CT\\PT", "CT", both)
    assert asks("ModalitiesInStudy", "CT\\PT", "PT\\SR\\CT", both)
    assert asks("StudyInstanceUID", "1.2\\1.3", "1.3", both), "a list of UIDs stays a list"


def test_two_quotation_marks_ask_for_no_value_once_agreed() -> None:
    agreed = Options(empty_value=True)
    assert asks("AccessionNumber", '""', "", agreed)
    assert not asks("AccessionNumber", '""', "A1", agreed)
    assert not asks("AccessionNumber", '""', "")


@pytest.mark.parametrize(
    ("value", "present", "found"),
    [
        ("20200101", "20200101", True),
        ("20200101", "20200102", False),
        ("20200101-", "20200101", True),
        ("20200101-", "20191231", False),
        ("-20200101", "20200101", True),
        ("-20200101", "20200102", False),
        ("20200101-20200103", "20200102", True),
        ("20200101 - 20200103", "20200103", True),
        ("20200101-20200103", "20200104", False),
        ("20200103-20200101", "20200102", False),
        ("2020.01.01", "20200101", True),
        ("-20200101", "", False),
    ],
)
def test_dates(value: str, present: str, found: bool) -> None:
    assert asks("StudyDate", value, present) is found


@pytest.mark.parametrize(
    ("value", "present", "found"),
    [
        ("2230", "223000", True),  # by meaning, not as text (PS3.4 C.2.2.2.1.3 Note 1)
        ("223000", "2230", True),
        ("2230", "223059.999999", True),
        ("2230", "2231", False),
        ("10-12", "125959", True),
        ("10-1200", "120100", False),
        ("1030-", "1030", True),
        ("103000-", "1030", True),
        ("103000.5-", "103000", False),
        ("-1030", "103059", True),
        ("00-", "000000", True),
        ("10:30", "103015", True),
    ],
)
def test_times(value: str, present: str, found: bool) -> None:
    assert asks("StudyTime", value, present) is found


@pytest.mark.parametrize(
    ("value", "present", "found"),
    [
        ("19980128103000.0000", "19980128103000", True),
        ("19980128103000", "19980128073000-0300", True),  # the Standard's own example
        ("20200101093000-20200101103000", "20200101110000+0100", True),
        ("2020", "20201231235959", True),
        ("2020-", "20191231", False),
        ("-20200229", "20200229235959.5", True),
        ("20200101103000+0100", "20200101093000", True),
        ("20200101", "nonsense", False),
        ("19980128103000-0300", "19980128133000", True),  # no range in order, so an offset
    ],
)
def test_date_times(value: str, present: str, found: bool) -> None:
    assert asks("AcquisitionDateTime", value, present) is found


def test_numbers_match_by_value() -> None:
    assert asks("SeriesNumber", "01", "1")
    assert asks("SeriesNumber", "+1", "1")
    assert asks("PatientWeight", "70.0", "70")
    assert asks("PatientWeight", "7E1", "70")
    assert not asks("SeriesNumber", "1", "")
    assert not asks("SeriesNumber", "1", "11")


def test_date_and_time_as_one_moment_once_agreed() -> None:
    # PS3.4 C.2.2.2.5.4: July 5, 10am until July 7, 6pm, and not three times 10am until 6pm
    keys = [Key.named("StudyDate", "20060705-20060707"), Key.named("StudyTime", "1000-1800")]
    date, time = (key.tag for key in keys)
    night = {date: "20060706", time: "030000"}
    assert not matches(keys, night, PLAIN)
    agreed = Options(combined_datetime=True)
    assert matches(keys, night, agreed)
    assert not matches(keys, {date: "20060705", time: "0959"}, agreed)
    assert matches(keys, {date: "20060707", time: "180059"}, agreed)
    assert not matches(keys, {date: "20060707", time: "1801"}, agreed)


def test_ranges_of_different_form_stay_apart() -> None:
    keys = [Key.named("StudyDate", "20060705-20060707"), Key.named("StudyTime", "1000-")]
    date, time = (key.tag for key in keys)
    assert not matches(keys, {date: "20060706", time: "0300"}, Options(combined_datetime=True))


SEQUENCE = 0x00081032  # Procedure Code Sequence
VALUE, SCHEME = 0x00080100, 0x00080102
CODES = [{VALUE: "A1", SCHEME: "99LOCAL"}, {VALUE: "B2", SCHEME: "SCT"}]


def asks_item(**keys: str) -> bool:
    item = tuple(Key.named(name, value) for name, value in keys.items())
    return matches([Key(SEQUENCE, "SQ", items=(item,))], {SEQUENCE: CODES}, PLAIN)


def test_a_sequence_matches_by_one_item_with_all_keys() -> None:
    assert asks_item(CodeValue="B2", CodingSchemeDesignator="SCT")
    assert not asks_item(CodeValue="A1", CodingSchemeDesignator="SCT"), "keys of two items do not add up"
    assert asks_item(CodeValue="A*")
    assert not asks_item(CodeMeaning="Chest")


def test_an_empty_item_or_no_item_matches_all() -> None:
    assert matches([Key(SEQUENCE, "SQ", items=((),))], {SEQUENCE: []}, PLAIN)
    assert matches([Key(SEQUENCE, "SQ")], {}, PLAIN)


@pytest.mark.parametrize(
    ("keyword", "value"),
    [
        ("StudyDate", "2020"),
        ("StudyDate", "20201301"),
        ("StudyDate", "yesterday"),
        ("StudyDate", "-"),
        ("StudyDate", "20200101-x"),
        ("StudyDate", "202001*"),
        ("StudyTime", "25"),
        ("StudyTime", "9"),
        ("AcquisitionDateTime", "now"),
        ("StudyInstanceUID", "1.2.*"),
        ("StudyInstanceUID", "abc"),
        ("SeriesNumber", "1-5"),
        ("SeriesNumber", "one"),
        ("PatientWeight", "NaN"),
        ("Rows", "5?2"),
    ],
)
def test_a_value_that_its_vr_cannot_match_is_refused_and_named(keyword: str, value: str) -> None:
    key = Key.named(keyword, value)
    with pytest.raises(QueryError, match=keyword) as error:
        matches([key], {}, PLAIN)
    assert error.value.status == 0xA900
    assert error.value.offending_element == key.tag


def test_bytes_are_not_matched() -> None:
    with pytest.raises(QueryError, match="PixelData cannot be matched"):
        matches([Key(0x7FE00010, "OB", ("01",))], {}, PLAIN)


def test_a_sequence_key_with_two_items_is_refused() -> None:
    item = (Key.named("CodeValue", "A1"),)
    with pytest.raises(QueryError, match="one item") as error:
        matches([Key(SEQUENCE, "SQ", items=(item, item))], {}, PLAIN)
    assert error.value.offending_element == SEQUENCE


def test_an_asterisk_alone_matches_whatever_the_vr() -> None:
    for keyword in ("StudyDate", "StudyInstanceUID", "SeriesNumber"):
        assert asks(keyword, "*", "")


@pytest.mark.parametrize("value", ["1\\", "\\1", "1\\ "])
def test_an_empty_one_of_several_values_asks_for_nothing(value: str) -> None:
    key = Key.named("StudyID", value)
    assert matches([key], {key.tag: "1"}, PLAIN)
    assert not matches([key], {key.tag: ""}, PLAIN)
    assert not matches([key], {key.tag: "2"}, PLAIN)
