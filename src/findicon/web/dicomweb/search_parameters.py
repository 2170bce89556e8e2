"""The parameters of a search to a Query (PS3.18 8.3.4)."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from ...errors import QueryError
from ...query import ICON_IMAGE_SEQUENCE, Key, Level, Options, Query, tag_of, vr_of
from ..problems import bad_request
from .search_attributes import DEFAULT, every, level_of, may_be_included

_TAG_OR_KEYWORD = re.compile(r"[0-9A-Fa-f]{8}|[A-Z][0-9A-Za-z]*", re.ASCII)
_UINT = re.compile(r"\d{1,9}", re.ASCII)
_UID = re.compile(r"[0-9.]{1,64}", re.ASCII)
_NOT_KEYS = {0x00080005, 0x00080052, 0x00080053, 0x00080054}
_MOST_KEYS = 200
_DEEPEST = 8
# A comma has no place in them, so that it can only stand between values.
_LISTS = {"UI", "CS"}
_OTHERS = {
    "accept", "charset", "emptyvaluematching", "fuzzymatching", "includefield", "limit", "multiplevaluematching",
    "offset",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Resource:
    """What is searched: a level, and the UIDs that the path names (PS3.18 Table 10.6.1-1)."""

    level: Level
    study: str = ""
    series: str = ""

    @property
    def default_levels(self) -> tuple[Level, ...]:
        """The levels whose default attributes an answer has: those above that the path does not name, too."""
        levels = [Level.STUDY] if not self.study else []
        if self.level is not Level.STUDY and not self.series:
            levels.append(Level.SERIES)
        return tuple(dict.fromkeys([*levels, self.level]))


@dataclass(frozen=True, slots=True)
class Search:
    """A search as it was asked.

    Parameters
    ----------
    query
        The question, with what is to be skipped, but without a limit.
    limit
        How many answers to give at most; None leaves it to the server.
    warnings
        What was not done as asked.
    """

    query: Query
    limit: int | None
    warnings: tuple[str, ...]


def search_of(
    resource: Resource, parameters: Iterable[tuple[str, str]], able: Options, *, icon_extension: bool
) -> Search:
    """Read the parameters of a search.

    Parameters
    ----------
    resource
        What is searched.
    parameters
        Names and values, decoded, in their order.
    able
        What the Finder can do of fuzzy, empty value and multiple value matching.
    icon_extension
        Whether (0088,0200) may be asked back for studies and series.

    Raises
    ------
    Problem
        400 with the name of the parameter that is wrong.
    """
    given = list(parameters)
    keys = _keys([(name, value) for name, value in given if name not in _OTHERS])
    options = [_Flag("fuzzymatching", "fuzzy_names", "Only literal matching has been performed.")]
    options.append(_Flag("emptyvaluematching", "empty_value", "Empty Value Matching has not been performed."))
    options.append(_Flag("multiplevaluematching", "multiple_value", "Multiple Value Matching has not been performed."))
    asked = {flag: _boolean(given, flag.parameter) for flag in options}
    done = {flag.option: wanted and getattr(able, flag.option) for flag, wanted in asked.items()}
    missing = [flag for flag, wanted in asked.items() if wanted and not done[flag.option]]
    below = any(_level(key).depth > resource.level.depth for key in keys)
    wanted = _wanted(resource, given, icon_extension=icon_extension)
    query = Query(
        resource.level,
        keys=[*wanted, *keys, *_path_keys(resource)],
        defaults=False,
        options=Options(relational=below or _is_relational(resource), combined_datetime=True, **done),
        offset=_number(given, "offset") or 0,
        character_sets=("ISO_IR 192",),
    )
    return Search(query, _number(given, "limit"), tuple(flag.warning for flag in missing))


@dataclass(frozen=True, slots=True)
class _Flag:
    parameter: str
    option: str
    consequence: str

    @property
    def warning(self) -> str:
        return f"The {self.parameter} parameter is not supported. {self.consequence}"


def _level(key: Key) -> Level:
    return level_of(key.tag)


def _is_relational(resource: Resource) -> bool:
    """Tell whether a level above has no single value in the path (PS3.4 C.4.1.2.2.1)."""
    if resource.level is Level.SERIES:
        return not resource.study
    return resource.level is Level.IMAGE and not (resource.study and resource.series)


def _path_keys(resource: Resource) -> list[Key]:
    keys = []
    for name, uid in (("StudyInstanceUID", resource.study), ("SeriesInstanceUID", resource.series)):
        if uid:
            keys.append(Key(tag_of(name), "UI", (uid,)))
    return keys


def _wanted(resource: Resource, given: Sequence[tuple[str, str]], *, icon_extension: bool) -> list[Key]:
    """Give the keys that ask values back: the defaults, and what includefield adds."""
    names = [name for level in resource.default_levels for name in DEFAULT[level]]
    fields = [field for name, value in given if name == "includefield" for field in value.split(",")]
    if "all" in fields:
        if len(fields) > 1:
            raise bad_request("includefield: 'all' stands alone (PS3.18 8.3.4.3)")
        levels = [level for level in (Level.STUDY, Level.SERIES, Level.IMAGE) if level.depth <= resource.level.depth]
        names += [name for level in levels for name in every(level)]
        fields = []
    keys = {key.tag: key for key in (Key.named(name) for name in names)}
    for field in fields:
        path = _path("includefield", field.strip())
        tag = path[0]
        if tag not in _NOT_KEYS and may_be_included(tag, resource.level, icon_extension=icon_extension):
            keys.setdefault(tag, Key(tag, vr_of(tag)))
    return [keys[tag] for tag in sorted(keys)]


def _keys(given: Sequence[tuple[str, str]]) -> list[Key]:
    """Give the keys that match; those of one sequence together are its one item (PS3.4 C.2.2.2.6)."""
    if len(given) > _MOST_KEYS:
        raise bad_request(f"{len(given)} parameters are too many: a search takes {_MOST_KEYS}")
    seen: set[tuple[int, ...]] = set()
    tree: dict[int, object] = {}
    for name, value in given:
        path = _path(name, name)
        if path in seen:
            raise bad_request(f"{_shown(name)}: the attribute is given twice")
        seen.add(path)
        level = tree
        for tag in path[:-1]:
            inner = level.setdefault(tag, {})
            if not isinstance(inner, dict):
                raise bad_request(f"{_shown(name)}: the attribute is given as a whole, too")
            level = inner
        if level.setdefault(path[-1], value) is not value:
            raise bad_request(f"{_shown(name)}: the attribute is given as a whole, too")
    return [_key(tag, value) for tag, value in sorted(tree.items()) if tag not in _NOT_KEYS]


def _key(tag: int, value: object) -> Key:
    if isinstance(value, dict):
        return Key(tag, "SQ", items=(tuple(_key(inner, content) for inner, content in sorted(value.items())),))
    vr, text = vr_of(tag), str(value)
    if vr == "SQ":
        if text:
            raise bad_request(f"{Key(tag, vr).keyword}: a sequence is matched by its attributes, as in A.B=value")
        return Key(tag, vr)
    values = text.replace(",", "\\").split("\\") if vr in _LISTS else text.split("\\")
    if vr == "UI" and text.strip("*"):
        wrong = next((one for one in values if not _UID.fullmatch(one)), None)
        if wrong is not None:
            raise bad_request(f"{Key(tag, vr).keyword}: {_shown(wrong)} is no UID")
    return Key(tag, vr, tuple(values) if any(values) else ())


def _path(parameter: str, name: str) -> tuple[int, ...]:
    parts = name.split(".")
    if len(parts) > _DEEPEST or not all(_TAG_OR_KEYWORD.fullmatch(part) for part in parts):
        raise bad_request(f"{_named(parameter, name)} is no keyword and no tag of eight hexadecimal digits")
    try:
        path = tuple(tag_of(part) for part in parts)
    except QueryError as error:
        where = "" if parameter == name else f"{parameter}: "
        raise bad_request(where + error.comment) from error
    if any(vr_of(tag) != "SQ" for tag in path[:-1]):
        raise bad_request(f"{_named(parameter, name)} goes into an attribute that is no sequence")
    if path[0] == ICON_IMAGE_SEQUENCE and parameter != "includefield":
        raise bad_request(f"{_shown(parameter)}: a picture cannot be matched, only asked for by includefield")
    return path


def _number(given: Sequence[tuple[str, str]], name: str) -> int | None:
    values = _single(given, name)
    if values is None:
        return None
    if not _UINT.fullmatch(values):
        raise bad_request(f"{name}: {_shown(values)} is no unsigned integer")
    return int(values)


def _boolean(given: Sequence[tuple[str, str]], name: str) -> bool:
    value = _single(given, name)
    if value not in {None, "true", "false"}:
        raise bad_request(f"{name}: {_shown(value or '')} is neither true nor false")
    return value == "true"


def _single(given: Sequence[tuple[str, str]], name: str) -> str | None:
    values = [value for found, value in given if found == name]
    if len(values) > 1:
        raise bad_request(f"{name}: the parameter is given {len(values)} times")
    return values[0] if values else None


def _named(parameter: str, name: str) -> str:
    return _shown(name) if parameter == name else f"{parameter}: {_shown(name)}"


def _shown(text: str) -> str:
    """Give a text of somebody else's as it can be shown in a sentence."""
    return repr(text if len(text) <= 64 else text[:61] + "...")
