"""One picture: which instance stands for a series and which series for a study, fetched, made, kept in the cache."""

import threading
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from ..catalogue import CachedIcon, IconCache
from ..errors import PeerError, StorageError
from ..icons import Facts, series_candidates, study_candidates
from ..observe import log
from ..pixels import read_header
from ..query import Cancel, Level
from .answers import Entity, Subject
from .fetches import Made
from .looking import Looking, SeriesFacts, has_pixels
from .memory import Memory
from .rendering import Rendered
from .retrieval import Place, Retrieval
from .settings import GatewaySettings
from .sources import Sources

_TRIES = 3  # instances, or series, that are tried for one picture
_MOST_SERIES = 50  # of a study that are looked into
_MOST_KEY_OBJECTS = 4
_STRIPES = 64
_KEY_OBJECTS = "KO"
_THUMBNAIL = "thumbnail"
NO_IMAGE = "It has no image"


class Freshness(NamedTuple):
    """What the cache notes beside a picture, to see later whether it still is the right one.

    Attributes
    ----------
    choice
        How it was chosen.
    instances
        How many instances its entity had then; None for an instance.
    """

    choice: str
    instances: int | None

    @classmethod
    def of(cls, cached: CachedIcon) -> "Freshness":
        """Read what is noted."""
        return _freshness(cached.rule)

    def __str__(self) -> str:
        return self.choice if self.instances is None else f"{self.choice} of {self.instances}"


@lru_cache(maxsize=4096)  # lists are long, and their entities have few different numbers of instances
def _freshness(rule: str) -> Freshness:
    choice, _, count = rule.rpartition(" of ")
    return Freshness(choice, int(count)) if count.isdigit() else Freshness(rule, None)


class Maker:
    """Makes pictures.

    Parameters
    ----------
    looking, sources, retrieval
        What upstream knows, where its pictures come from, and how its Key Objects are fetched.
    cache
        Where pictures are kept.
    cancel
        True once everything shall end.
    """

    def __init__(
        self,
        looking: Looking,
        sources: Sources,
        retrieval: Retrieval,
        cache: IconCache,
        settings: GatewaySettings,
        cancel: Cancel,
    ) -> None:
        self._looking = looking
        self._sources = sources
        self._retrieval = retrieval
        self._cache = cache
        self._settings = settings
        self._cancel = cancel
        self._key_objects: Memory[list[Facts]] = Memory()
        # Whoever makes the picture of a study makes that of a series, too, which somebody else may be about.
        self._series = tuple(threading.Lock() for _ in range(_STRIPES))

    def make(self, subject: Subject) -> Made:
        """Make the picture of an entity, or take it from the cache when somebody else has made it meanwhile.

        Raises
        ------
        PeerError, CatalogueError
            Not now; later perhaps.
        """
        self._retrieval.check_possible()  # before a question is asked for nothing
        entity, instances, sop_class = subject
        if entity.level is Level.IMAGE:
            return Made(self._of_instance(entity, sop_class))
        if entity.level is Level.SERIES:
            return Made(self._of_series(entity.study or self._looking.study_of(entity.uid), entity.uid, instances))
        return Made(self._of_study(entity.uid, instances))

    def keep(self, entity: Entity, count: int | None, made: Rendered, source: str) -> bytes | None:
        """Put a picture into the cache, or that there is none; give the item."""
        reason = made.reason if made.item is None and made.reason != NO_IMAGE else ""
        if reason:
            log.info("no picture", entity=str(entity.level), reason=reason)
        self._cache.put(
            entity.level,
            entity.uid,
            item=made.item,
            preview=made.preview,
            rule=str(Freshness(self._settings.choice, count)),
            source=source,
            reason=reason,
        )
        return made.item

    def _of_instance(self, entity: Entity, sop_class: str) -> bytes | None:
        study, series = entity.study, entity.series
        if not (study and series):
            study, series, sop_class = self._looking.place_of(entity.uid) or ("", "", "")
        facts = Facts(entity.uid, sop_class=sop_class, study=study, series=series, has_pixels=has_pixels(sop_class))
        made = self._sources.of(facts) if facts.has_pixels else Rendered(reason=NO_IMAGE)
        return self.keep(entity, None, made, entity.uid)

    def _of_series(self, study: str, series: str, count: int | None) -> bytes | None:
        with self._series[hash(series) % _STRIPES]:
            images: list[Facts] | None = None
            if count is None:
                count = next((one.count for one in self._looking.series_of(study) if one.uid == series), None)
            if count is None:
                images = self._looking.images_of(study, series)
                count = len(images)
            fresh = self._fresh(Level.SERIES, series, count)
            if fresh is not None:
                return fresh.item
            entity = Entity(Level.SERIES, series, study)
            made = self._sources.whole(Level.SERIES, study, series)
            if made is not None:
                return self.keep(entity, count, made, _THUMBNAIL)
            images = self._looking.images_of(study, series) if images is None else images
            settings, key_objects = self._settings, self._key_objects_of(study)
            candidates = series_candidates(images, settings.rule, key_objects=key_objects, rules=settings.rules)
            return self.keep(entity, count, *self._first(candidates))

    def _of_study(self, study: str, count: int | None) -> bytes | None:
        if count is None:
            count = self._looking.count_of(study)
        fresh = self._fresh(Level.STUDY, study, count)
        if fresh is not None:
            return fresh.item
        entity = Entity(Level.STUDY, study, study)
        made = self._sources.whole(Level.STUDY, study, "")
        if made is not None:
            return self.keep(entity, count, made, _THUMBNAIL)
        if sum(one.count or 0 for one in self._looking.series_of(study)) != count:
            self._looking.forget(study)  # what was asked a moment ago is no longer so
            self._key_objects.forget(study)
        for series in islice(self._ranked(study), _TRIES):
            item = self._of_series(study, series.uid, series.count)
            if item is not None:
                small = self._cache.preview(Level.SERIES, series.uid)
                return self.keep(entity, count, Rendered(item, small), series.uid)
        return self.keep(entity, count, Rendered(reason=NO_IMAGE), "")

    def _ranked(self, study: str) -> Iterator[SeriesFacts]:
        """Give the series that may stand for a study, the best first.

        SERIES level answers say enough to rank them, but not that all of a series are localizers or screenshots: so
        the images of the best one are asked for, which may show that it is not the best.
        """
        by_uid = {one.uid: one for one in self._looking.series_of(study)[:_MOST_SERIES]}
        key_objects = self._key_objects_of(study)
        facts: dict[str, Sequence[Facts]] = {uid: [one.as_one_image(study)] for uid, one in by_uid.items()}
        seen: set[str] = set()
        given: set[str] = set()
        if key_objects or any(one.count is None for one in by_uid.values()):
            pictured = [uid for uid, one in by_uid.items() if one.may_have_pictures]
            facts = {uid: self._looking.images_of(study, uid) for uid in pictured}
            seen.update(pictured)
        while True:
            order = (uid for uid in study_candidates(list(facts.values()), key_objects=key_objects))
            best = next((uid for uid in order if uid not in given), None)
            if best is None:
                return
            if best in seen:
                given.add(best)
                yield by_uid[best]
            else:
                facts[best] = self._looking.images_of(study, best)
                seen.add(best)

    def _first(self, candidates: Iterator[Facts]) -> tuple[Rendered, str]:
        """Give the first picture that shows something, and no localizer, and what it was made from; else any."""
        second: tuple[Rendered, str] | None = None
        reason = ""
        problem: PeerError | None = None
        for facts in islice(candidates, _TRIES):
            try:
                made = self._sources.of(facts)
            except PeerError as error:
                if error.status is None:
                    raise
                problem = problem or error
                continue
            source = facts.sop_instance if made.frame is None else f"{facts.sop_instance} {made.frame}"
            if made.item is None and made.preview is None:
                reason = reason or made.reason
            elif made.is_blank or made.is_localizer:
                second = second or (made, source)
            else:
                return made, source
        if second is not None:
            return second
        if problem is not None:
            raise problem
        return Rendered(reason=reason or NO_IMAGE), ""

    def _fresh(self, level: Level, uid: str, count: int | None) -> CachedIcon | None:
        cached = self._cache.get(level, [uid]).get(uid)
        if cached is None:
            return None
        return cached if Freshness.of(cached) == Freshness(self._settings.choice, count) else None

    def _key_objects_of(self, study: str) -> list[Facts]:
        """Give the Key Objects of a study, which name its images of interest and those that were rejected."""
        return self._key_objects.get(study, lambda: self._fetch_key_objects(study))

    def _fetch_key_objects(self, study: str) -> list[Facts]:
        found: list[Facts] = []
        for series in self._looking.series_of(study):
            if series.modality != _KEY_OBJECTS:
                continue
            for one in self._looking.images_of(study, series.uid):
                if len(found) < _MOST_KEY_OBJECTS:
                    found += self._key_object(Place(study, series.uid, one.sop_instance, one.sop_class))
        return found

    def _key_object(self, place: Place) -> list[Facts]:
        try:
            with self._retrieval.fetched(place, self._cancel) as path:
                return [Facts.from_header(read_header(Path(path)))]
        except StorageError as error:
            log.info("a key object was left out", reason=str(error))
        except PeerError as error:
            if error.status is None:
                raise
            log.info("a key object was left out", reason=str(error))
        return []
