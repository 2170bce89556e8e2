"""An association against bytes written by hand: what is whole, what is nonsense, and how it ends."""

import socket
import struct
from collections.abc import Iterator

import pytest
from pydicom.uid import UID

from findicon.dimse import Association, Context, Limits, commands
from findicon.dimse.negotiation import Negotiated
from findicon.dimse.transport import Transport
from findicon.errors import PeerAborted, PeerTimeout
from integration.raw_peer import (
    ABORT,
    COMMAND,
    ECHO,
    EXPLICIT,
    FIND,
    IMPLICIT,
    LAST,
    RELEASE_RP,
    RELEASE_RQ,
    VERIFICATION,
    RawPeer,
    command,
    data_pdu,
    pdu,
    value,
)

LIMITS = Limits(network=5.0, release=5.0, pdu=4096)


class Far(RawPeer):
    """The other end, as it comes out of a listening socket."""

    def __init__(self, connection: socket.socket) -> None:
        self.socket = connection
        connection.settimeout(20)


@pytest.fixture
def pair() -> Iterator[tuple[Association, Far]]:
    yield from joined(LIMITS)


@pytest.fixture
def hasty() -> Iterator[tuple[Association, Far]]:
    yield from joined(Limits(network=0.1, release=0.2, pdu=4096, slowest=1 << 30))


def joined(limits: Limits) -> Iterator[tuple[Association, Far]]:
    listener = socket.create_server(("127.0.0.1", 0))
    far = socket.create_connection(listener.getsockname())
    near, _ = listener.accept()
    listener.close()
    contexts = {
        1: Context(1, UID(VERIFICATION), UID(IMPLICIT), scu=False, scp=True),
        3: Context(3, UID(FIND), UID(EXPLICIT), scu=False, scp=True),
    }
    association = Association(Transport(near, limits.association_pdu), Negotiated(contexts, 100), limits, "RAW@test:1")
    yield association, Far(far)
    association.transport.close()
    far.close()


FIND_RQ = command(0x0020, 9, data=True, sop_class=FIND)


@pytest.mark.parametrize(
    "data",
    [
        data_pdu(3, COMMAND | LAST, FIND_RQ) + data_pdu(3, LAST, b"identifier"),
        pdu(4, value(3, COMMAND | LAST, FIND_RQ) + value(3, LAST, b"identifier")),
        pdu(4, value(3, COMMAND, FIND_RQ[:30]) + value(3, COMMAND | LAST, FIND_RQ[30:]) + value(3, 0, b"ident"))
        + pdu(4, value(3, 0, b"") + value(3, LAST, b"ifier")),
        b"".join(data_pdu(3, COMMAND, FIND_RQ[n : n + 2]) for n in range(0, len(FIND_RQ), 2))
        + data_pdu(3, COMMAND | LAST, b"")
        + data_pdu(3, LAST, b"identifier"),
    ],
    ids=["two PDUs", "one PDU", "fragments", "small fragments"],
)
def test_messages_in_every_cut(pair: tuple[Association, Far], data: bytes) -> None:
    association, far = pair
    far.send(data + ECHO)
    received = association.receive(20)
    assert received is not None
    assert (received.context.context_id, received.command.field, received.command.message_id) == (3, 0x20, 9)
    assert association.read_data(received.context, 100) == b"identifier"
    again = association.receive(20)
    assert again is not None
    assert again.command.field == commands.C_ECHO


def test_byte_by_byte(pair: tuple[Association, Far]) -> None:
    association, far = pair
    for number in range(len(ECHO)):
        assert association.receive_now() is None
        far.send(ECHO[number : number + 1])
        assert association.wait(20)
    received = association.receive_now()
    assert received is not None
    assert received.command.field == commands.C_ECHO


def test_a_data_set_passes_in_pieces(pair: tuple[Association, Far]) -> None:
    association, far = pair
    far.send(data_pdu(3, COMMAND | LAST, FIND_RQ) + data_pdu(3, 0, b"ab") * 50 + data_pdu(3, LAST, b"cd"))
    pieces: list[bytes] = []

    class Sink:
        def write(self, data: memoryview) -> None:
            pieces.append(bytes(data))

    received = association.receive(20)
    assert received is not None
    assert association.read_data_into(Sink(), received.context, None) == 102
    assert b"".join(pieces) == b"ab" * 50 + b"cd"


NONSENSE = {
    "unknown type": (pdu(0x55, b""), 1),
    "web browser": (b"GET / HTTP/1.1\r\n\r\n", 1),
    "longer than agreed": (struct.pack(">BxI", 4, 4097), 6),
    "endless": (struct.pack(">BxI", 4, 0xFFFFFFFF), 6),
    "no values": (pdu(4, b""), 6),
    "value cut short": (pdu(4, b"\0\0\0\x09\1\3ab"), 6),
    "associate once more": (struct.pack(">BxI", 1, 100), 2),
    "release answered": (RELEASE_RP, 2),
    "no command": (data_pdu(3, COMMAND | LAST, b"what is this?"), 6),
    "context not accepted": (data_pdu(7, COMMAND | LAST, command(0x30)), 6),
    "data first": (data_pdu(3, LAST, b"data"), 5),
    "two contexts": (data_pdu(1, COMMAND, FIND_RQ[:20]) + data_pdu(3, COMMAND | LAST, FIND_RQ[20:]), 6),
    "command without end": (data_pdu(3, COMMAND, bytes(4000)) * 20, 6),
}


@pytest.mark.parametrize("data", [one for one, _ in NONSENSE.values()], ids=NONSENSE)
def test_nonsense_is_a_provider_abort_with_its_reason(
    pair: tuple[Association, Far], data: bytes, request: pytest.FixtureRequest
) -> None:
    association, far = pair
    far.send(data)
    far.socket.shutdown(socket.SHUT_WR)
    with pytest.raises(PeerAborted, match="RAW@test:1"):
        association.receive(20)
    assert not association.is_open
    reason = NONSENSE[request.node.callspec.id][1]
    assert far.receive() == (7, bytes((0, 0, 2, reason)))


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (data_pdu(1, LAST, b"data"), 6),
        (data_pdu(3, COMMAND | LAST, command(0x30)), 5),
        (RELEASE_RQ, 2),
        (data_pdu(3, 0, bytes(90)) * 2, 0),
    ],
    ids=["another context", "a command between", "a release between", "too large"],
)
def test_nonsense_in_a_data_set(pair: tuple[Association, Far], data: bytes, reason: int) -> None:
    association, far = pair
    far.send(data_pdu(3, COMMAND | LAST, FIND_RQ) + data)
    far.socket.shutdown(socket.SHUT_WR)
    received = association.receive(20)
    assert received is not None
    with pytest.raises(PeerAborted):
        association.read_data(received.context, 100)
    assert far.receive() == (7, bytes((0, 0, 2, reason)))


def test_an_abort_says_who_and_why(pair: tuple[Association, Far]) -> None:
    association, far = pair
    far.send(pdu(7, bytes((0, 0, 2, 6))))
    with pytest.raises(PeerAborted, match="as provider: invalid PDU parameter value"):
        association.receive(20)
    assert not association.is_open


def test_the_peer_releases(pair: tuple[Association, Far]) -> None:
    association, far = pair
    far.send(RELEASE_RQ)
    far.socket.shutdown(socket.SHUT_WR)
    assert association.receive(20) is None
    assert far.receive() == (6, bytes(4))
    assert far.receive() == (0, b"")


@pytest.mark.parametrize("before", [b"", ECHO, data_pdu(3, LAST, b"late answer")], ids=["at once", "a message", "data"])
def test_we_release(pair: tuple[Association, Far], before: bytes) -> None:
    association, far = pair
    far.send(before + RELEASE_RP)
    association.release()
    assert far.receive() == (5, bytes(4))
    assert far.receive() == (0, b"")


def test_a_release_collision(pair: tuple[Association, Far]) -> None:
    association, far = pair
    far.send(RELEASE_RQ + RELEASE_RP)
    association.release()
    assert [far.receive()[0] for _ in range(3)] == [5, 6, 0]


@pytest.mark.parametrize("instead", [ABORT, b"\x99\0\0\0\0\0", b""], ids=["abort", "nonsense", "nothing"])
def test_a_release_that_is_not_answered_ends_all_the_same(pair: tuple[Association, Far], instead: bytes) -> None:
    association, far = pair
    far.send(instead)
    far.socket.shutdown(socket.SHUT_WR)
    association.release()
    assert not association.is_open


def test_who_says_nothing_is_aborted(hasty: tuple[Association, Far]) -> None:
    association, far = hasty
    far.socket.shutdown(socket.SHUT_RD)
    with pytest.raises(PeerTimeout):
        association.receive(0.05)
    assert not association.is_open


@pytest.mark.parametrize("begun", [ECHO[:3], ECHO[:20], data_pdu(3, COMMAND, FIND_RQ[:20])])
def test_who_stops_in_the_middle_is_aborted(hasty: tuple[Association, Far], begun: bytes) -> None:
    association, far = hasty
    far.send(begun)
    with pytest.raises(PeerTimeout):
        association.receive(0.3)
    assert far.receive() == (7, bytes(4))


def test_who_drips_meets_the_least_rate(hasty: tuple[Association, Far]) -> None:
    """Each piece comes in time, the message as a whole does not."""
    association, far = hasty
    far.send(data_pdu(3, COMMAND | LAST, FIND_RQ))
    received = association.receive(20)
    assert received is not None

    class Dripping:
        def write(self, data: memoryview) -> None:
            far.send(data_pdu(3, 0, b"xx"))

    far.send(data_pdu(3, 0, b"xx"))
    with pytest.raises(PeerTimeout):
        association.read_data_into(Dripping(), received.context, None)


def test_a_stream_goes_out_in_even_pieces_that_fit(pair: tuple[Association, Far]) -> None:
    association, far = pair
    data = bytes(range(251)) * 9  # an odd number of bytes
    position = 0

    def read(size: int) -> bytes:
        nonlocal position
        start, position = position, min(len(data), position + min(size, 7))
        return data[start:position]

    association.send_stream(association.contexts[3], FIND_RQ, read)
    association.transport.close()
    got, flags = b"", []
    while (received := far.receive())[0]:
        kind, body = received
        assert kind == 4
        assert len(body) <= 100
        assert len(body) % 2 == 0
        if not body[5] & COMMAND:
            got += body[6:]
            flags.append(body[5])
    assert got == data + b"\0"
    assert flags == [0] * (len(flags) - 1) + [LAST]


def test_nothing_is_sent_on_what_is_over(hasty: tuple[Association, Far]) -> None:
    association, _ = hasty
    association.abort()
    association.abort()
    association.release()
    with pytest.raises(PeerAborted):
        association.send(association.contexts[1], command(0x8030))


SAME = {
    "two PDUs": lambda data: data_pdu(3, COMMAND | LAST, FIND_RQ) + data_pdu(3, LAST, data),
    "one PDU": lambda data: pdu(4, value(3, COMMAND | LAST, FIND_RQ) + value(3, LAST, data)),
}


@pytest.mark.parametrize("cut", list(SAME))
def test_messages_that_say_the_same_of_themselves_are_taken_in_one_step(
    pair: tuple[Association, Far], cut: str
) -> None:
    association, far = pair
    whole = SAME[cut]
    far.send(whole(b"one") + whole(b"two") + whole(b"") + whole(b"four")[:-1])
    received = association.receive(20)
    assert received is not None
    assert association.repeated(received.context, 100) is None, "the data set of the first one has not been read"
    assert association.read_data(received.context, 100) == b"one"
    assert association.wait(20)
    assert association.repeated(received.context, 2) is None, "beyond the limit"
    assert association.repeated(received.context, 100) == b"two"
    assert association.repeated(received.context, 100) == b""
    assert association.repeated(received.context, 100) is None, "not all of it is there"
    far.send(whole(b"four")[-1:])
    assert association.receive(20) == received
    assert association.read_data(received.context, 100) == b"four"


OTHER = command(0x0020, 8, data=True, sop_class=FIND)


@pytest.mark.parametrize(
    "data",
    [
        data_pdu(3, COMMAND | LAST, OTHER) + data_pdu(3, LAST, b"two"),
        data_pdu(1, COMMAND | LAST, FIND_RQ) + data_pdu(1, LAST, b"two"),
        data_pdu(3, COMMAND | LAST, FIND_RQ) + data_pdu(1, LAST, b"two"),
        data_pdu(3, COMMAND | LAST, FIND_RQ) + data_pdu(3, 0, b"tw") + data_pdu(3, LAST, b"o"),
        data_pdu(3, COMMAND, FIND_RQ) + data_pdu(3, COMMAND | LAST, b"") + data_pdu(3, LAST, b"two"),
        data_pdu(3, COMMAND | LAST, FIND_RQ) + pdu(4, value(3, 0, b"t") + value(3, LAST, b"wo")),
        pdu(4, value(3, COMMAND | LAST, FIND_RQ) + value(3, 0, b"t") + value(3, LAST, b"wo")),
        data_pdu(3, COMMAND | LAST, FIND_RQ) + pdu(4, struct.pack(">IBB", 1, 3, LAST)),
        data_pdu(3, COMMAND | LAST, FIND_RQ) + pdu(4, struct.pack(">IBB", 0, 3, LAST)),
        data_pdu(3, COMMAND | LAST, FIND_RQ) + pdu(4, b"x"),
        data_pdu(3, COMMAND | LAST, FIND_RQ) + RELEASE_RQ,
        data_pdu(3, COMMAND | LAST, FIND_RQ) + ABORT,
        data_pdu(3, COMMAND | LAST, FIND_RQ) + data_pdu(3, LAST, bytes(LIMITS.pdu)),
        RELEASE_RQ,
        ABORT,
    ],
)
def test_whatever_differs_is_read_step_by_step(hasty: tuple[Association, Far], data: bytes) -> None:
    association, far = hasty
    far.send(SAME["two PDUs"](b"one"))
    received = association.receive(20)
    assert received is not None
    association.read_data(received.context, 100)
    far.send(data)
    assert association.wait(20)
    for _ in range(3):
        assert association.repeated(received.context, 10_000) is None
    # the ordinary way says what it is, or takes it
    try:
        following = association.receive(20)
        if following is not None:
            assert association.read_data(following.context, 10_000) == b"two"
    except PeerAborted:
        assert not association.is_open
