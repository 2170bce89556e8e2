"""What both sides agree on: contexts, roles, lengths, options of queries (PS3.7 D.3.3, PS3.4 C.5.1.1)."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field

from pydicom import config
from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)

from ..query import Model, Options
from .associate import AssociateAccept, AssociateRequest, ContextResult, ProposedContext
from .tables import storage_classes

VERIFICATION = UID("1.2.840.10008.1.1")
# The order in which an acceptor prefers them for identifiers: explicit VRs say more, deflating costs time.
IDENTIFIER_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)
NATIVE_SYNTAXES = (*IDENTIFIER_SYNTAXES, ExplicitVRBigEndian)

# Results of a proposed presentation context (PS3.8 Table 9-18)
ACCEPTED = 0
USER_REJECTION = 1
NO_REASON = 2
ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
TRANSFER_SYNTAXES_NOT_SUPPORTED = 4
RESULTS = {
    ACCEPTED: "accepted",
    USER_REJECTION: "refused by the user",
    NO_REASON: "refused without a reason",
    ABSTRACT_SYNTAX_NOT_SUPPORTED: "abstract syntax not supported",
    TRANSFER_SYNTAXES_NOT_SUPPORTED: "transfer syntaxes not supported",
}


@dataclass(frozen=True, slots=True)
class Context:
    """An accepted presentation context, as this side sees it.

    Attributes
    ----------
    scu, scp
        The roles that this side may take in it.
    """

    context_id: int
    abstract_syntax: UID
    transfer_syntax: UID
    scu: bool
    scp: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """What an acceptor can do with an abstract syntax.

    Parameters
    ----------
    transfer_syntaxes
        The best first.
    requestor_scu, requestor_scp
        The roles that the requestor may take.
    """

    transfer_syntaxes: Sequence[UID]
    requestor_scu: bool = True
    requestor_scp: bool = False


@dataclass(frozen=True, slots=True)
class Negotiated:
    """What holds for the association.

    Attributes
    ----------
    contexts
        Accepted contexts by their ID.
    largest
        What the peer takes: bytes of a P-DATA-TF PDU after its header; 0 is no limit.
    options
        What was agreed by extended negotiation, by SOP class of the query.
    """

    contexts: Mapping[int, Context]
    largest: int
    options: Mapping[str, Options] = field(default_factory=dict)
    refused: tuple[ContextResult, ...] = ()


def is_uid(text: str) -> bool:
    """Tell whether what a peer wrote can be a UID; whatever else one has to be, some makers' are not."""
    return _UID.fullmatch(text) is not None


def peer_uid(text: str) -> UID:
    """Make a UID of what a peer wrote; pydicom would warn of what it dislikes, once for each that is different."""
    return UID(text, config.IGNORE)


def encode_options(options: Options) -> bytes:
    """Give the service class application information that proposes these (PS3.4 Table C.5-1)."""
    return bytes(int(value) for value in astuple(options)).rstrip(b"\0")


def decode_options(information: bytes) -> Options:
    """Read service class application information; bytes that are missing are 0, more than we know are ignored."""
    return Options(*(value == 1 for value in information[:_OPTIONS]))


def common_options(asked: Options, supported: Options) -> Options:
    """Give what both sides can do."""
    return Options(*(a and b for a, b in zip(astuple(asked), astuple(supported), strict=True)))


def negotiate_contexts(
    request: AssociateRequest, offers: Mapping[str, Offer], forbidden: Mapping[str, Offer]
) -> tuple[dict[int, Context], tuple[ContextResult, ...], dict[str, tuple[bool, bool]]]:
    """Answer the proposed contexts as an acceptor.

    Parameters
    ----------
    offers
        What this caller may use, by abstract syntax.
    forbidden
        What we could do but this caller may not: refused by the user, not as unknown.

    Returns
    -------
    tuple
        Accepted contexts by ID, the results in the order of the request, and the roles to answer.
    """
    accepted: dict[int, Context] = {}
    results: list[ContextResult] = []
    answered: dict[str, tuple[bool, bool]] = {}
    for one in request.contexts:
        offer = offers.get(one.abstract_syntax)
        if offer is None:
            refused = USER_REJECTION if one.abstract_syntax in forbidden else ABSTRACT_SYNTAX_NOT_SUPPORTED
            results.append(ContextResult(one.context_id, refused, ImplicitVRLittleEndian))
            continue
        proposed = frozenset(one.transfer_syntaxes)
        syntax = next((best for best in offer.transfer_syntaxes if best in proposed), None)
        roles = request.user.roles.get(one.abstract_syntax)
        # without role selection the requestor is the SCU and we are the SCP (PS3.7 D.3.3.4)
        scu, scp = roles or (True, False)
        scu, scp = scu and offer.requestor_scu, scp and offer.requestor_scp
        if syntax is None:
            results.append(ContextResult(one.context_id, TRANSFER_SYNTAXES_NOT_SUPPORTED, ImplicitVRLittleEndian))
        elif not scu and not scp:
            results.append(ContextResult(one.context_id, USER_REJECTION, ImplicitVRLittleEndian))
        else:
            accepted[one.context_id] = Context(one.context_id, peer_uid(one.abstract_syntax), syntax, scu=scp, scp=scu)
            results.append(ContextResult(one.context_id, ACCEPTED, syntax))
            if roles is not None:
                answered[one.abstract_syntax] = (scu, scp)
    return accepted, tuple(results), answered


def agree_as_requestor(request: AssociateRequest, accept: AssociateAccept) -> Negotiated:
    """Read what the acceptor agreed to; a context that it did not answer counts as refused."""
    contexts: dict[int, Context] = {}
    refused = []
    answers = {one.context_id: one for one in accept.results}
    for one in request.contexts:
        answer = answers.get(one.context_id, ContextResult(one.context_id, NO_REASON, ""))
        asked = request.user.roles.get(one.abstract_syntax)
        granted = accept.user.roles.get(one.abstract_syntax)
        scu, scp = (True, False)
        if asked is not None and granted is not None:
            scu, scp = asked[0] and granted[0], asked[1] and granted[1]
        if answer.result == ACCEPTED and answer.transfer_syntax in one.transfer_syntaxes and (scu or scp):
            syntax = UID(answer.transfer_syntax)
            contexts[one.context_id] = Context(one.context_id, UID(one.abstract_syntax), syntax, scu=scu, scp=scp)
        else:
            refused.append(answer)
    options = {
        sop_class: common_options(decode_options(information), decode_options(accept.user.extended.get(sop_class, b"")))
        for sop_class, information in request.user.extended.items()
    }
    return Negotiated(contexts, accept.user.maximum_length, options, tuple(refused))


def query_options(request: AssociateRequest, contexts: Mapping[int, Context], supported: Options) -> dict[str, Options]:
    """Agree on the extended negotiation of the query SOP classes that are accepted, as an acceptor."""
    accepted = {str(context.abstract_syntax) for context in contexts.values()}
    return {
        sop_class: common_options(decode_options(information), supported)
        for sop_class, information in request.user.extended.items()
        if sop_class in _QUERY_CLASSES & accepted and information
    }


def extended_answers(
    request: AssociateRequest, contexts: Mapping[int, Context], options: Mapping[str, Options]
) -> dict[str, bytes]:
    """Answer extended negotiation as an acceptor: never more bytes than were offered, nothing for what is refused.

    Parameters
    ----------
    contexts
        Those that are accepted.
    options
        What was agreed on for queries.
    """
    served = {str(context.abstract_syntax) for context in contexts.values() if context.scp}
    answers: dict[str, bytes] = {}
    for sop_class, asked in request.user.extended.items():
        if not asked or sop_class not in served:
            continue
        if sop_class in options:
            answers[sop_class] = encode_options(options[sop_class]).ljust(len(asked), b"\0")[:_OPTIONS]
        elif sop_class in _RETRIEVE_CLASSES:
            answers[sop_class] = bytes((asked[0] == 1, 0))[: len(asked)]
        elif sop_class in storage_classes():
            answers[sop_class] = _STORAGE[: len(asked)]
    return answers


def proposed_contexts(syntaxes: Sequence[tuple[str, Sequence[str]]]) -> tuple[ProposedContext, ...]:
    """Give the contexts that propose this: odd IDs from 1, at most 128 contexts (PS3.8 9.3.2.2)."""
    return tuple(
        ProposedContext(2 * index + 1, str(abstract), tuple(str(one) for one in transfers))
        for index, (abstract, transfers) in enumerate(syntaxes[:128])
    )


_UID = re.compile(r"[0-9.]{1,64}")
_QUERY_CLASSES = {str(model.find) for model in Model}
# Relational retrieval, as Unique Keys above the level are not needed; no conversion to Enhanced Multi-frame Images
# (PS3.4 C.5.2.1, C.5.3.1).
_RETRIEVE_CLASSES = {str(uid) for model in Model for uid in (model.move, model.get)}
# Level 2: all elements are kept; nothing is said about digital signatures; nothing is coerced (PS3.4 B.3.1.2).
_STORAGE = bytes((2, 0, 0, 0, 0, 0))
_OPTIONS = len(astuple(Options()))
