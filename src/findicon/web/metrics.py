"""What the web counts: requests, pictures, stored instances, and the archive behind it."""

from collections.abc import Mapping

from ..errors import FindiconError
from ..observe import Figures
from ..query import Overview

_SECONDS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)


class Metrics:
    """Counts what the web does.

    Parameters
    ----------
    overview
        Where the size of the archive is known; None leaves it out.
    figures
        Where they are kept, beside those of others; a place of its own unless given.
    """

    def __init__(self, overview: Overview | None = None, figures: Figures | None = None) -> None:
        self.figures = figures = figures or Figures()
        self.requests = figures.counter(
            "findicon_http_requests", "Requests by route and status", "method", "route", "status"
        )
        self.seconds = figures.seconds(
            "findicon_http_seconds", "Seconds to the end of an answer", "route", limits=_SECONDS
        )
        self.pictures = figures.counter("findicon_http_pictures", "Thumbnails by what they were", "kind")
        self.stored = figures.counter(
            "findicon_http_instances_stored", "Instances that were sent to be stored", "outcome"
        )
        if overview is not None:
            figures.state("findicon_archive", "What the archive holds, by level", "level", lambda: _held(overview))
            figures.state("findicon_icons", "Pictures by state", "state", lambda: _icons(overview))


def _held(overview: Overview) -> Mapping[str, float]:
    try:
        return {level.lower(): count for level, count in overview.counts().items()}
    except FindiconError:
        return {}


def _icons(overview: Overview) -> Mapping[str, float]:
    try:
        progress = overview.progress()
    except FindiconError:
        return {}
    return {"made": progress.icons_made, "waiting": progress.icons_waiting}
