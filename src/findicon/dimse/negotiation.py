"""What both sides agree on: contexts, roles, lengths, options of queries (PS3.7 D.3.3, PS3.4 C.5.1.1)."""

from collections.abc import Mapping, Sequence
from dataclasses import astuple, dataclass, field

from pydicom.uid import (
    UID,
    DeflatedExplicitVRLittleEndian,
    ExplicitVRBigEndian,
    ExplicitVRLittleEndian,
    ImplicitVRLittleEndian,
)
from pynetdicom.presentation import PresentationContext, negotiate_as_acceptor, negotiate_as_requestor
from pynetdicom.sop_class import _STORAGE_CLASSES

from ..query import Model, Options
from .associate import AssociateAccept, AssociateRequest, ContextResult, ProposedContext

VERIFICATION = UID("1.2.840.10008.1.1")
STORAGE_CLASSES = frozenset(str(uid) for uid in _STORAGE_CLASSES.values())
# The order in which an acceptor prefers them for identifiers: explicit VRs say more, deflating costs time.
IDENTIFIER_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian, DeflatedExplicitVRLittleEndian)
NATIVE_SYNTAXES = (*IDENTIFIER_SYNTAXES, ExplicitVRBigEndian)

# Results of a proposed presentation context (PS3.8 Table 9-18)
ACCEPTED = 0
USER_REJECTION = 1
ABSTRACT_SYNTAX_NOT_SUPPORTED = 3
TRANSFER_SYNTAXES_NOT_SUPPORTED = 4
RESULTS = {
    ACCEPTED: "accepted",
    USER_REJECTION: "refused by the user",
    2: "refused without a reason",
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


def encode_options(options: Options) -> bytes:
    """Give the service class application information that proposes these (PS3.4 Table C.5-1)."""
    return bytes(int(value) for value in astuple(options)).rstrip(b"\0")


def decode_options(information: bytes) -> Options:
    """Read service class application information; bytes that are missing are 0, more than we know are ignored."""
    count = len(astuple(Options()))
    return Options(*(value == 1 for value in information[:count]))


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
    proposed = [_presentation_context(one) for one in request.contexts if one.transfer_syntaxes]
    supported = []
    for abstract_syntax, offer in offers.items():
        ours = PresentationContext()
        ours.abstract_syntax = UID(abstract_syntax)
        ours.transfer_syntax = list(offer.transfer_syntaxes)
        ours.scu_role, ours.scp_role = offer.requestor_scu, offer.requestor_scp
        supported.append(ours)
    answered, answered_roles = negotiate_as_acceptor(proposed, supported, _by_class(request.user.roles))
    accepted: dict[int, Context] = {}
    results: list[ContextResult] = []
    for one in answered:
        context = _settled(one)
        result = TRANSFER_SYNTAXES_NOT_SUPPORTED if one.result is None else one.result
        if result == ABSTRACT_SYNTAX_NOT_SUPPORTED and context.abstract_syntax in forbidden:
            result = USER_REJECTION
        if result == ACCEPTED and context.scp and not offers[context.abstract_syntax].requestor_scu:
            result = USER_REJECTION  # without role selection it would be the SCU, and for that we have no use
        if result == ACCEPTED:
            accepted[context.context_id] = context
        results.append(ContextResult(context.context_id, result, context.transfer_syntax))
    results += [
        ContextResult(one.context_id, TRANSFER_SYNTAXES_NOT_SUPPORTED, str(ImplicitVRLittleEndian))
        for one in request.contexts
        if not one.transfer_syntaxes
    ]
    roles = {str(one.sop_class_uid): (bool(one.scu_role), bool(one.scp_role)) for one in answered_roles}
    return accepted, tuple(results), roles


def agree_as_requestor(request: AssociateRequest, accept: AssociateAccept) -> Negotiated:
    """Read what the acceptor agreed to; a context that it did not answer counts as refused."""
    proposed = [_presentation_context(one) for one in request.contexts]
    for proposal in proposed:
        role = request.user.roles.get(proposal.abstract_syntax or "")
        if role is not None:
            proposal.scu_role, proposal.scp_role = role
    answered = []
    for result in accept.results:
        answer = PresentationContext()
        answer.context_id = result.context_id
        answer.result = result.result
        answer.transfer_syntax = [UID(result.transfer_syntax)] if result.transfer_syntax else []
        answered.append(answer)
    contexts: dict[int, Context] = {}
    refused = []
    by_id = {one.context_id: one for one in request.contexts}
    for one in negotiate_as_requestor(proposed, answered, _by_class(accept.user.roles)):
        context = _settled(one)
        if one.result == ACCEPTED and context.transfer_syntax in by_id[context.context_id].transfer_syntaxes:
            contexts[context.context_id] = context
        else:
            refused.append(ContextResult(context.context_id, one.result or USER_REJECTION, context.transfer_syntax))
    options = {
        sop_class: common_options(decode_options(information), decode_options(accept.user.extended.get(sop_class, b"")))
        for sop_class, information in request.user.extended.items()
    }
    return Negotiated(contexts, accept.user.maximum_length, options, tuple(refused))


def query_options(request: AssociateRequest, supported: Options) -> dict[str, Options]:
    """Answer the extended negotiation of the query SOP classes as an acceptor; others get no answer."""
    return {
        sop_class: common_options(decode_options(information), supported)
        for sop_class, information in request.user.extended.items()
        if sop_class in _QUERY_CLASSES and information
    }


def proposed_contexts(syntaxes: Sequence[tuple[str, Sequence[str]]]) -> tuple[ProposedContext, ...]:
    """Give the contexts that propose this: odd IDs from 1, at most 128 contexts (PS3.8 9.3.2.2)."""
    return tuple(
        ProposedContext(2 * index + 1, str(abstract), tuple(str(one) for one in transfers))
        for index, (abstract, transfers) in enumerate(syntaxes[:128])
    )


def _presentation_context(one: ProposedContext) -> PresentationContext:
    context = PresentationContext()
    context.context_id = one.context_id
    context.abstract_syntax = UID(one.abstract_syntax)
    context.transfer_syntax = [UID(syntax) for syntax in one.transfer_syntaxes]
    return context


def _settled(one: PresentationContext) -> Context:
    assert one.context_id is not None
    assert one.abstract_syntax is not None
    syntax = one.transfer_syntax[0] if one.transfer_syntax else UID("")
    return Context(one.context_id, one.abstract_syntax, syntax, bool(one.as_scu), bool(one.as_scp))


def _by_class(roles: Mapping[str, tuple[bool, bool]]) -> dict[UID, tuple[bool | None, bool | None]]:
    return {UID(sop_class): role for sop_class, role in roles.items()}


_QUERY_CLASSES = {str(model.find) for model in Model}
