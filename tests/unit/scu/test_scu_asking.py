import pytest
from pydicom.dataset import Dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from findicon.dimse import Context
from findicon.errors import PeerError, QueryError
from findicon.query import Model, Options, Query, encode
from findicon.scu import Matches
from findicon.scu.answers import PeerMatch
from findicon.scu.asking import encoded, models_for, name_character_set, retrieve_identifier
from findicon.scu.proposals import Proposed, for_gets, for_moves, for_queries, for_stores

EXPLICIT, IMPLICIT, J2K = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.4.90"
CT, MR = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.1.4"


@pytest.mark.parametrize(
    ("name", "known", "named"),
    [
        ("DOE", "", "ISO_IR 192"),
        ("DOE", "ISO_IR 100", "ISO_IR 100"),
        ("Müller", "ISO_IR 100", "ISO_IR 100"),
        ("Łukasz", "ISO_IR 100", "ISO_IR 192"),
        ("Яков", "ISO_IR 144", "ISO_IR 144"),
        ("Müller", "no such set", "ISO_IR 192"),
    ],
)
def test_the_character_set_of_a_request(name: str, known: str, named: str) -> None:
    identifier = Query("STUDY", PatientName=name).to_dataset()
    name_character_set(identifier, known)
    assert identifier.SpecificCharacterSet == named


def test_a_value_that_cannot_be_encoded_is_named() -> None:
    identifier = Query("STUDY", PatientName="DOE").to_dataset()
    identifier.Rows = 1
    identifier["Rows"]._value = "many"
    with pytest.raises(QueryError, match="'many' is no value for Rows, which has VR US") as caught:
        encoded(identifier, Context(1, UID("1.2.3"), ExplicitVRLittleEndian, scu=True, scp=False))
    assert caught.value.offending_element == 0x00280010


def test_a_character_set_that_is_named_stays() -> None:
    identifier = Query("STUDY", character_sets=["ISO_IR 13"]).to_dataset()
    name_character_set(identifier, "ISO_IR 100")
    assert identifier.SpecificCharacterSet == "ISO_IR 13"


def test_models_of_a_raw_query() -> None:
    identifier = Dataset()
    assert models_for(identifier) == (Model.STUDY_ROOT, Model.PATIENT_ROOT)
    identifier.QueryRetrieveLevel = "PATIENT"
    assert models_for(identifier) == (Model.PATIENT_ROOT,)


def test_a_retrieve_identifier_has_level_and_unique_keys_only() -> None:
    query = Query("SERIES", StudyInstanceUID="1.2", SeriesInstanceUID=r"1.2.1\1.2.2", Modality="CT")
    identifier = retrieve_identifier(query)
    assert [one.keyword for one in identifier] == ["QueryRetrieveLevel", "StudyInstanceUID", "SeriesInstanceUID"]
    assert list(identifier.SeriesInstanceUID) == ["1.2.1", "1.2.2"]


def match(dataset: Dataset, character_set: str = "") -> PeerMatch:
    return PeerMatch(encode(dataset, ExplicitVRLittleEndian), ExplicitVRLittleEndian, "A@h:1", character_set, nobody)


def nobody(query: Query) -> Matches:
    raise AssertionError(query)


def test_an_answer_is_passed_on_as_it_came() -> None:
    dataset = Dataset()
    dataset.PatientID = "P1"
    one = match(dataset)
    assert one.encoded(ExplicitVRLittleEndian) == encode(dataset, ExplicitVRLittleEndian)
    assert one.encoded(ImplicitVRLittleEndian) == encode(dataset, ImplicitVRLittleEndian)
    assert one.dataset.PatientID == "P1"
    assert (one.icon, one.icon_problem) == (None, "")


def test_a_character_set_that_the_answer_names_wins() -> None:
    dataset = Dataset()
    dataset.SpecificCharacterSet = "ISO_IR 192"
    dataset.PatientName = "Müller"
    assert str(match(dataset, "ISO_IR 100").dataset.PatientName) == "Müller"


def test_the_peers_character_set_is_named_when_the_answer_is_passed_on() -> None:
    dataset = Dataset()
    dataset.add_new(0x00100010, "PN", "Müller".encode("latin-1"))
    again = match(dataset, "ISO_IR 100").encoded(ImplicitVRLittleEndian)
    assert b"ISO_IR 100" in again
    assert "Müller".encode("latin-1") in again


def test_an_answer_that_cannot_be_decoded() -> None:
    broken = PeerMatch(b"no deflated data", DeflatedExplicitVRLittleEndian, "A@h:1", "", nobody)
    with pytest.raises(PeerError, match="A@h:1: sent an answer that cannot be decoded"):
        str(broken.dataset)
    with pytest.raises(PeerError):
        broken.encoded(ExplicitVRLittleEndian)


def test_proposals_for_queries() -> None:
    proposed = for_queries([EXPLICIT], Options(relational=True))
    assert [one for one, _ in proposed.syntaxes] == ["1.2.840.10008.1.1", *(model.find for model in Model)]
    assert set(proposed.extended()) == {model.find for model in Model}
    assert not for_queries([EXPLICIT], Options()).extended()
    assert not proposed.suits(for_queries([EXPLICIT], Options()))
    assert proposed.suits(for_queries([EXPLICIT], Options(relational=True)))


def test_each_transfer_syntax_is_stored_in_a_context_of_its_own() -> None:
    proposed = for_stores([(CT, J2K), (MR, IMPLICIT)])
    assert set(proposed.syntaxes) == {
        (CT, (J2K,)), (CT, (EXPLICIT,)), (CT, (IMPLICIT,)), (MR, (EXPLICIT,)), (MR, (IMPLICIT,)),
    }  # fmt: skip
    assert proposed.suits(for_stores([(CT, EXPLICIT)]))
    assert not proposed.suits(for_stores([(MR, J2K)]))


def test_proposals_for_gets_have_room_and_roles() -> None:
    wide = for_gets([EXPLICIT], [])
    assert len(wide.syntaxes) == 128
    assert wide.roles()[CT] == (False, True)
    assert {syntaxes for one, syntaxes in wide.syntaxes if one == CT} >= {(EXPLICIT, IMPLICIT)}
    narrow = for_gets([EXPLICIT], [CT])
    assert len(narrow.syntaxes) <= 128
    assert (CT, (J2K,)) in narrow.syntaxes
    assert set(narrow.roles()) == {CT}
    assert isinstance(for_moves([EXPLICIT]), Proposed)
