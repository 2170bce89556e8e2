"""Pictures of files that are no part of the archive, rendered in workers that can be killed."""

from typing import Self

from ..pixels import render
from .rendering import Render, Rendered, render_icon
from .workers import Workers, WorkersGone, WorkFailed


class FileRenderer:
    """Renders any image file in a worker process, within a time limit; safe between threads.

    Parameters
    ----------
    limit
        Seconds that one image may take; then its worker is killed and replaced.
    workers
        How many processes; None for one per core.
    render
        What makes a picture of a file: a function that worker processes import by name.
    """

    def __init__(self, *, limit: float = 10.0, workers: int | None = None, render: Render = render) -> None:
        self._limit = limit
        self._workers = Workers(workers)
        self._render = render

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Leave no process behind."""
        self._workers.close()

    def __call__(self, path: str, size: int, frame: int | None) -> Rendered:
        """Make the icon of `size` pixels and the preview of a file; what goes wrong is told, not raised."""
        try:
            return self._workers.start(self._limit, render_icon, self._render, path, size, frame).result()
        except (WorkFailed, WorkersGone) as error:
            return Rendered(reason=str(error))
