import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ

from findicon.dimse.associate import (
    IMPLEMENTATION_CLASS,
    AssociateAccept,
    AssociateRequest,
    ContextResult,
    ProposedContext,
    UserIdentity,
    UserInformation,
    decode_accept,
    decode_request,
    encode_accept,
    encode_request,
)
from findicon.dimse.pdus import MalformedError
from integration.raw_peer import EXPLICIT, FIND, IMPLICIT, VERIFICATION, associate_request, item

USER = UserInformation(
    maximum_length=16384,
    window=(1, 1),
    roles={"1.2.840.10008.5.1.4.1.1.2": (False, True)},
    extended={FIND: b"\1\0\1"},
    identity=UserIdentity(2, b"jane", b"secret", wants_answer=True),
)
REQUEST = AssociateRequest(
    "FINDICON",
    "RAW",
    (ProposedContext(1, VERIFICATION, (IMPLICIT,)), ProposedContext(3, FIND, (EXPLICIT, IMPLICIT))),
    USER,
)


def test_a_request_comes_out_as_it_went_in() -> None:
    assert decode_request(memoryview(encode_request(REQUEST))[6:]) == REQUEST


def test_an_accept_comes_out_as_it_went_in() -> None:
    user = UserInformation(maximum_length=0, extended={FIND: b"\1"}, identity_answer=b"ticket")
    accept = AssociateAccept((ContextResult(1, 0, IMPLICIT), ContextResult(3, 4, EXPLICIT)), user)
    assert decode_accept(memoryview(encode_accept(accept, REQUEST))[6:]) == accept


def test_a_request_made_by_hand() -> None:
    request = decode_request(memoryview(associate_request(calling="RAW\0\0", largest=0))[6:])
    assert (request.called, request.calling) == ("FINDICON", "RAW")
    assert request.user.maximum_length == 0
    assert request.user.implementation_class == "1.2.3"
    assert [one.context_id for one in request.contexts] == [1, 3]


def test_items_that_nobody_knows_are_skipped() -> None:
    data = associate_request(more_items=item(0x99, b"what?"), user_items=item(0x60, b"?") + item(0x5F, b""))
    assert len(decode_request(memoryview(data)[6:]).contexts) == 2


def test_pynetdicom_reads_the_same() -> None:
    accept = AssociateAccept((ContextResult(1, 0, IMPLICIT), ContextResult(3, 3, IMPLICIT)), UserInformation(4096))
    request_pdu, accept_pdu = A_ASSOCIATE_RQ(), A_ASSOCIATE_AC()
    request_pdu.decode(encode_request(REQUEST))
    accept_pdu.decode(encode_accept(accept, REQUEST))
    assert request_pdu.encode() == encode_request(REQUEST)
    assert accept_pdu.encode() == encode_accept(accept, REQUEST)
    asked = request_pdu.to_primitive()
    assert [str(one.abstract_syntax) for one in asked.presentation_context_definition_list] == [VERIFICATION, FIND]
    answered = accept_pdu.to_primitive().presentation_context_definition_results_list
    assert [(one.context_id, one.result) for one in answered] == [(1, 0), (3, 3)]


def test_our_implementation_class_is_a_uid_of_a_uuid() -> None:
    assert IMPLEMENTATION_CLASS.startswith("2.25.")
    assert len(IMPLEMENTATION_CLASS) <= 64
    assert int(IMPLEMENTATION_CLASS[5:]) < 1 << 128


@pytest.mark.parametrize(
    "data",
    [
        associate_request(more_items=struct.pack(">BxH", 0x20, 500)),
        associate_request(more_items=b"\x20"),
        associate_request((2, VERIFICATION, [IMPLICIT])),
        associate_request((1, VERIFICATION, [IMPLICIT]), (1, FIND, [IMPLICIT])),
        associate_request((1, "", [IMPLICIT])),
        associate_request(user_items=item(0x54, b"\0\xff1.2")),
        associate_request(user_items=item(0x58, b"\2\0\0\x09jane")),
        associate_request(more_items=item(0x50, b"")),
    ],
    ids=[
        "longer than the PDU",
        "cut short",
        "even ID",
        "ID twice",
        "no abstract syntax",
        "role",
        "identity",
        "two users",
    ],
)
def test_what_is_no_request(data: bytes) -> None:
    with pytest.raises(MalformedError):
        decode_request(memoryview(data)[6:])


@given(st.data())
def test_a_request_with_changed_bytes_is_a_request_or_malformed(data: st.DataObject) -> None:
    body = bytearray(encode_request(REQUEST)[6:])
    for _ in range(data.draw(st.integers(1, 6))):
        body[data.draw(st.integers(0, len(body) - 1))] = data.draw(st.integers(0, 255))
    try:
        request = decode_request(memoryview(bytes(body)))
    except MalformedError:
        return
    assert isinstance(request, AssociateRequest)
