"""Coverage-guided fuzz of the exchange: ``python tests/fuzz/exchange.py -max_total_time=600`` (libFuzzer's flags).

What comes in says how an association begins or goes on. Whatever it is, the server may end that association with one of
the errors that it knows, and must do nothing else.
"""

import logging
import socket
import sys
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).parents[1]))

from fuzz.running import fuzz

with atheris.instrument_imports(include=["findicon.dimse", "findicon.scp", "findicon.scu", "findicon.query"]):
    from pydicom.uid import UID

    from findicon.dimse import Association, Context, Flusher, Limits, ProposalFailed, receive_proposal
    from findicon.dimse.acceptor import Terms
    from findicon.dimse.associate import decode_accept
    from findicon.dimse.negotiation import Negotiated
    from findicon.dimse.pdus import MalformedError
    from findicon.dimse.transport import Transport
    from findicon.errors import PeerError
    from findicon.scp.doors import Caller
    from findicon.scp.service import Joined, Service
    from integration.memory_archive import MemoryArchive
    from integration.memory_finder import MemoryFinder, MemoryMatch, study
    from integration.raw_peer import (
        COMMAND,
        CT,
        ECHO,
        EXPLICIT,
        FIND,
        GET,
        IMPLICIT,
        LAST,
        RELEASE_RQ,
        VERIFICATION,
        associate_request,
        command,
        data_pdu,
        element,
        find_request,
    )

LIMITS = Limits(network=0.01, associate=0.01, idle=0.01, release=0.0, pdu=4096, identifier=1 << 16)
CONTEXTS = {
    number: Context(number, UID(abstract), UID(transfer), scu=True, scp=True)
    for number, abstract, transfer in (
        (1, VERIFICATION, IMPLICIT),
        (3, FIND, EXPLICIT),
        (5, FIND, IMPLICIT),
        (7, FIND, "1.2.840.10008.1.2.1.99"),
        (9, CT, EXPLICIT),
        (11, GET, EXPLICIT),
    )
}
CALLER = Caller("fuzz", "FUZZ", "127.0.0.1", frozenset({"echo", "find", "store", "get"}))
ARCHIVE = MemoryArchive()
ARCHIVE.find = MemoryFinder([MemoryMatch(study(number, icon=False)) for number in range(3)]).find  # type: ignore[method-assign]
JOINED = Joined(ARCHIVE, Flusher(), ARCHIVE, ARCHIVE)


def one_input(data: bytes) -> None:
    """Take one input: its first byte says where it comes in."""
    if not data:
        return
    way, said = data[0] % 3, data[1:60000]
    near, far = socket.socketpair()
    with near, far:
        far.sendall(said)
        far.shutdown(socket.SHUT_WR)
        if way == 0:
            _ask_for_an_association(near)
        elif way == 1:
            _go_on(near)
        else:
            _answer_our_request(said)
    ARCHIVE.files.clear()


def _ask_for_an_association(near: socket.socket) -> None:
    try:
        proposal = receive_proposal(near, ("127.0.0.1", 1), LIMITS, None)
        association = proposal.accept(Terms({}))
        association.abort()
    except ProposalFailed:
        return


def _go_on(near: socket.socket) -> None:
    association = Association(Transport(near, LIMITS.association_pdu), Negotiated(CONTEXTS, 16384), LIMITS, "F@f:1")
    try:
        Service(association, CALLER, JOINED).run()
    except PeerError:
        assert not association.is_open


def _answer_our_request(said: bytes) -> None:
    if len(said) < 68:
        return
    try:
        decode_accept(memoryview(said))
    except MalformedError:
        return


def seeds() -> dict[str, bytes]:
    """Give inputs to begin with: messages that are right."""
    store = data_pdu(9, COMMAND | LAST, command(1, data=True, sop_class=CT, more=element(0x1000, b"1.2.3\0")))
    return {
        "associate": b"\0" + associate_request(),
        "echo": b"\1" + ECHO + RELEASE_RQ,
        "find": b"\1" + find_request() + find_request(2) + data_pdu(3, 3, command(0x0FFF)),
        "store": b"\1" + store + data_pdu(9, 0, bytes(64)) + data_pdu(9, LAST, bytes(64)),
        "accept": b"\2" + associate_request()[6:],
    }


if __name__ == "__main__":
    logging.disable()
    fuzz(one_input, seeds())
