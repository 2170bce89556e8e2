"""Lists of studies, the newest first: what a page shows and counts, found within a time."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeAlias, runtime_checkable

from .query import Query

Place: TypeAlias = tuple[str, str, str]
"""Study Date, Study Time and Study Instance UID: where a study stands in a list, as texts."""


class Listed(NamedTuple):
    """A study in a list: its place, and what is counted of it; several values stand between backslashes."""

    date: str
    time: str
    uid: str
    modalities: str = ""
    description: str = ""
    stations: str = ""

    @property
    def place(self) -> Place:
        """Where it stands."""
        return self[:3]


@dataclass(frozen=True, slots=True)
class Listing:
    """A part of a list.

    Attributes
    ----------
    studies
        The newest first, or the oldest first where that was asked.
    reached
        The place up to which all was looked at, where time ran out before there were enough; None where it did not.
    """

    studies: Sequence[Listed] = ()
    reached: Place | None = None


@runtime_checkable
class Lister(Protocol):
    """A Finder that lists studies in the order of their moments, and that knows an end of looking."""

    def listed(
        self, queries: Sequence[Query], *, most: int, seconds: float, place: Place | None = None, upward: bool = False
    ) -> Listing:
        """Give the studies that answer any of some queries, each once.

        Parameters
        ----------
        queries
            Of the level STUDY; what they ask back, their order and their limits do not matter.
        most
            How many studies at most.
        seconds
            How long to look at most, about.
        place
            Behind which the list begins; None for its beginning.
        upward
            Whether it goes from the oldest to the newest; studies without a date are the oldest.

        Raises
        ------
        QueryError
            A key's value cannot be matched.
        CatalogueError
            The database cannot be read.
        """
        ...
