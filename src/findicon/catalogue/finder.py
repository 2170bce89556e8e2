"""Answers to queries out of the catalogue: the port Finder."""

from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import replace

from ..errors import AnswersCut
from ..query import Cancel, IconSource, Level, Match, Options, Query, never
from .answers import CatalogueMatch, Layout
from .catalogue import Catalogue
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

    options = Options(relational=True, combined_datetime=True)
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

    def _answers(self, query: Query, made: Plan, cancel: Cancel) -> Iterator[Match]:
        layout = Layout(made.elements, query.character_sets, made.all_keys_supported)
        limits = [limit for limit in (query.limit, self._limit) if limit is not None]
        limit = min(limits, default=None)
        asked_for = limit is not None and limit == query.limit
        given = 0
        with closing(self._rows(query, made, cancel, limit)) as rows:
            for row in rows:
                if given == limit:
                    if not asked_for:
                        raise AnswersCut(given)
                    return
                given += 1
                yield CatalogueMatch(row, layout)

    def _rows(self, query: Query, made: Plan, cancel: Cancel, limit: int | None) -> Generator[Row]:
        """Give the rows that are answers, one more than the limit where there is one."""
        in_database = made.matches is None
        selection = replace(
            made.selection,
            limited=in_database and (limit is not None or query.offset > 0),
            skipping=in_database and query.offset > 0,
        )
        statement = compiled(selection, self._database.dialect)
        most = limit + 1 if limit is not None else _NO_LIMIT
        bound = statement.bound(made.values, most if selection.limited else None, query.offset if in_database else 0)
        skip = 0 if in_database else query.offset
        spent = Spent(self._picture_budget)
        with closing(self._database.batches(statement.sql, bound)) as batches:
            for batch in batches:
                if cancel():
                    return
                found = batch if made.matches is None else [row for row in batch if made.matches(row)]
                if skip:
                    found, skip = found[skip:], max(0, skip - len(found))
                if self._pictures and selection.icon and selection.level is Level.IMAGE:
                    yield from self._pictures.complete(found, made.uid_place, spent)
                else:
                    yield from found
