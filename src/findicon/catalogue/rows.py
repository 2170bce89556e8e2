"""One instance's record to what its rows hold."""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, fields
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from ..icons import Facts
from ..query import (
    UTF_8,
    Level,
    Malformed,
    Value,
    clean,
    elements_of,
    encode_value,
    head,
    name_groups,
    name_sounds,
    read_attributes,
)
from .columns import ATTRIBUTES, COLUMNS, GROUP_NAMES, SEQUENCES, columns_of
from .records import InstanceRecord
from .sequences import to_text
from .session import Values

_SPECIFIC_CHARACTER_SET = 0x00080005
_UIDS = {Level.STUDY: 0x0020000D, Level.SERIES: 0x0020000E, Level.IMAGE: 0x00080018}
_KEPT = frozenset(ATTRIBUTES)
# How each sequence begins in Explicit VR Little Endian.
_MARKS = {tag: struct.pack("<HH", tag >> 16, tag & 0xFFFF) + b"SQ" for tag in SEQUENCES}
_TEXT_COLUMNS, _SEQUENCE_COLUMNS = (
    {level: tuple((one.tag, one.name) for one in columns_of(level, kind)) for level in Level}
    for kind in ("text", "sequence")
)
_FOLDED_COLUMNS = {
    level: tuple((one.tag, one.name) for one in columns_of(level, "text") if one.is_folded) for level in Level
}
# What tells two patients with one Patient ID apart.
IDENTITY = ("patient_name", "patient_birth_date", "patient_sex")


@dataclass(frozen=True, slots=True)
class Rows:
    """What one instance says about its study, its series and itself.

    Attributes
    ----------
    rank
        The instance with the smallest rank speaks for its series and its study: the one that says most.
    study_values, series_values, instance_values
        Values by column; those of the patient are among the study's.
    """

    study: str
    series: str
    sop_instance: str
    rank: str
    study_values: Values
    series_values: Values
    instance_values: Values
    header: bytes
    file: Values


def rows_of(record: InstanceRecord) -> Rows:
    """Make the rows of a record: values cleaned, names folded, the header compressed."""
    texts = {tag: clean(COLUMNS[tag].vr, text) for tag, text in record.attributes.items() if tag in _KEPT}
    values: dict[int, Value] = {**texts, **_sequences(record.header)}
    study, series, sop_instance = (texts.get(tag, "") for tag in _UIDS.values())
    digest = _digest(record)
    study_values = level_values(values, Level.PATIENT, Level.STUDY)
    series_values = level_values(values, Level.SERIES)
    empty = list(study_values.values()).count("") + list(series_values.values()).count("")
    rank = f"{empty:03d} {sop_instance}"
    file = {"path": record.location, "size": record.size, "modified": record.modified, "digest": digest}
    return Rows(
        study=study,
        series=series,
        sop_instance=sop_instance,
        rank=rank,
        study_values=study_values,
        series_values=series_values,
        instance_values={
            **level_values(values, Level.IMAGE),
            "available_transfer_syntax_uid": record.transfer_syntax,
            "location": record.location,
            "size": record.size,
            "modified": record.modified,
            "patient_identity": identity(study_values),
            "rank": rank,
            "digest": digest,
            "facts": facts_to_text(record.facts),
        },
        header=zlib.compress(record.header or _header(texts), 1),
        file={**file, "sop_instance_uid": sop_instance, "reason": ""},
    )


def level_values(values: Mapping[int, Value], *levels: Level) -> Values:
    """Give the values of every column at some levels that comes from headers, and the folded groups of names."""
    get = values.get
    found: Values = {}
    for level in levels:
        found.update({name: get(tag, "") for tag, name in _TEXT_COLUMNS[level]})
        for tag, name in _SEQUENCE_COLUMNS[level]:
            found[name] = to_text(get(tag, ""))
        for tag, name in _FOLDED_COLUMNS[level]:
            found.update(folded(name, str(get(tag, ""))))
    return found


@lru_cache(maxsize=1024)
def folded(name: str, text: str) -> Mapping[str, str]:
    """Give the columns in which a name is looked for: its groups, and how it sounds."""
    groups = {f"{name}_{group}": value for group, value in zip(GROUP_NAMES, name_groups(text), strict=True)}
    return {**groups, f"{name}_sounds": "\\".join(name_sounds(text))}


def identity(study_values: Mapping[str, Any]) -> str:
    """Give what two instances of one patient have in common."""
    name = "".join(str(study_values[f"patient_name_{group}"]) for group in GROUP_NAMES)
    parts = (study_values["patient_id"], name, study_values["patient_birth_date"], study_values["patient_sex"])
    return "\\".join(parts)


def patient_key(study_values: Mapping[str, Any]) -> str:
    """Give what makes a patient: Patient ID and its issuer; without an ID the name and the birth date.

    Patients without an ID are not all the same one.
    """
    if study_values["patient_id"]:
        return f"{study_values['patient_id']}\\{study_values['issuer_of_patient_id']}"
    return f"\\\\{study_values['patient_name_alphabetic']}\\{study_values['patient_birth_date']}"


def values_in(header: bytes) -> Values:
    """Read the study's and the series' values out of a header as it was stored."""
    values = read_attributes(elements_of(zlib.decompress(header), explicit=True), (*ATTRIBUTES, *SEQUENCES))
    return level_values(values, Level.PATIENT, Level.STUDY, Level.SERIES)


def _sequences(header: bytes) -> dict[int, Value]:
    """Read the sequences that have columns, where a header has any of them."""
    wanted = [tag for tag, mark in _MARKS.items() if mark in header]
    if not wanted:
        return {}
    try:
        return read_attributes(elements_of(header, explicit=True), wanted)
    except Malformed:
        return {}  # the header was read before; what is wrong in it is not among the text


def _digest(record: InstanceRecord) -> str:
    state = blake2b(record.header, digest_size=12)
    state.update(repr(sorted(record.attributes.items())).encode("utf-8", "surrogatepass"))
    state.update(record.transfer_syntax.encode())
    return state.hexdigest()


def _header(values: Mapping[int, str]) -> bytes:
    """Encode a header out of the attributes alone, for a record that brought none."""
    parts = [_in_utf_8(_SPECIFIC_CHARACTER_SET, "CS", UTF_8)]
    parts += [_in_utf_8(tag, COLUMNS[tag].vr, text) for tag, text in sorted(values.items())]
    return b"".join(parts)


def _in_utf_8(tag: int, vr: str, value: str) -> bytes:
    return head(tag, vr, explicit=True) + encode_value(vr, value, (UTF_8,), explicit=True)


_DEFAULTS = {field.name: field.default for field in fields(Facts)}


def facts_to_text(facts: Facts) -> str:
    """Write facts down, without those that say nothing."""
    kept = {name: getattr(facts, name) for name in _DEFAULTS}
    return json.dumps({name: value for name, value in kept.items() if value != _DEFAULTS[name]}, separators=(",", ":"))


def facts_from_text(text: str) -> Facts:
    """Read facts as they were written down; those of another version that are not known are left out."""
    read = {name: _tuples(value) for name, value in json.loads(text).items() if name in _DEFAULTS}
    missing = {name: "" for name, default in _DEFAULTS.items() if default is MISSING and name not in read}
    return Facts(**{**missing, **read})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
