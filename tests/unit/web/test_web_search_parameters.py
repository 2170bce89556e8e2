"""Parameters of a search to a Query (PS3.18 8.3.4)."""

import pytest

from findicon.query import Level, Options
from findicon.web.dicomweb.search_parameters import Resource, Search, search_of
from findicon.web.problems import Problem

STUDIES, SERIES = Resource(Level.STUDY), Resource(Level.SERIES, "1.2")
ALL_ABLE = Options(fuzzy_names=True, empty_value=True, multiple_value=True)


def read(*parameters: tuple[str, str], resource: Resource = STUDIES, able: Options = ALL_ABLE) -> Search:
    return search_of(resource, parameters, able, icon_extension=True)


def test_keywords_and_tags_name_attributes() -> None:
    keys = read(("PatientName", "DOE*"), ("00100020", "4711")).query.keys
    assert keys[0x00100010].values == ("DOE*",)
    assert keys[0x00100020].values == ("4711",)


def test_the_default_attributes_are_asked_back() -> None:
    query = read().query
    assert {0x00080020, 0x00080061, 0x00100010, 0x0020000D, 0x00201206} <= set(query.keys)
    assert all(key.is_universal for key in query.keys.values())


def test_lists_of_uids_are_several_values() -> None:
    assert read(("StudyInstanceUID", "1.2,1.3")).query.keys[0x0020000D].values == ("1.2", "1.3")
    assert read(("ModalitiesInStudy", "CT,MR")).query.keys[0x00080061].values == ("CT", "MR")


def test_a_comma_in_a_name_stays() -> None:
    assert read(("PatientName", "DOE,JANE")).query.keys[0x00100010].values == ("DOE,JANE",)


def test_attributes_of_a_sequence_are_one_item() -> None:
    query = read(
        ("RequestAttributesSequence.RequestedProcedureID", "P1"), ("00400275.00400009", "S1"), resource=SERIES
    ).query
    (item,) = query.keys[0x00400275].items
    assert [(key.tag, key.values) for key in item] == [(0x00400009, ("S1",)), (0x00401001, ("P1",))]


def test_the_path_fixes_uids_and_hierarchy() -> None:
    query = read(resource=Resource(Level.IMAGE, "1.2", "1.3")).query
    assert query.keys[0x0020000D].values == ("1.2",)
    assert query.keys[0x0020000E].values == ("1.3",)
    assert not query.options.relational


@pytest.mark.parametrize("resource", [Resource(Level.SERIES), Resource(Level.IMAGE), Resource(Level.IMAGE, "1.2")])
def test_what_the_path_leaves_open_is_relational(resource: Resource) -> None:
    assert read(resource=resource).query.options.relational


def test_a_key_of_a_lower_level_makes_it_relational() -> None:
    assert read(("Modality", "CT")).query.options.relational
    assert not read(("PatientID", "1")).query.options.relational


def test_all_series_answer_with_attributes_of_their_study() -> None:
    assert 0x00100010 in read(resource=Resource(Level.SERIES)).query.keys
    assert 0x00100010 not in read(resource=SERIES).query.keys


def test_attributes_of_a_lower_level_are_not_returned() -> None:
    query = read(("includefield", "Modality,00080018"), ("includefield", "StudyDescription")).query
    assert 0x00081030 in query.keys
    assert 0x00080060 not in query.keys
    assert 0x00080018 not in query.keys


def test_the_icon_is_an_extension_above_instances() -> None:
    asked = [("includefield", "IconImageSequence")]
    assert search_of(STUDIES, asked, ALL_ABLE, icon_extension=True).query.icon
    assert not search_of(STUDIES, asked, ALL_ABLE, icon_extension=False).query.icon
    assert search_of(Resource(Level.IMAGE), asked, ALL_ABLE, icon_extension=False).query.icon


def test_all_asks_for_what_the_level_has_but_not_the_icon() -> None:
    query = read(("includefield", "all")).query
    assert {0x00101010, 0x00081030} <= set(query.keys)
    assert not query.icon


def test_limit_and_offset() -> None:
    search = read(("limit", "10"), ("offset", "20"))
    assert (search.limit, search.query.offset, search.query.limit) == (10, 20, None)


@pytest.mark.parametrize(
    ("parameter", "option"),
    [
        ("fuzzymatching", "fuzzy_names"),
        ("emptyvaluematching", "empty_value"),
        ("multiplevaluematching", "multiple_value"),
    ],
)
def test_what_cannot_be_done_is_said(parameter: str, option: str) -> None:
    assert getattr(read((parameter, "true")).query.options, option)
    search = read((parameter, "true"), able=Options())
    assert not getattr(search.query.options, option)
    assert search.warnings[0].startswith(f"The {parameter} parameter is not supported.")
    assert read((parameter, "false"), able=Options()).warnings == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("foo", "1"),
        ("patientname", "DOE"),
        ("PatientNam", "DOE"),
        ("0010,0010", "DOE"),
        ("PatientName.PatientID", "1"),
        ("RequestAttributesSequence", "x"),
        ("IconImageSequence", ""),
        ("StudyInstanceUID", "abc"),
        ("limit", "-1"),
        ("limit", "ten"),
        ("limit", "99999999999"),
        ("offset", ""),
        ("fuzzymatching", "yes"),
        ("includefield", "Foo"),
        ("includefield", "all,PatientName"),
        (".".join(["RequestAttributesSequence"] * 40), "x"),
    ],
)
def test_what_is_malformed_is_named(name: str, value: str) -> None:
    with pytest.raises(Problem) as caught:
        read((name, value))
    assert caught.value.status == 400
    shown = name if len(name) <= 64 else name[:20]
    assert shown in caught.value.detail or value in caught.value.detail


@pytest.mark.parametrize(
    "twice",
    [
        [("PatientID", "1"), ("00100020", "2")],
        [("limit", "1"), ("limit", "2")],
        [("RequestAttributesSequence", ""), ("RequestAttributesSequence.RequestedProcedureID", "1")],
        [("RequestAttributesSequence.RequestedProcedureID", "1"), ("00400275.00401001", "1")],
    ],
)
def test_nothing_is_given_twice(twice: list[tuple[str, str]]) -> None:
    with pytest.raises(Problem, match=r"twice|times|as a whole"):
        read(*twice, resource=SERIES)


def test_too_many_parameters_are_refused() -> None:
    with pytest.raises(Problem, match="too many"):
        read(*[("PatientName", "x")] * 201)
