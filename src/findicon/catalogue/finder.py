"""Answers to queries out of the catalogue: the port Finder."""

from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import closing
from typing import Any

from ..errors import AnswersCut
from ..query import Cancel, IconSource, Key, Level, Listed, Listing, Match, Options, Place, Query, never, tag_of
from .answers import CatalogueMatch, Layout
from .catalogue import Catalogue
from .columns import column_name
from .listing import PLACE, SHOWN, ListOfStudies
from .missing_pictures import Pictures, Spent
from .plan import Plan, Row, plan
from .selection import compiled

_NO_LIMIT = (1 << 63) - 1


class CatalogueFinder:
    """Answers queries from a catalogue.

    Parameters
    ----------
    catalogue
        What is asked.
    retrieve_ae_title
        (0008,0054) of every answer: who has the instances.
    icons
        Makes pictures of instances that have none yet; without it their sequence stays empty.
    limit
        How many answers a query gets at most.
    picture_budget
        Seconds that one query may wait for pictures, all in all.
    """

    options = Options(relational=True, combined_datetime=True, fuzzy_names=True, empty_value=True, multiple_value=True)
    """What may be agreed on by extended negotiation."""

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        retrieve_ae_title: str,
        icons: IconSource | None = None,
        limit: int | None = None,
        picture_budget: float = 2.0,
    ) -> None:
        self._catalogue = catalogue
        self._database = catalogue.database
        self._retrieve_ae_title = retrieve_ae_title
        self._limit = limit
        self._picture_budget = picture_budget
        self._pictures = Pictures(icons) if icons else None

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        """Give the answers one by one, as they come from the database.

        Raises
        ------
        QueryError
            Before the first answer: a key's value cannot be matched.
        AnswersCut
            After the last answer that the limit allows, when there are more.
        CatalogueError
            The database cannot be read.
        """
        return self._answers(query, plan(query, self._retrieve_ae_title), cancel)

    def holds(self, study: str, series: str = "", instance: str = "") -> bool:
        """Tell, without a search, whether there is a study of that UID, a series in it, or an instance in that."""
        return self._catalogue.holds(study, series, instance)

    def listed(
        self, queries: Sequence[Query], *, most: int, seconds: float, place: Place | None = None, upward: bool = False
    ) -> Listing:
        """Give the studies that answer any of some queries, each once; as the port `Lister`."""
        wanted = ListOfStudies(self._database, queries, most, seconds, place, upward, self._in_order(upward=upward))
        return wanted.found()

    def _in_order(self, *, upward: bool) -> Callable[[Query, Cancel], Iterator[Listed]]:
        """Give what answers a query for a list by matching in Python what SQL cannot."""

        def answered(query: Query, cancel: Cancel) -> Iterator[Listed]:
            order = PLACE if upward else tuple(f"-{name}" for name in PLACE)
            keys = [*query.keys.values(), *(Key.named(name) for name in SHOWN if tag_of(name) not in query.keys)]
            ordered = Query(query.level, keys=keys, defaults=False, options=query.options, order=order)
            made = plan(ordered, self._retrieve_ae_title)
            places = [made.selection.columns.index(f"study.{column_name(name)}") for name in SHOWN]
            with closing(self._batches(ordered, made, cancel, None)) as batches:
                for batch in batches:
                    for row in batch:
                        yield Listed(*(row[one] for one in places))

        return answered

    def _answers(self, query: Query, made: Plan, cancel: Cancel) -> Iterator[Match]:
        layout = Layout(made.elements, query.character_sets, made.all_keys_supported)
        limits = [limit for limit in (query.limit, self._limit) if limit is not None]
        limit = min(limits, default=None)
        given = 0
        with closing(self._batches(query, made, cancel, limit)) as batches:
            for batch in batches:
                for row in batch:
                    if given == limit:
                        if limit != query.limit:
                            raise AnswersCut(given)
                        return
                    given += 1
                    yield CatalogueMatch(row, layout)

    def _batches(self, query: Query, made: Plan, cancel: Cancel, limit: int | None) -> Generator[Iterable[Row]]:
        """Give the rows that are answers, one more than the limit where there is one."""
        in_database = made.complete is None and made.below is None
        if in_database and (limit is not None or query.offset):
            most, skip_there, skip = _NO_LIMIT if limit is None else limit + 1, query.offset, 0
        else:
            most, skip_there, skip = None, 0, query.offset
        waits = self._pictures if query.level is Level.IMAGE else None
        spent = Spent(self._picture_budget)
        with closing(self._selected(made, made.values, cancel, most, skip_there)) as batches:
            for batch in batches:
                if cancel():
                    return
                found: Sequence[Row] = batch if in_database else self._completed(made, batch)
                if skip:
                    found, skip = found[skip:], max(0, skip - len(found))
                if waits and made.icon_place is not None:
                    yield waits.complete(found, made.uid_place, made.icon_place, spent)
                else:
                    yield found

    def _selected(
        self, made: Plan, values: tuple[Any, ...], cancel: Cancel, most: int | None, skip: int
    ) -> Generator[list[tuple[Any, ...]]]:
        selection = made.selection if most is None else made.selection._replace(limited=True)
        statement = compiled(selection, self._database.dialect)
        return self._database.batches(statement.sql, statement.bound(values, most, skip), cancel)

    def _completed(self, made: Plan, batch: Sequence[Row]) -> list[Row]:
        """Match what the database could not, and work out what it does not have."""
        found: Iterable[Row] = batch
        if made.complete:
            found = (row for one in batch if (row := made.complete(one)) is not None)
        return [row for row in found if made.below is None or self._has_below(made.below, row[made.number_place])]

    def _has_below(self, made: Plan, number: int) -> bool:
        _, *values = made.values
        with closing(self._selected(made, (number, *values), never, None, 0)) as batches:
            return any(self._completed(made, batch) for batch in batches)
