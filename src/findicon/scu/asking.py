"""Questions on their way out: identifiers, character sets, and the C-FIND request (PS3.4 C.4.1, PS3.7 9.1.2)."""

from dataclasses import dataclass
from itertools import count
from typing import NamedTuple

from pydicom.charset import python_encoding
from pydicom.dataset import Dataset

from ..dimse import Association, Context, commands, context_for, encode_command
from ..errors import PeerAborted, PeerRejected, QueryError
from ..query import Key, Level, Model, Query, encode
from .pool import Pool
from .proposals import Proposed

_UTF_8 = "ISO_IR 192"
_message_ids = count(1)


@dataclass(frozen=True, slots=True)
class Question:
    """A C-FIND to ask.

    Parameters
    ----------
    sop_classes
        Of the information models that will do, the best first.
    wanted
        The association it needs.
    """

    identifier: Dataset
    sop_classes: tuple[str, ...]
    wanted: Proposed


class Asked(NamedTuple):
    """A question that was sent.

    Attributes
    ----------
    is_reused
        Whether the association had been idle, so that the peer may have ended it meanwhile.
    """

    association: Association
    context: Context
    message_id: int
    is_reused: bool


class Asker:
    """Sends one question, more than once when it must, and gives the association back at the end."""

    def __init__(self, pool: Pool[Proposed], question: Question) -> None:
        self._pool = pool
        self._question = question

    def ask(self, *, fresh: bool = False) -> Asked:
        """Send the question.

        Parameters
        ----------
        fresh
            On a new association only.

        Raises
        ------
        QueryError
            It cannot be encoded.
        PeerError
            The peer cannot be asked.
        """
        association, reused = self._pool.take(self._question.wanted, fresh=fresh)
        try:
            context = offered(association, self._question.sop_classes, "C-FIND in this information model")
            data = encoded(self._question.identifier, context)
        except (PeerRejected, QueryError):
            self._pool.give_back(association)
            raise
        message_id = next_message_id()
        command = request(context, commands.C_FIND, message_id)
        try:
            association.send(context, encode_command(command), data)
        except PeerAborted:
            if not reused:
                raise
            return self.ask(fresh=True)
        return Asked(association, context, message_id, reused)

    def done(self, association: Association) -> None:
        """Give the association back after the last answer."""
        self._pool.give_back(association)


def offered(association: Association, sop_classes: tuple[str, ...], what: str) -> Context:
    """Give the context for the first of these SOP classes that the peer accepted; PeerRejected when there is none."""
    context = context_for(association, sop_classes)
    if context is None:
        raise PeerRejected(association.peer, f"does not offer {what}")
    return context


def encoded(identifier: Dataset, context: Context) -> bytes:
    """Encode an identifier; raise QueryError, which names the key at fault, when it cannot be."""
    try:
        return encode(identifier, context.transfer_syntax)
    except Exception as error:  # pydicom raises whatever Python raises for values that fit no VR
        tag = _first_unfit(identifier, context)
        if tag is None:
            raise QueryError("The question cannot be encoded") from error
        key = Key.from_element(identifier[tag])
        value = "\\".join(key.values)
        raise QueryError(
            f"The question cannot be encoded: {value!r} is no value for {key.keyword}, which has VR {key.vr}",
            offending_element=tag,
        ) from error


def _first_unfit(identifier: Dataset, context: Context) -> int | None:
    """Find the element that cannot be encoded."""
    for element in identifier:
        alone = Dataset()
        alone.add(element)
        try:
            encode(alone, context.transfer_syntax)
        except Exception:  # noqa: BLE001  as above
            return int(element.tag)
    return None


def request(context: Context, operation: int, message_id: int) -> dict[int, int | str]:
    """Give the elements of a request that has an identifier."""
    return {
        commands.AFFECTED_SOP_CLASS: str(context.abstract_syntax),
        commands.COMMAND_FIELD: operation,
        commands.MESSAGE_ID: message_id,
        commands.PRIORITY: commands.MEDIUM,
        commands.DATA_SET_TYPE: commands.DATA_SET,
    }


def cancel_request(message_id: int) -> bytes:
    """Encode a C-CANCEL request (PS3.7 9.3.2.3)."""
    return encode_command(
        {
            commands.COMMAND_FIELD: commands.C_CANCEL,
            commands.RESPONDED_TO: message_id,
            commands.DATA_SET_TYPE: commands.NO_DATA_SET,
        }
    )


def models_for(identifier: Dataset) -> tuple[Model, ...]:
    """Give the information models that a data set can be asked in, the best first."""
    if str(identifier.get("QueryRetrieveLevel") or "").upper() == Level.PATIENT:
        return (Model.PATIENT_ROOT,)
    return Model.STUDY_ROOT, Model.PATIENT_ROOT


def retrieve_identifier(query: Query) -> Dataset:
    """Make the C-GET or C-MOVE identifier of a query: its level, and its Unique Keys that have values."""
    identifier = Dataset()
    identifier.QueryRetrieveLevel = str(query.level)
    for level in query.model.levels:
        key = query.keys.get(level.unique_key)
        if key is not None and key.values:
            identifier.add(key.to_element())
    return identifier


def name_character_set(identifier: Dataset, known: str) -> None:
    """Name the character set of a request, which some peers need before they name that of their answers.

    Parameters
    ----------
    known
        The peer's own character set, taken where it can hold the request; empty when nobody knows it.
    """
    if not identifier.get("SpecificCharacterSet"):
        identifier.SpecificCharacterSet = known.split("\\") if known and _can_hold(identifier, known) else _UTF_8


def next_message_id() -> int:
    """Give a Message ID that is not in use."""
    return next(_message_ids) % 0xFFFF + 1


def _can_hold(identifier: Dataset, character_set: str) -> bool:
    text = "".join(str(element.value) for element in identifier.iterall())
    codecs = (python_encoding.get(one, "ascii") for one in character_set.split("\\"))
    return any(_encodes(text, codec) for codec in codecs)


def _encodes(text: str, codec: str) -> bool:
    try:
        text.encode(codec)
    except UnicodeEncodeError:
        return False
    return True
