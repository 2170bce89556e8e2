"""Data sets in the DICOM JSON Model (PS3.18 Annex F)."""

import base64
import json
import math
import re
from collections.abc import Iterable, Sequence
from functools import lru_cache

from ..attributes import Attribute, Plain

JSON = "application/dicom+json"
_quoted = json.encoder.encode_basestring
_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?", re.ASCII)
_GROUPS = ("Alphabetic", "Ideographic", "Phonetic")


def json_text(attributes: Iterable[Attribute]) -> str:
    """Write a data set, its attributes in ascending order, as one JSON object."""
    return "{" + ",".join([_member(attribute) for attribute in attributes]) + "}"


def _member(attribute: Attribute) -> str:
    tag, vr, values, items, binary, address = attribute
    if values:
        return f'{_head(tag, vr)},"Value":[{",".join(_values(vr, values))}]}}'
    if items:
        return f'{_head(tag, vr)},"Value":[{",".join([json_text(item) for item in items])}]}}'
    if binary:
        return f'{_head(tag, vr)},"InlineBinary":"{base64.b64encode(binary).decode("ascii")}"}}'
    if address:
        return f'{_head(tag, vr)},"BulkDataURI":{_quoted(address)}}}'
    return _head(tag, vr) + "}"  # an empty one has no Value (F.2.5)


@lru_cache(maxsize=8192)
def _head(tag: int, vr: str) -> str:
    return f'"{tag:08X}":{{"vr":{_quoted(vr)}'


def _values(vr: str, values: Sequence[Plain]) -> list[str]:
    if vr == "PN":
        return [_name(str(value)) if value is not None else "null" for value in values]
    if vr in {"DS", "IS"}:
        return [_number_text(str(value)) if value is not None else "null" for value in values]
    return [_value(value) for value in values]


def _value(value: Plain) -> str:
    if isinstance(value, str):
        return _quoted(value)
    if value is None:
        return "null"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else f'"{value}"'  # JSON has no NaN
    return str(value)


def _number_text(text: str) -> str:
    """Write a number as it stands where JSON knows it as one, else as the string that it is (F.2.3)."""
    if _NUMBER.fullmatch(text):
        return text
    try:
        number = float(text)
    except ValueError:
        return _quoted(text)
    if not math.isfinite(number) or "_" in text:
        return _quoted(text)
    return str(int(number)) if number.is_integer() and abs(number) < 1 << 53 else repr(number)


def _name(text: str) -> str:
    if "=" not in text:
        return f'{{"Alphabetic":{_quoted(text)}}}'
    groups = zip(_GROUPS, text.split("="), strict=False)
    return "{" + ",".join([f'"{name}":{_quoted(group.strip(" "))}' for name, group in groups if group.strip(" ")]) + "}"
