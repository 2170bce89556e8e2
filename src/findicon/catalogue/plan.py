"""A Query to what answers it: a selection, what its rows are encoded to, and what is left to match in Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..query import (
    DATE_AND_TIME,
    ICON_IMAGE_SEQUENCE,
    QUERY_RETRIEVE_LEVEL,
    Key,
    Level,
    Query,
    combined_range,
    criteria,
    matcher,
    tag_of,
)
from .columns import COLUMNS, Column
from .conditions import Condition, combined, condition, without_needless_words
from .encoder import Element
from .schema import TABLES
from .selection import Selection

_RETRIEVE_AE_TITLE = 0x00080054
_INSTANCE_AVAILABILITY = 0x00080056
# Elements of an identifier that say how to read it, or that are answered whatever was asked.
_NOT_KEYS = {0x00080005, QUERY_RETRIEVE_LEVEL, 0x00080053, _RETRIEVE_AE_TITLE, 0x00080201}

Row = Sequence[Any]


@dataclass(frozen=True, slots=True)
class Plan:
    """How one question is answered.

    Attributes
    ----------
    selection, values
        The statement's shape and what is bound to it.
    elements
        What a row is encoded to.
    matches
        Tells whether a row is an answer; None when the database has decided.
    all_keys_supported
        Whether every key is supported, for existence and for matching.
    uid_place
        Where a row has the Unique Key of the query's level.
    below, number_place
        A plan for rows below, of which one has to be there (relational queries that SQL cannot express), and where a
        row has its number.
    """

    selection: Selection
    values: tuple[Any, ...]
    elements: tuple[Element, ...]
    matches: Callable[[Row], bool] | None
    all_keys_supported: bool
    uid_place: int
    below: "Plan | None" = None
    number_place: int = 0


def plan(query: Query, retrieve_ae_title: str) -> Plan:
    """Plan the answers to a query.

    Raises
    ------
    QueryError
        A key's value cannot be matched with its VR.
    """
    return _Planning(query, retrieve_ae_title).plan()


@dataclass
class _Planning:
    query: Query
    retrieve_ae_title: str
    columns: list[str] = field(default_factory=list)
    elements: list[Element] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    below: dict[Level, list[Condition]] = field(default_factory=dict)
    below_in_python: bool = False
    left: dict[int, tuple[str, criteria.Criterion]] = field(default_factory=dict)
    supported: bool = True

    def plan(self) -> Plan:
        query = self.query
        keys = {tag: key for tag, key in query.keys.items() if tag not in _NOT_KEYS}
        wanted = {tag: criteria.criterion(key, query.options) for tag, key in keys.items()}
        self._combine(wanted)
        for tag, key in keys.items():
            if tag != ICON_IMAGE_SEQUENCE:
                self._key(key, wanted[tag])
        for level in query.model.levels_above(query.level):
            if level.unique_key not in query.keys:
                self._answer(COLUMNS[level.unique_key])
        self.elements += [
            Element(QUERY_RETRIEVE_LEVEL, "CS", None, str(query.level)),
            Element(_RETRIEVE_AE_TITLE, "AE", None, self.retrieve_ae_title),
        ]
        uid_place = self._place(self._column(COLUMNS[query.level.unique_key]))
        below_plan = self._plan_below() if self.below_in_python else None
        number_place = self._place(f"{TABLES[query.level].name}.id") if below_plan else 0
        icon = self._icon(wanted.get(ICON_IMAGE_SEQUENCE))
        deepest = max((level.depth for level in self.below), default=0)
        between = [level for level in Level if query.level.depth < level.depth <= deepest]
        below = [(level, self.below.get(level, [])) for level in between]
        self.conditions = without_needless_words(self.conditions)
        selection = Selection(
            query.level,
            tuple(self.columns),
            tuple(shape for shape, _ in self.conditions),
            tuple((level, tuple(shape for shape, _ in found)) for level, found in below),
            self._order(),
            icon,
        )
        all_conditions = [*self.conditions, *(one for _, found in below for one in found)]
        return Plan(
            selection,
            tuple(value for _, values in all_conditions for value in values),
            tuple(sorted(self.elements, key=lambda element: element.tag)),
            self._matches(),
            self.supported,
            uid_place,
            below_plan,
            number_place,
        )

    def _key(self, key: Key, wanted: criteria.Criterion) -> None:
        column = COLUMNS.get(key.tag)
        if key.tag == _INSTANCE_AVAILABILITY:
            self.elements.append(Element(key.tag, "CS", None, "ONLINE"))
            self.supported &= isinstance(wanted, criteria.Universal)
        elif column is None:
            self.supported = False
        elif column.level.depth > self.query.level.depth:
            self._key_below(column, wanted)
        else:
            self._answer(column)
            self._match(column, wanted)

    def _key_below(self, column: Column, wanted: criteria.Criterion) -> None:
        """Match a key of a lower level, which relational queries may have; it has no one value to answer with."""
        self.supported = False
        if self.query.options.relational and not isinstance(wanted, criteria.Universal):
            found = condition(TABLES[column.level].name, column, wanted)
            if found:
                self.below.setdefault(column.level, []).append(found)
            else:
                self.below_in_python = True

    def _plan_below(self) -> Plan:
        """Plan to look for something below one row that all keys of lower levels match."""
        columns = {tag: COLUMNS[tag] for tag in self.query.keys if tag in COLUMNS}
        tags = [tag for tag, column in columns.items() if column.level.depth > self.query.level.depth]
        deepest = max((columns[tag].level for tag in tags), key=lambda level: level.depth)
        keys = [self.query.keys[tag] for tag in tags]
        question = Query(deepest, model=self.query.model, keys=keys, defaults=False, options=self.query.options)
        planning = _Planning(question, "", conditions=[(("equal", f"{TABLES[self.query.level].name}.id"), (None,))])
        self.below = {}
        return planning.plan()

    def _answer(self, column: Column) -> None:
        self.elements.append(Element(column.tag, column.vr, self._place(self._column(column))))

    def _match(self, column: Column, wanted: criteria.Criterion) -> None:
        if isinstance(wanted, criteria.Universal):
            return
        found = condition(self._table(column), column, wanted)
        if found:
            self.conditions.append(found)
        else:
            self.left[column.tag] = (column.vr, wanted)

    def _combine(self, wanted: dict[int, criteria.Criterion]) -> None:
        """Match dates with their times as moments, where that was negotiated, and take them out of `wanted`."""
        if not self.query.options.combined_datetime:
            return
        for date_tag, time_tag in DATE_AND_TIME.items():
            day, time = COLUMNS.get(date_tag), COLUMNS.get(time_tag)
            if not day or not time or not {date_tag, time_tag} <= set(wanted):
                continue
            bounds = combined_range(wanted[date_tag], wanted[time_tag])
            if not bounds:
                continue
            if day.level.depth <= self.query.level.depth:
                self.conditions.append(combined(self._table(day), day, time, *bounds))
            elif self.query.options.relational:
                table = TABLES[day.level].name
                self.below.setdefault(day.level, []).append(combined(table, day, time, *bounds))
            wanted[date_tag] = wanted[time_tag] = criteria.Universal()

    def _icon(self, wanted: criteria.Criterion | None) -> bool:
        """Answer the icon at every level but PATIENT, where it would have no meaning; it cannot be matched."""
        if wanted is None:
            return False
        self.supported &= isinstance(wanted, criteria.Universal) and self.query.level is not Level.PATIENT
        if self.query.level is Level.PATIENT:
            return False
        self.elements.append(Element(ICON_IMAGE_SEQUENCE, "SQ", len(self.columns)))
        return True

    def _table(self, column: Column) -> str:
        if column.level is Level.PATIENT and self.query.level is not Level.PATIENT and column.kind != "number":
            return "study"  # a study has its patient's attributes as its own instances say them
        return TABLES[column.level].name

    def _column(self, column: Column) -> str:
        return f"{self._table(column)}.{column.name}"

    def _place(self, name: str) -> int:
        if name not in self.columns:
            self.columns.append(name)
        return self.columns.index(name)

    def _order(self) -> tuple[tuple[str, bool], ...]:
        """Sort as asked, as far as there are columns for it; with an offset always the same way."""
        found = []
        for name in self.query.order:
            column = COLUMNS.get(tag_of(name.removeprefix("-")))
            if column and column.level.depth <= self.query.level.depth:
                found.append((self._column(column), name.startswith("-")))
        if found or self.query.offset:
            found.append((f"{TABLES[self.query.level].name}.id", False))
        return tuple(found)

    def _matches(self) -> Callable[[Row], bool] | None:
        if not self.left:
            return None
        match = matcher(self.left, self.query.options)
        places = {tag: self._place(self._column(COLUMNS[tag])) for tag in self.left}
        return lambda row: match({tag: row[place] for tag, place in places.items()})
