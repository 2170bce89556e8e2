"""What the routes work with: the ports that the web was joined to, and the few questions they all ask of them."""

import struct
import threading
from collections.abc import Callable, Container, Generator, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import BinaryIO, TypeAlias
from urllib.parse import urlsplit

from pydicom.uid import ExplicitVRLittleEndian
from starlette.requests import Request

from ..errors import AnswersCut, PeerError
from ..observe import audit
from ..query import Finder, IconSource, Ingest, InstanceSource, Key, Level, Lister, Match, Options, Overview, Query
from .attributes import Attribute, of_bytes
from .caching import FirstSeen, Kept
from .metrics import Metrics
from .ports import Counting, Holding, Renderer
from .problems import not_found, too_large
from .remembered import RememberedPictures
from .routing import DICOMWEB
from .settings import WebSettings

Fields: TypeAlias = dict[int, Attribute]
"""The attributes of an answer, by tag."""

_REMEMBERED = 100_000


@dataclass(frozen=True, slots=True)
class Instance:
    """One instance, as a search found it.

    Parameters
    ----------
    study, series, uid, sop_class
        UIDs.
    """

    study: str
    series: str
    uid: str
    sop_class: str = ""

    @property
    def path(self) -> str:
        """Its resource, below the address of the DICOMweb services."""
        return f"/studies/{self.study}/series/{self.series}/instances/{self.uid}"


@dataclass(frozen=True)
class Services:
    """What the routes work with."""

    finder: Finder
    icons: IconSource
    source: InstanceSource
    ingest: Ingest | None
    overview: Overview | None
    settings: WebSettings
    renderer: Renderer
    metrics: Metrics
    first_seen: FirstSeen = field(default_factory=FirstSeen)
    encoded: Kept = field(default_factory=Kept)
    remembered: RememberedPictures = field(default_factory=RememberedPictures)
    seen: set[Instance] = field(default_factory=set)
    rendering: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(4))
    warming: list[Callable[[], object]] = field(default_factory=list)

    @property
    def able(self) -> Options:
        """What the Finder can do of what a question may ask beside plain matching (PS3.4 C.5.1.1)."""
        found = getattr(self.finder, "options", None)
        return found if isinstance(found, Options) else Options()

    @property
    def lister(self) -> Lister | None:
        """The Finder, where it lists studies in their order; another archive may not, and is sorted here."""
        return self.finder if isinstance(self.finder, Lister) else None

    def prefix(self, request: Request) -> str:
        """Give the path in front of all of ours, without a slash at its end: a proxy's, or nothing."""
        if self.settings.public_url:
            return urlsplit(self.settings.public_url).path.rstrip("/")
        return str(request.scope.get("root_path", "")).rstrip("/")

    def dicomweb(self, request: Request) -> str:
        """Give the address of our DICOMweb services as whoever asks may use it."""
        public = self.settings.public_url.rstrip("/")
        return (public or _own(request)) + DICOMWEB

    def find(self, query: Query) -> Generator[Match]:
        """Give the answers to a query; the Finder hears of it when nobody wants more."""
        ended = threading.Event()
        matches = self.finder.find(query, ended.is_set)
        try:
            yield from matches
        finally:
            ended.set()
            close = getattr(matches, "close", None)
            if close is not None:
                close()

    def first(self, query: Query) -> Match | None:
        """Give the first answer; None when there is none."""
        with closing(self.find(changed(query, limit=1))) as matches:
            return next(matches, None)

    def answers(self, query: Query, wanted: Container[int] | None = None) -> tuple[list[Fields], bool]:
        """Give the attributes of all answers to a query, and whether a limit of the archive cut them off.

        Parameters
        ----------
        query
            The question.
        wanted
            Tags of the attributes that matter; None for all.
        """
        found: list[Fields] = []
        with closing(self.find(query)) as matches:
            try:
                found.extend(fields(match, wanted) for match in matches)
            except AnswersCut:
                return found, True
        return found, False

    def count(self, query: Query, most: int) -> int:
        """Count the answers to a query, beyond its offset, and stop at `most`."""
        if isinstance(self.finder, Counting):
            return self.finder.count(query, most)
        kept = [key for key in query.keys.values() if not key.is_universal or key.tag == query.level.unique_key]
        with closing(self.find(changed(query, limit=most, keys=kept))) as matches:
            return sum(1 for _ in islice(matches, most))

    def instances(self, study: str, series: str = "", instance: str = "", *, keys: tuple[str, ...] = ()) -> list[Match]:
        """Find the instances of a study, a series, or the one that is named.

        Raises
        ------
        Problem
            404 when there is none; 413 when there are more than one retrieval gives.
        """
        most = self.settings.most_instances
        asked = [Key.named(name) for name in ("SOPClassUID", "SOPInstanceUID", *keys)]
        query = Query(
            Level.IMAGE,
            keys=[*asked, *unique_keys(study, series, instance)],
            defaults=False,
            options=Options(relational=not series),
            limit=most + 1,
            character_sets=("ISO_IR 192",),
        )
        with closing(self.find(query)) as matches:
            found = list(islice(matches, most + 1))
        if not found:
            raise not_found(
                f"There is no {'instance' if instance else 'series' if series else 'study'} of that UID here"
            )
        if len(found) > most:
            raise too_large(f"There are more than {most} instances: retrieve them series by series")
        return found

    def located(self, study: str, series: str = "", instance: str = "") -> list[Instance]:
        """Find the instances of a study, a series, or the one that is named, in a steady order; as `instances`."""
        found = [instance_of(fields(match)) for match in self.instances(study, series, instance)]
        return sorted(found, key=lambda one: (one.series, one.uid))

    def is_below(self, level: Level, found: Instance) -> bool:
        """Tell whether a series, or an instance, is where its path says; what is there once is remembered."""
        if isinstance(self.finder, Holding):
            return self.finder.holds(found.study, found.series, found.uid)
        if found in self.seen:
            return True
        query = Query(
            level,
            keys=unique_keys(found.study, found.series, found.uid),
            defaults=False,
            character_sets=("ISO_IR 192",),
        )
        if self.first(query) is None:
            return False
        if len(self.seen) > _REMEMBERED:
            self.seen.clear()
        self.seen.add(found)
        return True

    @contextmanager
    def opened(self, instance: Instance) -> Iterator[BinaryIO]:
        """Open the file of an instance while the block runs; raises StorageError."""
        stream = self.source.open(instance.uid)
        try:
            yield stream
        finally:
            stream.close()


def unique_keys(study: str, series: str, instance: str) -> list[Key]:
    """Give the keys that fix these UIDs; none for an empty one."""
    uids = {Level.STUDY: study, Level.SERIES: series, Level.IMAGE: instance}
    return [Key(level.unique_key, "UI", (uid,)) for level, uid in uids.items() if uid]


def _own(request: Request) -> str:
    """Give our address by the name we were called by; with our port, which some clients leave out of the name."""
    base, server = request.base_url, request.scope.get("server")
    if base.port is None and server is not None and server[1] not in {None, 80, 443}:
        base = base.replace(port=server[1])
    return str(base).rstrip("/")


def changed(query: Query, *, limit: int | None, offset: int | None = None, keys: list[Key] | None = None) -> Query:
    """Give a query with another limit and, where they are given, another offset and other keys."""
    return Query(
        query.level,
        model=query.model,
        keys=query.keys.values() if keys is None else keys,
        defaults=False,
        options=query.options,
        order=query.order,
        offset=query.offset if offset is None else offset,
        limit=limit,
        character_sets=query.character_sets,
    )


def fields(match: Match, wanted: Container[int] | None = None) -> Fields:
    """Give the attributes of an answer by tag: all of them, or those that are wanted.

    Raises
    ------
    PeerError
        The answer is no data set: it comes from another archive.
    """
    data = match.encoded(ExplicitVRLittleEndian)
    try:
        return {attribute.tag: attribute for attribute in of_bytes(data, wanted=wanted)}
    except (ValueError, struct.error) as exc:
        raise PeerError("the archive behind this one", f"an answer is malformed: {exc}") from exc


def text(found: Fields, tag: int) -> str:
    """Give an attribute's first value as text; empty when it has none."""
    attribute = found.get(tag)
    value = attribute.values[0] if attribute is not None and attribute.values else None
    return "" if value is None else str(value)


def instance_of(found: Fields) -> Instance:
    """Give the instance that an answer at IMAGE level is about."""
    return Instance(text(found, 0x0020000D), text(found, 0x0020000E), text(found, 0x00080018), text(found, 0x00080016))


def note(request: Request, event: str, **facts: object) -> None:
    """Write into the audit trail who asked what; values are made only when it is kept (`observe.audit`)."""
    audit(
        event,
        user=request.scope.get("user_name", ""),
        host=request.client.host if request.client else "",
        user_agent=request.headers.get("user-agent", ""),
        **facts,
    )
