import pytest
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ExplicitVRLittleEndian, ImplicitVRLittleEndian
from pynetdicom.presentation import PresentationContext, negotiate_as_acceptor

from findicon.dimse.associate import (
    AssociateAccept,
    AssociateRequest,
    ContextResult,
    ProposedContext,
    UserInformation,
)
from findicon.dimse.negotiation import (
    ABSTRACT_SYNTAX_NOT_SUPPORTED,
    ACCEPTED,
    IDENTIFIER_SYNTAXES,
    TRANSFER_SYNTAXES_NOT_SUPPORTED,
    USER_REJECTION,
    Offer,
    agree_as_requestor,
    decode_options,
    encode_options,
    negotiate_contexts,
    proposed_contexts,
    query_options,
)
from findicon.query import Options

EXPLICIT, IMPLICIT, DEFLATED = (
    str(ExplicitVRLittleEndian),
    str(ImplicitVRLittleEndian),
    str(DeflatedExplicitVRLittleEndian),
)
CT, FIND = "1.2.840.10008.5.1.4.1.1.2", "1.2.840.10008.5.1.4.1.2.2.1"


def request(*contexts: tuple[str, tuple[str, ...]], **user: object) -> AssociateRequest:
    return AssociateRequest("B", "A", proposed_contexts(contexts), UserInformation(**user))  # type: ignore[arg-type]


def test_explicit_is_preferred_then_implicit_then_deflated() -> None:
    asked = request((FIND, (DEFLATED, IMPLICIT, EXPLICIT)), (FIND, (DEFLATED, IMPLICIT)), (FIND, (DEFLATED,)))
    accepted, _, _ = negotiate_contexts(asked, {FIND: Offer(IDENTIFIER_SYNTAXES)}, {})
    assert [str(one.transfer_syntax) for one in accepted.values()] == [EXPLICIT, IMPLICIT, DEFLATED]


def test_refusals_say_the_right_reason() -> None:
    asked = request(
        (FIND, ("1.2.840.10008.1.2.4.50",)), ("1.2.3", (EXPLICIT,)), (CT, (EXPLICIT,)), (FIND, (EXPLICIT,)), (FIND, ())
    )
    accepted, results, _ = negotiate_contexts(
        asked, {FIND: Offer(IDENTIFIER_SYNTAXES)}, {CT: Offer(IDENTIFIER_SYNTAXES)}
    )
    assert [one.result for one in results] == [
        TRANSFER_SYNTAXES_NOT_SUPPORTED,
        ABSTRACT_SYNTAX_NOT_SUPPORTED,
        USER_REJECTION,
        ACCEPTED,
        TRANSFER_SYNTAXES_NOT_SUPPORTED,
    ]
    assert list(accepted) == [7]
    assert [one.context_id for one in results] == [1, 3, 5, 7, 9]


@pytest.mark.parametrize("proposed", [None, (True, False), (False, True), (True, True), (False, False)])
@pytest.mark.parametrize("offered", [(True, False), (False, True), (True, True)])
def test_roles_as_pynetdicom_negotiates_them(proposed: tuple[bool, bool] | None, offered: tuple[bool, bool]) -> None:
    asked = request((CT, (EXPLICIT,)), roles={CT: proposed} if proposed else {})
    offer = Offer([ExplicitVRLittleEndian], requestor_scu=offered[0], requestor_scp=offered[1])
    accepted, results, roles = negotiate_contexts(asked, {CT: offer}, {})
    theirs, ours = PresentationContext(), PresentationContext()
    theirs.context_id = 1
    for one in (theirs, ours):
        one.abstract_syntax, one.transfer_syntax = UID(CT), [UID(EXPLICIT)]
    ours.scu_role, ours.scp_role = offered
    (judge,), judged_roles = negotiate_as_acceptor([theirs], [ours], {CT: proposed} if proposed else {})
    if proposed is None and not offered[0]:
        assert results[0].result == USER_REJECTION  # the default role is one that is not offered
        return
    assert (results[0].result == ACCEPTED) == (judge.result == 0)
    if accepted:
        assert (accepted[1].scu, accepted[1].scp) == (bool(judge.as_scu), bool(judge.as_scp))
        assert roles.get(CT) == next(((one.scu_role, one.scp_role) for one in judged_roles), None)
        assert all(
            not granted or asked for granted, asked in zip(roles.get(CT, ()), proposed or (), strict=bool(proposed))
        )


def test_the_requestor_reads_the_answer() -> None:
    asked = request(
        (FIND, (EXPLICIT, IMPLICIT)),
        (CT, (EXPLICIT,)),
        ("1.2.3", (EXPLICIT,)),
        (FIND, (EXPLICIT,)),
        roles={CT: (False, True)},
    )
    user = UserInformation(maximum_length=4096, roles={CT: (False, True)})
    answers = (
        ContextResult(1, ACCEPTED, IMPLICIT),
        ContextResult(3, ACCEPTED, EXPLICIT),
        ContextResult(5, ABSTRACT_SYNTAX_NOT_SUPPORTED, ""),
        ContextResult(7, ACCEPTED, DEFLATED),  # never proposed
        ContextResult(99, ACCEPTED, EXPLICIT),  # never proposed either
    )
    agreed = agree_as_requestor(asked, AssociateAccept(answers, user))
    assert list(agreed.contexts) == [1, 3]
    assert (agreed.contexts[1].scu, agreed.contexts[1].scp) == (True, False)
    assert (agreed.contexts[3].scu, agreed.contexts[3].scp) == (False, True)
    assert agreed.largest == 4096
    assert [one.context_id for one in agreed.refused] == [5, 7]


def test_a_role_that_the_acceptor_ignores_is_the_default_one() -> None:
    asked = request((CT, (EXPLICIT,)), roles={CT: (False, True)})
    agreed = agree_as_requestor(asked, AssociateAccept((ContextResult(1, ACCEPTED, EXPLICIT),), UserInformation()))
    assert (agreed.contexts[1].scu, agreed.contexts[1].scp) == (True, False)


@pytest.mark.parametrize(
    ("information", "options"),
    [
        (b"", Options()),
        (b"\1", Options(relational=True)),
        (b"\0\1\0\1\0\1\1", Options(combined_datetime=True, timezone=True, empty_value=True, multiple_value=True)),
        (b"\1\1\1\1\1\1\1\1\1", Options(True, True, True, True, True, True, True)),
        (b"\2\xff", Options()),
    ],
)
def test_options_are_bytes(information: bytes, options: Options) -> None:
    assert decode_options(information) == options
    assert decode_options(encode_options(options)) == options


def test_options_of_queries_only_are_answered() -> None:
    asked = request((FIND, (EXPLICIT,)), extended={FIND: b"\1\1", CT: b"\1"})
    contexts, _, _ = negotiate_contexts(asked, {FIND: Offer(IDENTIFIER_SYNTAXES)}, {})
    assert query_options(asked, contexts, Options(relational=True, timezone=True)) == {FIND: Options(relational=True)}
    assert query_options(asked, {}, Options(relational=True)) == {}


def test_contexts_are_numbered_with_odd_ids() -> None:
    contexts = proposed_contexts([(FIND, [EXPLICIT])] * 130)
    assert len(contexts) == 128
    assert contexts[-1] == ProposedContext(255, FIND, (EXPLICIT,))
