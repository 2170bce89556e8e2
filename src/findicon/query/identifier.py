"""A C-FIND identifier, as it came in, to a Query (PS3.4 C.4.1.1.3.1, C.4.1.2.1)."""

from pydicom.dataset import Dataset

from ..errors import QueryError
from .keys import Key
from .levels import QUERY_RETRIEVE_LEVEL, Level, Model
from .query import Options, Query, level_named

_SPECIFIC_CHARACTER_SET = 0x00080005
_QUERY_RETRIEVE_VIEW = 0x00080053
_RETRIEVE_AE_TITLE = 0x00080054
_TIMEZONE_OFFSET = 0x00080201
# Elements of an identifier that are not keys: they say how to read it, or are answered whatever was asked.
_NOT_KEYS = {_SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL, _QUERY_RETRIEVE_VIEW, _RETRIEVE_AE_TITLE, _TIMEZONE_OFFSET}


def query_from_identifier(identifier: Dataset, model: Model, options: Options | None = None) -> Query:
    """Read the question out of a C-FIND identifier.

    Parameters
    ----------
    identifier
        The decoded identifier; text is decoded with its own Specific Character Set.
    model
        The information model of the presentation context it came on.
    options
        What extended negotiation agreed on; without relational queries the Unique Keys above the level are needed.

    Raises
    ------
    QueryError
        Status A900 with the offending element: Query/Retrieve Level missing, unknown or not in the model, or the
        Unique Key of a level above missing or not a single value (PS3.4 C.4.1.2.1).
    """
    options = options or Options()
    level = _level(identifier, model)
    keys = [Key.from_element(element) for element in identifier if int(element.tag) not in _NOT_KEYS]
    query = Query(
        level,
        model=model,
        keys=(key for key in keys if key.tag & 0xFFFF),  # no group lengths
        defaults=False,
        options=options,
        character_sets=_character_sets(identifier),
    )
    if not options.relational:
        _check_levels_above(query)
    return query


def _level(identifier: Dataset, model: Model) -> Level:
    name = str(identifier.get("QueryRetrieveLevel") or "")
    if not name:
        raise QueryError("Query/Retrieve Level is missing", offending_element=QUERY_RETRIEVE_LEVEL)
    level = level_named(name)
    if level not in model.levels:
        raise QueryError(f"{model.name} has no {level} level", offending_element=QUERY_RETRIEVE_LEVEL)
    return level


def _character_sets(identifier: Dataset) -> tuple[str, ...]:
    value = identifier.get("SpecificCharacterSet") or ()
    return (value,) if isinstance(value, str) else tuple(str(one) for one in value)


def _check_levels_above(query: Query) -> None:
    for above in query.model.levels_above(query.level):
        key = query.keys.get(above.unique_key, Key(above.unique_key, "UI"))
        if len(key.values) != 1 or set(key.values[0]) & set("*?"):
            raise QueryError(
                f"{key.keyword} needs one value at {query.level} level", offending_element=above.unique_key
            )
