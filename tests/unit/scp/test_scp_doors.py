import pytest

from findicon.dimse import CALLING_NOT_RECOGNIZED, Address, AssociateRequest, Peer, Terms
from findicon.dimse.associate import UserInformation
from findicon.dimse.negotiation import proposed_contexts
from findicon.query import Model, Options
from findicon.scp.doors import Caller, Doors, is_loopback
from findicon.scp.services import is_storage, offered, storage_offers

CT = "1.2.840.10008.5.1.4.1.1.2"
EXPLICIT, IMPLICIT, BIG = "1.2.840.10008.1.2.1", "1.2.840.10008.1.2", "1.2.840.10008.1.2.2"
JPEG, J2K = "1.2.840.10008.1.2.4.70", "1.2.840.10008.1.2.4.90"
EVERYTHING = offered(gets=True, moves=True, stores=True)


def request(calling: str, *syntaxes: str) -> AssociateRequest:
    contexts = proposed_contexts([(one, [EXPLICIT]) for one in syntaxes])
    return AssociateRequest("FINDICON", calling, contexts, UserInformation())


def peer(name: str, *verbs: str) -> Peer:
    return Peer(name.lower(), Address(name, "127.0.0.1", 104), frozenset(verbs))


def admitted(doors: Doors, calling: str, *syntaxes: str) -> tuple[Caller, Terms]:
    answer = doors.admit(request(calling, *syntaxes), "127.0.0.1")
    assert isinstance(answer, tuple)
    return answer


def test_a_peer_may_use_its_verbs_only() -> None:
    doors = Doors([peer("A", "find", "get"), peer("B", "echo", "store")], "0.0.0.0", EVERYTHING, Options())
    caller, terms = admitted(doors, "A", CT)
    assert (caller.name, caller.verbs) == ("a", {"find", "get"})
    assert set(terms.offers) == {*(model.find for model in Model), *(model.get for model in Model), CT}
    assert (terms.offers[CT].requestor_scu, terms.offers[CT].requestor_scp) == (False, True)
    _, terms = admitted(doors, "B", CT)
    assert set(terms.offers) == {"1.2.840.10008.1.1", CT}
    assert (terms.offers[CT].requestor_scu, terms.offers[CT].requestor_scp) == (True, False)
    assert set(terms.forbidden) == {uid for model in Model for uid in (model.find, model.get, model.move)}


def test_who_is_not_named_stays_out() -> None:
    doors = Doors([peer("A", "echo")], "127.0.0.1", EVERYTHING, Options())
    assert doors.admit(request("B"), "127.0.0.1") == CALLING_NOT_RECOGNIZED
    assert doors.admit(request("a"), "127.0.0.1") == CALLING_NOT_RECOGNIZED
    assert doors.admit(request(""), "127.0.0.1") == CALLING_NOT_RECOGNIZED


def test_without_names_whoever_is_on_this_machine_may_do_everything() -> None:
    doors = Doors([], "127.0.0.1", EVERYTHING, Options(relational=True))
    caller, terms = admitted(doors, "ANYBODY", CT)
    assert caller.name == "ANYBODY"
    assert terms.forbidden == {}
    assert (terms.offers[CT].requestor_scu, terms.offers[CT].requestor_scp) == (True, True)
    assert terms.options == Options(relational=True)


@pytest.mark.parametrize(
    ("host", "loopback"),
    [("127.0.0.1", True), ("127.1.2.3", True), ("::1", True), ("localhost", True), ("0.0.0.0", False), ("::", False),
     ("192.168.1.2", False), ("fe80::1%eth0", False), ("pacs.example.org", False)],
)  # fmt: skip
def test_what_only_this_machine_can_reach(host: str, loopback: bool) -> None:
    assert is_loopback(host) is loopback


def test_what_is_stored() -> None:
    assert is_storage(CT)
    assert is_storage("1.3.12.2.1107.5.9.1")  # somebody's private class
    assert not is_storage("1.2.840.10008.1.1")
    assert not is_storage("1.2.840.10008.5.1.4.31")  # Modality Worklist


def test_whoever_stores_has_its_order_and_explicit_goes_before_implicit() -> None:
    proposed = [(CT, (J2K, IMPLICIT, EXPLICIT, BIG)), (CT, (JPEG,))]
    offer = storage_offers(proposed, store=True, get=False)[CT]
    assert [str(one) for one in offer.transfer_syntaxes] == [J2K, EXPLICIT, IMPLICIT, BIG, JPEG]


def test_whoever_gets_is_given_native_syntaxes_first() -> None:
    offer = storage_offers([(CT, (J2K, IMPLICIT, BIG, EXPLICIT))], store=True, get=True)[CT]
    assert [str(one) for one in offer.transfer_syntaxes] == [EXPLICIT, IMPLICIT, BIG, J2K]
