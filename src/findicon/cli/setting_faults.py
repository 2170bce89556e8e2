"""What is wrong with a setting, in words that people who write findicon.toml can use."""

import difflib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeAlias

from pydantic import BaseModel, ValidationError

VARIABLE_PREFIX = "FINDICON_"
Flags: TypeAlias = Mapping[str, Mapping[str, Any]]
Sections: TypeAlias = Mapping[str, type[BaseModel]]


def said_of(error: ValidationError, path: Path | None, flags: Flags, sections: Sections) -> str:
    """Say what is wrong with settings, each with its name, its value and what would be right.

    Parameters
    ----------
    path
        The file that was read.
    flags
        What the command line said, by section.
    sections
        The models of the sections, whose names are offered for misspelt ones.
    """
    return "; ".join(_sentence(fault, path, flags, sections) for fault in _faults(error))


def _faults(error: ValidationError) -> list[dict[str, Any]]:
    """Give what is wrong; of the alternatives of one setting the one that was meant, which got furthest."""
    faults: dict[tuple[str, ...], dict[str, Any]] = {}
    for one in error.errors():
        place = [str(part) for part in one["loc"]]
        named = [part for part in place if "[" not in part]  # pydantic writes alternatives as literal[...]
        setting = tuple(place) if named == place else tuple(named[:2])
        if setting not in faults or len(named) > len(faults[setting]["loc"]):
            faults[setting] = {**one, "loc": named}
    return list(faults.values())


def _sentence(fault: Mapping[str, Any], path: Path | None, flags: Flags, sections: Sections) -> str:
    """Say what is wrong, where it stands and what would be right."""
    keys = [str(key) for key in fault["loc"]]
    name, value = ".".join(keys), fault["input"]
    variable = VARIABLE_PREFIX + "_".join(keys[:2]).upper()
    if len(keys) > 1 and keys[1] in flags.get(keys[0], {}):
        where, name = "", f"--{keys[1].replace('_', '-')}"
    elif variable in os.environ:
        where, name = "", variable
    else:
        where = f"{path}: "
    if fault["type"] == "extra_forbidden":
        return f"{where}{name} is no setting{_nearest(keys, sections)}"
    if fault["type"] == "missing":
        return f"{where}{name} is missing"
    if isinstance(value, Mapping):
        return f"{where}{name}: {_right(fault)}"
    return f"{where}{name} = {_as_written(value)}: {_right(fault)}"


def _right(fault: Mapping[str, Any]) -> str:
    """Say what would be right, in words that do not speak of Python."""
    kind, more = str(fault["type"]), fault.get("ctx", {})
    if kind == "value_error":
        return str(fault["msg"]).removeprefix("Value error, ")
    if kind.startswith("int_"):
        return "should be a whole number"
    if kind.startswith("float_"):
        return "should be a number"
    if kind.startswith("bool_"):
        return "should be true or false"
    if kind in {"model_type", "model_attributes_type", "dict_type"}:
        return "should be a table of keys and values"
    if kind in {"frozen_set_type", "list_type"}:
        return 'should be a list, as in ["echo", "find"]'
    if kind in {"string_type", "path_type"}:
        return "should be text in quotes"
    if kind == "literal_error":
        expected = str(more.get("expected", "")).replace("'", '"')
        return f"should be {expected}"
    bounds = {
        "greater_than_equal": ("ge", "at least"),
        "greater_than": ("gt", "above"),
        "less_than_equal": ("le", "at most"),
    }
    if kind in bounds:
        limit, words = bounds[kind]
        return f"should be {words} {more.get(limit)}"
    return str(fault["msg"]).replace("Input should be", "should be")


def _as_written(value: object) -> str:
    """Write a value as TOML does."""
    return str(value).lower() if isinstance(value, bool) else f'"{value}"' if isinstance(value, str) else str(value)


def _nearest(keys: list[str], sections: Sections) -> str:
    """Offer the setting of the nearest name."""
    known = [name for name in sections if "." not in name] if len(keys) == 1 else list(sections[keys[0]].model_fields)
    if ".".join(keys[:-1]) in sections:
        known = list(sections[".".join(keys[:-1])].model_fields)
    near = difflib.get_close_matches(keys[-1], known, n=1)
    return f", did you mean {near[0]}?" if near else f": known are {', '.join(known)}"
