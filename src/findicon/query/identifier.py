"""A C-FIND identifier, as it came in, to a Query (PS3.4 C.4.1.1.3.1, C.4.1.2.1)."""

from collections.abc import Iterable
from functools import lru_cache

from pydicom.dataelem import RawDataElement
from pydicom.dataset import Dataset
from pydicom.uid import UID, DeflatedExplicitVRLittleEndian, ImplicitVRLittleEndian

from ..errors import QueryError
from .attributes import encode_value, head, texts_in, values_of
from .characters import TEXT_VRS, character_sets_of, characters_for
from .encoding import deflate, inflate
from .keys import BYTES_VRS, Key, vr_of
from .levels import QUERY_RETRIEVE_LEVEL, Level, Model
from .matching import Value
from .query import Options, Query, level_named
from .wire import Element, Malformed, elements_of, items_of

_SPECIFIC_CHARACTER_SET = 0x00080005
_QUERY_RETRIEVE_VIEW = 0x00080053
_RETRIEVE_AE_TITLE = 0x00080054
_TIMEZONE_OFFSET = 0x00080201
_OFTEN = 64  # bytes of a value that may come again
_HOW_TO_READ = frozenset({_SPECIFIC_CHARACTER_SET, QUERY_RETRIEVE_LEVEL})
NOT_KEYS = _HOW_TO_READ | {_QUERY_RETRIEVE_VIEW, _RETRIEVE_AE_TITLE, _TIMEZONE_OFFSET}
"""Elements of an identifier that are not keys: they say how to read it, or are answered whatever was asked."""
_LARGEST = 1 << 22  # bytes of a request, inflated
_MOST_KEYS = 1000  # of a request; the longest that anybody has reason to send have some hundred


def query_from_bytes(
    data: bytes,
    transfer_syntax: UID,
    model: Model,
    options: Options | None = None,
    *,
    is_given_on: bool = False,
) -> Query:
    """Read the question out of an encoded C-FIND identifier.

    Parameters
    ----------
    data
        The identifier as it came, in Implicit, Explicit or Deflated Explicit VR Little Endian.
    transfer_syntax
        Which of them.
    model
        The information model of the presentation context it came on.
    options
        What extended negotiation agreed on; without relational queries the Unique Keys above the level are needed.
    is_given_on
        Another archive gets the question as it is and judges it: no Unique Key is needed, and what says how to read
        the answers stays among the keys.

    Raises
    ------
    QueryError
        With the offending element: status C000 for bytes that are no data set; A900 for a Query/Retrieve Level that is
        missing, unknown or not in the model, for a Unique Key of a level above that is missing or not a single value
        (PS3.4 C.4.1.2.1), for text in a character set that does not exist, for a value of the wrong length, for an
        element that is there twice.
    """
    try:
        if transfer_syntax == DeflatedExplicitVRLittleEndian:
            data = inflate(data, _LARGEST)
        elements = elements_of(data, explicit=transfer_syntax != ImplicitVRLittleEndian)
    except Malformed as error:
        raise _unreadable(error, error.tag or None) from error
    except ValueError as error:
        raise _unreadable(error, None) from error
    if len(elements) > _MOST_KEYS:
        raise QueryError(f"The request has more than {_MOST_KEYS} keys", status=0xA700)
    names = _character_sets(elements)
    keys = {element.tag: _key(element, names) for element in elements}
    if len(keys) < len(elements):
        _complain_of_repetition(elements)
    if is_given_on:
        return _query(keys, names or (), model, options, _HOW_TO_READ)
    query = _query(keys, names or (), model, options)
    _check_levels_above(query)
    return query


def _complain_of_repetition(elements: Iterable[Element]) -> None:
    seen: set[int] = set()
    for element in elements:
        if element.tag in seen:
            raise QueryError(f"{Key(element.tag, '').keyword} is there twice", offending_element=element.tag)
        seen.add(element.tag)


def query_to_bytes(query: Query, transfer_syntax: UID, character_sets: tuple[str, ...] = ()) -> bytes:
    """Encode the C-FIND identifier that asks a question (PS3.4 C.4.1.1.3.1), without a data set in between.

    Parameters
    ----------
    query
        The question; Unique Keys of its level and of those above are added where they are missing.
    transfer_syntax
        Implicit, Explicit or Deflated Explicit VR Little Endian.
    character_sets
        (0008,0005) to use where it can hold the text, if not the query's own; else it is UTF-8, and named only when
        there is text beyond ASCII.
    """
    explicit = transfer_syntax != ImplicitVRLittleEndian
    keys = dict(query.keys)
    for level in (*query.model.levels_above(query.level), query.level):
        keys.setdefault(level.unique_key, Key(level.unique_key, "UI"))
    values = {tag: (key.vr, _asked(key)) for tag, key in keys.items()}
    texts = (text for vr, value in values.values() for text in texts_in(vr, value))
    names = characters_for(character_sets or query.character_sets, texts)
    values[QUERY_RETRIEVE_LEVEL] = "CS", str(query.level)
    if names:
        values[_SPECIFIC_CHARACTER_SET] = "CS", "\\".join(names)
    data = b"".join(
        head(tag, vr, explicit=explicit) + encode_value(vr, value, names, explicit=explicit)
        for tag, (vr, value) in sorted(values.items())
    )
    return deflate(data) if transfer_syntax == DeflatedExplicitVRLittleEndian else data


def _asked(key: Key) -> Value:
    if key.vr == "SQ":
        return [{one.tag: _asked(one) for one in item} for item in key.items]
    return "\\".join(key.values)


def query_from_identifier(identifier: Dataset, model: Model, options: Options | None = None) -> Query:
    """Read the question out of a decoded C-FIND identifier; otherwise as `query_from_bytes`.

    Parameters
    ----------
    identifier
        The identifier; what pydicom has not decoded yet is decoded here, with its own Specific Character Set.
    model, options
        As for `query_from_bytes`.

    Raises
    ------
    QueryError
        As for `query_from_bytes`.
    """
    found: dict[int, Element | Key] = {}
    for tag in identifier.keys():  # noqa: SIM118 -- iterating over the data set itself would decode its values
        element = identifier.get_item(tag)
        if isinstance(element, RawDataElement) and element.is_little_endian:
            try:
                found[int(tag)] = _element(element)
            except Malformed as error:
                raise _unreadable(error, int(tag)) from error
        else:
            found[int(tag)] = Key.from_element(identifier[tag])
    names = _character_sets(found.values())
    keys = {tag: _key(one, names) if isinstance(one, Element) else one for tag, one in found.items()}
    query = _query(keys, names or (), model, options)
    _check_levels_above(query)
    return query


def _unreadable(error: Exception, tag: int | None) -> QueryError:
    return QueryError(f"Malformed identifier: {error}", status=0xC000, offending_element=tag)


def _element(raw: RawDataElement) -> Element:
    value = raw.value or b""
    vr = raw.VR or vr_of(int(raw.tag))
    if vr == "SQ":
        return Element(int(raw.tag), vr, value, items_of(value, explicit=not raw.is_implicit_VR))
    return Element(int(raw.tag), vr, value)


def _query(
    keys: dict[int, Key],
    names: tuple[str, ...],
    model: Model,
    options: Options | None,
    not_keys: frozenset[int] = NOT_KEYS,
) -> Query:
    return Query(
        _level(keys.get(QUERY_RETRIEVE_LEVEL), model),
        model=model,
        keys=(key for tag, key in keys.items() if tag & 0xFFFF and tag not in not_keys),  # no group lengths
        defaults=False,
        options=options or Options(),
        character_sets=names,
    )


def _level(key: Key | None, model: Model) -> Level:
    name = key.values[0].strip() if key and key.values else ""
    if not name:
        raise QueryError("Query/Retrieve Level is missing", offending_element=QUERY_RETRIEVE_LEVEL)
    level = level_named(name)
    if level not in model.levels:
        raise QueryError(f"{model.name} has no {level} level", offending_element=QUERY_RETRIEVE_LEVEL)
    return level


def _character_sets(elements: Iterable[Element | Key]) -> tuple[str, ...] | None:
    """Give the character sets of an identifier; None when they do not exist, which text in ASCII does not mind."""
    for element in elements:
        if element.tag == _SPECIFIC_CHARACTER_SET:
            if isinstance(element, Key):
                return character_sets_of(element.values)
            return character_sets_of(element.value.decode("ascii", "replace").rstrip("\0 ").split("\\"))
    return ()


def _key(element: Element, names: tuple[str, ...] | None) -> Key:
    tag, vr, value, _ = element
    if vr == "SQ" or vr_of(tag) == "SQ":
        return Key(tag, "SQ", items=tuple(tuple(_key(one, names) for one in item) for item in _items(element)))
    return (_read_again if len(value) <= _OFTEN else _read)(tag, vr, value, names)


def _items(element: Element) -> tuple[tuple[Element, ...], ...]:
    """Give a sequence's items, also where its VR was not known to whoever encoded it (PS3.5 6.2.2)."""
    tag, vr, value, items = element
    if vr == "UN" and value:
        try:
            return items_of(value, explicit=False)
        except Malformed as error:
            raise _unreadable(error, tag) from error
    if vr != "SQ" and value:
        raise QueryError(f"{Key(tag, 'SQ').keyword} is a sequence, not {vr}", offending_element=tag)
    if vr_of(tag) not in {"SQ", "UN"}:
        raise QueryError(f"{Key(tag, 'SQ').keyword} is {vr_of(tag)}, not a sequence", offending_element=tag)
    return items


def _read(tag: int, encoded_vr: str, value: bytes, names: tuple[str, ...] | None) -> Key:
    vr = vr_of(tag)
    if vr == "UN":
        vr = encoded_vr
    values = _values(Element(tag, encoded_vr, value), vr if encoded_vr == "UN" else encoded_vr, names)
    return Key(tag, vr, values if any(values) else ())


# Whoever asks asks for the same attributes time and again; only what it looks for is new.
_read_again = lru_cache(maxsize=4096)(_read)


def _values(element: Element, vr: str, names: tuple[str, ...] | None) -> tuple[str, ...]:
    if vr in BYTES_VRS:
        return (element.value.hex(),) if element.value else ()
    if names is None and vr in TEXT_VRS and not element.value.isascii():
        raise QueryError("Its Specific Character Set does not exist", offending_element=_SPECIFIC_CHARACTER_SET)
    try:
        return values_of(element, vr, names or ())
    except ValueError as error:
        raise QueryError(f"{Key(element.tag, vr).keyword}: {error}", offending_element=element.tag) from error


def _check_levels_above(query: Query) -> None:
    if query.options.relational:
        return
    for above in query.model.levels_above(query.level):
        key = query.keys.get(above.unique_key, Key(above.unique_key, "UI"))
        if len(key.values) != 1 or set(key.values[0]) & set("*?"):
            raise QueryError(
                f"{key.keyword} needs one value at {query.level} level", offending_element=above.unique_key
            )
