"""Folders into the catalogue: what is new or changed is read, what went away is taken out, the rest is left alone."""

import os
from collections import Counter
from collections.abc import Iterable
from typing import Literal

from ..catalogue import Catalogue
from .events import Event, Kind, Summary
from .making import IconMaker
from .scan import Report, Scan
from .workers import Workers


def _ignore(_: Event) -> None:
    """Be the listener of a run that nobody watches."""


def index(
    paths: Iterable[str | os.PathLike[str]],
    catalogue: Catalogue,
    *,
    workers: int | None = None,
    icons: Literal["now", "later"] = "now",
    report: Report = _ignore,
) -> Summary:
    """Bring the catalogue up to date with folders of DICOM files, which are read and never written.

    A file whose size and time of modification the catalogue knows is not read again. One that cannot be read is
    reported and recorded with the reason, and the run goes on. Files are read and pictures rendered in processes that
    are killed at a time limit.

    Parameters
    ----------
    paths
        Folders, and files.
    catalogue
        Where instances, failures and pictures are written.
    workers
        How many processes read and render; one per core unless told.
    icons
        ``now`` makes the pictures of series and studies before it returns, ``later`` leaves them to an `IconQueue`.
    report
        Called in this thread with what happens, for a progress bar and a log.

    Raises
    ------
    StorageError
        One of `paths` does not exist, and the catalogue knows nothing there.
    CatalogueError
        The catalogue cannot be read or written; what was committed before stays.
    """
    counts: Counter[Kind] = Counter()

    def tell(event: Event) -> None:
        counts[event.kind] += event.count
        report(event)

    with Workers(workers) as pool:
        scan = Scan(catalogue, pool, tell)
        for root in _roots(paths):
            scan.run(root)
        catalogue.make_durable()
        if icons == "now":
            with IconMaker(catalogue, workers=pool) as maker:
                maker.make_stale(tell)
    return Summary.of(counts)


def _roots(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Give the absolute paths, without those that lie below another; links in them stay as they are."""
    roots: list[str] = []
    for path in sorted({os.path.abspath(path) for path in paths}):  # noqa: PTH100 -- Path.resolve follows links
        if not any(path.startswith(root.rstrip(os.sep) + os.sep) for root in roots):
            roots.append(path)
    return roots
