"""Lists of studies, the newest first, in a time that does not grow with the archive.

What few studies have, an index finds at once: all of them are read and sorted. What many have is found soonest where
the studies are looked through from the newest on, in an index that holds all that is looked for (`study_by_date`), and
one look serves all questions together. Which of both a question is, its own index tells by being read up to some
thousand entries. When time runs out the list ends, and says where.
"""

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

from sqlalchemy import (
    ColumnElement,
    Select,
    Text,
    and_,
    bindparam,
    func,
    literal_column,
    or_,
    select,
    true,
    tuple_,
    union_all,
)
from sqlalchemy.engine.interfaces import Dialect

from ..query import Level, Listed, Listing, Place, Query
from .columns import column_name
from .conditions import Shape
from .database import Database
from .expressions import Binds, expression, ids_with_words
from .plan import Matched, matched
from .schema import SERIES, STUDY
from .selection import Statement, row_below

FEW = 3_000
"""Studies that are read one by one sooner than the archive is looked through for them."""
_SHARE_FOR_FEW = 0.4
FIRST_STRETCH, _LONGEST_STRETCH = 2_000, 64_000
_QUICK = 0.012  # seconds in which a stretch is looked through before the next one becomes longer
PLACE = ("StudyDate", "StudyTime", "StudyInstanceUID")
"""What makes the place of a study."""
SHOWN = (*PLACE, "ModalitiesInStudy", "StudyDescription")
"""What a list says of a study, beside its stations."""
_PLACE = tuple(column_name(name) for name in PLACE)
_SHOWN = (*(column_name(name) for name in SHOWN), "stations")
_NEWEST: Place = ("~", "", "")  # behind every digit
_OLDEST: Place = ("", "", "")
_INDEXED = {
    f"study.{name}" for name in ("patient_id", "accession_number", "study_id", "study_instance_uid")
}  # beside names

_OF_SERIES: dict[str, ColumnElement[str]] = {
    "study.modalities_in_study": SERIES.c.modality.concat(literal_column("''")),  # as its index has it
    "study.stations": SERIES.c.station_name,
}
"""What a study lists, as its series have it."""


class _Shapes(NamedTuple):
    """The shape of one question: conditions of the study, and of a series of it."""

    own: tuple[Shape, ...]
    below: tuple[tuple[Level, tuple[Shape, ...]], ...]


@dataclass
class ListOfStudies:
    """One list that is looked for.

    Parameters
    ----------
    database
        Where.
    queries
        A study answers one of them at least.
    most, seconds, place, upward
        As `Lister.listed` has them.
    in_python
        Answers a query that SQL cannot express, in order, until it is told to stop.
    clock
        Gives seconds.
    """

    database: Database
    queries: Sequence[Query]
    most: int
    seconds: float
    place: Place | None
    upward: bool
    in_python: Callable[[Query, Callable[[], bool]], Iterator[Listed]]
    clock: Callable[[], float] = time.monotonic
    _found: dict[str, Listed] = field(default_factory=dict)
    _reached: list[Place] = field(default_factory=list)

    def found(self) -> Listing:
        """Look for it; raises QueryError and CatalogueError."""
        began = self.clock()
        self._deadline = began + self.seconds
        asked = [(query, matched(query)) for query in self.queries]
        many = []
        for query, one in asked:
            if not one.is_whole:
                self._match_in_python(query)
            elif not self._take_few(one, began + _SHARE_FOR_FEW * self.seconds):
                many.append(one)
        if many:
            self._look_through(many)
        studies = sorted(filter(self._is_beyond, self._found.values()), reverse=not self.upward)
        if not self._reached:
            return Listing(tuple(studies[: self.most]))
        reached = (min if self.upward else max)(self._reached)
        sure = [one for one in studies if (one.place <= reached if self.upward else one.place >= reached)]
        return Listing(tuple(sure[: self.most]), reached if len(sure) < self.most else None)

    def _is_beyond(self, one: Listed) -> bool:
        if self.place is None:
            return True
        return one.place > self.place if self.upward else one.place < self.place

    def _is_late(self) -> bool:
        return self.clock() > self._deadline

    def _match_in_python(self, query: Query) -> None:
        """Ask for the answers in order; where that takes too long the last one is where looking ended."""
        last = self.place or (_OLDEST if self.upward else _NEWEST)
        count = 0
        for one in self.in_python(query, self._is_late):
            self._found[one.uid] = one
            last = one.place
            count += self._is_beyond(one)
            if count >= self.most or self._is_late():
                break
        if self._is_late():
            self._reached.append(last)

    def _take_few(self, asked: Matched, until: float) -> bool:
        """Take all studies that a question finds, where an index says that they are few, and time allows it."""
        shapes = _shapes_of(asked)
        leads = [one for one in asked.conditions if _leads(one[0])]
        counted = [(self._count(shape, values), shape, values) for shape, values in leads]
        few, shape, values = min(counted, default=(FEW + 1, (), ()), key=lambda one: one[0])
        if few > FEW:
            return False
        if few:
            statement = _few(shape, shapes, self.database.dialect)
            bound = statement.bound((*values, *_values_of(asked)), FEW, 0)
            taken = self._rows(statement, bound, lambda: self.clock() > until)
            if self.clock() > until:
                return False
            self._found.update((one.uid, one) for one in taken)
        return True

    def _count(self, shape: Shape, values: tuple[Any, ...]) -> int:
        statement = _counted(shape, self.database.dialect)
        return int(self._fetched(statement.sql, statement.bound(values, FEW + 1, 0))[0][0])

    def _look_through(self, asked: Sequence[Matched]) -> None:
        """Look through the studies in their order, in stretches that become longer as long as that is quick."""
        dialect = self.database.dialect
        place, end = self._ends([one.days for one in asked])
        shapes = tuple(_shapes_of(one) for one in asked)
        values = tuple(value for one in asked for value in _values_of(one))
        found, length = 0, FIRST_STRETCH
        while True:
            bound = self._behind(place, end, length)
            statement = _stretch(shapes, self.upward, dialect)
            given = {
                **statement.bound(values, self.most - found, 0),
                **_named("from", place),
                **_named("to", bound or end),
            }
            began = self.clock()
            # The first stretch is always looked through: whoever asks for what comes behind gets on.
            rows = self._rows(statement, given, self._is_late if length > FIRST_STRETCH else None)
            found += len(rows)
            self._found.update((one.uid, one) for one in rows)
            if found >= self.most:
                return
            if length > FIRST_STRETCH and self._is_late():  # it may have been stopped in the middle
                self._reached.append(rows[-1].place if rows else place)
                return
            if bound is None:
                return
            place = bound
            if self._is_late():
                self._reached.append(place)
                return
            if self.clock() - began < _QUICK:
                length = min(2 * length, _LONGEST_STRETCH)

    def _ends(self, days: Sequence[tuple[str, str]]) -> tuple[Place, Place]:
        """Give where to begin, exclusively, and where to end, inclusively."""
        low = min(first for first, _ in days)
        high = max(last or _NEWEST[0] for _, last in days)
        oldest, newest = (low, "", ""), (high, _NEWEST[0], "")
        if self.upward:
            return max(self.place or _OLDEST, oldest), newest
        return min(self.place or _NEWEST, newest), oldest

    def _behind(self, place: Place, end: Place, length: int) -> Place | None:
        """Give the place some studies behind another one; None where there are no more."""
        statement = _boundary(self.upward, self.database.dialect)
        given = {**_named("from", place), **_named("to", end), "most": 1, "skipped": length}
        rows = self._fetched(statement.sql, given)
        return (rows[0][0], rows[0][1], rows[0][2]) if rows else None

    def _rows(
        self, statement: Statement, values: dict[str, Any], stop: Callable[[], bool] | None = None
    ) -> list[Listed]:
        return [Listed(*row) for row in self._fetched(statement.sql, values, stop)]

    def _fetched(
        self, sql: str, values: dict[str, Any], stop: Callable[[], bool] | None = None
    ) -> list[tuple[Any, ...]]:
        with closing(self.database.batches(sql, values, stop or (lambda: False))) as batches:
            return [row for batch in batches for row in batch]


def _named(name: str, place: Place) -> dict[str, str]:
    return {f"{name}_{number}": value for number, value in enumerate(place)}


def _shapes_of(asked: Matched) -> _Shapes:
    below = tuple((level, tuple(shape for shape, _ in found)) for level, found in asked.below)
    return _Shapes(tuple(shape for shape, _ in asked.conditions), below)


def _values_of(asked: Matched) -> Iterator[Any]:
    for _, values in (*asked.conditions, *(one for _, found in asked.below for one in found)):
        yield from values


def _leads(shape: Shape) -> bool:
    """Tell whether an index of its own finds what meets a condition, without looking at the rows."""
    if shape[0] in {"any", "all"}:
        return (all if shape[0] == "any" else any)(_leads(part) for part in shape[1:])
    if shape[0] in {"equal", "in", "prefix"}:
        return shape[1] in _INDEXED or "_name_" in shape[1]
    return shape[0] in {"described", "words"} or (shape[0] == "holds" and shape[1] in _OF_SERIES)


def _ids(shape: Shape, binds: Binds) -> Any:
    """Select the numbers of the studies that meet a condition that leads, or of some more."""
    found = list(_selected_by(shape, binds))
    few = found[0] if len(found) == 1 else union_all(*found)
    return few.limit(bindparam("most")).offset(bindparam("skipped")).subquery("few")


def _selected_by(shape: Shape, binds: Binds) -> Iterator[Select[Any]]:
    if shape[0] == "any":
        for part in shape[1:]:
            yield from _selected_by(part, binds)
    elif shape[0] == "holds":
        yield select(SERIES.c.parent.label("id")).where(_OF_SERIES[shape[1]] == binds.next("bare"))
    elif binds.dialect == "sqlite" and shape[0] == "all" and shape[1][0] == "words":
        yield ids_with_words(shape[1][1:], binds)
        binds.skip(shape[2:])
    else:
        yield select(STUDY.c.id).where(expression(shape, binds))


def _holding(shapes: _Shapes, binds: Binds) -> ColumnElement[bool]:
    held = [expression(shape, binds) for shape in shapes.own]
    if shapes.below:
        held.append(row_below(Level.STUDY, shapes.below, binds, first=False))
    return and_(true(), *held)


def _places(*, upward: bool) -> ColumnElement[bool]:
    """Bound a list by places: one that it begins behind, and one that it ends with."""
    at = tuple_(*(STUDY.c[column] for column in _PLACE))
    first, last = (
        tuple_(*(bindparam(f"{end}_{number}", type_=Text()) for number in range(3))) for end in ("from", "to")
    )
    return and_(at > first, at <= last) if upward else and_(at < first, at >= last)


def _in_order(statement: Select[Any], *, upward: bool) -> Select[Any]:
    columns = [STUDY.c[name] for name in _PLACE]
    ordered = statement.order_by(*(columns if upward else (column.desc() for column in columns)))
    return ordered.limit(bindparam("most")).offset(bindparam("skipped"))


@lru_cache(maxsize=512)
def _counted(shape: Shape, dialect: Dialect) -> Statement:
    """Count what meets a condition that leads, as far as matters."""
    binds = Binds(dialect.name, with_words=False)
    few = _ids(shape, binds)
    return _compiled(select(func.count()).select_from(few), binds, dialect)


@lru_cache(maxsize=512)
def _few(shape: Shape, shapes: _Shapes, dialect: Dialect) -> Statement:
    """Select the studies that meet all conditions of those few that meet one."""
    binds = Binds(dialect.name, with_words=False)
    few = _ids(shape, binds)
    columns = (STUDY.c[name] for name in _SHOWN)
    selected = select(*columns).select_from(few.join(STUDY, STUDY.c.id == few.c.id)).where(_holding(shapes, binds))
    return _compiled(selected, binds, dialect)


@lru_cache(maxsize=512)
def _stretch(shapes: tuple[_Shapes, ...], upward: bool, dialect: Dialect) -> Statement:
    """Select the studies between two places that meet all conditions of a question."""
    binds = Binds(dialect.name, with_words=False)
    selected = select(*(STUDY.c[name] for name in _SHOWN)).where(
        _places(upward=upward), or_(*(_holding(one, binds) for one in shapes))
    )
    return _compiled(_in_order(selected, upward=upward), binds, dialect)


@lru_cache(maxsize=8)
def _boundary(upward: bool, dialect: Dialect) -> Statement:
    """Select the place some studies behind another one."""
    selected = select(*(STUDY.c[name] for name in _PLACE)).where(_places(upward=upward))
    return _compiled(_in_order(selected, upward=upward), Binds(dialect.name), dialect)


def _compiled(statement: Select[Any], binds: Binds, dialect: Dialect) -> Statement:
    """Compile a statement, and tell SQLite, which does not count its rows, where to begin."""
    sql = str(statement.compile(dialect=dialect, compile_kwargs={"render_postcompile": True}))
    if dialect.name == "sqlite":
        sql = sql.replace("AS few JOIN study ON", "AS few CROSS JOIN study ON")
        if "JOIN study" not in sql and "few" not in sql:
            sql = sql.replace("FROM study", "FROM study INDEXED BY study_by_date", 1)
    return Statement(sql, tuple(binds.names), dialect.name)
