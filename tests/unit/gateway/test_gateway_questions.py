"""What goes upstream: the asker's keys, ours beside them, and no icon."""

from pydicom.dataset import Dataset
from pydicom.uid import ExplicitVRLittleEndian

from findicon.gateway.questions import Question, identifier_of
from findicon.query import ICON_IMAGE_SEQUENCE, Model, Query, encode, query_from_bytes, query_from_identifier

SERIES_COUNT = 0x00201209


def asked(level: str = "STUDY", **keys: object) -> Query:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = level
    for keyword, value in keys.items():
        setattr(identifier, keyword, value)
    return query_from_identifier(identifier, Model.PATIENT_ROOT if level == "PATIENT" else Model.STUDY_ROOT)


def test_keys_go_upstream_as_they_came() -> None:
    identifier = Dataset()
    identifier.SpecificCharacterSet = "ISO_IR 100"
    identifier.QueryRetrieveLevel = "STUDY"
    identifier.PatientName = "M\xfcll*"
    identifier.StudyDate = "20240101-20241231"
    identifier.ModalitiesInStudy = ["CT", "MR"]
    identifier.StudyInstanceUID = ""
    item = Dataset()
    item.CodeValue = "X"
    identifier.ProcedureCodeSequence = [item]
    query = query_from_identifier(identifier, Model.STUDY_ROOT)
    sent = identifier_of(Question.of(query, keeps_icon=False).query)
    assert encode(sent, ExplicitVRLittleEndian) == encode(identifier, ExplicitVRLittleEndian)


def test_the_icon_stays_here() -> None:
    question = Question.of(asked(StudyInstanceUID="", IconImageSequence=None), keeps_icon=False)
    assert question.wants_pictures
    assert ICON_IMAGE_SEQUENCE not in question.query.keys
    assert question.own == frozenset()
    assert question.all_keys_supported


def test_the_icon_goes_on_to_an_upstream_that_has_some() -> None:
    question = Question.of(asked(StudyInstanceUID="", IconImageSequence=None), keeps_icon=True)
    assert ICON_IMAGE_SEQUENCE in question.query.keys


def test_the_unique_key_is_ours_when_the_asker_left_it_out() -> None:
    question = Question.of(asked(PatientName="DOE*", IconImageSequence=None), keeps_icon=False)
    assert question.own == {0x0020000D}
    assert question.query.keys[0x0020000D].is_universal


def test_series_are_counted_along() -> None:
    query = asked("SERIES", StudyInstanceUID="1.2.3", SeriesInstanceUID="", IconImageSequence=None)
    question = Question.of(query, keeps_icon=False)
    assert question.own == {SERIES_COUNT}
    assert question.known == {0x0020000D: "1.2.3"}
    with_count = asked(
        "SERIES",
        StudyInstanceUID="1.2.3",
        SeriesInstanceUID="",
        NumberOfSeriesRelatedInstances="",
        IconImageSequence=None,
    )
    assert Question.of(with_count, keeps_icon=False).own == frozenset()


def test_nothing_is_added_to_a_question_without_icon() -> None:
    query = asked("SERIES", StudyInstanceUID="1.2.3")
    question = Question.of(query, keeps_icon=False)
    assert not question.wants_pictures
    assert dict(question.query.keys) == dict(query.keys)


def test_patients_have_no_picture_and_that_is_said() -> None:
    question = Question.of(asked("PATIENT", PatientID="", IconImageSequence=None), keeps_icon=True)
    assert not question.wants_pictures
    assert ICON_IMAGE_SEQUENCE not in question.query.keys
    assert not question.all_keys_supported


def test_keys_inside_the_icon_are_not_matched_and_that_is_said() -> None:
    item = Dataset()
    item.Rows = 64
    question = Question.of(asked(StudyInstanceUID="", IconImageSequence=[item]), keeps_icon=False)
    assert question.wants_pictures
    assert not question.all_keys_supported


def test_what_says_how_to_read_the_answers_goes_upstream_too() -> None:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "IMAGE"
    identifier.QueryRetrieveView = "ENHANCED"
    identifier.RetrieveAETitle = ""
    identifier.TimezoneOffsetFromUTC = "+0100"
    identifier.SOPInstanceUID = ""
    data = encode(identifier, ExplicitVRLittleEndian)
    query = query_from_bytes(data, ExplicitVRLittleEndian, Model.STUDY_ROOT, is_given_on=True)
    sent = identifier_of(Question.of(query, keeps_icon=False).query)
    assert encode(sent, ExplicitVRLittleEndian) == data


def test_where_the_asker_leaves_the_place_open_the_answers_have_to_tell_it() -> None:
    identifier = Dataset()
    identifier.QueryRetrieveLevel = "IMAGE"
    identifier.SOPInstanceUID = ""
    identifier.IconImageSequence = []
    data = encode(identifier, ExplicitVRLittleEndian)
    query = query_from_bytes(data, ExplicitVRLittleEndian, Model.STUDY_ROOT, is_given_on=True)
    assert Question.of(query, keeps_icon=False).own == {0x0020000D, 0x0020000E}
