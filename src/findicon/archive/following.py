"""Folders that are watched: what changes in them is in the catalogue a moment later."""

import os
import time
from collections.abc import Generator, Iterable
from contextlib import closing
from typing import Literal

from watchfiles import watch

from ..catalogue import Catalogue
from ..errors import StorageError
from .events import Summary
from .indexing import Pass, as_folder, ignore, roots_of
from .pictures import Choice
from .scan import Report
from .workers import Workers

_LONGEST = 10.0  # seconds that changes are gathered while there is no quiet
_LOOK_UP = 0.5  # seconds
_WHOLE_PASS = 3600.0  # seconds


def follow(
    paths: Iterable[str | os.PathLike[str]],
    catalogue: Catalogue,
    *,
    workers: int | None = None,
    icons: Literal["now", "later"] = "now",
    choice: Choice | None = None,
    report: Report = ignore,
    quiet: float = 1.0,
) -> Generator[Summary]:
    """Index folders, and then whatever is added, changed or removed in them, until the iterator is closed.

    The system says what changed. It says nothing about what others change on a network disk, and may drop what is too
    much at once, so everything is looked at again once an hour. A folder that is gone itself, as one on a disk that was
    unplugged, is no reason to forget what was in it.

    Parameters
    ----------
    paths
        Folders.
    catalogue, workers, icons, choice, report
        As of `index`.
    quiet
        Seconds without a change after which changes are taken in, so that a file is read when it is whole.

    Yields
    ------
    Summary
        What the first pass came to, then each one that found something to do.

    Raises
    ------
    StorageError
        One of `paths` is no folder, or the system cannot watch it.
    CatalogueError
        The catalogue cannot be read or written; what was committed before stays.
    """
    roots = roots_of(paths)
    other = next((root for root in roots if not os.path.isdir(root)), None)  # noqa: PTH112
    if other is not None:
        raise StorageError(f"{other} is no folder, and only folders can be watched")
    with Workers(workers) as pool, closing(_changes(roots, quiet)) as changes:
        work = Pass(catalogue, pool, icons, choice, report)
        next(changes)  # from here on the system notes what changes
        yield work.over(roots)
        whole_pass = time.monotonic() + _WHOLE_PASS
        for changed in changes:
            places = changed
            if time.monotonic() > whole_pass:
                places = [root for root in roots if os.path.isdir(root)]  # noqa: PTH112
                whole_pass = time.monotonic() + _WHOLE_PASS
            if places:
                summary = work.over(places, may_be_gone=True)
                if summary.found > summary.unchanged or summary.gone:
                    yield summary


def _changes(roots: list[str], quiet: float) -> Generator[list[str]]:
    """Give the places where something changed, none below another; now and then none, so that time is looked at."""
    try:
        for changed in watch(
            *roots,
            watch_filter=None,
            step=int(1000 * quiet),
            debounce=int(1000 * max(quiet, _LONGEST)),
            rust_timeout=int(1000 * _LOOK_UP),
            yield_on_timeout=True,
            ignore_permission_denied=True,
        ):
            yield _below(roots, {path for _, path in changed})
    except OSError as exc:
        raise StorageError(f"{', '.join(roots)} cannot be watched: {exc.strerror or exc}") from exc


def _below(roots: list[str], changed: set[str]) -> list[str]:
    """Give the places that changed below folders that are there; a notice about a folder itself is about no file."""
    gone = tuple(as_folder(root) for root in roots if not os.path.isdir(root))  # noqa: PTH112
    return roots_of(path for path in changed.difference(roots) if not path.startswith(gone))
