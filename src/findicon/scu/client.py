"""A client of one DICOM peer: C-ECHO and C-FIND over associations that are kept and made again when they are gone."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import count
from typing import Self

from pydicom.charset import python_encoding
from pydicom.dataset import Dataset
from pydicom.uid import UID, ExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..dimse import (
    VERIFICATION,
    Address,
    Association,
    Context,
    Limits,
    Peer,
    Tls,
    UserIdentity,
    commands,
    context_for,
    encode_command,
    request_association,
    status_text,
    unexpected,
)
from ..errors import PeerAborted, PeerError, PeerRejected, QueryError
from ..query import Cancel, Level, Model, Options, Query, encode, never
from .matches import Matches, Question
from .pool import Pool

_SYNTAXES = (ExplicitVRLittleEndian, ImplicitVRLittleEndian)
_MEDIUM = 0
_DATA_SET = 1
_UTF_8 = "ISO_IR 192"
_message_ids = count(1)


class Client:
    """A client of one peer; a Finder over its answers. Any number of threads may use it at once.

    Parameters
    ----------
    address
        ``AET@host:port``, an Address or a Peer.
    calling_ae_title
        What we call ourselves.
    timeout
        Seconds to wait for the next answer; connecting and associating have at most 30 of them.
    character_set
        (0008,0005) for answers that do not name theirs; a Peer's own unless given. Requests use it too where it can
        hold them, else UTF-8.
    tls
        How to talk TLS; a Peer's own unless given.
    identity
        Who the user is, for peers that want to know (PS3.7 D.3.3.7).
    transfer_syntaxes
        What to propose for identifiers, the best first.
    limits
        What we bear from the peer.

    Raises
    ------
    QueryError
        The address is none.
    """

    def __init__(
        self,
        address: str | Address | Peer,
        *,
        calling_ae_title: str = "FINDICON",
        timeout: float = 60.0,
        character_set: str | None = None,
        tls: Tls | None = None,
        identity: UserIdentity | None = None,
        transfer_syntaxes: Sequence[UID] = _SYNTAXES,
        limits: Limits | None = None,
    ) -> None:
        peer = Peer.at(address)
        self.peer = replace(
            peer,
            tls=tls if tls is not None else peer.tls,
            character_set=peer.character_set if character_set is None else character_set,
        )
        self._calling = calling_ae_title
        self._timeout = timeout
        self._identity = identity
        self._transfer_syntaxes = tuple(transfer_syntaxes)
        self._limits = limits or replace(Limits(), network=timeout, associate=min(timeout, 30.0))
        self._pool = Pool(self._request)

    def __enter__(self) -> Self:
        self._pool.open()
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Release the associations that are kept; a later question makes new ones."""
        self._pool.close()

    def echo(self) -> None:
        """Ask whether the peer is there and talks to us (C-ECHO, PS3.7 9.1.5).

        Raises
        ------
        PeerError
            It is not, or does not.
        """
        association, reused = self._pool.take(Options())
        try:
            self._echo(association)
        except PeerAborted:
            if not reused:
                raise
            association, _ = self._pool.take(Options(), fresh=True)
            self._echo(association)
        self._pool.give_back(association)

    def find(self, query: Query | Dataset, cancel: Cancel = never, *, model: Model | None = None) -> Matches:
        """Ask a question; the answers come as they are found.

        Parameters
        ----------
        query
            A Query, or any data set, which goes out as it is.
        cancel
            Asked between answers, and while none comes.
        model
            The information model for a data set; by default what the peer accepts and the level needs.

        Raises
        ------
        QueryError
            The question cannot be encoded.
        PeerError
            The peer cannot be asked; what fails later is raised where the answers are read.
        """
        if isinstance(query, Query):
            identifier = query.to_dataset()
            self._name_character_set(identifier)
            models: tuple[Model, ...] = (query.model,)
            options, offset, limit = query.options, query.offset, query.limit
        else:
            identifier = query
            models = (model,) if model else _models(query)
            options, offset, limit = Options(), 0, None
        question = Question(
            identifier, tuple(str(one.find) for one in models), lambda one, fresh: self._ask(one, options, fresh=fresh)
        )
        return Matches(
            question,
            self._pool.give_back,
            cancel=cancel,
            offset=offset,
            limit=limit,
            timeout=self._timeout,
            character_set=self.peer.character_set,
        )

    def _request(self, options: Options) -> Association:
        classes = (VERIFICATION, *(model.find for model in Model))
        return request_association(
            self.peer,
            [(one, self._transfer_syntaxes) for one in classes],
            calling_ae_title=self._calling,
            limits=self._limits,
            options={model.find: options for model in Model},
            identity=self._identity,
        )

    def _ask(self, question: Question, options: Options, *, fresh: bool) -> tuple[Association, Context, int, bool]:
        association, reused = self._pool.take(options, fresh=fresh)
        context = self._context(association, question.sop_classes, "C-FIND in this information model")
        message_id = _next_message_id()
        command: dict[int, int | str] = {
            commands.AFFECTED_SOP_CLASS: str(context.abstract_syntax),
            commands.COMMAND_FIELD: commands.C_FIND,
            commands.MESSAGE_ID: message_id,
            commands.PRIORITY: _MEDIUM,
            commands.DATA_SET_TYPE: _DATA_SET,
        }
        try:
            data = encode(question.identifier, context.transfer_syntax)
        except Exception as error:  # pydicom raises whatever Python raises for values that fit no VR
            self._pool.give_back(association)
            raise QueryError(f"The question cannot be encoded: {error}") from error
        try:
            association.send(context, encode_command(command), data)
        except PeerAborted:
            if not reused:
                raise
            return self._ask(question, options, fresh=True)
        return association, context, message_id, reused

    def _context(self, association: Association, sop_classes: Sequence[str], what: str) -> Context:
        context = context_for(association, sop_classes)
        if context is None:
            self._pool.give_back(association)
            raise PeerRejected(association.peer, f"does not offer {what}")
        return context

    def _echo(self, association: Association) -> None:
        context = self._context(association, (VERIFICATION,), "C-ECHO")
        message_id = _next_message_id()
        command: dict[int, int | str] = {
            commands.AFFECTED_SOP_CLASS: str(VERIFICATION),
            commands.COMMAND_FIELD: commands.C_ECHO,
            commands.MESSAGE_ID: message_id,
            commands.DATA_SET_TYPE: commands.NO_DATA_SET,
        }
        association.send(context, encode_command(command))
        answer = association.receive_answer(self._timeout).command
        if answer.field != commands.C_ECHO | commands.RESPONSE or answer.responded_to != message_id:
            raise unexpected(association, f"a message {answer.field:04X} instead of an answer to a C-ECHO")
        if answer.status:
            self._pool.give_back(association)
            reason = f"C-ECHO failed: {status_text(commands.C_ECHO, answer.status)}"
            raise PeerError(association.peer, reason, status=answer.status, comment=answer.error_comment)

    def _name_character_set(self, identifier: Dataset) -> None:
        """Name the character set of a request, which some peers need before they name that of their answers."""
        if identifier.get("SpecificCharacterSet"):
            return
        known = self.peer.character_set
        identifier.SpecificCharacterSet = known.split("\\") if known and _can_hold(identifier, known) else _UTF_8


def _can_hold(identifier: Dataset, character_set: str) -> bool:
    text = "".join(str(element.value) for element in identifier.iterall())
    codecs = [python_encoding.get(one, "ascii") for one in character_set.split("\\")]
    return any(_encodes(text, codec) for codec in codecs)


def _encodes(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True


def _models(identifier: Dataset) -> tuple[Model, ...]:
    if str(identifier.get("QueryRetrieveLevel") or "").upper() == Level.PATIENT:
        return (Model.PATIENT_ROOT,)
    return Model.STUDY_ROOT, Model.PATIENT_ROOT


def _next_message_id() -> int:
    return next(_message_ids) % 0xFFFF + 1
