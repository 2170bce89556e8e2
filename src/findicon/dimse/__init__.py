"""The exchange of DICOM messages over associations, both roles (PS3.7, PS3.8): one blocking thread each."""

from . import commands
from .acceptor import (
    CALLED_NOT_RECOGNIZED,
    CALLING_NOT_RECOGNIZED,
    LIMIT_EXCEEDED,
    NO_REASON,
    Proposal,
    ProposalFailed,
    Rejection,
    Terms,
    receive_proposal,
)
from .address import VERBS, Address, Peer, is_ae_title
from .associate import AssociateRequest, UserIdentity
from .association import Association, Received, Sink, context_for, unexpected
from .commands import Command, decode_command, encode_command
from .limits import Limits
from .listening import Connection, Listener
from .negotiation import (
    IDENTIFIER_SYNTAXES,
    NATIVE_SYNTAXES,
    VERIFICATION,
    Context,
    Offer,
    is_uid,
    peer_uid,
)
from .outbox import Flusher, Outbox
from .part10 import Instance, open_instance
from .pdus import command_pdu, command_value, message_parts
from .requestor import request_association
from .resolving import check_host
from .storing import Originator, receive_instance, send_instance, storage_syntaxes, store_answer
from .tables import status_text, storage_classes
from .tls import Tls

__all__ = [
    "CALLED_NOT_RECOGNIZED",
    "CALLING_NOT_RECOGNIZED",
    "IDENTIFIER_SYNTAXES",
    "LIMIT_EXCEEDED",
    "NATIVE_SYNTAXES",
    "NO_REASON",
    "VERBS",
    "VERIFICATION",
    "Address",
    "AssociateRequest",
    "Association",
    "Command",
    "Connection",
    "Context",
    "Flusher",
    "Instance",
    "Limits",
    "Listener",
    "Offer",
    "Originator",
    "Outbox",
    "Peer",
    "Proposal",
    "ProposalFailed",
    "Received",
    "Rejection",
    "Sink",
    "Terms",
    "Tls",
    "UserIdentity",
    "check_host",
    "command_pdu",
    "command_value",
    "commands",
    "context_for",
    "decode_command",
    "encode_command",
    "is_ae_title",
    "is_uid",
    "message_parts",
    "open_instance",
    "peer_uid",
    "receive_instance",
    "receive_proposal",
    "request_association",
    "send_instance",
    "status_text",
    "storage_classes",
    "storage_syntaxes",
    "store_answer",
    "unexpected",
]
