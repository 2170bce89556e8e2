"""Retrieval asks for the instances of a whole study at once; upstreams that do not take that are walked down."""

from collections.abc import Callable, Iterator

from ..query import Cancel, Key, Level, Match, Model, Query, uid_of
from .questions import with_keys

Find = Callable[[Query, Cancel], Iterator[Match]]


def is_hierarchical(query: Query) -> bool:
    """Tell whether a query fixes every level above its own, as upstreams without relational queries need it."""
    return _open_level(query) is None


def walk(query: Query, find: Find, cancel: Cancel) -> Iterator[Match]:
    """Answer a relational query by hierarchical ones (PS3.4 C.4.1.2.2.1), level after level."""
    if query.model is Model.PATIENT_ROOT and not _is_fixed(query, Level.PATIENT):
        query = with_keys(query, query.keys.values(), model=Model.STUDY_ROOT)
    level = _open_level(query)
    if level is None:
        yield from find(query, cancel)
        return
    above = {one.unique_key for one in (*query.model.levels_above(level), level)}
    keys = {tag: key for tag, key in query.keys.items() if tag in above and key.values}
    keys.setdefault(level.unique_key, Key(level.unique_key, "UI"))
    upper = Query(level, model=query.model, keys=keys.values(), defaults=False, character_sets=query.character_sets)
    for match in find(upper, cancel):
        uid = uid_of(match.dataset, level)
        if uid:
            below = {**query.keys, level.unique_key: Key(level.unique_key, "UI", (uid,))}
            yield from walk(with_keys(query, below.values()), find, cancel)


def _open_level(query: Query) -> Level | None:
    return next((level for level in query.model.levels_above(query.level) if not _is_fixed(query, level)), None)


def _is_fixed(query: Query, level: Level) -> bool:
    key = query.keys.get(level.unique_key)
    return key is not None and len(key.values) == 1 and not set(key.values[0]) & set("*?")
