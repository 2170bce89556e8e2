"""The A-ASSOCIATE PDUs to plain data and back (PS3.8 9.3.2, 9.3.3; PS3.7 Annex D.3.3), every length checked.

Written by hand because requests come in that are not quite right, AE titles padded with zeros or items that nobody
knows, and PS3.8 9.3.1 wants the latter skipped; and because a request with 120 contexts should not cost 30 ms.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from struct import Struct
from types import MappingProxyType

from .commands import peer_text
from .pdus import ASSOCIATE_AC, ASSOCIATE_RQ, HEADER, MalformedError

APPLICATION_CONTEXT = "1.2.840.10008.3.1.1.1"
# A UID made of a UUID (PS3.5 B.2), and the version name that people see beside it.
IMPLEMENTATION_CLASS = "2.25.318920742037131138283679188874597518598"
IMPLEMENTATION_VERSION = "FINDICON"

_ITEM = Struct(">BxH")
_FIXED = Struct(">Hxx16s16s32x")
_CONTEXT = Struct("BxBx")
_LENGTH = Struct(">H")
_MAXIMUM = Struct(">I")
_WINDOW = Struct(">HH")

# Item types (PS3.8 9.3.2, PS3.7 D.3.3)
_APPLICATION_CONTEXT = 0x10
_CONTEXT_RQ = 0x20
_CONTEXT_AC = 0x21
_ABSTRACT_SYNTAX = 0x30
_TRANSFER_SYNTAX = 0x40
_USER_INFORMATION = 0x50
_MAXIMUM_LENGTH = 0x51
_IMPLEMENTATION_CLASS = 0x52
_ASYNCHRONOUS_WINDOW = 0x53
_ROLE_SELECTION = 0x54
_IMPLEMENTATION_VERSION = 0x55
_EXTENDED_NEGOTIATION = 0x56
_USER_IDENTITY_RQ = 0x58
_USER_IDENTITY_AC = 0x59


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
    contexts = (
        _item(
            _CONTEXT_RQ,
            _CONTEXT.pack(one.context_id, 0),
            _item(_ABSTRACT_SYNTAX, one.abstract_syntax.encode("ascii")),
            *(_item(_TRANSFER_SYNTAX, syntax.encode("ascii")) for syntax in one.transfer_syntaxes),
        )
        for one in request.contexts
    )
    return _pdu(ASSOCIATE_RQ, request, contexts, request.user)


def encode_accept(accept: AssociateAccept, request: AssociateRequest) -> bytes:
    """Encode an A-ASSOCIATE-AC PDU; the AE titles of the request go back as they came (PS3.8 Table 9-17)."""
    contexts = (
        _item(
            _CONTEXT_AC,
            _CONTEXT.pack(one.context_id, one.result),
            _item(_TRANSFER_SYNTAX, one.transfer_syntax.encode("ascii")),
        )
        for one in accept.results
    )
    return _pdu(ASSOCIATE_AC, request, contexts, accept.user)


def decode_request(body: memoryview) -> AssociateRequest:
    """Decode the body of an A-ASSOCIATE-RQ PDU, which is what follows its length.

    Raises
    ------
    MalformedError
        Items that lie about their length, contexts without an odd ID of their own or without an abstract syntax.
    """
    version, called, calling = _FIXED.unpack_from(body)
    contexts: dict[int, ProposedContext] = {}
    user = UserInformation(implementation_class="", implementation_version="")
    application_context, has_user = "", False
    for kind, item in _items(body[_FIXED.size :]):
        if kind == _CONTEXT_RQ:
            context = _proposed_context(item)
            if context.context_id % 2 == 0 or context.context_id in contexts:
                raise MalformedError(f"presentation context ID {context.context_id}, which is even or there twice")
            contexts[context.context_id] = context
        elif kind == _APPLICATION_CONTEXT:
            application_context = _text(item)
        elif kind == _USER_INFORMATION:
            if has_user:  # many of them would cost half a second
                raise MalformedError("user information that is there twice")
            user, has_user = _user_information(item), True
    return AssociateRequest(
        called=_text(called),
        calling=_text(calling),
        contexts=tuple(contexts.values()),
        user=user,
        application_context=application_context,
        version=version,
    )


def decode_accept(body: memoryview) -> AssociateAccept:
    """Decode the body of an A-ASSOCIATE-AC PDU; raise MalformedError as `decode_request` does."""
    results = []
    user = UserInformation(implementation_class="", implementation_version="")
    for kind, item in _items(body[_FIXED.size :]):
        if kind == _CONTEXT_AC:
            context_id, result, parts = _context(item)
            syntaxes = [_text(part) for inner, part in parts if inner == _TRANSFER_SYNTAX]
            results.append(ContextResult(context_id, result, syntaxes[0] if syntaxes else ""))
        elif kind == _USER_INFORMATION:
            user = _user_information(item)
    return AssociateAccept(tuple(results), user)


def _pdu(kind: int, request: AssociateRequest, contexts: Iterable[bytes], user: UserInformation) -> bytes:
    called, calling = (text.encode("ascii", "replace")[:16].ljust(16) for text in (request.called, request.calling))
    body = b"".join(
        (
            _FIXED.pack(1, called, calling),
            _item(_APPLICATION_CONTEXT, APPLICATION_CONTEXT.encode("ascii")),
            *contexts,
            _item(_USER_INFORMATION, *_encoded_user_information(user)),
        )
    )
    return HEADER.pack(kind, len(body)) + body


def _item(kind: int, *parts: bytes) -> bytes:
    body = b"".join(parts)
    return _ITEM.pack(kind, len(body)) + body


def _counted(data: bytes) -> bytes:
    return _LENGTH.pack(len(data)) + data


def _encoded_user_information(user: UserInformation) -> Iterator[bytes]:
    yield _item(_MAXIMUM_LENGTH, _MAXIMUM.pack(user.maximum_length))
    yield _item(_IMPLEMENTATION_CLASS, user.implementation_class.encode("ascii"))
    if user.window is not None:
        yield _item(_ASYNCHRONOUS_WINDOW, _WINDOW.pack(*user.window))
    for sop_class, roles in user.roles.items():
        yield _item(_ROLE_SELECTION, _counted(sop_class.encode("ascii")), bytes(roles))
    yield _item(_IMPLEMENTATION_VERSION, user.implementation_version.encode("ascii"))
    for sop_class, information in user.extended.items():
        yield _item(_EXTENDED_NEGOTIATION, _counted(sop_class.encode("ascii")), information)
    if user.identity is not None:
        who = user.identity
        kind = bytes((who.kind, who.wants_answer))
        yield _item(_USER_IDENTITY_RQ, kind, _counted(who.primary), _counted(who.secondary))
    if user.identity_answer is not None:
        yield _item(_USER_IDENTITY_AC, _counted(user.identity_answer))


def _items(data: memoryview) -> Iterator[tuple[int, memoryview]]:
    offset, end = 0, len(data)
    while offset < end:
        if end - offset < _ITEM.size:
            raise MalformedError("an item cut short in an A-ASSOCIATE PDU")
        kind, length = _ITEM.unpack_from(data, offset)
        offset += _ITEM.size
        if length > end - offset:
            raise MalformedError(f"an item of {length} bytes in an A-ASSOCIATE PDU, {end - offset} are left")
        yield kind, data[offset : offset + length]
        offset += length


def _context(item: memoryview) -> tuple[int, int, Iterator[tuple[int, memoryview]]]:
    if len(item) < _CONTEXT.size:
        raise MalformedError("a presentation context cut short")
    context_id, result = _CONTEXT.unpack_from(item)
    return context_id, result, _items(item[_CONTEXT.size :])


def _proposed_context(item: memoryview) -> ProposedContext:
    context_id, _, parts = _context(item)
    abstract_syntax, transfer_syntaxes = "", []
    for kind, part in parts:
        if kind == _ABSTRACT_SYNTAX:
            abstract_syntax = _text(part)
        elif kind == _TRANSFER_SYNTAX:
            transfer_syntaxes.append(_text(part))
    if not abstract_syntax:
        raise MalformedError(f"presentation context {context_id} without an abstract syntax")
    return ProposedContext(context_id, abstract_syntax, tuple(transfer_syntaxes))


def _user_information(item: memoryview) -> UserInformation:
    user = UserInformation(implementation_class="", implementation_version="")
    roles: dict[str, tuple[bool, bool]] = {}
    extended: dict[str, bytes] = {}
    for kind, part in _items(item):
        if kind == _MAXIMUM_LENGTH:
            user = replace(user, maximum_length=_MAXIMUM.unpack(_sized(part, _MAXIMUM.size))[0])
        elif kind == _IMPLEMENTATION_CLASS:
            user = replace(user, implementation_class=_text(part))
        elif kind == _IMPLEMENTATION_VERSION:
            user = replace(user, implementation_version=_text(part))
        elif kind == _ASYNCHRONOUS_WINDOW:
            user = replace(user, window=_WINDOW.unpack(_sized(part, _WINDOW.size)))
        elif kind == _ROLE_SELECTION:
            sop_class, rest = _split(part)
            scu, scp = _sized(rest, 2)
            roles[_text(sop_class)] = (scu == 1, scp == 1)
        elif kind == _EXTENDED_NEGOTIATION:
            sop_class, rest = _split(part)
            extended[_text(sop_class)] = bytes(rest)
        elif kind == _USER_IDENTITY_RQ:
            user = replace(user, identity=_identity(part))
        elif kind == _USER_IDENTITY_AC:
            user = replace(user, identity_answer=bytes(_split(part)[0]))
    return replace(user, roles=roles, extended=extended)


def _identity(part: memoryview) -> UserIdentity:
    if len(part) < 2:
        raise MalformedError("a user identity cut short")
    primary, rest = _split(part[2:])
    secondary, _ = _split(rest)
    return UserIdentity(part[0], bytes(primary), bytes(secondary), wants_answer=part[1] == 1)


def _split(data: memoryview) -> tuple[memoryview, memoryview]:
    """Take a field that its length precedes; give it and what follows."""
    if len(data) < _LENGTH.size:
        raise MalformedError("a length cut short in an A-ASSOCIATE PDU")
    end = _LENGTH.size + _LENGTH.unpack_from(data)[0]
    if end > len(data):
        raise MalformedError(f"a field of {end - _LENGTH.size} bytes in an item of {len(data)}")
    return data[_LENGTH.size : end], data[end:]


def _sized(data: memoryview, size: int) -> memoryview:
    if len(data) != size:
        raise MalformedError(f"an item of {len(data)} bytes that has {size}")
    return data


def _text(data: bytes | memoryview) -> str:
    return peer_text(bytes(data))
