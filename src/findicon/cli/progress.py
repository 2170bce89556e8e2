"""Two bars for a run over folders: files, then pictures."""

from time import monotonic
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from ..archive import Event, Kind

_FILES_DONE = {Kind.INDEXED, Kind.UNCHANGED, Kind.SKIPPED, Kind.FAILED}
_PICTURES_DONE = {Kind.PICTURED, Kind.NO_PICTURE}


class Watching:
    """Watch a run: draws bars where somebody is looking, and keeps what failed.

    Parameters
    ----------
    console
        Where the bars go.
    is_shown
        Draw them at all.

    Attributes
    ----------
    failures
        The events of files that could not be read.
    duplicates
        The events of files with the SOP Instance UID of another.
    """

    def __init__(self, console: Console, *, is_shown: bool = True) -> None:
        self.failures: list[Event] = []
        self.duplicates: list[Event] = []
        self._began = monotonic()
        self._progress = Progress(
            TextColumn("{task.description:<8}"),
            BarColumn(),
            MofNCompleteColumn(),
            TimeRemainingColumn(),
            console=console,
            transient=True,
            disable=not (is_shown and console.is_terminal),
        )
        self._totals: dict[TaskID, int] = {}
        self._files = self._task("files")
        self._pictures = self._task("pictures")

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    @property
    def seconds(self) -> float:
        """How long the run has taken."""
        return monotonic() - self._began

    def report(self, event: Event) -> None:
        """Take what happens in a run."""
        if event.kind is Kind.FOUND:
            self._more(self._files, event.count)
        elif event.kind is Kind.WAITING:
            self._more(self._pictures, event.count)
        elif event.kind in _FILES_DONE:
            self._progress.advance(self._files, event.count)
        elif event.kind in _PICTURES_DONE:
            self._progress.advance(self._pictures, event.count)
        if event.kind is Kind.FAILED:
            self.failures.append(event)
        elif event.kind is Kind.DUPLICATE:
            self.duplicates.append(event)

    def _task(self, description: str) -> TaskID:
        task = self._progress.add_task(description, total=None, visible=False)
        self._totals[task] = 0
        return task

    def _more(self, task: TaskID, count: int) -> None:
        self._totals[task] += count
        self._progress.update(task, total=self._totals[task], visible=True)
