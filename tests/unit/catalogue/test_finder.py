"""Answers of the catalogue: what they hold and what not (PS3.4 C.4.1.1.3.2), limits, order, cancel, pictures."""

import threading
from collections.abc import Iterator

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from contract.making import record
from findicon.catalogue import Catalogue, CatalogueFinder
from findicon.errors import AnswersCut, IconError, QueryError
from findicon.icons import make_icon
from findicon.query import ICON_IMAGE_SEQUENCE, Key, Level, Match, Model, Options, Query, decode
from support.samples import real_file

SYNTAXES = [ImplicitVRLittleEndian, ExplicitVRLittleEndian, DeflatedExplicitVRLittleEndian]


@pytest.fixture
def finder(catalogue: Catalogue) -> CatalogueFinder:
    return CatalogueFinder(catalogue, retrieve_ae_title="FINDICON")


@pytest.fixture(scope="module")
def item() -> bytes:
    return make_icon(str(real_file("CT_small.dcm"))).encoded()


def keywords(answer: Dataset) -> set[str]:
    return {element.keyword for element in answer}


def one(matches: Iterator[Match]) -> Match:
    (match,) = matches
    return match


def test_an_answer_has_what_was_asked_and_what_the_standard_adds(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(1, 1, 1)])
    answer = one(finder.find(Query("SERIES", defaults=False, Modality="", SeriesNumber=""))).dataset
    assert keywords(answer) == {
        "QueryRetrieveLevel", "RetrieveAETitle", "Modality", "SeriesNumber", "StudyInstanceUID",
    }  # fmt: skip
    assert answer.QueryRetrieveLevel == "SERIES"
    assert answer.RetrieveAETitle == "FINDICON"
    assert answer.StudyInstanceUID == "1.2.1"
    assert answer["SeriesNumber"].is_empty


def test_patient_root_answers_name_the_patient(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(1, 1, 1)])
    query = Query("IMAGE", model=Model.PATIENT_ROOT, defaults=False, InstanceNumber="")
    assert {"PatientID", "StudyInstanceUID", "SeriesInstanceUID"} <= keywords(one(finder.find(query)).dataset)


def test_tags_ascend_in_every_answer(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(1, PatientName="Müller")])
    match = one(finder.find(Query("STUDY", icon=True, InstanceAvailability="")))
    for syntax in SYNTAXES:
        tags = [int(element.tag) for element in decode(match.encoded(syntax), syntax)]
        assert tags == sorted(tags)


def test_no_key_no_icon(catalogue: Catalogue, finder: CatalogueFinder, item: bytes) -> None:
    catalogue.add([record(1)])
    catalogue.put_icon(Level.STUDY, "1.2.1", item=item, preview=None, rule="third", source="")
    assert ICON_IMAGE_SEQUENCE not in one(finder.find(Query("STUDY"))).dataset


@pytest.mark.parametrize("items", [(), ((),)], ids=["null sequence", "one empty item"])
@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_stored_icon_stands_in_the_answer(
    catalogue: Catalogue, finder: CatalogueFinder, item: bytes, level: str, syntax: UID, items: tuple[()]
) -> None:
    catalogue.add([record(1)])
    for at, uid in ((Level.STUDY, "1.2.1"), (Level.SERIES, "1.2.1.1"), (Level.IMAGE, "1.2.1.1.1")):
        catalogue.put_icon(at, uid, item=item, preview=None, rule="third", source="")
    match = one(finder.find(Query(level, keys=[Key(ICON_IMAGE_SEQUENCE, "SQ", items=items)])))
    assert match.all_keys_supported
    answer = decode(match.encoded(syntax), syntax)
    assert len(answer.IconImageSequence) == 1
    assert answer.IconImageSequence[0].Rows == 64
    assert len(answer.IconImageSequence[0].PixelData) == 64 * 64
    assert match.icon is not None
    assert match.icon.to_item() == make_icon(str(real_file("CT_small.dcm"))).to_item()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_a_damaged_picture_is_answered_or_left_out_but_fails_nothing(
    catalogue: Catalogue, finder: CatalogueFinder, syntax: UID
) -> None:
    catalogue.add([record(1)])
    catalogue.put_icon(Level.STUDY, "1.2.1", item=b"damaged", preview=None, rule="third", source="")
    match = one(finder.find(Query("STUDY", icon=True)))
    assert b"P1" in match.encoded(ImplicitVRLittleEndian)
    assert match.encoded(syntax)


@pytest.mark.parametrize("level", ["STUDY", "SERIES", "IMAGE"])
def test_no_picture_is_an_empty_sequence(catalogue: Catalogue, finder: CatalogueFinder, level: str) -> None:
    catalogue.add([record(1)])
    match = one(finder.find(Query(level, icon=True)))
    assert match.all_keys_supported
    assert match.dataset["IconImageSequence"].is_empty


def test_patients_have_no_icon(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(1)])
    match = one(finder.find(Query("PATIENT", icon=True)))
    assert not match.all_keys_supported
    assert ICON_IMAGE_SEQUENCE not in match.dataset


def test_an_icon_cannot_be_matched(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(1)])
    key = Key(ICON_IMAGE_SEQUENCE, "SQ", items=((Key.named("Rows", "64"),),))
    match = one(finder.find(Query("STUDY", keys=[key])))
    assert not match.all_keys_supported
    assert ICON_IMAGE_SEQUENCE in match.dataset


@pytest.mark.parametrize(
    ("level", "keyword"),
    [
        ("STUDY", "Modality"),
        ("PATIENT", "StudyDate"),
        ("SERIES", "Rows"),
        ("STUDY", "00091001"),
        ("IMAGE", "TransferSyntaxUID"),
    ],
)
def test_keys_that_are_not_supported_are_left_out(
    catalogue: Catalogue, finder: CatalogueFinder, level: str, keyword: str
) -> None:
    catalogue.add([record(1)])
    key = Key.named(keyword)
    match = one(finder.find(Query(level, keys=[key])))
    assert not match.all_keys_supported
    assert key.tag not in match.dataset


@pytest.mark.parametrize(
    ("level", "keyword", "value"),
    [
        ("STUDY", "Modality", "CT"),
        ("STUDY", "SeriesNumber", "no number"),
        ("STUDY", "PixelData", "00"),
        ("IMAGE", "00091001", "00"),
        ("STUDY", "InstanceAvailability", "ONLINE"),
    ],
)
def test_the_value_of_a_key_that_is_not_matched_is_left_alone(
    catalogue: Catalogue, finder: CatalogueFinder, level: str, keyword: str, value: str
) -> None:
    catalogue.add([record(1)])
    asked = Key.named(keyword)
    match = one(finder.find(Query(level, keys=[Key(asked.tag, asked.vr, (value,))])))
    assert not match.all_keys_supported


def test_an_icon_asked_for_with_two_items_is_answered_all_the_same(
    catalogue: Catalogue, finder: CatalogueFinder
) -> None:
    catalogue.add([record(1)])
    item = (Key.named("Rows", "64"),)
    match = one(finder.find(Query("STUDY", keys=[Key(ICON_IMAGE_SEQUENCE, "SQ", items=(item, item))])))
    assert not match.all_keys_supported
    assert ICON_IMAGE_SEQUENCE in match.dataset


def test_instance_availability_only_when_asked(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(1)])
    match = one(finder.find(Query("STUDY", InstanceAvailability="")))
    assert match.dataset.InstanceAvailability == "ONLINE"
    assert match.all_keys_supported


def test_patient_keys_below_the_patient_are_answered(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(1, PatientName="DOE^JOHN")])
    match = one(finder.find(Query("IMAGE", PatientName="", NumberOfPatientRelatedStudies="", StudyDescription="")))
    assert match.dataset.PatientName == "DOE^JOHN"
    assert match.dataset.NumberOfPatientRelatedStudies == 1
    assert match.all_keys_supported


@pytest.mark.parametrize(
    ("asked", "name", "answered"),
    [
        ((), "DOE^JOHN", None),
        (("ISO_IR 100",), "DOE^JOHN", None),
        (("ISO_IR 100",), "Müller", "ISO_IR 100"),
        (("ISO_IR 144",), "Люксембург", "ISO_IR 144"),
        (("ISO_IR 100",), "山田", "ISO_IR 192"),
        ((), "Müller", "ISO_IR 192"),
        (("GB18030",), "王^小東", "GB18030"),
        (("ISO_IR 192",), "山田", "ISO_IR 192"),
    ],
)
@pytest.mark.parametrize("syntax", SYNTAXES)
def test_the_character_set_of_an_answer(
    catalogue: Catalogue, finder: CatalogueFinder, asked: tuple[str, ...], name: str, answered: str | None, syntax: UID
) -> None:
    catalogue.add([record(1, PatientName=name)])
    match = one(finder.find(Query("STUDY", character_sets=asked)))
    answer = decode(match.encoded(syntax), syntax)
    assert answer.get("SpecificCharacterSet") == answered
    assert answer.PatientName == name


def test_text_longer_than_its_vr_can_say_is_left_empty(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(1, PatientComments="x" * 5000, StudyDescription="y" * 70000)])
    match = one(finder.find(Query("STUDY", PatientComments="", StudyDescription="")))
    answer = decode(match.encoded(ExplicitVRLittleEndian), ExplicitVRLittleEndian)
    assert len(answer.PatientComments) == 5000
    assert answer.StudyDescription == ""


def many(catalogue: Catalogue, count: int) -> None:
    catalogue.add(
        [record(number, StudyDate=f"2020{number:04d}", StudyID=str(number)) for number in range(101, 101 + count)]
    )


def test_a_limit_that_cuts_says_so_after_the_last_answer(catalogue: Catalogue) -> None:
    many(catalogue, 5)
    answers = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", limit=3).find(Query("STUDY"))
    assert [next(answers).dataset.StudyID for _ in range(3)]
    with pytest.raises(AnswersCut) as error:
        next(answers)
    assert error.value.limit == 3


@pytest.mark.parametrize("limit", [5, 6])
def test_a_limit_that_is_not_reached_says_nothing(catalogue: Catalogue, limit: int) -> None:
    many(catalogue, 5)
    answers = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", limit=limit).find(Query("STUDY"))
    assert len(list(answers)) == 5


def test_who_asks_for_fewer_gets_fewer_and_no_complaint(catalogue: Catalogue) -> None:
    many(catalogue, 5)
    finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", limit=3)
    assert len(list(finder.find(Query("STUDY", limit=2)))) == 2
    assert len(list(finder.find(Query("STUDY", limit=3)))) == 3
    assert len(list(finder.find(Query("STUDY", limit=0)))) == 0


def ids(answers: Iterator[Match]) -> list[str]:
    return [str(match.dataset.StudyID) for match in answers]


def test_order_offset_and_limit(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    many(catalogue, 5)
    assert ids(finder.find(Query("STUDY", order=["-StudyDate"]))) == ["105", "104", "103", "102", "101"]
    assert ids(finder.find(Query("STUDY", order=["StudyDate"], offset=1, limit=2))) == ["102", "103"]
    assert ids(finder.find(Query("STUDY", order=["-StudyDate"], offset=4))) == ["101"]
    assert ids(finder.find(Query("STUDY", offset=9))) == []


def test_an_order_that_is_not_possible_is_ignored(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    many(catalogue, 2)
    assert len(ids(finder.find(Query("STUDY", order=["Rows", "PixelData"])))) == 2


def test_offset_and_limit_count_answers_also_where_python_matches(
    catalogue: Catalogue, finder: CatalogueFinder
) -> None:
    weights = ["70", "80", "70.0", "7E1", "60", "70"]
    catalogue.add([record(number, StudyID=str(number), PatientWeight=weight) for number, weight in enumerate(weights)])
    query = Query("STUDY", PatientWeight="70", order=["StudyID"], offset=1, limit=2)
    assert ids(finder.find(query)) == ["2", "3"]
    few = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", limit=3).find(Query("STUDY", PatientWeight="70"))
    with pytest.raises(AnswersCut):
        list(few)


def test_cancel_ends_the_answers(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    many(catalogue, 300)
    wanted = threading.Event()
    wanted.set()
    answers = finder.find(Query("STUDY"), cancel=lambda: not wanted.is_set())
    next(answers)
    wanted.clear()
    assert len(list(answers)) < 299
    assert list(finder.find(Query("STUDY"), cancel=lambda: True)) == []


def test_a_wrong_question_is_refused_before_the_first_answer(finder: CatalogueFinder) -> None:
    with pytest.raises(QueryError) as error:
        finder.find(Query("STUDY", StudyDate="yesterday"))
    assert error.value.offending_element == 0x00080020


def test_an_answer_that_is_not_taken_lets_its_connection_go(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    many(catalogue, 40)
    for _ in range(100):
        next(finder.find(Query("STUDY")))
    catalogue.add([record(1)])
    assert len(list(finder.find(Query("STUDY")))) == 41


def test_a_relational_question_may_name_keys_of_every_level(catalogue: Catalogue, finder: CatalogueFinder) -> None:
    catalogue.add([record(1, 1, Modality="CT"), record(1, 2, Modality="MR"), record(2, 1, Modality="CT")])
    relational = Options(relational=True)
    matches = list(finder.find(Query("STUDY", options=relational, Modality="MR")))
    assert [match.dataset.StudyInstanceUID for match in matches] == ["1.2.1"]
    assert not matches[0].all_keys_supported, "a modality is none of a study's attributes"
    assert len(list(finder.find(Query("SERIES", options=relational, PatientID="P1")))) == 2


class Maker:
    """An IconSource that makes pictures when it is told to."""

    def __init__(self, item: bytes | None, *, error: Exception | None = None) -> None:
        self.item = item
        self.error = error
        self.asked: list[str] = []
        self.gate = threading.Event()
        self.gate.set()

    def icon(self, level: Level, uid: str) -> bytes | None:
        assert level is Level.IMAGE
        self.asked.append(uid)
        self.gate.wait(30)
        if self.error:
            raise self.error
        return self.item

    def preview(self, level: Level, uid: str) -> bytes | None:
        return None


IMAGES = Query("IMAGE", icon=True)


def test_pictures_of_instances_are_made_when_asked_for(catalogue: Catalogue, item: bytes) -> None:
    catalogue.add([record(1, 1, number) for number in (1, 2, 3)])
    catalogue.put_icon(Level.IMAGE, "1.2.1.1.2", item=item, preview=None, rule="", source="")
    catalogue.put_icon(Level.IMAGE, "1.2.1.1.3", item=None, preview=None, rule="", source="", reason="No pixels")
    maker = Maker(item)
    matches = list(CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", icons=maker).find(IMAGES))
    icons = {match.dataset.SOPInstanceUID: match.icon is not None for match in matches}
    assert icons == {"1.2.1.1.1": True, "1.2.1.1.2": True, "1.2.1.1.3": False}
    assert maker.asked == ["1.2.1.1.1"], "what is stored, or known not to be, is not made"


def test_series_and_studies_do_not_wait_for_theirs(catalogue: Catalogue, item: bytes) -> None:
    catalogue.add([record(1)])
    maker = Maker(item)
    finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", icons=maker)
    assert one(finder.find(Query("SERIES", icon=True))).icon is None
    assert maker.asked == []


def test_a_query_waits_no_longer_than_its_budget(catalogue: Catalogue, item: bytes) -> None:
    catalogue.add([record(1, 1, number) for number in range(20)])
    maker = Maker(item)
    maker.gate.clear()
    finder = CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", icons=maker, picture_budget=0.01)
    matches = list(finder.find(IMAGES))
    assert len(matches) == 20
    assert all(match.icon is None and match.all_keys_supported for match in matches)
    maker.gate.set()


@pytest.mark.parametrize("error", [IconError("It does not decode"), RuntimeError("a surprise")])
def test_a_picture_that_fails_leaves_the_answer_alone(catalogue: Catalogue, item: bytes, error: Exception) -> None:
    catalogue.add([record(1)])
    maker = Maker(item, error=error)
    match = one(CatalogueFinder(catalogue, retrieve_ae_title="FINDICON", icons=maker).find(IMAGES))
    assert match.dataset["IconImageSequence"].is_empty
    assert match.all_keys_supported
