"""Keys as people write them: ``KEYWORD=VALUE``, ``KEYWORD``, ``ggggeeee=VALUE``, ``SEQUENCE.KEYWORD=VALUE``."""

import difflib
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from functools import cache

from pydicom import datadict

from ..errors import QueryError
from ..query import QUERY_RETRIEVE_LEVEL, Key

_TAG = re.compile(r"[(]?[0-9A-Fa-f]{4},?[0-9A-Fa-f]{4}[)]?")
_ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_UID = re.compile(r"[0-9.]{1,64}")
_TIME = re.compile(r"([01]\d|2[0-3])([0-5]\d([0-5]\d(\.\d{1,6})?)?)?")
_NUMBER_VRS = {"DS", "FD", "FL", "IS", "SL", "SS", "SV", "UL", "US", "UV"}


def parse_keys(arguments: Iterable[str]) -> list[Key]:
    """Read keys off the command line.

    Raises
    ------
    QueryError
        An unknown keyword, or a value that its VR cannot hold; the sentence says what would be right.
    """
    by_tag: dict[int, Key] = {}
    for argument in arguments:
        if not _is_text(argument):
            raise QueryError(f"{argument!r} is not text in the encoding of this terminal")
        name, _, value = argument.partition("=")
        path = name.strip().split(".")
        if not all(path):
            raise QueryError(f"{argument!r} names no attribute: write KEYWORD=VALUE, as in PatientName=DOE*")
        key = _key(path, value)
        before = by_tag.get(key.tag)
        by_tag[key.tag] = _merged(before, key) if before else key
    return list(by_tag.values())


def paths_of(key: Key) -> Iterator[str]:
    """Give a key as it is written, one path for each attribute inside a sequence."""
    inner = [path for item in key.items for one in item for path in paths_of(one)]
    yield from (f"{key.keyword}.{path}" for path in inner) if inner else (key.keyword,)


@cache
def keywords() -> dict[str, str]:
    """Give every keyword of the dictionary by how it is written without regard to capitals."""
    return {keyword.casefold(): keyword for keyword in datadict.keyword_dict}


def _named(name: str, value: str) -> Key:
    """Make a key of a name in any case; a misspelt one gets the nearest keyword offered."""
    known = keywords()
    folded = name.casefold()
    if folded in known:
        return Key.named(known[folded], value)
    begun = [one for one in known if one.startswith(folded)]
    near = sorted(begun, key=len) or difflib.get_close_matches(folded, known, n=1)
    if near and not _TAG.fullmatch(name):
        raise QueryError(f"{name!r} is no DICOM keyword, did you mean {known[near[0]]}?")
    return Key.named(name, value)


def _key(path: list[str], value: str) -> Key:
    key = _named(path[0], value if len(path) == 1 else "")
    if len(path) > 1:
        if key.vr != "SQ":
            raise QueryError(f"{key.keyword} is no sequence, so {'.'.join(path)} does not exist")
        return Key(key.tag, "SQ", items=((_key(path[1:], value),),))
    if key.tag == QUERY_RETRIEVE_LEVEL:
        raise QueryError("QueryRetrieveLevel is what --level says")
    if key.vr == "SQ" and key.values:
        raise QueryError(f"{key.keyword} is a sequence: write {key.keyword}.KEYWORD={value}")
    _check(key)
    return key


def _merged(one: Key, other: Key) -> Key:
    """Put two keys of one sequence into its one item (PS3.4 C.2.2.2.6); of others only one can have a value."""
    if one.vr == "SQ" and one.items and other.items:
        inside = {key.tag: key for key in one.items[0]}
        for key in other.items[0]:
            inside[key.tag] = _merged(inside[key.tag], key) if key.tag in inside else key
        return Key(one.tag, "SQ", items=(tuple(inside.values()),))
    if one.values and other.values and one.values != other.values:
        raise QueryError(f"{one.keyword} is given twice, as {_written(one)} and as {_written(other)}")
    return one if one.values or one.items else other


def _written(key: Key) -> str:
    return "\\".join(key.values)


def _is_text(argument: str) -> bool:
    """Tell whether it was decoded: bytes that are no text come as surrogates."""
    try:
        argument.encode()
    except UnicodeEncodeError:
        return False
    return True


def _check(key: Key) -> None:
    wrong = _CHECKS.get(key.vr, _number if key.vr in _NUMBER_VRS else None)
    for value in key.values:
        problem = wrong(value) if wrong else ""
        if problem:
            raise QueryError(f"{key.keyword}={value}: {problem}", offending_element=key.tag)


def _range(value: str, is_right: Callable[[str], bool]) -> bool:
    """Tell whether that is one value, or a range of them (PS3.4 C.2.2.2.5)."""
    ends = value.split("-")
    return 1 <= len(ends) <= 2 and any(ends) and all(is_right(end) for end in ends if end)


def _date(value: str) -> str:
    if value == "*" or _range(value, _is_date):
        return ""
    iso = _ISO_DATE.fullmatch(value)
    example = "".join(iso.groups()) if iso and _is_date("".join(iso.groups())) else "20240131"
    return f"write a date as {example}, or a range as {example}-{example}, {example}- or -{example}"


def _is_date(text: str) -> bool:
    try:
        datetime.strptime(text, "%Y%m%d")
    except ValueError:
        return False
    return len(text) == len("YYYYMMDD")


def _time(value: str) -> str:
    if value == "*" or _range(value, lambda text: bool(_TIME.fullmatch(text))):
        return ""
    return "write a time as 1430 or 143000, or a range as 0800-1200"


def _uid(value: str) -> str:
    if value == "*" or _UID.fullmatch(value):
        return ""
    return "a UID has digits and full stops only, 64 at most"


def _code(value: str) -> str:
    return "" if value == value.upper() else f"codes are written in capitals: {value.upper()}"


def _number(value: str) -> str:
    try:
        float(value)
    except ValueError:
        return "write a number"
    return ""


_CHECKS: dict[str, Callable[[str], str]] = {"DA": _date, "TM": _time, "UI": _uid, "CS": _code}
