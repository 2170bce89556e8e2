"""The pictures of upstream's entities: those at hand, those out of date, and those that have to be made."""

import threading
import time
from collections.abc import Callable, Sequence
from enum import Enum
from functools import partial
from typing import NamedTuple

from ..catalogue import CachedIcon, IconCache
from ..errors import CatalogueError
from ..observe import log
from ..query import Level
from .answers import Entity, Subject
from .fetches import Fetches, Made, Ticket, Urgency
from .looking import Looking
from .making import Freshness, Maker
from .recent import RecentIcons
from .rendering import Rendered
from .settings import GatewaySettings

_CHECKED_AT_ONCE = 100
_MOST_CHECKED = 20_000
_SLOWER = 10  # times rarer are checks where upstream has to be asked for each study by itself
_USED_AGAIN = 3600.0  # seconds after which a use is noted anew


class State(Enum):
    """What is known of a picture."""

    FRESH = 0
    """It is the right one, or there is none to be had."""
    UNSURE = 1
    """It is the right one unless there are more instances now; who gives it has that checked."""
    STALE = 2
    """There is an older one."""
    MISSING = 3
    """There is none yet."""


class Known(NamedTuple):
    """A picture as the cache has it; without one when `item` is None."""

    state: State
    item: bytes | None = None
    instances: int | None = None


_MISSING = Known(State.MISSING)


class Pictures:
    """The pictures of one upstream.

    Parameters
    ----------
    cache
        Those that are at hand.
    fetches, maker
        Where those wait that are not, and what makes them.
    looking
        Tells how many instances there are now.
    tell
        Called with what came of a picture: ``made``, ``none`` or ``failed``.
    """

    def __init__(
        self,
        cache: IconCache,
        fetches: Fetches,
        maker: Maker,
        looking: Looking,
        settings: GatewaySettings,
        tell: Callable[[str], None],
    ) -> None:
        self._cache = cache
        self._fetches = fetches
        self._maker = maker
        self._looking = looking
        self._settings = settings
        self._choice = settings.choice
        self._recent = RecentIcons(settings.memory_bytes)
        self._lock = threading.Lock()
        self._checked: dict[str, float] = {}  # by level and UID, until when
        self._tell = tell

    def known(self, level: Level, subjects: Sequence[Subject]) -> list[Known]:
        """Tell what is at hand for each of these entities; MISSING when the cache cannot be read."""
        recent = self._recent.get(level, (subject.entity.uid for subject in subjects))
        self._note_use(level, recent)
        found = [self._known(subject, recent.get(subject.entity.uid)) for subject in subjects]
        # What is remembered may be older than what another process has made since.
        unsure = {
            subject.entity.uid
            for subject, known in zip(subjects, found, strict=True)
            if known.state in {State.STALE, State.MISSING} and subject.entity.uid
        }
        if not unsure:
            return found
        try:
            cached = self._cache.get(level, sorted(unsure))
        except CatalogueError as error:
            log.warning("pictures cannot be looked up", reason=str(error))
            return found
        self._recent.put(level, cached)
        self._note_use(level, cached)
        return [
            self._known(subject, cached[subject.entity.uid]) if subject.entity.uid in cached else known
            for subject, known in zip(subjects, found, strict=True)
        ]

    def remembered(self, subject: Subject) -> Known | None:
        """Give a picture that is at hand without asking the database; None when that has to be asked, or more."""
        level, uid = subject.entity.level, subject.entity.uid
        if not uid:
            return Known(State.FRESH)
        recent = self._recent.one(level, uid)
        if recent is None:
            return None
        known = self._known(subject, recent)
        if known.state is State.STALE or time.time() - recent.used > _USED_AGAIN:
            return None
        return known

    def want(
        self, subject: Subject, urgency: Urgency, query: int, index: int, tell: Callable[[], None] = lambda: None
    ) -> Ticket:
        """Have a picture made.

        Parameters
        ----------
        query, index
            The query that wants it, and the place of its answer; those of later queries are made first.
        tell
            Called when it is done.
        """
        entity = subject.entity
        run = partial(self._make, subject)
        return self._fetches.want((entity.level, entity.uid), run, (urgency, -query, index), tell)

    def _make(self, subject: Subject) -> Made:
        try:
            made = self._maker.make(subject)
        except Exception:
            self._tell("failed")
            raise
        self._tell("none" if made.item is None else "made")
        self._recent.forget(subject.entity.level, subject.entity.uid)
        return made

    def check(self, level: Level, unsure: Sequence[tuple[Entity, int | None]]) -> None:
        """See, some time, whether these entities have more instances than when their pictures were made.

        Parameters
        ----------
        unsure
            The entities, with the counts that the cache notes.
        """
        if level is Level.STUDY:
            for start in range(0, len(unsure), _CHECKED_AT_ONCE):
                some = unsure[start : start + _CHECKED_AT_ONCE]
                self._in_background(("count", some[0][0].uid), partial(self._count, some))
        else:
            for entity, _ in unsure:
                self._make_again(entity)

    def keep(self, subject: Subject, made: Rendered, source: str) -> None:
        """Put a picture that is at hand into the cache, some time."""
        entity = subject.entity
        run = partial(self._maker.keep, entity, subject.instances, made, source)
        self._in_background((entity.level, entity.uid), run)

    def _known(self, subject: Subject, cached: CachedIcon | None) -> Known:
        if cached is None:
            return _MISSING
        entity, instances = subject.entity, subject.instances
        if instances is not None and cached.rule == f"{self._choice} of {instances}":
            return Known(State.FRESH, cached.item, instances)
        choice, noted = Freshness.of(cached)
        if choice != self._choice or instances is not None:
            return Known(State.STALE, cached.item, noted)
        if entity.level is Level.IMAGE or not self._is_due(entity):
            return Known(State.FRESH, cached.item, noted)
        return Known(State.UNSURE, cached.item, noted)

    def _is_due(self, entity: Entity) -> bool:
        return time.monotonic() >= self._checked.get(entity.level + entity.uid, 0.0)

    def _count(self, some: Sequence[tuple[Entity, int | None]]) -> bytes | None:
        """Ask how many instances some studies have, and have the pictures of those made that have more."""
        counts = self._looking.counts_of([entity.uid for entity, _ in some])
        for entity, noted in some:
            now = counts.get(entity.uid)
            if now is None:
                self._make_again(entity)
            else:
                self._note_check(entity, self._settings.check_after)
                if now != noted:
                    self._make_again(entity)
        return None

    def _make_again(self, entity: Entity) -> None:
        def run() -> bytes | None:
            self._note_check(entity, self._settings.check_after * _SLOWER)
            return self._make(Subject(entity)).item

        self._in_background((entity.level, entity.uid), run)

    def _in_background(self, key: object, run: Callable[[], bytes | None]) -> None:
        self._fetches.want(key, lambda: Made(run()), (Urgency.CHECKED, 0, 0)).keep()

    def _note_check(self, entity: Entity, rests: float) -> None:
        with self._lock:
            if len(self._checked) > _MOST_CHECKED:
                self._checked.clear()
            self._checked[entity.level + entity.uid] = time.monotonic() + rests

    def _note_use(self, level: Level, cached: dict[str, CachedIcon]) -> None:
        """Tell the cache what is used, so that it keeps it: now and then, by whoever writes."""
        before = time.time() - _USED_AGAIN
        used = [uid for uid, one in cached.items() if one.used < before]
        if used:
            self._recent.put(level, {uid: cached[uid]._replace(used=time.time()) for uid in used})
            self._in_background(("use", level, used[0]), lambda: self._cache.use(level, used))
