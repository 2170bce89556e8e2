"""C-FIND: a query in, answers out as they are found, a cancel seen between them (PS3.4 C.4.1, PS3.7 9.1.2)."""

from collections.abc import Callable, Iterator
from time import monotonic
from typing import NamedTuple

from ..dimse import (
    Association,
    Flusher,
    Outbox,
    Received,
    command_pdu,
    command_value,
    commands,
    encode_command,
    message_parts,
    unexpected,
)
from ..errors import AnswersCut, FindiconError, QueryError
from ..observe import audit, log
from ..query import Finder, Key, Match, Model, Query, query_from_bytes
from . import replies
from .doors import Caller

_LOOK = 0.002  # seconds between two looks for a cancel
_MODELS = {model.find: model for model in Model}


def answer_find(association: Association, received: Received, finder: Finder, flusher: Flusher, caller: Caller) -> None:
    """Answer a C-FIND request.

    Raises
    ------
    PeerError
        The association is over.
    """
    began = monotonic()
    context = received.context
    data = association.read_data(context, association.limits.identifier) if received.command.has_data else b""
    asked: Query | None = None
    with Outbox(association, flusher) as outbox:
        answering = _Answering(association, received, outbox)
        try:
            options = association.options.get(context.abstract_syntax)
            asked = query_from_bytes(
                data,
                context.transfer_syntax,
                _MODELS[context.abstract_syntax],
                options,
                is_given_on=getattr(finder, "gives_questions_on", False),
            )
            answering.run(finder, asked)
            end = _End(replies.CANCEL if answering.is_cancelled else replies.SUCCESS)
        except Exception as error:  # a Finder is somebody else's code: whatever it raises is a failure status
            if not association.is_open:
                raise
            end = _End(*replies.status_of(error))
            if not isinstance(error, FindiconError):
                log.exception("find failed", caller=caller.name)
            elif not isinstance(error, QueryError):
                log.warning("find failed", caller=caller.name, reason=str(error))
        final = replies.response(received, end.status, replies.details(end.comment, end.offending))
        outbox.flush(command_pdu(context.context_id, final, association.largest))
    _record(asked, answering.answers, end, caller, monotonic() - began)


class _End(NamedTuple):
    """How a C-FIND ended."""

    status: int
    comment: str = ""
    offending: int | None = None


def _record(asked: Query | None, answers: int, end: _End, caller: Caller, seconds: float) -> None:
    level, status = str(asked.level) if asked else None, f"{end.status:04X}"
    log.info("find", caller=caller.name, query_level=level, answers=answers, status=status, seconds=round(seconds, 4))
    audit(
        "find",
        caller=caller.ae_title,
        host=caller.host,
        query_level=level,
        keys=lambda: _spoken(asked),
        answers=answers,
        status=status,
        comment=end.comment,
    )


class _Answering:
    """One C-FIND that is being answered.

    Attributes
    ----------
    answers
        How many have been given.
    is_cancelled
        Whether the asker wants no more.
    """

    def __init__(self, association: Association, received: Received, outbox: Outbox) -> None:
        self._association = association
        self._received = received
        self._outbox = outbox
        self._look_at = monotonic() + _LOOK
        self.answers = 0
        self.is_cancelled = False

    def run(self, finder: Finder, query: Query) -> None:
        """Give what the Finder finds to the outbox, until its end or a cancel."""
        matches = finder.find(query, self._cancelled)
        try:
            self._send(matches)
        finally:
            close = getattr(matches, "close", None)
            if close is not None:
                close()

    def _send(self, matches: Iterator[Match]) -> None:
        context = self._received.context
        transfer_syntax, context_id = context.transfer_syntax, context.context_id
        largest = self._association.largest
        heads: dict[bool, bytes] = {}
        put: Callable[..., None] = self._outbox.put
        most = self._association.limits.matches
        for match in matches:
            if self.answers == most:
                raise AnswersCut(most)
            supported = match.all_keys_supported
            head = heads.get(supported)
            if head is None:
                head = heads[supported] = self._pending(replies.PENDING if supported else replies.PENDING_WARNING)
            put(*message_parts(context_id, head, match.encoded(transfer_syntax), largest))
            self.answers += 1
            if self._cancelled():
                return

    def _pending(self, status: int) -> bytes:
        command = encode_command(replies.elements(self._received, status, commands.DATA_SET))
        return command_value(self._received.context.context_id, command)

    def _cancelled(self) -> bool:
        """Look, now and then, whether the asker wants no more; raises PeerAborted when it is gone."""
        now = monotonic()
        if self.is_cancelled or now < self._look_at:
            return self.is_cancelled
        self._look_at = now + _LOOK
        received = self._outbox.receive_now()
        while received is not None and not self.is_cancelled:
            if received.command.field != commands.C_CANCEL:
                raise unexpected(self._association, "a request before the last one was answered")
            self.is_cancelled = received.command.responded_to == self._received.command.message_id
            received = self._outbox.receive_now()
        return self.is_cancelled


def _spoken(query: Query | None) -> dict[str, str]:
    return {key.keyword: _values(key) for key in query.keys.values()} if query else {}


def _values(key: Key) -> str:
    return "\\".join(key.values)
