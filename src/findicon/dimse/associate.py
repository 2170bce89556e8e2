"""The A-ASSOCIATE PDUs (PS3.8 9.3.2, 9.3.3; PS3.7 Annex D.3.3) to plain data and back, through pynetdicom's codec.

pynetdicom fails on items that it does not know, where PS3.8 9.3.1 wants them skipped, and believes every length; so a
walk over the items comes first.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from struct import Struct
from types import MappingProxyType
from typing import Any

from pydicom.uid import UID
from pynetdicom.pdu import A_ASSOCIATE_AC, A_ASSOCIATE_RQ
from pynetdicom.pdu_items import PDU_ITEM_TYPES
from pynetdicom.pdu_primitives import (
    A_ASSOCIATE,
    AsynchronousOperationsWindowNegotiation,
    ImplementationClassUIDNotification,
    ImplementationVersionNameNotification,
    MaximumLengthNotification,
    SCP_SCU_RoleSelectionNegotiation,
    SOPClassExtendedNegotiation,
    UserIdentityNegotiation,
)
from pynetdicom.presentation import PresentationContext

from .pdus import ASSOCIATE_AC, ASSOCIATE_RQ, HEADER, MalformedError

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
# A UUID made for this project (PS3.5 B.2), and the version name that people see beside it.
IMPLEMENTATION_CLASS = "2.25.318920742037131138283679188874597518598"
IMPLEMENTATION_VERSION = "FINDICON"

_ITEM = Struct(">BxH")
_FIXED = 68  # bytes before the items
_USER_INFORMATION = 0x50
_PRESENTATION_CONTEXTS = {0x20, 0x21}


@dataclass(frozen=True, slots=True)
class ProposedContext:
    """A presentation context as a requestor proposes it."""

    context_id: int
    abstract_syntax: str
    transfer_syntaxes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ContextResult:
    """What an acceptor says to a proposed presentation context (PS3.8 Table 9-18); result 0 is acceptance."""

    context_id: int
    result: int
    transfer_syntax: str


@dataclass(frozen=True, slots=True)
class UserIdentity:
    """Who the user is (PS3.7 D.3.3.7): kind 1 name, 2 name and passcode, 3 Kerberos, 4 SAML, 5 JSON Web Token."""

    kind: int
    primary: bytes
    secondary: bytes = b""
    wants_answer: bool = False


@dataclass(frozen=True, slots=True)
class UserInformation:
    """The User Information item of either side."""

    maximum_length: int = 0
    implementation_class: str = IMPLEMENTATION_CLASS
    implementation_version: str = IMPLEMENTATION_VERSION
    window: tuple[int, int] | None = None
    """Operations invoked and performed at once (PS3.7 D.3.3.3)."""
    roles: Mapping[str, tuple[bool, bool]] = field(default_factory=lambda: MappingProxyType({}))
    """SCU and SCP role of the requestor by SOP class (PS3.7 D.3.3.4)."""
    extended: Mapping[str, bytes] = field(default_factory=lambda: MappingProxyType({}))
    """Service class application information by SOP class (PS3.7 D.3.3.5)."""
    identity: UserIdentity | None = None
    identity_answer: bytes | None = None


@dataclass(frozen=True, slots=True)
class AssociateRequest:
    """What an A-ASSOCIATE-RQ says."""

    called: str
    calling: str
    contexts: tuple[ProposedContext, ...]
    user: UserInformation
    application_context: str = APPLICATION_CONTEXT
    version: int = 1


@dataclass(frozen=True, slots=True)
class AssociateAccept:
    """What an A-ASSOCIATE-AC says."""

    results: tuple[ContextResult, ...]
    user: UserInformation


def encode_request(request: AssociateRequest) -> bytes:
    """Encode an A-ASSOCIATE-RQ PDU."""
    primitive = _primitive(request.called, request.calling, request.user)
    primitive.presentation_context_definition_list = [
        _context(one.context_id, one.abstract_syntax, one.transfer_syntaxes) for one in request.contexts
    ]
    encoded: bytes = A_ASSOCIATE_RQ(primitive).encode()
    return encoded


def encode_accept(accept: AssociateAccept, request: AssociateRequest) -> bytes:
    """Encode an A-ASSOCIATE-AC PDU; the AE titles of the request go back as they came (PS3.8 Table 9-17)."""
    primitive = _primitive(request.called, request.calling, accept.user)
    primitive.result = 0
    primitive.result_source = 1
    results = []
    for one in accept.results:
        context = _context(one.context_id, None, (one.transfer_syntax,))
        context.result = one.result
        results.append(context)
    primitive.presentation_context_definition_results_list = results
    encoded: bytes = A_ASSOCIATE_AC(primitive).encode()
    return encoded


def decode_request(body: memoryview) -> AssociateRequest:
    """Decode the body of an A-ASSOCIATE-RQ PDU, which is what follows its length.

    Raises
    ------
    MalformedError
        Items that lie about their length, or that cannot be decoded.
    """
    pdu = A_ASSOCIATE_RQ()
    primitive = _decoded(pdu, ASSOCIATE_RQ, body)
    contexts = []
    for one in primitive.presentation_context_definition_list:
        if one.context_id is None or one.context_id % 2 == 0 or one.abstract_syntax is None:
            raise MalformedError("a presentation context without an odd ID or an abstract syntax")
        contexts.append(
            ProposedContext(
                one.context_id, str(one.abstract_syntax), tuple(str(syntax) for syntax in one.transfer_syntax)
            )
        )
    if len({one.context_id for one in contexts}) != len(contexts):
        raise MalformedError("a presentation context ID twice")
    return AssociateRequest(
        called=pdu.called_ae_title.strip(" \0"),
        calling=pdu.calling_ae_title.strip(" \0"),
        contexts=tuple(contexts),
        user=_user_information(primitive),
        application_context=str(primitive.application_context_name or ""),
        version=pdu.protocol_version,
    )


def decode_accept(body: memoryview) -> AssociateAccept:
    """Decode the body of an A-ASSOCIATE-AC PDU; raise MalformedError as `decode_request` does."""
    primitive = _decoded(A_ASSOCIATE_AC(), ASSOCIATE_AC, body)
    results = tuple(
        ContextResult(
            one.context_id or 0,
            one.result if one.result is not None else 2,
            str(one.transfer_syntax[0]) if one.transfer_syntax else "",
        )
        for one in primitive.presentation_context_definition_results_list
    )
    return AssociateAccept(results, _user_information(primitive))


def _decoded(pdu: A_ASSOCIATE_RQ | A_ASSOCIATE_AC, kind: int, body: memoryview) -> A_ASSOCIATE:
    known = bytes(body[:_FIXED]) + _known_items(body[_FIXED:])
    try:
        pdu.decode(HEADER.pack(kind, len(known)) + known)
        return pdu.to_primitive()
    except Exception as error:  # the codec raises whatever Python raises for bytes that are no PDU
        raise MalformedError(f"an A-ASSOCIATE PDU that cannot be decoded: {error}") from error


def _known_items(items: memoryview) -> bytes:
    """Give the items again without those of unknown type, after checking every length."""
    kept = []
    for kind, body in _items(items):
        if kind not in PDU_ITEM_TYPES:
            continue
        whole = bytes(body)
        if kind == _USER_INFORMATION:
            whole = b"".join(_item(inner, bytes(part)) for inner, part in _items(body) if inner in PDU_ITEM_TYPES)
        elif kind in _PRESENTATION_CONTEXTS:
            parts = (_item(inner, bytes(part)) for inner, part in _items(body[4:]) if inner in PDU_ITEM_TYPES)
            whole = bytes(body[:4]) + b"".join(parts)
        kept.append(_item(kind, whole))
    return b"".join(kept)


def _item(kind: int, body: bytes) -> bytes:
    return _ITEM.pack(kind, len(body)) + body


def _items(data: memoryview) -> list[tuple[int, memoryview]]:
    found = []
    offset, end = 0, len(data)
    while offset < end:
        if end - offset < 4:
            raise MalformedError("an item cut short in an A-ASSOCIATE PDU")
        kind, length = _ITEM.unpack_from(data, offset)
        offset += 4
        if length > end - offset:
            raise MalformedError(f"an item of {length} bytes in an A-ASSOCIATE PDU, {end - offset} are left")
        found.append((kind, data[offset : offset + length]))
        offset += length
    return found


def _context(context_id: int, abstract_syntax: str | None, transfer_syntaxes: tuple[str, ...]) -> PresentationContext:
    context = PresentationContext()
    context.context_id = context_id
    if abstract_syntax is not None:
        context.abstract_syntax = UID(abstract_syntax)
    context.transfer_syntax = [UID(syntax) for syntax in transfer_syntaxes]
    return context


def _primitive(called: str, calling: str, user: UserInformation) -> A_ASSOCIATE:
    primitive = A_ASSOCIATE()
    primitive.application_context_name = UID(APPLICATION_CONTEXT)
    # PS3.8 Table 9-17: not tested by the receiver, so what cannot be written is not worth a failure
    primitive.called_ae_title = called or "ANY-SCP"
    primitive.calling_ae_title = calling or "ANY-SCU"
    items: list[Any] = []
    length = MaximumLengthNotification()
    length.maximum_length_received = user.maximum_length
    implementation = ImplementationClassUIDNotification()
    implementation.implementation_class_uid = UID(user.implementation_class)
    version = ImplementationVersionNameNotification()
    version.implementation_version_name = user.implementation_version
    items += [length, implementation, version]
    if user.window is not None:
        window = AsynchronousOperationsWindowNegotiation()
        window.maximum_number_operations_invoked, window.maximum_number_operations_performed = user.window
        items.append(window)
    for sop_class, (scu, scp) in user.roles.items():
        role = SCP_SCU_RoleSelectionNegotiation()
        role.sop_class_uid, role.scu_role, role.scp_role = UID(sop_class), scu, scp
        items.append(role)
    for sop_class, information in user.extended.items():
        extended = SOPClassExtendedNegotiation()
        extended.sop_class_uid = UID(sop_class)
        extended.service_class_application_information = information
        items.append(extended)
    if user.identity is not None or user.identity_answer is not None:
        items.append(_identity(user))
    primitive.user_information = items
    return primitive


def _identity(user: UserInformation) -> UserIdentityNegotiation:
    item = UserIdentityNegotiation()
    if user.identity is not None:
        item.user_identity_type = user.identity.kind
        item.primary_field = user.identity.primary
        item.secondary_field = user.identity.secondary
        item.positive_response_requested = user.identity.wants_answer
    else:
        item.server_response = user.identity_answer
    return item


def _user_information(primitive: A_ASSOCIATE) -> UserInformation:
    values: dict[str, object] = {"implementation_class": "", "implementation_version": ""}
    roles: dict[str, tuple[bool, bool]] = {}
    extended: dict[str, bytes] = {}
    for item in primitive.user_information:
        if isinstance(item, MaximumLengthNotification):
            values["maximum_length"] = item.maximum_length_received
        elif isinstance(item, ImplementationClassUIDNotification):
            values["implementation_class"] = str(item.implementation_class_uid or "")
        elif isinstance(item, ImplementationVersionNameNotification):
            values["implementation_version"] = item.implementation_version_name or ""
        elif isinstance(item, AsynchronousOperationsWindowNegotiation):
            values["window"] = (item.maximum_number_operations_invoked, item.maximum_number_operations_performed)
        elif isinstance(item, SCP_SCU_RoleSelectionNegotiation):
            roles[str(item.sop_class_uid)] = (bool(item.scu_role), bool(item.scp_role))
        elif isinstance(item, SOPClassExtendedNegotiation):
            extended[str(item.sop_class_uid)] = item.service_class_application_information or b""
        elif isinstance(item, UserIdentityNegotiation):
            if item.server_response is not None:
                values["identity_answer"] = item.server_response
            elif item.user_identity_type is not None:
                values["identity"] = UserIdentity(
                    item.user_identity_type,
                    item.primary_field or b"",
                    item.secondary_field or b"",
                    bool(item.positive_response_requested),
                )
    return UserInformation(roles=roles, extended=extended, **values)  # type: ignore[arg-type]
