"""Answers with the icon in its place: read, cut, put together, in every transfer syntax."""

import pytest
from pydicom.dataset import Dataset
from pydicom.uid import DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.errors import PeerError
from findicon.gateway.answers import Answer, Reader, Readings
from findicon.icons import make_icon
from findicon.query import EncodedMatch, Level, decode, encode
from support.icon_rules import elements, violations
from support.samples import instance

SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
ITEM = make_icon(instance()).encoded()


def study(**attributes: object) -> Dataset:
    answer = Dataset()
    answer.SpecificCharacterSet = "ISO_IR 100"
    answer.QueryRetrieveLevel = "STUDY"
    answer.PatientName = "M\xfcller"
    answer.StudyInstanceUID = "1.2.3"
    answer.NumberOfStudyRelatedInstances = "17"
    for keyword, value in attributes.items():
        setattr(answer, keyword, value)
    return answer


def read(dataset: Dataset, syntax: str, level: Level = Level.STUDY, own: frozenset[int] = frozenset()) -> Answer:
    return Reader(level, {}, own, "PACS", Readings()).read(EncodedMatch(encode(dataset, syntax), syntax))


def pictured(answer: Answer, item: bytes | None) -> Answer:
    answer.item, answer.has_icon = item, True
    return answer


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_what_the_picture_depends_on_is_read(syntax: str) -> None:
    subject = read(study(), syntax).subject
    assert (subject.entity.level, subject.entity.uid, subject.instances) == (Level.STUDY, "1.2.3", 17)


def test_the_uids_above_come_from_the_question_where_the_answer_lacks_them() -> None:
    answer = Dataset()
    answer.SOPInstanceUID = "1.2.3.4.5"
    answer.SOPClassUID = "1.2.840.10008.5.1.4.1.1.2"
    data = encode(answer, ExplicitVRLittleEndian)
    reader = Reader(Level.IMAGE, {0x0020000D: "1.2.3", 0x0020000E: "1.2.3.4"}, frozenset(), "PACS", Readings())
    subject = reader.read(EncodedMatch(data, ExplicitVRLittleEndian)).subject
    assert subject.entity == (Level.IMAGE, "1.2.3.4.5", "1.2.3", "1.2.3.4")
    assert subject.sop_class == "1.2.840.10008.5.1.4.1.1.2"


def test_an_answer_without_uid_has_no_entity() -> None:
    answer = study(NumberOfStudyRelatedInstances=None)
    del answer.StudyInstanceUID
    subject = read(answer, ExplicitVRLittleEndian).subject
    assert (subject.entity.uid, subject.instances) == ("", None)


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("behind", [False, True])
def test_the_icon_goes_between_the_others_and_they_stay_as_they_were(syntax: str, behind: bool) -> None:
    dataset = study()
    if behind:
        dataset.add_new(0x00990010, "LO", "A PRIVATE CREATOR")
    before = encode(dataset, syntax)
    data = pictured(read(dataset, syntax), ITEM).encoded(syntax)
    implicit = syntax == ImplicitVRLittleEndian
    assert violations(data, implicit=implicit) == []
    others = [one for one in elements(data, implicit=implicit) if one.tag != 0x00880200]
    assert others == list(elements(before, implicit=implicit))
    assert decode(data, syntax).IconImageSequence[0].Rows == 16


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_no_picture_is_an_empty_sequence(syntax: str) -> None:
    data = pictured(read(study(), syntax), None).encoded(syntax)
    assert list(decode(data, syntax).IconImageSequence) == []


@pytest.mark.parametrize("syntax", SYNTAXES)
@pytest.mark.parametrize("other", [*SYNTAXES, DeflatedExplicitVRLittleEndian])
def test_an_asker_with_another_transfer_syntax_gets_the_same(syntax: str, other: str) -> None:
    match = pictured(read(study(), syntax), ITEM)
    there = decode(match.encoded(other), other)
    assert there.IconImageSequence[0].PixelData == make_icon(instance()).pixels
    assert violations(encode(there, ExplicitVRLittleEndian), implicit=False) == []
    del there.IconImageSequence
    assert there == study()


@pytest.mark.parametrize("syntax", SYNTAXES)
def test_upstreams_icon_and_our_own_keys_are_taken_out(syntax: str) -> None:
    hollow = Dataset()
    hollow.Rows = hollow.Columns = 32
    dataset = study(IconImageSequence=[hollow])
    answer = read(dataset, syntax, own=frozenset({0x00201208}))
    assert decode(answer.icon_of_upstream, syntax).IconImageSequence[0].Rows == 32
    plain = decode(answer.encoded(syntax), syntax)
    expected = study()
    del expected.NumberOfStudyRelatedInstances
    assert plain == expected
    assert answer.subject.instances == 17


def test_upstreams_warning_stays_one() -> None:
    data = encode(study(), ExplicitVRLittleEndian)
    match = EncodedMatch(data, ExplicitVRLittleEndian, all_keys_supported=False)
    answer = Reader(Level.STUDY, {}, frozenset(), "PACS", Readings()).read(match)
    assert not answer.all_keys_supported


def test_bytes_that_are_no_data_set_are_upstreams_failure() -> None:
    match = EncodedMatch(b"certainly no data set", ExplicitVRLittleEndian)
    with pytest.raises(PeerError, match="PACS: sent an answer that is no data set"):
        Reader(Level.STUDY, {}, frozenset(), "PACS", Readings()).read(match)


def test_what_was_read_before_is_read_alike_and_only_where_the_question_is() -> None:
    readings = Readings()
    data = encode(study(), ExplicitVRLittleEndian)
    match = EncodedMatch(data, ExplicitVRLittleEndian)
    first, second = (Reader(Level.STUDY, {}, frozenset(), "PACS", readings).read(match) for _ in range(2))
    pictured(first, ITEM)
    assert second.subject == first.subject
    assert second.encoded(ExplicitVRLittleEndian) == data, "it is an answer of its own"
    own = frozenset({0x00201208})
    cut = Reader(Level.STUDY, {}, own, "PACS", readings).read(match).encoded(ExplicitVRLittleEndian)
    assert "NumberOfStudyRelatedInstances" not in decode(cut, ExplicitVRLittleEndian)
    series = Reader(Level.SERIES, {0x0020000E: "1.2.3.4"}, frozenset(), "PACS", readings).read(match)
    assert series.subject.entity == (Level.SERIES, "1.2.3.4", "1.2.3", "1.2.3.4")
    for number in range(5000):
        other = encode(study(StudyInstanceUID=f"1.{number}"), ExplicitVRLittleEndian)
        read = Reader(Level.STUDY, {}, frozenset(), "PACS", readings).read(EncodedMatch(other, ExplicitVRLittleEndian))
        assert read.subject.entity.uid == f"1.{number}"
