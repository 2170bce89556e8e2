"""A Query to what answers it: a selection, what its rows are encoded to, and what is left to match in Python."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..query import (
    DATE_AND_TIME,
    ICON_IMAGE_SEQUENCE,
    NOT_KEYS,
    Key,
    Level,
    Query,
    Value,
    combined_range,
    criteria,
    matcher,
    tag_of,
)
from .answered_keys import (
    INSTANCE_AVAILABILITY,
    AnsweredKeys,
    answered_keys,
    icon_element_at,
    name_of,
    table_of,
)
from .columns import COLUMNS, Column
from .conditions import Condition, combined, condition, condition_on, narrowing
from .encoder import Element
from .headers import is_in_headers, read_header_values
from .leading import finds_few, led
from .schema import TABLES
from .selection import Selection, tables_in
from .sequences import answered, from_text

_NO_MATCHES = {*NOT_KEYS, ICON_IMAGE_SEQUENCE, INSTANCE_AVAILABILITY}
_HEADER = "header.data"
_DATE, _DESCRIPTION, _STATION, _MODALITIES = 0x00080020, 0x00081030, 0x00081010, 0x00080061

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
    complete
        Gives a row with what has to be worked out of it at its end, or None where it is no answer after all; None when
        the rows are right as they come.
    all_keys_supported
        Whether every key is supported, for existence and for matching.
    uid_place, icon_place
        Where a row has the Unique Key of the query's level, and the icon's item, if any.
    below, number_place
        A plan for rows below, of which one has to be there (relational queries that SQL cannot express), and where a
        row has its number.
    """

    selection: Selection
    values: tuple[Any, ...]
    elements: tuple[Element, ...]
    complete: Callable[[Row], Row | None] | None
    all_keys_supported: bool
    uid_place: int
    icon_place: int | None
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


@dataclass(frozen=True, slots=True)
class Matched:
    """What a study has to be like for a list.

    Attributes
    ----------
    conditions
        Of the study; all of them have to hold.
    below
        Of some series of it.
    days
        The first and the last day that it may be of, empty where there is none.
    is_whole
        Whether that is all that was asked for; else the rest is to be matched in Python.
    """

    conditions: tuple[Condition, ...]
    below: tuple[tuple[Level, tuple[Condition, ...]], ...] = ()
    days: tuple[str, str] = ("", "")
    is_whole: bool = True


def matched(query: Query) -> Matched:
    """Work out what studies match, by what is kept of each study rather than of its series.

    A description is looked for among all descriptions that there are, which are few beside the studies.

    Raises
    ------
    QueryError
        A key's value cannot be matched with its VR.
    """
    keys, conditions = dict(query.keys), []
    special = [(_DESCRIPTION, "facet.value", "described")]
    if query.options.relational and not any(_is_below(key, query) for tag, key in keys.items() if tag != _STATION):
        special.append((_STATION, "study.stations", ""))  # else one series has to meet all that is asked of series
    for tag, name, how in special:
        wanted = criteria.criterion(keys[tag], query.options) if tag in keys else criteria.Universal()
        column = COLUMNS[tag] if how else COLUMNS[_MODALITIES]  # stations are kept as modalities are
        found = None if isinstance(wanted, criteria.Universal) else condition_on(name, column, wanted)
        if found is not None:
            conditions.append(((how, found[0]), found[1]) if how else found)
            del keys[tag]
    planning = _Planning(Query(query.level, keys=keys.values(), defaults=False, options=query.options), "")
    planning.match()
    day = criteria.criterion(keys[_DATE], query.options) if _DATE in keys else None
    days = (day.low, day.high) if isinstance(day, criteria.Between) else ("", "")
    below = tuple((level, tuple(found)) for level, found in planning.below.items())
    is_of_studies = all(tables_in(shape) <= {"study"} for shape, _ in planning.conditions)
    is_of_series = [level for level, _ in below] in ([], [Level.SERIES])
    is_whole = not planning.left and not planning.below_in_python and is_of_studies and is_of_series
    return Matched((*conditions, *planning.conditions), below, days, is_whole)


def _is_below(key: Key, query: Query) -> bool:
    """Tell whether a key asks for something of series or instances."""
    column = COLUMNS.get(key.tag)
    level = column.level if column else Level.IMAGE
    return level.depth > query.level.depth and not key.is_universal and key.tag not in NOT_KEYS


@dataclass
class _Planning:
    query: Query
    retrieve_ae_title: str
    columns: list[str] = field(default_factory=list)
    conditions: list[Condition] = field(default_factory=list)
    below: dict[Level, list[Condition]] = field(default_factory=dict)
    below_in_python: bool = False
    left: dict[int, tuple[str, criteria.Criterion]] = field(default_factory=dict)
    worked_out: list[tuple[Key, criteria.Criterion]] = field(default_factory=list)
    supported: bool = True

    def match(self) -> AnsweredKeys:
        """Read what every key asks for; gives what the answers are made of."""
        query = self.query
        answer = answered_keys(query.model, query.level, tuple(query.keys), self.retrieve_ae_title)
        self.columns += answer.columns
        self.supported = not answer.has_no_icon
        asking = [key for key in query.keys.values() if key.values or key.items]
        wanted = {key.tag: self._wanted(key) for key in asking if not key.is_universal and key.tag not in NOT_KEYS}
        self._combine(wanted)
        for tag in answer.matched:
            if tag in wanted:
                self._match(COLUMNS[tag], wanted[tag])
        for tag in answer.others:
            self._key(query.keys[tag], wanted.get(tag, criteria.Universal()))
        return answer

    def plan(self) -> Plan:
        query, answer = self.query, self.match()
        below_plan = self._plan_below() if self.below_in_python else None
        number_place = self._place(f"{TABLES[query.level].name}.id") if below_plan else 0
        elements, icon_place = self._laid_out(answer) if answer.others else (answer.elements, answer.icon_place)
        deepest = max((level.depth for level in self.below), default=0)
        between = [level for level in Level if query.level.depth < level.depth <= deepest]
        below = [(level, self.below.get(level, [])) for level in between]
        self.conditions = led(self.conditions)
        selection = Selection(
            query.level,
            tuple(self.columns),
            tuple(shape for shape, _ in self.conditions),
            tuple((level, tuple(shape for shape, _ in found)) for level, found in below),
            self._order(),
            icon_place is not None,
            below_leads=any(finds_few(one) for _, found in below for one in found),
        )
        all_conditions = [*self.conditions, *(one for _, found in below for one in found)]
        return Plan(
            selection,
            tuple(value for _, values in all_conditions for value in values),
            elements,
            self._complete(),
            self.supported,
            answer.uid_place,
            icon_place,
            below_plan,
            number_place,
        )

    def _laid_out(self, answer: AnsweredKeys) -> tuple[tuple[Element, ...], int | None]:
        """Bring what is worked out in Python behind the columns; the icon comes between."""
        if any(key.tag not in COLUMNS for key, _ in self.worked_out):
            self._place(_HEADER)
        icon_place = None if answer.icon_place is None else len(self.columns)
        elements = [one for one in answer.elements if one.tag != ICON_IMAGE_SEQUENCE]
        if icon_place is not None:
            elements.append(icon_element_at(icon_place))
        for place, (key, _) in enumerate(self.worked_out, len(self.columns) + (2 if icon_place is not None else 0)):
            elements.append(Element(key.tag, key.vr, place))
        return tuple(sorted(elements)), icon_place

    def _wanted(self, key: Key) -> criteria.Criterion:
        """Read what a key asks for; the value of one that cannot be matched is left alone (PS3.4 C.2.2.1.3)."""
        column = COLUMNS.get(key.tag)
        level = column.level if column else Level.IMAGE if is_in_headers(key.tag) else None
        in_reach = level is not None and (level.depth <= self.query.level.depth or self.query.options.relational)
        if in_reach and key.tag not in _NO_MATCHES:
            return criteria.criterion(key, self.query.options)
        self.supported &= key.is_universal
        return criteria.Universal()

    def _key(self, key: Key, wanted: criteria.Criterion) -> None:
        """Match a key that no column answers as it stands."""
        column = COLUMNS.get(key.tag)
        if column is None:
            self._key_without_column(key, wanted)
        elif column.level.depth > self.query.level.depth:
            self._key_below(column, wanted)
        else:
            self._place(self._column(column))
            self._work_out(key, wanted)

    def _key_without_column(self, key: Key, wanted: criteria.Criterion) -> None:
        """Answer and match an attribute of the images from their headers."""
        if is_in_headers(key.tag) and self.query.level is Level.IMAGE:
            self._work_out(key, wanted)
            return
        self.supported = False
        if is_in_headers(key.tag) and self.query.options.relational and not isinstance(wanted, criteria.Universal):
            self.below_in_python = True

    def _work_out(self, key: Key, wanted: criteria.Criterion) -> None:
        self.worked_out.append((key, wanted))
        if not isinstance(wanted, criteria.Universal):
            self.left[key.tag] = (key.vr, wanted)
            self._narrow(COLUMNS.get(key.tag), wanted)

    def _narrow(self, column: Column | None, wanted: criteria.Criterion) -> None:
        """Have the database leave out what cannot match, for what only Python can match."""
        superset = narrowing(self._table(column), column, wanted) if column else None
        if superset:
            self.conditions.append(superset)

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
        levels = {tag: COLUMNS[tag].level if tag in COLUMNS else Level.IMAGE for tag in self.query.keys}
        tags = [tag for tag, level in levels.items() if level.depth > self.query.level.depth and tag not in _NO_MATCHES]
        deepest = max((levels[tag] for tag in tags), key=lambda level: level.depth)
        keys = [self.query.keys[tag] for tag in tags]
        question = Query(deepest, model=self.query.model, keys=keys, defaults=False, options=self.query.options)
        planning = _Planning(question, "", conditions=[(("equal", f"{TABLES[self.query.level].name}.id"), (None,))])
        self.below = {}
        return planning.plan()

    def _match(self, column: Column, wanted: criteria.Criterion) -> None:
        if isinstance(wanted, criteria.Universal):
            return
        found = condition(self._table(column), column, wanted)
        if found:
            self.conditions.append(found)
            return
        self.left[column.tag] = (column.vr, wanted)
        self._narrow(column, wanted)

    def _combine(self, wanted: dict[int, criteria.Criterion]) -> None:
        """Match dates with their times as moments, where that was negotiated, and take them out of `wanted`."""
        if not self.query.options.combined_datetime:
            return
        for date_tag, time_tag in DATE_AND_TIME.items():
            day, time = COLUMNS.get(date_tag), COLUMNS.get(time_tag)
            if not day or not time or date_tag not in wanted or time_tag not in wanted:
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

    def _table(self, column: Column) -> str:
        return table_of(column, self.query.level)

    def _column(self, column: Column) -> str:
        return name_of(column, self.query.level)

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

    def _complete(self) -> Callable[[Row], Row | None] | None:
        if not self.left and not self.worked_out:
            return None
        match = matcher(self.left, self.query.options) if self.left else None
        tags = {*self.left, *(key.tag for key, _ in self.worked_out)}
        columns = {tag: COLUMNS[tag] for tag in tags if tag in COLUMNS}
        places = {tag: (self._place(self._column(column)), column.kind) for tag, column in columns.items()}
        in_headers = tags.difference(columns)
        header_place = self._place(_HEADER) if in_headers else 0
        worked_out = tuple(self.worked_out)

        def complete(row: Row) -> Row | None:
            values: dict[int, Value] = {
                tag: from_text(row[place]) if kind == "sequence" else row[place]
                for tag, (place, kind) in places.items()
            }
            if in_headers:
                values |= read_header_values(row[header_place], in_headers)
            if match and not match(values):
                return None
            shown = (
                answered(values.get(key.tag, []), key, wanted) if key.vr == "SQ" else values.get(key.tag, "")
                for key, wanted in worked_out
            )
            return (*row, *shown)

        return complete
