"""Answering an association request (PS3.8 7.1, 9.2; PS3.7 D.3)."""

import socket
import ssl
from collections.abc import Mapping
from dataclasses import dataclass, field
from time import monotonic

from ..query import Options
from . import pdus
from .associate import (
    APPLICATION_CONTEXT,
    AssociateAccept,
    AssociateRequest,
    UserInformation,
    decode_request,
    encode_accept,
)
from .association import Association
from .limits import Limits
from .negotiation import Negotiated, Offer, extended_answers, negotiate_contexts, query_options
from .pdus import MalformedError
from .strangers import stranger
from .tls import wrapped
from .transport import Transport, TransportClosedError, TransportTimeoutError


@dataclass(frozen=True, slots=True)
class Rejection:
    """Why an association is rejected (PS3.8 Table 9-21); `text` is for the log."""

    result: int
    source: int
    reason: int
    text: str


CALLING_NOT_RECOGNIZED = Rejection(1, 1, 3, "calling AE title not recognized")
CALLED_NOT_RECOGNIZED = Rejection(1, 1, 7, "called AE title not recognized")
NO_REASON = Rejection(1, 1, 1, "user identity not accepted")
LIMIT_EXCEEDED = Rejection(2, 3, 2, "local limit exceeded")
_WRONG_APPLICATION_CONTEXT = Rejection(1, 1, 2, "application context name not supported")
_WRONG_VERSION = Rejection(1, 2, 2, "protocol version not supported")


@dataclass(frozen=True, slots=True)
class Terms:
    """What an acceptor lets a caller do.

    Parameters
    ----------
    offers
        By abstract syntax, what this caller may use.
    forbidden
        By abstract syntax, what others may use but this caller may not.
    options
        What queries may be negotiated (PS3.4 C.5.1.1).
    identity_answer
        The answer to a user identity that was checked and asks for one (PS3.7 D.3.3.7).
    """

    offers: Mapping[str, Offer]
    forbidden: Mapping[str, Offer] = field(default_factory=dict)
    options: Options = field(default_factory=Options)
    identity_answer: bytes | None = None


class Proposal:
    """An association request that waits for our answer.

    Attributes
    ----------
    request
        What the peer asks for.
    peer
        The peer for messages to people: ``AET@host:port``, the port being the one it calls from.
    """

    def __init__(self, transport: Transport, request: AssociateRequest, host: str, port: int, limits: Limits) -> None:
        self._transport = transport
        self._limits = limits
        self.request = request
        self.host = host
        self.peer = f"{request.calling}@{f'[{host}]' if ':' in host else host}:{port}"

    def accept(self, terms: Terms) -> Association:
        """Accept on these terms; give the association.

        Raises
        ------
        ProposalFailed
            The peer is gone, or its maximum length leaves no room for data.
        """
        contexts, results, roles = negotiate_contexts(self.request, terms.offers, terms.forbidden)
        options = query_options(self.request, contexts, terms.options)
        user = self.request.user
        accept = AssociateAccept(
            results,
            UserInformation(
                maximum_length=self._limits.pdu,
                window=(1, 1) if user.window is not None else None,
                roles=roles,
                extended=extended_answers(self.request, contexts, options),
                identity_answer=terms.identity_answer if user.identity and user.identity.wants_answer else None,
            ),
        )
        negotiated = Negotiated(contexts, user.maximum_length, options)
        association = Association(self._transport, negotiated, self._limits, self.peer)
        if not association.has_room:
            association.abort(pdus.BY_PROVIDER, pdus.INVALID_PARAMETER)
            raise ProposalFailed(f"a maximum length of {user.maximum_length} bytes leaves no room for data")
        try:
            self._transport.send(encode_accept(accept, self.request), self._limits.associate, self._limits.slowest)
        except (TransportClosedError, TransportTimeoutError) as error:
            self._transport.close()
            raise ProposalFailed(f"the peer was gone before our answer: {error}") from error
        return association

    def reject(self, rejection: Rejection) -> None:
        """Reject the association and close its connection."""
        _reject(self._transport, rejection, self._limits)


class ProposalFailed(Exception):
    """A connection that came to no association; the text says why."""


def receive_proposal(
    connection: socket.socket, address: tuple[str, int], limits: Limits, context: ssl.SSLContext | None
) -> Proposal:
    """Wait for the association request on a new connection (ARTIM, PS3.8 9.1.5).

    Parameters
    ----------
    connection
        A connection as it was accepted; it is closed unless a proposal is given back.
    address
        Host and port that it comes from.
    context
        TLS of this side; None talks plainly.

    Raises
    ------
    ProposalFailed
        The connection brought no association request that can be answered; it is closed.
    """
    deadline = monotonic() + limits.associate
    try:
        if context is not None:
            connection = wrapped(connection, context)
        transport = Transport(connection, limits.association_pdu + pdus.HEADER.size)
    except OSError as error:  # gone before we looked, or no memory for its buffer
        connection.close()
        raise ProposalFailed(f"no association request: {error}") from error
    try:
        transport.handshake(deadline)
        transport.need(pdus.HEADER.size, deadline)
        kind, length = pdus.HEADER.unpack_from(transport.buffered())
        _check_kind(kind, bytes(transport.buffered()[:16]))
        pdus.check_length(kind, length, limits.association_pdu)
        transport.need(pdus.HEADER.size + length, deadline)
        transport.take(pdus.HEADER.size)
        request = decode_request(transport.take(length))
    except TransportClosedError as error:
        transport.close()
        raise ProposalFailed(f"no association request: {error}") from error
    except TransportTimeoutError as error:
        transport.finish(0)
        raise ProposalFailed(f"no association request in {limits.associate:g} s") from error
    except MalformedError as error:
        # AA-1 of PS3.8 Table 9-8: before there is an association, the source is the user, which has no reasons
        _last_words(transport, pdus.abort(pdus.BY_USER, pdus.NOT_SPECIFIED), limits)
        raise ProposalFailed(f"no association request but {error}") from error
    proposal = Proposal(transport, request, *address, limits)
    wrong = _WRONG_VERSION if not request.version & 1 else _WRONG_APPLICATION_CONTEXT
    if not request.version & 1 or request.application_context != APPLICATION_CONTEXT:
        proposal.reject(wrong)
        raise ProposalFailed(wrong.text)
    return proposal


def _check_kind(kind: int, said: bytes) -> None:
    if kind not in pdus.KINDS:
        raise MalformedError(stranger(said), pdus.UNRECOGNIZED_PDU)
    if kind == pdus.ABORT:
        raise TransportClosedError("the peer aborted")
    if kind != pdus.ASSOCIATE_RQ:
        raise MalformedError(f"a PDU of type {kind:02X}", pdus.UNEXPECTED_PDU)


def _reject(transport: Transport, rejection: Rejection, limits: Limits) -> None:
    _last_words(transport, pdus.reject(rejection.result, rejection.source, rejection.reason), limits)


def _last_words(transport: Transport, words: bytes, limits: Limits) -> None:
    try:
        transport.send_some(words)
    except TransportClosedError:
        transport.close()
        return
    transport.finish(limits.release)
