"""A search line to what it asks, and to the queries that answer it."""

from datetime import date

import pytest

from findicon.web.pages.alternatives import Asked, Filters, query_of
from findicon.web.pages.question import Dates, read_question

TODAY = date(2024, 5, 15)


def read(text: str) -> object:
    return read_question(text, lambda: TODAY)


def year(number: int) -> Dates:
    return Dates(date(number, 1, 1), date(number, 12, 31))


def test_the_example_of_the_search_line() -> None:
    question = read_question("doe ct 2024")
    assert (question.words, question.modalities, question.dates) == (("doe",), ("CT",), year(2024))


@pytest.mark.parametrize(
    ("text", "modalities"),
    [
        ("ct", ("CT",)),
        ("CT MR", ("CT", "MR")),
        ("mri", ("MR",)),
        ("x-ray", ("CR", "DX")),
        ("ultrasound", ("US",)),
        ("PT", ("PT",)),
        ("modality:pt,ct", ("PT", "CT")),
        ("mod:ko", ("KO",)),
    ],
)
def test_modalities(text: str, modalities: tuple[str, ...]) -> None:
    question = read_question(text)
    assert (question.modalities, question.words) == (modalities, ())


@pytest.mark.parametrize("name", ["ko", "Au", "pt", "op", "es", "doc"])
def test_short_names_stay_names(name: str) -> None:
    assert read_question(name).words == (name,)


@pytest.mark.parametrize(
    ("text", "dates"),
    [
        ("2024", year(2024)),
        ("2024-02", Dates(date(2024, 2, 1), date(2024, 2, 29))),
        ("2024-02-17", Dates(date(2024, 2, 17), date(2024, 2, 17))),
        ("20240217", Dates(date(2024, 2, 17), date(2024, 2, 17))),
        ("17.2.2024", Dates(date(2024, 2, 17), date(2024, 2, 17))),
        ("2022-2023", Dates(date(2022, 1, 1), date(2023, 12, 31))),
        ("2024-01-05..2024-02", Dates(date(2024, 1, 5), date(2024, 2, 29))),
        ("since:2023", Dates(date(2023, 1, 1), None)),
        ("until:2023-06", Dates(None, date(2023, 6, 30))),
        (">2023", Dates(date(2023, 1, 1), None)),
        ("<2023", Dates(None, date(2023, 12, 31))),
        ("today", Dates(TODAY, TODAY)),
        ("yesterday", Dates(date(2024, 5, 14), date(2024, 5, 14))),
        ("7d", Dates(date(2024, 5, 8), None)),
        ("date:2024", year(2024)),
        ("2024 since:2024-06", Dates(date(2024, 6, 1), date(2024, 12, 31))),
    ],
)
def test_dates(text: str, dates: Dates) -> None:
    assert read_question(text, lambda: TODAY).dates == dates


@pytest.mark.parametrize("text", ["2024-13", "20241350", "31.2.2024", "4711", "99999999", "12345"])
def test_what_is_no_date_is_a_word(text: str) -> None:
    question = read_question(text)
    assert (question.words, bool(question.dates)) == ((text,), False)


def test_fields_by_their_short_and_their_dicom_names() -> None:
    question = read_question('id:4711 name:"van der Berg" PatientSex=F birth:1970 nonsense:x')
    assert question.fields == (
        ("PatientID", "4711"),
        ("PatientName", "van der Berg"),
        ("PatientSex", "F"),
        ("PatientBirthDate", "19700101-19701231"),
    )
    assert question.unknown == ("nonsense:x",)


def test_quotation_marks_hold_words_together_and_keep_their_meaning() -> None:
    assert read_question('"ct 2024" doe,').words == ("ct 2024", "doe")


@pytest.mark.parametrize("text", ["", "   ", '""', ",", '"'])
def test_nothing_asks_nothing(text: str) -> None:
    assert not read_question(text)


def test_a_line_without_end_is_cut() -> None:
    assert len(read_question("word " * 10_000).words) == 4


def alternatives(text: str, filters: Filters | None = None, *, simple: bool = False) -> list[dict[str, object]]:
    return [dict(one) for one in Asked(read_question(text), filters or Filters(), simple).alternatives()]


def test_a_word_is_a_name_or_a_description() -> None:
    assert alternatives("doe") == [
        {"PatientName": ("*doe*",)},
        {"StudyDescription": ("*doe*", "*DOE*", "*Doe*")},
    ]


def test_a_number_is_an_id_or_an_accession_number_from_its_beginning() -> None:
    first, second, third = alternatives("a47")
    assert first == {"PatientID": ("a47*", "A47*")}
    assert second == {"AccessionNumber": ("a47*", "A47*")}
    assert "StudyDescription" in third


def test_words_may_stand_in_either_order_and_in_different_attributes() -> None:
    found = alternatives("jane chest")
    assert {"PatientName": ("*jane*chest*", "*chest*jane*")} in found
    assert {"PatientName": ("*jane*",), "StudyDescription": ("*chest*", "*CHEST*", "*Chest*")} in found


def test_what_is_common_is_in_every_query() -> None:
    found = alternatives("doe ct", Filters(description="CT head", station="CT1"))
    assert found == [
        {
            "ModalitiesInStudy": ("CT",),
            "StudyDescription": ("CT head",),
            "StationName": ("CT1",),
            "PatientName": ("*doe*",),
        }
    ]


def test_the_number_of_queries_is_bounded() -> None:
    assert len(alternatives("a1 b2 c3 d4")) <= 12


def test_other_archives_are_asked_one_plain_question() -> None:
    (found,) = alternatives("jane doe 4711 ct mr", simple=True)
    assert found == {"ModalitiesInStudy": ("CT",), "PatientName": ("*jane*doe*",), "PatientID": ("4711*",)}


def test_a_question_becomes_a_query() -> None:
    query = query_of({"PatientName": ("*doe*",), "StationName": ("CT1",)}, year(2024), limit=5)
    assert query.keys[0x00080020].values == ("20240101-20241231",)
    assert query.options.relational, "the station belongs to series"
    assert query.order[0] == "-StudyDate"
    assert not query_of({}, Dates()).options.relational
