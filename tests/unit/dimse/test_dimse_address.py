import pytest

from findicon.dimse import Address, Peer, is_ae_title
from findicon.errors import QueryError


@pytest.mark.parametrize(
    "text", ["ORTHANC@127.0.0.1:4242", "A@[::1]:104", "MY AE@host.example.org:11112", "A@[fe80::1%eth0]:1"]
)
def test_an_address_prints_back_as_it_was_parsed(text: str) -> None:
    assert str(Address.parse(text)) == text


def test_its_parts() -> None:
    assert Address.parse("A@[::1]:104") == Address("A", "::1", 104)
    assert Address.parse(" PACS @localhost:11112 ") == Address("PACS", "localhost", 11112)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("127.0.0.1:104", "AET@host:port"),
        ("A@host", "AET@host:port"),
        ("A@::1:104", "AET@host:port"),
        ("SEVENTEEN-LETTERS@h:1", "no AE title"),
        ("A\\B@h:1", "no AE title"),
        ("A@h:0", "no TCP port"),
        ("A@h:65536", "no TCP port"),
    ],
)
def test_a_wrong_address_is_one_clear_sentence(text: str, says: str) -> None:
    with pytest.raises(QueryError, match=says) as caught:
        Address.parse(text)
    assert repr(text) in str(caught.value)


def test_ae_titles() -> None:
    assert is_ae_title("A")
    assert is_ae_title("X" * 16)
    assert not any(is_ae_title(text) for text in ("", "   ", "X" * 17, "A\\B", "Ä", "A\n"))


def test_a_peer_of_an_address_may_echo_and_find() -> None:
    peer = Peer.at("ORTHANC@127.0.0.1:4242")
    assert peer.name == "ORTHANC@127.0.0.1:4242"
    assert peer.verbs == {"echo", "find"}
    assert Peer.at(peer) is peer
    assert Peer.at(peer.address).address == peer.address


def test_a_peer_with_a_verb_that_is_none() -> None:
    with pytest.raises(QueryError, match="'print' is no verb of peer X"):
        Peer("X", Address("X", "h", 1), frozenset({"print"}))
