import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pynetdicom.pdu import A_ABORT_RQ, A_ASSOCIATE_RJ, A_RELEASE_RP, A_RELEASE_RQ, P_DATA_TF

from findicon.dimse import pdus
from findicon.dimse.pdus import MalformedError


def values(data: bytes) -> list[tuple[int, int, bytes]]:
    """Walk PDUs written one after the other."""
    found = []
    view = memoryview(data)
    while view:
        kind, length = pdus.HEADER.unpack_from(view)
        assert kind == pdus.P_DATA
        found += [(one.context_id, one.control, bytes(one.data)) for one in pdus.data_values(view[6 : 6 + length])]
        view = view[6 + length :]
    return found


@given(st.binary(min_size=1, max_size=3000).map(lambda data: data * 2), st.integers(8, 600))
def test_fragments_are_even_fit_and_make_the_whole(data: bytes, largest: int) -> None:
    fragments = values(b"".join(pdus.data_pdus(5, data, 0, largest)))
    assert b"".join(data for _, _, data in fragments) == data
    assert all(len(data) % 2 == 0 and len(data) + 6 <= largest for _, _, data in fragments)
    assert [control for _, control, _ in fragments] == [0] * (len(fragments) - 1) + [pdus.LAST]


@pytest.mark.parametrize(
    ("size", "largest", "count"), [(0, 100, 1), (68, 100, 1), (70, 100, 2), (500, 100, 7), (10, 20, 3)]
)
def test_a_message_is_one_pdu_where_it_fits(size: int, largest: int, count: int) -> None:
    command, data = bytes(range(20)), b"x" * size
    whole = b"".join(pdus.message_parts(3, pdus.command_value(3, command), data, largest))
    assert max(lengths(whole)) <= largest
    assert len(lengths(whole)) == count
    found = values(whole)
    assert b"".join(part for _, control, part in found if control & pdus.COMMAND) == command
    assert b"".join(part for _, control, part in found if not control & pdus.COMMAND) == data
    assert [control for _, control, _ in found].count(pdus.LAST) == 1
    assert {context_id for context_id, _, _ in found} == {3}


def lengths(data: bytes) -> list[int]:
    """Give the length of each PDU, after its header."""
    found = []
    while data:
        found.append(pdus.HEADER.unpack_from(data)[1])
        data = data[6 + found[-1] :]
    return found


def test_pynetdicom_reads_them() -> None:
    read = P_DATA_TF()
    read.decode(pdus.command_pdu(3, b"abcd", 100))
    (value,) = read.presentation_data_value_items
    assert (value.presentation_context_id, value.presentation_data_value) == (3, b"\x03abcd")
    abort, reject = A_ABORT_RQ(), A_ASSOCIATE_RJ()
    abort.decode(pdus.abort(2, 6))
    reject.decode(pdus.reject(2, 3, 2))
    assert (abort.source, abort.reason_diagnostic) == (2, 6)
    assert (reject.result, reject.source, reject.reason_diagnostic) == (2, 3, 2)
    assert pdus.release_request() == A_RELEASE_RQ().encode()
    assert pdus.release_reply() == A_RELEASE_RP().encode()


@pytest.mark.parametrize(
    ("kind", "length", "reason"),
    [
        (pdus.P_DATA, 5, pdus.INVALID_PARAMETER),
        (pdus.P_DATA, 16385, pdus.INVALID_PARAMETER),
        (pdus.P_DATA, 0xFFFFFFFF, pdus.INVALID_PARAMETER),
        (pdus.RELEASE_RQ, 5, pdus.INVALID_PARAMETER),
        (pdus.ABORT, 0, pdus.INVALID_PARAMETER),
        (pdus.ASSOCIATE_RQ, 67, pdus.INVALID_PARAMETER),
        (0x00, 4, pdus.UNRECOGNIZED_PDU),
        (0x08, 4, pdus.UNRECOGNIZED_PDU),
        (0x47, 0x45542020, pdus.UNRECOGNIZED_PDU),  # "GET /": somebody's browser
    ],
)
def test_a_length_is_checked_before_it_is_believed(kind: int, length: int, reason: int) -> None:
    with pytest.raises(MalformedError) as caught:
        pdus.check_length(kind, length, 16384)
    assert caught.value.reason == reason


@pytest.mark.parametrize(
    "body",
    [
        struct.pack(">IBB", 3, 1, 3),
        struct.pack(">IBB", 1, 1, 3),
        struct.pack(">IBB", 0xFFFFFFFF, 1, 3) + b"data",
        struct.pack(">IBB", 2, 1, 3) + b"\0\0\0",
    ],
)
def test_values_that_lie_about_their_length(body: bytes) -> None:
    with pytest.raises(MalformedError):
        pdus.data_values(memoryview(body))


@given(st.binary(max_size=300))
def test_any_body_gives_values_or_is_malformed(body: bytes) -> None:
    try:
        found = pdus.data_values(memoryview(body))
    except MalformedError:
        return
    assert sum(6 + len(one.data) for one in found) == len(body)
