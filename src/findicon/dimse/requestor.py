"""Asking for an association (PS3.8 7.1, PS3.7 D.3)."""

import contextlib
import socket
from collections.abc import Mapping, Sequence
from time import monotonic

from ..errors import PeerAborted, PeerError, PeerRejected, PeerTimeout
from ..observe import log
from ..query import Options
from . import pdus
from .address import Peer
from .associate import AssociateRequest, UserIdentity, UserInformation, decode_accept, encode_request
from .association import Association
from .limits import Limits
from .negotiation import RESULTS, agree_as_requestor, encode_options, proposed_contexts
from .pdus import MalformedError
from .strangers import stranger
from .tls import wrapped
from .transport import Transport, TransportClosedError, TransportTimeoutError

# Why an association was rejected, by source and reason (PS3.8 Table 9-21)
_REJECTIONS = {
    (1, 1): "no reason given",
    (1, 2): "application context name not supported",
    (1, 3): "calling AE title not recognized",
    (1, 7): "called AE title not recognized",
    (2, 1): "no reason given",
    (2, 2): "protocol version not supported",
    (3, 1): "temporary congestion",
    (3, 2): "local limit exceeded",
}


def request_association(
    peer: Peer,
    syntaxes: Sequence[tuple[str, Sequence[str]]],
    *,
    calling_ae_title: str,
    limits: Limits,
    options: Mapping[str, Options] | None = None,
    roles: Mapping[str, tuple[bool, bool]] | None = None,
    identity: UserIdentity | None = None,
) -> Association:
    """Connect to a peer and ask for an association.

    Parameters
    ----------
    syntaxes
        What to propose: abstract syntaxes, each with its transfer syntaxes.
    options
        Extended negotiation to propose, by SOP class.
    roles
        Roles (SCU, SCP) to propose, by SOP class.

    Raises
    ------
    PeerError
        It cannot be reached; PeerRejected, PeerTimeout, PeerAborted say more.
    """
    extended = {sop_class: encode_options(one) for sop_class, one in (options or {}).items()}
    request = AssociateRequest(
        called=peer.address.ae_title,
        calling=calling_ae_title,
        contexts=proposed_contexts(syntaxes),
        user=UserInformation(
            maximum_length=limits.pdu,
            roles=roles or {},
            extended={sop_class: information for sop_class, information in extended.items() if information},
            identity=identity,
        ),
    )
    name = str(peer.address)
    deadline = monotonic() + limits.associate
    transport = Transport(_connect(peer, name, limits), limits.association_pdu + pdus.HEADER.size)
    try:
        _handshake(transport, name, deadline)
        transport.send(encode_request(request), limits.associate, limits.slowest)
        transport.need(pdus.HEADER.size, deadline)
        kind, length = pdus.HEADER.unpack_from(transport.buffered())
        _check_kind(kind, bytes(transport.buffered()[:16]), name)
        pdus.check_length(kind, length, limits.association_pdu)
        transport.need(pdus.HEADER.size + length, deadline)
        transport.take(pdus.HEADER.size)
        negotiated = agree_as_requestor(request, decode_accept(_accepted(kind, transport.take(length), name)))
    except TransportTimeoutError as error:
        transport.close()
        raise PeerTimeout(name, f"did not answer the association request in {limits.associate:g} s") from error
    except TransportClosedError as error:
        transport.close()
        raise PeerAborted(name, f"ended the association request: {error}") from error
    except MalformedError as error:
        with contextlib.suppress(TransportClosedError):  # whoever talks nonsense may be gone already
            transport.send_some(pdus.abort(pdus.BY_PROVIDER, error.reason))
        transport.finish(limits.release)
        raise PeerAborted(name, f"aborted the association: received {error}") from error
    except PeerError:
        transport.close()
        raise
    association = Association(transport, negotiated, limits, name)
    if not association.has_room:
        association.abort(pdus.BY_PROVIDER, pdus.INVALID_PARAMETER)
        raise PeerAborted(name, f"takes PDUs of {negotiated.largest} bytes only, which leaves no room for data")
    if not association.contexts:
        association.abort()
        said = sorted({RESULTS.get(one.result, str(one.result)) for one in association.refused})
        raise PeerRejected(name, f"accepted none of our presentation contexts: {', '.join(said)}")
    log.debug("association accepted", peer=name, contexts=len(association.contexts), largest=association.largest)
    return association


def _handshake(transport: Transport, name: str, deadline: float) -> None:
    try:
        transport.handshake(deadline)
    except TransportClosedError as error:
        raise PeerRejected(name, str(error)) from error


def _check_kind(kind: int, said: bytes, name: str) -> None:
    if kind not in pdus.KINDS:
        raise PeerAborted(name, f"answered the association request with {stranger(said)}")


def _accepted(kind: int, body: memoryview, name: str) -> memoryview:
    if kind == pdus.ASSOCIATE_AC:
        return body
    if kind == pdus.ASSOCIATE_RJ:
        result, source, reason = body[1], body[2], body[3]
        why = _REJECTIONS.get((source, reason), f"source {source}, reason {reason}")
        until = "for now" if result == 2 else "for good"
        raise PeerRejected(name, f"rejected the association {until}: {why}")
    if kind == pdus.ABORT:
        raise PeerAborted(name, "aborted the association request")
    raise MalformedError(f"a PDU of type {kind:02X} instead of an answer to the association request", 2)


def _connect(peer: Peer, name: str, limits: Limits) -> socket.socket:
    host, port = peer.address.host, peer.address.port
    context = peer.tls.client_context() if peer.tls is not None else None
    try:
        connection = socket.create_connection((host, port), timeout=limits.associate)
    except TimeoutError as error:
        raise PeerTimeout(name, f"did not take the connection in {limits.associate:g} s") from error
    except OSError as error:
        raise PeerError(name, f"cannot be reached: {error.strerror or error}") from error
    return connection if context is None else wrapped(connection, context, host)
