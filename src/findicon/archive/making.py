"""The pictures of the archive: stored ones, and those made when they are first asked for."""

import threading
from collections import deque
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Concatenate, ParamSpec, Self

from ..catalogue import Catalogue
from ..errors import IconError, StorageError
from ..observe import log
from ..pixels import Picture, render
from ..query import Level
from .events import Event, Kind
from .paths import path_of
from .pictures import Choice, Made, Pending, Pictures, StudyFacts
from .rendering import Render, render_nothing
from .workers import Workers, WorkersClosed, WorkersGone, WorkFailed

_STALE_AT_ONCE = 250
_PENDING = 4  # for each worker
_WARM_UP = 60.0  # seconds
_Entity = tuple[Level, str]
_Asked = ParamSpec("_Asked")


class IconMaker:
    """Gives the picture of a study, a series or an instance: the stored one, else it is made now and stored.

    It is an IconSource. Threads may share it; two that ask for the same picture share one decode. Worker processes
    start when the first picture is made.

    Parameters
    ----------
    catalogue
        Where pictures are kept, and what says which instance lies where.
    choice
        Which pictures, and how large.
    limit
        Seconds that rendering one image may take; then its worker is killed and replaced.
    workers
        Processes to render in, shared with others and not closed here; or how many to start, one per core for None.
    render
        What makes a picture of a file: a function that worker processes import by name.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        *,
        choice: Choice | None = None,
        limit: float = 10.0,
        workers: Workers | int | None = None,
        render: Render = render,
    ) -> None:
        self._catalogue = catalogue
        self._choice = choice or Choice()
        if self._choice.is_blank:  # what was made without that rule is not shown until its turn comes
            catalogue.forget_pictures_of_other_rules(str(self._choice))
        self._owns_workers = not isinstance(workers, Workers)
        self._workers = workers if isinstance(workers, Workers) else Workers(workers)
        self._limit = limit
        self._render = render
        self._pictures = Pictures(catalogue, self._workers, self._choice, limit, render)
        self._lock = threading.Lock()
        self._under_way: dict[_Entity, Future[Made]] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def warm_up(self) -> None:
        """Start the workers and have each make a picture, without waiting for them: the first query need not."""
        for _ in range(self._workers.count):
            self._workers.start(_WARM_UP, render_nothing, self._render)

    def close(self) -> None:
        """Stop what is being rendered and leave no process behind."""
        if self._owns_workers:
            self._workers.close()

    def icon(self, level: Level, uid: str) -> bytes | None:
        """Give the one item of (0088,0200), Explicit VR Little Endian, without item tag; None where there is none."""
        stored = self._catalogue.icon(level, uid)
        return self._made(level, uid).item if stored is None else stored

    def preview(self, level: Level, uid: str) -> bytes | None:
        """Give a JPEG of at most 256 px for the same picture; None where there is none."""
        stored = self._catalogue.preview(level, uid)
        return self._made(level, uid).preview if stored is None else stored

    def is_burned_in(self, level: Level, uid: str) -> bool:
        """Tell whether the image that a picture was made of has text burned in, (0028,0301)."""
        return self._catalogue.is_burned_in(level, uid)

    def rendered(
        self,
        function: Callable[Concatenate[str, _Asked], Picture],
        sop_instance: str,
        *arguments: _Asked.args,
        **named: _Asked.kwargs,
    ) -> Picture:
        """Have an instance rendered by a worker, which is killed when it takes longer than the limit.

        Parameters
        ----------
        function
            What makes a picture of a file: a function that worker processes import by name. It gets the file's path.
        sop_instance
            SOP Instance UID.
        *arguments, **named
            What else it gets.

        Raises
        ------
        IconError
            The image cannot be rendered, or not in time.
        StorageError
            There is no such instance, it cannot be read, or there are no workers.
        CatalogueError
            The catalogue cannot be read.
        """
        location = self._catalogue.location(sop_instance)
        if location is None:
            raise StorageError(f"There is no instance {sop_instance}")
        task = self._workers.start(self._limit, partial(function, path_of(location.path), *arguments, **named))
        try:
            return task.result()
        except WorkFailed as exc:
            raise IconError(str(exc)) from exc

    def make_stale(self, tell: Callable[[Event], None], stop: Callable[[], bool] = lambda: False) -> None:
        """Make every picture of a series or study that is missing or out of date.

        Parameters
        ----------
        tell
            Called in this thread with every picture made, and every one that there is none of.
        stop
            Asked between pictures; True ends it early.

        Raises
        ------
        CatalogueError
            The catalogue cannot be read or written.
        StorageError
            Worker processes cannot be started.
        """
        attempted: set[_Entity] = set()
        rule: str | None = str(self._choice)  # what another choice made is marked as stale, once
        while not stop():
            stale = self._catalogue.stale_icons(_STALE_AT_ONCE, rule=rule)
            entities = [entity for entity in stale if entity not in attempted]
            if not entities:  # nothing is left, or only what changes faster than it is made
                return
            rule = None
            attempted.update(entities)
            tell(Event(Kind.WAITING, len(entities)))
            try:
                self._make_all(entities, tell, stop)
            except WorkersClosed:
                return

    def _make_all(self, entities: list[_Entity], tell: Callable[[Event], None], stop: Callable[[], bool]) -> None:
        studies = StudyFacts(self._catalogue)
        pending: deque[tuple[_Entity, Pending]] = deque()

        def finish() -> None:
            (level, uid), first = pending.popleft()
            made = first.finish()
            kind = Kind.NO_PICTURE if made.item is None else Kind.PICTURED
            tell(Event(kind, 1, f"{level} {uid}", made.reason))

        for entity in entities:
            if stop():
                return
            pending.append((entity, self._pictures.start(*entity, studies)))
            if len(pending) > _PENDING * self._workers.count:
                finish()
        while pending:
            finish()

    def _made(self, level: Level, uid: str) -> Made:
        """Make a picture now; none where there is none to be had, or no longer anybody to make it."""
        if level is Level.PATIENT or (level, uid) in self._pictures.refused:
            return Made()
        try:
            return self._make_once((level, uid))
        except WorkersGone as exc:
            log.error("no picture", reason=str(exc))
            return Made()

    def _make_once(self, entity: _Entity) -> Made:
        """Make a picture, or wait for whoever is making it."""
        with self._lock:
            future = self._under_way.get(entity)
            is_mine = future is None
            if future is None:
                future = self._under_way[entity] = Future()
        if not is_mine:
            return future.result()
        try:
            made = self._pictures.start(*entity).finish()
            future.set_result(made)
        except BaseException as exc:
            future.set_exception(exc)
            raise
        finally:
            with self._lock:
                del self._under_way[entity]
        return made
