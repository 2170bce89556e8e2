"""What a C-GET or C-MOVE identifier selects (PS3.4 C.4.2.1, C.4.3.1), and which instances these are."""

from typing import NamedTuple

from ..dimse import Association, Received
from ..errors import QueryError
from ..query import Finder, Key, Level, Model, Options, Query, query_from_bytes

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
    # the levels above need no Unique Key, as in a question that is given on
    asked = query_from_bytes(data, received.context.transfer_syntax, model, is_given_on=True)
    keys = {tag: key for tag, key in asked.keys.items() if tag in _UNIQUE_KEYS}
    level = asked.level
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
