"""Extended negotiation and user identity: what is asked byte for byte, and what is answered."""

import struct

import pytest

from findicon.dimse import VERBS, Address, Limits, Peer, UserIdentity
from findicon.query import Options
from findicon.scp import Server
from integration.memory_archive import MemoryArchive
from integration.memory_finder import MemoryFinder
from integration.raw_items import counted, extended, user_items
from integration.raw_peer import (
    CT,
    ECHO,
    EXPLICIT,
    FIND,
    GET,
    IMPLICIT,
    JPEG,
    MOVE,
    MR,
    VERIFICATION,
    associate_request,
    call,
    find_request,
    item,
)

# extended negotiation (PS3.7 D.3.3.5, PS3.4 B.3.1, C.5)


@pytest.mark.parametrize(
    ("asked", "answered"),
    [
        (b"\1", b"\1"),
        (b"\0", b"\0"),
        (b"\1\1\1", b"\1\0\1"),
        (b"\1\1\1\1\1\1\1", b"\1\0\1\0\0\1\1"),
        (b"\0\0\1\0\0\1\0", b"\0\0\1\0\0\1\0"),
        (b"\1" * 12, b"\1\0\1\0\0\1\1"),
        (b"\xff\2\1", b"\0\0\1"),
        (b"", None),
    ],
    ids=["one byte", "one zero", "three", "all seven", "some", "a later edition's", "other values", "no byte"],
)
def test_what_queries_may_do_is_answered_byte_by_byte(asked: bytes, answered: bytes | None) -> None:
    finder = MemoryFinder()
    able = Options(relational=True, fuzzy_names=True, empty_value=True, multiple_value=True)
    with Server(finder, options=able) as server, call(server) as peer:
        body = peer.associate(user_items=extended(FIND, asked))
        assert user_items(body).get(0x56) == (None if answered is None else [counted(FIND) + answered])
        peer.send(find_request())
        assert peer.status() == 0
    (query,) = finder.asked
    bits = (answered or b"").ljust(7, b"\0")
    assert query.options == Options(*(bit == 1 for bit in bits))


def test_what_retrieval_and_storage_may_do_is_answered() -> None:
    """Relational retrieval yes, conversion no; storage of level 2, no coercion (PS3.4 C.5.2.1, C.5.3.1, B.3.1.2)."""
    archive = MemoryArchive()
    peers = [Peer("a", Address("RAW", "127.0.0.1", 104), frozenset(VERBS))]
    with Server(archive, ingest=archive, source=archive, peers=peers) as server, call(server) as peer:
        body = peer.associate(
            (1, GET, [EXPLICIT]),
            (3, MOVE, [EXPLICIT]),
            (5, CT, [EXPLICIT]),
            (7, MR, [EXPLICIT]),
            user_items=extended(GET, b"\1\1")
            + extended(MOVE, b"\1")
            + extended(CT, b"\3\0\0\0\2\0")
            + extended(MR, b"\3")
            + extended("1.2.3.4", b"\1\1")
            + extended(VERIFICATION, b"\1"),
        )
    assert user_items(body)[0x56] == [
        counted(GET) + b"\1\0",
        counted(MOVE) + b"\1",
        counted(CT) + b"\2\0\0\0\0\0",
        counted(MR) + b"\2",
    ]


def test_nothing_is_promised_for_a_class_that_is_refused() -> None:
    with Server(MemoryFinder(), options=Options(relational=True)) as server, call(server) as peer:
        body = peer.associate(
            (1, VERIFICATION, [IMPLICIT]), (3, FIND, [JPEG]), (5, GET, [EXPLICIT]), (7, CT, [EXPLICIT]),
            user_items=extended(FIND, b"\1") + extended(GET, b"\1") + extended(CT, b"\3\0\0\0\0\0"),
        )  # fmt: skip
    assert 0x56 not in user_items(body)


def test_common_extended_negotiation_is_passed_over() -> None:
    related = item(0x57, counted("1.2.3.4") + counted("1.2.840.10008.4.2") + struct.pack(">H", 0))
    with Server(MemoryFinder()) as server, call(server) as peer:
        body = peer.associate(user_items=related)
        assert set(user_items(body)) == {0x51, 0x52, 0x55}
        peer.send(ECHO)
        assert peer.status() == 0


# user identity (PS3.7 D.3.3.7)


@pytest.mark.parametrize("kind", [0, 1, 2, 3, 4, 5, 6, 255])
@pytest.mark.parametrize("wants", [0, 1, 7])
def test_an_identity_that_nobody_checks_is_accepted_and_not_confirmed(kind: int, wants: int) -> None:
    identity = item(0x58, bytes((kind, wants)) + counted("who") + counted("secret"))
    with Server(MemoryFinder()) as server, call(server) as peer:
        body = peer.associate(user_items=identity)
        assert 0x59 not in user_items(body)
        peer.send(ECHO)
        assert peer.status() == 0


@pytest.mark.parametrize(("wants", "answer"), [(0, None), (1, [counted("ticket")])])
def test_an_identity_that_is_checked_is_confirmed_to_whoever_asks(wants: int, answer: list[bytes] | None) -> None:
    seen: list[UserIdentity] = []

    def check(user: UserIdentity) -> bytes:
        seen.append(user)
        return b"ticket"

    identity = item(0x58, bytes((3, wants)) + counted("kerberos") + b"\0\0")
    with Server(MemoryFinder(), check_user=check) as server, call(server) as peer:
        assert user_items(peer.associate(user_items=identity)).get(0x59) == answer
    assert [(one.kind, one.primary, one.secondary) for one in seen] == [(3, b"kerberos", b"")]


def test_an_identity_that_cannot_be_checked_is_a_rejection_and_harms_nobody(caplog: pytest.LogCaptureFixture) -> None:
    def check(user: UserIdentity) -> bytes | None:
        raise KeyError(user.primary)

    identity = item(0x58, b"\1\0" + counted("who") + b"\0\0")
    with caplog.at_level("INFO", "findicon"):
        with Server(MemoryFinder(), check_user=check, limits=Limits(release=0.1)) as server:
            with call(server) as peer:
                peer.send(associate_request(user_items=identity))
                assert peer.receive() == (3, bytes((0, 1, 1, 1)))
            with call(server) as peer:
                peer.associate()
                peer.send(ECHO)
                assert peer.status() == 0
    assert "a user identity could not be checked" in [one.message for one in caplog.records]
