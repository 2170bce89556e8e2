"""The answers to one C-FIND as they come, and what ends them (PS3.7 9.1.2, 9.3.2)."""

import contextlib
from collections.abc import Iterator
from functools import cached_property
from time import monotonic
from typing import Self

from pydicom.charset import convert_encodings
from pydicom.dataset import Dataset
from pydicom.uid import UID

from ..dimse import Command, Received, commands, status_text, unexpected
from ..errors import PeerAborted, PeerError
from ..query import Cancel, EncodedMatch, decode, encode, never
from .asking import Asker, cancel_request
from .matches import Find, FoundMatch

_LOOK = 0.05  # seconds between two questions to a Cancel while nothing comes
_DRAIN = 2.0  # seconds that a peer has to stop after a C-CANCEL before it is aborted
_SUCCESS = 0x0000
_PENDING = 0xFF00


class PeerMatch(EncodedMatch, FoundMatch):
    """An answer of a peer, as it came.

    Parameters
    ----------
    peer
        Whose answer it is, for messages.
    character_set
        (0008,0005) for an answer that has none; empty leaves it as it is.
    find
        Asks the same peer.
    """

    def __init__(
        self,
        data: bytes,
        transfer_syntax: UID,
        peer: str,
        character_set: str,
        find: Find,
        *,
        all_keys_supported: bool = True,
    ) -> None:
        super().__init__(data, transfer_syntax, all_keys_supported=all_keys_supported)
        self._peer = peer
        self._character_set = character_set
        self._find = find

    def encoded(self, transfer_syntax: UID) -> bytes:
        """Give the bytes as they came, or encoded anew; raise PeerError for what cannot be decoded."""
        return encode(self.dataset, transfer_syntax) if self._character_set else super().encoded(transfer_syntax)

    @cached_property
    def dataset(self) -> Dataset:
        """The answer's identifier, decoded when first asked for; raise PeerError for what cannot be decoded."""
        try:
            dataset = decode(self._data, self._transfer_syntax)
            if self._character_set and not dataset.get("SpecificCharacterSet"):
                _name_character_set(dataset, self._character_set.split("\\"))
        except Exception as error:  # pydicom raises whatever Python raises for bytes that are no data set
            raise PeerError(self._peer, f"sent an answer that cannot be decoded: {error}") from error
        return dataset


def _name_character_set(dataset: Dataset, names: list[str]) -> None:
    """Name the character set of a data set whose text has not been decoded yet, and have it decoded so."""
    is_implicit, is_little_endian = dataset.original_encoding
    dataset.set_original_encoding(is_implicit, is_little_endian, convert_encodings(names))
    dataset.SpecificCharacterSet = names


class Answers(Iterator[PeerMatch]):
    """The answers to a C-FIND, one by one as they come.

    Leaving them early (`close`, or dropping the last reference) cancels the query at the peer.

    Parameters
    ----------
    asker
        Sends the question: once now, and once more when an idle association turns out to be gone.
    find
        Asks the same peer something else, for whoever walks down from an answer.
    cancel
        Asked between answers, and while none comes.
    offset, limit
        How many answers to leave out at the front, and how many to give at most.
    timeout
        Seconds that the peer may say nothing.
    character_set
        (0008,0005) for answers that have none.

    Raises
    ------
    PeerError
        While iterating: the peer failed; its answers before that have been given.
    """

    def __init__(
        self,
        asker: Asker,
        find: Find,
        *,
        cancel: Cancel = never,
        offset: int = 0,
        limit: int | None = None,
        timeout: float,
        character_set: str = "",
    ) -> None:
        self._is_over = True  # until the question is sent, there is nothing to leave
        self._asker = asker
        self._find = find
        self._cancel = cancel
        self._left_out = offset
        self._limit = limit
        self._timeout = timeout
        self._character_set = character_set
        self._given = 0
        self._last: Received | None = None
        self._ask(fresh=False)

    def __iter__(self) -> Self:
        return self

    def __del__(self) -> None:
        with contextlib.suppress(PeerError, AttributeError):
            self.close()

    def __next__(self) -> PeerMatch:
        try:
            match = self._next()
        except PeerError:
            self._is_over = True
            raise
        if match is None:
            raise StopIteration
        return match

    def close(self) -> None:
        """Want no more answers: cancel the query at the peer, or abort when it does not stop in time."""
        if not self._is_over:
            self._stop()

    def _ask(self, *, fresh: bool) -> None:
        self._association, self._context, self._message_id, self._is_reused = self._asker.ask(fresh=fresh)
        self._is_over = False
        self._last = None

    def _next(self) -> PeerMatch | None:
        while not self._is_over:
            if self._given == self._limit:
                self._stop()
                return None
            received, data = self._last, self._repeated()
            if received is None or data is None:
                received = self._receive()
                if received is None:
                    return None
                if not received.command.is_pending:
                    self._finish(received.command)
                    return None
                data = self._association.read_data(received.context, self._association.limits.identifier)
                self._last = received
            if self._left_out:
                self._left_out -= 1
                continue
            self._given += 1
            return PeerMatch(
                data,
                received.context.transfer_syntax,
                self._association.peer,
                self._character_set,
                self._find,
                all_keys_supported=received.command.status == _PENDING,
            )
        return None

    def _repeated(self) -> bytes | None:
        """Give the next answer when it is at hand and says the same about itself as the last one."""
        if self._last is None or (self._cancel is not never and self._cancel()):
            return None
        return self._association.repeated(self._last.context, self._association.limits.identifier)

    def _receive(self) -> Received | None:
        """Give the next response; None when the asker cancelled meanwhile."""
        association = self._association
        deadline = monotonic() + self._timeout
        while self._cancel is not never and monotonic() < deadline:
            if self._cancel():
                self._stop()
                return None
            if association.wait(_LOOK):
                break
        try:
            received = association.receive_answer(max(0.0, deadline - monotonic()))
        except PeerAborted:
            if not self._is_reused:
                raise
            # it had been idle, and the peer ended it just when we used it again
            self._ask(fresh=True)
            return self._receive()
        self._is_reused = False
        command = received.command
        if command.field != commands.C_FIND | commands.RESPONSE or command.responded_to != self._message_id:
            raise unexpected(association, f"a message {command.field:04X} instead of an answer to a C-FIND")
        if command.is_pending and not command.has_data:
            raise unexpected(association, "a pending answer without its identifier")
        return received

    def _finish(self, command: Command) -> None:
        if command.has_data:  # some peers repeat the identifier with the final response
            self._association.read_data_into(None, self._context, self._association.limits.identifier)
        self._is_over = True
        self._asker.done(self._association)
        if command.status != _SUCCESS:
            raise PeerError(
                self._association.peer,
                f"C-FIND failed: {status_text(commands.C_FIND, command.status)}",
                status=command.status,
                comment=command.error_comment,
            )

    def _stop(self) -> None:
        self._is_over = True
        association = self._association
        deadline = monotonic() + _DRAIN
        try:
            association.send(self._context, cancel_request(self._message_id))
            while (seconds := deadline - monotonic()) > 0:
                if not association.wait(seconds):
                    break
                received = association.receive(seconds)
                if received is None:
                    return
                if received.command.has_data:
                    association.read_data_into(None, received.context, association.limits.identifier)
                if not received.command.is_pending:
                    self._asker.done(association)
                    return
        except PeerError:
            return  # it is over, as we wanted
        association.abort()
