"""Sequences in columns: items as text, and what of them an answer shows (PS3.4 C.2.2.2.6)."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

from ..query import Key, Value, criteria, item_satisfies

Items = Sequence[Mapping[int, Value]]


def to_text(items: Value) -> str:
    """Write items down; nothing for none."""
    return json.dumps(_writable(items), ensure_ascii=False, separators=(",", ":")) if items else ""


def _writable(value: Value) -> Any:
    if isinstance(value, str):
        return value
    return [{f"{tag:08X}": _writable(one) for tag, one in item.items()} for item in value]


def from_text(text: str) -> Items:
    """Read items as they were written down."""
    return _items(json.loads(text)) if text else []


def _items(written: Any) -> Items:
    return [
        {int(tag, 16): _items(value) if isinstance(value, list) else value for tag, value in item.items()}
        for item in written
    ]


def answered(items: Value, key: Key, wanted: criteria.Criterion) -> Value:
    """Give what an answer shows of a sequence.

    All of it where the key is null or one empty item; else the items that match, each with the attributes asked for.
    """
    if isinstance(items, str):
        return []
    if not key.items or not key.items[0]:
        return items
    inner = dict(wanted.keys) if isinstance(wanted, criteria.Items) else {}
    chosen = [item for item in items if not isinstance(wanted, criteria.Items) or item_satisfies(wanted, item)]
    return [
        {one.tag: _answered(item.get(one.tag), one, inner.get(one, criteria.Universal())) for one in key.items[0]}
        for item in chosen
    ]


def _answered(value: "Value | None", key: Key, wanted: criteria.Criterion) -> Value:
    if key.vr == "SQ":
        return answered(value or [], key, wanted)
    return value or ""


def written_value(tag: int, wanted: criteria.Criterion) -> str:
    """Give what stands in the text of items that have a value; empty where that is not one certain text."""
    if isinstance(wanted, criteria.Texts) and not wanted.wild and len(wanted.values) == 1:
        return to_text([{tag: wanted.values[0]}])[2:-2]
    return ""
