"""One instance's record to what its rows hold."""

import json
import struct
import zlib
from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import lru_cache
from hashlib import blake2b
from typing import Any, NamedTuple

from ..icons import Facts
from ..query import (
    LONG_LENGTH,
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

_SPECIFIC_CHARACTER_SET = 0x00080005
_KEPT = frozenset(ATTRIBUTES)

Values = dict[str, Any]
_LevelValues = tuple[Values, int, str]

# How each sequence begins in Explicit VR Little Endian.
_MARKS = tuple(struct.pack("<HH", tag >> 16, tag & 0xFFFF) + b"SQ" for tag in SEQUENCES)
_SEQUENCE_TAGS = frozenset(SEQUENCES)
_LONG_LENGTH = frozenset(vr.encode() for vr in LONG_LENGTH)
_SHORT_HEAD, _LENGTH = struct.Struct("<HH2sH"), struct.Struct("<L")
_TEXT_COLUMNS, _SEQUENCE_COLUMNS = (
    {level: tuple((one.tag, one.name) for one in columns_of(level, kind)) for level in Level}
    for kind in ("text", "sequence")
)
_FOLDED_COLUMNS = {
    level: tuple((one.tag, one.name) for one in columns_of(level, "text") if one.is_folded) for level in Level
}
_STUDY, _SERIES = (Level.PATIENT, Level.STUDY), (Level.SERIES,)
_STUDY_TAGS, _SERIES_TAGS = (
    tuple(one.tag for level in levels for one in columns_of(level, "text")) for levels in (_STUDY, _SERIES)
)
_INSTANCE_COLUMNS = tuple((one.tag, one.vr) for one in columns_of(Level.IMAGE, "text"))
INSTANCE_NAMES = (
    *(name for _, name in _TEXT_COLUMNS[Level.IMAGE]),
    *("available_transfer_syntax_uid", "location", "size", "modified", "patient_identity", "rank", "digest", "facts"),
)
"""The columns of an instance's own values, in their order."""
FILE_NAMES = ("path", "size", "modified", "digest", "sop_instance_uid", "reason")
"""The columns of a file's values, in their order."""
# What tells two patients with one Patient ID apart.
IDENTITY = ("patient_name", "patient_birth_date", "patient_sex")


class Rows(NamedTuple):
    """What one instance says about its study, its series and itself; goes from process to process in little time.

    Attributes
    ----------
    study, series, sop_instance
        UIDs.
    path
        The file's location.
    rank
        The instance with the smallest rank speaks for its series and its study: the one that says most.
    digest
        What changes when the instance's header does.
    sop_class
        Its UID.
    identity
        What two instances of one patient have in common.
    study_values, series_values
        Values by column, shared with other rows and never changed; those of the patient are among the study's.
    instance_values
        Values of the columns in `INSTANCE_NAMES`.
    file_values
        Values of the columns in `FILE_NAMES`.
    header
        The header, compressed.
    """

    study: str
    series: str
    sop_instance: str
    path: str
    rank: str
    digest: str
    sop_class: str
    identity: str
    study_values: Values
    series_values: Values
    instance_values: tuple[Any, ...]
    file_values: tuple[Any, ...]
    header: bytes


def rows_of(record: InstanceRecord) -> Rows:
    """Make the rows of a record: values cleaned, names folded, the header compressed."""
    get = record.attributes.get
    sequences = _sequences(record.header)
    # What a file says of its study and series, a thousand others say, too: that is worked out once.
    study_values, empty_in_study, identity_ = _level(_STUDY, tuple([get(tag, "") for tag in _STUDY_TAGS]), sequences)
    series_values, empty_in_series, _ = _level(_SERIES, tuple([get(tag, "") for tag in _SERIES_TAGS]), sequences)
    texts = [_clean(vr, get(tag, "")) for tag, vr in _INSTANCE_COLUMNS]
    sop_instance, sop_class = texts[:2]
    digest = _digest(record)
    rank = f"{empty_in_study + empty_in_series:03d} {sop_instance}"
    path, size, modified = record.location, record.size, record.modified
    facts = facts_to_text(record.facts)
    return Rows(
        study=study_values["study_instance_uid"],
        series=series_values["series_instance_uid"],
        sop_instance=sop_instance,
        path=path,
        rank=rank,
        digest=digest,
        sop_class=sop_class,
        identity=identity_,
        study_values=study_values,
        series_values=series_values,
        instance_values=(*texts, record.transfer_syntax, path, size, modified, identity_, rank, digest, facts),
        file_values=(path, size, modified, digest, sop_instance, ""),
        header=_compressed(record.header or _header(record.attributes)),
    )


def _compressed(header: bytes) -> bytes:
    """Compress a header as zlib does; its default window and tables take longer to set up than a header to compress."""
    deflater = zlib.compressobj(1, zlib.DEFLATED, 12, 5)  # a window of 4 KiB
    return deflater.compress(header) + deflater.flush()


_clean = lru_cache(maxsize=1 << 12)(clean)  # most values of a series are the same in all of its files


@lru_cache(maxsize=256)
def _level(levels: tuple[Level, ...], texts: tuple[str, ...], sequences: bytes) -> _LevelValues:
    """Give a study's or a series' values by column, how many are empty, and the identity of a study's patient."""
    tags = _STUDY_TAGS if levels is _STUDY else _SERIES_TAGS
    cleaned = {tag: clean(COLUMNS[tag].vr, text) for tag, text in zip(tags, texts, strict=True)}
    values = level_values({**cleaned, **_read_sequences(sequences)}, *levels)
    return values, list(values.values()).count(""), identity(values) if levels is _STUDY else ""


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


def _sequences(header: bytes) -> bytes:
    """Give the elements of a header that have columns for sequences, and its character set; none where none are there.

    Headers are stored with every length defined, so one struct leads to the next.
    """
    if not any(mark in header for mark in _MARKS):
        return b""
    parts, at, size = [], 0, len(header)
    try:
        while at < size:
            group, number, vr, length = _SHORT_HEAD.unpack_from(header, at)
            start = at + 8
            if vr in _LONG_LENGTH:
                (length,) = _LENGTH.unpack_from(header, start)
                start += 4
            end = start + length
            tag = group << 16 | number
            if tag in _SEQUENCE_TAGS or tag == _SPECIFIC_CHARACTER_SET:
                parts.append(header[at:end])
            at = end
    except struct.error:
        return b""
    return b"".join(parts)


def _read_sequences(elements: bytes) -> dict[int, Value]:
    try:
        return read_attributes(elements_of(elements, explicit=True), _SEQUENCE_TAGS)
    except Malformed:
        return {}  # the header was read before; what is wrong in it is not among the text


def _digest(record: InstanceRecord) -> str:
    state = blake2b(record.header, digest_size=12)
    get = record.attributes.get
    state.update("\0".join([get(tag, "") for tag in ATTRIBUTES]).encode("utf-8", "surrogatepass"))
    state.update(record.transfer_syntax.encode())
    return state.hexdigest()


def _header(attributes: Mapping[int, str]) -> bytes:
    """Encode a header out of the attributes alone, for a record that brought none."""
    parts = [_in_utf_8(_SPECIFIC_CHARACTER_SET, "CS", UTF_8)]
    kept = sorted(tag for tag in attributes if tag in _KEPT)
    parts += [_in_utf_8(tag, COLUMNS[tag].vr, clean(COLUMNS[tag].vr, attributes[tag])) for tag in kept]
    return b"".join(parts)


def _in_utf_8(tag: int, vr: str, value: str) -> bytes:
    return head(tag, vr, explicit=True) + encode_value(vr, value, (UTF_8,), explicit=True)


_to_json = json.JSONEncoder(separators=(",", ":")).encode
_DEFAULTS = {field.name: field.default for field in fields(Facts)}


def facts_to_text(facts: Facts) -> str:
    """Write facts down, without those that say nothing."""
    kept = {name: getattr(facts, name) for name in _DEFAULTS}
    return _to_json({name: value for name, value in kept.items() if value != _DEFAULTS[name]})


def facts_from_text(text: str) -> Facts:
    """Read facts as they were written down; those of another version that are not known are left out."""
    read = {name: _tuples(value) for name, value in json.loads(text).items() if name in _DEFAULTS}
    missing = {name: "" for name, default in _DEFAULTS.items() if default is MISSING and name not in read}
    return Facts(**{**missing, **read})


def _tuples(value: Any) -> Any:
    return tuple(_tuples(one) for one in value) if isinstance(value, list) else value
