"""What a C-GET or C-MOVE identifier selects (PS3.4 C.4.2.1, C.4.3.1), and which instances these are."""

from typing import NamedTuple

from pydicom.dataset import Dataset

from ..dimse import Association, Received
from ..errors import QueryError
from ..query import Finder, Key, Level, Model, Options, Query, decode, level_named
from . import replies

_MODELS = {uid: model for model in Model for uid in (model.get, model.move)}
_WANTED = ("SOPClassUID", "SOPInstanceUID", "AvailableTransferSyntaxUID")


class Selected(NamedTuple):
    """An instance to send; what the Finder does not know is empty."""

    sop_class: str
    sop_instance: str
    transfer_syntax: str


def read_selection(association: Association, received: Received) -> Query:
    """Read the identifier of a C-GET or C-MOVE request that was received: its level and its Unique Keys.

    Raises
    ------
    QueryError
        It cannot be decoded, or does not fix the Unique Keys that the level needs.
    PeerError
        The association is over.
    """
    if not received.command.has_data:
        raise QueryError("A retrieve request without an identifier")
    data = association.read_data(received.context, association.limits.identifier)
    model = _MODELS[received.context.abstract_syntax]
    try:
        identifier: Dataset = decode(data, received.context.transfer_syntax)
        name = str(identifier.get("QueryRetrieveLevel") or "")
        keys = {int(one.tag): Key.from_element(one) for one in identifier if int(one.tag) in _UNIQUE_KEYS}
    except Exception as error:  # pydicom raises whatever Python raises for bytes that are no data set
        raise QueryError("Malformed identifier", status=replies.UNABLE_TO_PROCESS) from error
    level = level_named(name)
    if level not in model.levels:
        raise QueryError(f"{model.name} has no {level} level", offending_element=0x00080052)
    unique = keys.get(level.unique_key)
    if unique is None or not unique.values:
        raise QueryError(f"The Unique Key of the {level} level is missing", offending_element=level.unique_key)
    for tag, key in keys.items():
        if any(set(value) & set("*?") for value in key.values):
            raise QueryError("A Unique Key with a wild card selects nothing", offending_element=tag)
    return Query(level, model=model, keys=(key for key in keys.values() if key.values), defaults=False)


def selected(finder: Finder, query: Query) -> list[Selected]:
    """Ask for the instances that a level and its Unique Keys select; raises what a Finder raises."""
    question = Query(
        Level.IMAGE,
        model=query.model,
        keys=(*(Key.named(one) for one in _WANTED), *query.keys.values()),
        defaults=False,
        options=Options(relational=True),  # the levels in between are not fixed
    )
    found = []
    for match in finder.find(question):
        answer = match.dataset
        syntaxes = answer.get("AvailableTransferSyntaxUID") or ""
        syntax = syntaxes if isinstance(syntaxes, str) else syntaxes[0]
        found.append(Selected(str(answer.get("SOPClassUID") or ""), str(answer.SOPInstanceUID), str(syntax)))
    return found


_UNIQUE_KEYS = {level.unique_key for level in Level}
