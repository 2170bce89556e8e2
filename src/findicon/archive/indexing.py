"""Folders into the catalogue: what is new or changed is read, what went away is taken out, the rest is left alone."""

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Literal

from ..catalogue import Catalogue
from .events import Event, Kind, Summary
from .making import IconMaker
from .pictures import Choice
from .scan import Report, Scan
from .workers import Workers


def ignore(_: Event) -> None:
    """Be the listener of a run that nobody watches."""


def index(
    paths: Iterable[str | os.PathLike[str]],
    catalogue: Catalogue,
    *,
    workers: int | None = None,
    icons: Literal["now", "later"] = "now",
    choice: Choice | None = None,
    report: Report = ignore,
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
    choice
        Which pictures, and how large; whoever serves the catalogue with another makes them again.
    report
        Called in this thread with what happens, for a progress bar and a log.

    Raises
    ------
    StorageError
        One of `paths` does not exist, and the catalogue knows nothing there.
    CatalogueError
        The catalogue cannot be read or written; what was committed before stays.
    """
    with Workers(workers) as pool:
        return Pass(catalogue, pool, icons, choice, report).over(roots_of(paths))


class Pass:
    """Passes over folders, with what they need.

    Parameters
    ----------
    catalogue, icons, choice, report
        As of `index`.
    pool
        Who reads and renders.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        pool: Workers,
        icons: Literal["now", "later"],
        choice: Choice | None,
        report: Report,
    ) -> None:
        self._catalogue = catalogue
        self._pool = pool
        self._icons = icons
        self._choice = choice
        self._report = report

    def over(self, roots: Sequence[str], *, may_be_gone: bool = False) -> Summary:
        """Bring the catalogue up to date with some places; as `index`, and as `Scan.run`."""
        counts: Counter[Kind] = Counter()

        def tell(event: Event) -> None:
            counts[event.kind] += event.count
            self._report(event)

        Scan(self._catalogue, self._pool, tell).run(roots, may_be_gone=may_be_gone)
        self._catalogue.make_durable()
        if self._icons == "now":
            with IconMaker(self._catalogue, choice=self._choice, workers=self._pool) as maker:
                maker.make_stale(tell)
        return Summary.of(counts)


def roots_of(paths: Iterable[str | os.PathLike[str]]) -> list[str]:
    """Give the absolute paths, without those that lie below another; links in them stay as they are."""
    roots: list[str] = []
    # With a separator behind each, what lies below a path follows it at once.
    for path in sorted({os.path.abspath(path) for path in paths}, key=as_folder):  # noqa: PTH100 -- Path.resolve follows links
        if not roots or not path.startswith(as_folder(roots[-1])):
            roots.append(path)
    return roots


def as_folder(path: str) -> str:
    """Give a path with a separator behind it, as the paths of what lies below begin."""
    return path.rstrip(os.sep) + os.sep
