"""The keys that are answered from columns: worked out once for each set of them, whatever they are asked for."""

from functools import lru_cache
from typing import NamedTuple

from ..query import ICON_IMAGE_SEQUENCE, NOT_KEYS, QUERY_RETRIEVE_LEVEL, Level, Model
from .columns import COLUMNS, Column
from .encoder import Element
from .schema import TABLES

INSTANCE_AVAILABILITY = 0x00080056
_RETRIEVE_AE_TITLE = 0x00080054


class AnsweredKeys(NamedTuple):
    """What rows have and what they are encoded to.

    Attributes
    ----------
    columns
        Columns of a row, as ``table.column``; the icon's follow where it is answered.
    elements
        What a row is encoded to, in ascending order of tags.
    uid_place, icon_place
        Where a row has the Unique Key of the query's level, and the icon's item, if any.
    matched
        The keys that columns answer, so that their conditions are about columns, too.
    others
        The keys that no column, no constant and no icon answers.
    has_no_icon
        Whether the icon is asked for where it has no meaning, at PATIENT level.
    """

    columns: tuple[str, ...]
    elements: tuple[Element, ...]
    uid_place: int
    icon_place: int | None
    matched: tuple[int, ...]
    others: tuple[int, ...]
    has_no_icon: bool


@lru_cache(maxsize=512)
def answered_keys(model: Model, level: Level, asked: tuple[int, ...], retrieve_ae_title: str) -> AnsweredKeys:
    """Lay out the answers to some keys, with what every answer has beside them.

    Parameters
    ----------
    model, level
        What is asked.
    asked
        The keys, in ascending order.
    retrieve_ae_title
        (0008,0054) of every answer.
    """
    tags = [tag for tag in asked if _is_answered(tag, level)]
    columns: list[str] = []
    elements = [
        Element(QUERY_RETRIEVE_LEVEL, "CS", None, str(level)),
        Element(_RETRIEVE_AE_TITLE, "AE", None, retrieve_ae_title),
    ]

    def place(column: Column) -> int:
        name = name_of(column, level)
        if name not in columns:
            columns.append(name)
        return columns.index(name)

    missing = [above.unique_key for above in model.levels_above(level) if above.unique_key not in tags]
    for tag in (*tags, *missing):
        if tag == INSTANCE_AVAILABILITY:
            elements.append(Element(tag, "CS", None, "ONLINE"))
        elif tag != ICON_IMAGE_SEQUENCE:
            elements.append(Element(tag, COLUMNS[tag].vr, place(COLUMNS[tag])))
    uid_place = place(COLUMNS[level.unique_key])
    has_icon = ICON_IMAGE_SEQUENCE in tags and level is not Level.PATIENT
    if has_icon:
        elements.append(icon_element_at(len(columns)))
    return AnsweredKeys(
        tuple(columns),
        tuple(sorted(elements)),
        uid_place,
        len(columns) if has_icon else None,
        tuple(tag for tag in tags if tag in COLUMNS),
        tuple(tag for tag in asked if tag not in tags and tag not in NOT_KEYS),
        ICON_IMAGE_SEQUENCE in tags and not has_icon,
    )


def _is_answered(tag: int, level: Level) -> bool:
    if tag in {ICON_IMAGE_SEQUENCE, INSTANCE_AVAILABILITY}:
        return True
    column = COLUMNS.get(tag)
    return column is not None and column.kind != "sequence" and column.level.depth <= level.depth


def icon_element_at(place: int) -> Element:
    """Give the icon's element, whose item stands at a place of a row."""
    return Element(ICON_IMAGE_SEQUENCE, "SQ", place)


def table_of(column: Column, level: Level) -> str:
    """Name the table that has a column for questions at a level."""
    if column.level is Level.PATIENT and level is not Level.PATIENT and column.kind != "number":
        return "study"  # a study has its patient's attributes as its own instances say them
    return TABLES[column.level].name


def name_of(column: Column, level: Level) -> str:
    """Name a column, with its table."""
    return f"{table_of(column, level)}.{column.name}"
