"""All that a question finds, or the newest thousand of it: what counts are made of, and pages where that is all."""

from collections.abc import Sequence
from dataclasses import dataclass

from ...query import Listed, Lister, Place
from .alternatives import Asked, query_of

SECONDS = 0.08
"""How long to look for a survey, and for the page that is cut out of it, at most."""
HALF = SECONDS / 2
"""How long to look for each of both, where the page begins behind a place."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a question finds.

    Parameters
    ----------
    studies
        The newest first; one more at most than are counted.
    is_complete
        Whether these are all.
    reached
        Where looking ended for want of time; None where it did not.
    """

    studies: Sequence[Listed] = ()
    is_complete: bool = True
    reached: Place | None = None


def survey_of(lister: Lister, asked: Asked, most: int, seconds: float = SECONDS) -> Survey:
    """Look for what a question finds, until all is found or one more than is counted, or time is over."""
    queries = [query_of(one, asked.dates) for one in asked.alternatives()]
    found = lister.listed(queries, most=most + 1, seconds=seconds)
    return Survey(found.studies, found.reached is None and len(found.studies) <= most, found.reached)
