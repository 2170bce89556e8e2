"""The gateway: another archive's answers, with pictures."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from functools import partial
from itertools import count
from pathlib import Path
from typing import BinaryIO, Self

from ..catalogue import Catalogue, IconCache
from ..errors import PeerError, PeerRejected, StorageError
from ..observe import Figures, log
from ..query import Cancel, Level, Match, Query, Retrieved, RetrieveProgress, never
from ..scu import Upstream, WebClient
from .ahead import close_answers
from .answering import Answering
from .answers import Entity, Reader, Readings, Subject
from .arrivals import Arrivals
from .fetches import Fetches, Made, Urgency
from .figures import GatewayFigures
from .looking import Looking
from .making import Maker
from .pictures import Pictures, State
from .places import Places
from .probing import levels_with_icons
from .questions import Asked, DicomPeer, Question
from .rendering import Render, render_here
from .retrieval import NOT_THIS_WAY, Place, Retrieval
from .settings import GatewaySettings
from .sources import DicomSources, Sources, WebSources
from .walking import is_hierarchical, walk

_PROBE = "probe"
_MOVE_PATIENCE = 600.0  # seconds: some archives say nothing before the last instance of a C-MOVE is sent


class Gateway:
    """Stands before an archive and gives its answers with pictures.

    It is a Finder, an IconSource, an InstanceSource, an Ingest and a Relay: join it to an SCP as ``Server(gateway,
    source=gateway, ingest=gateway, relay=gateway)``. Any number of threads may use it at once.

    Parameters
    ----------
    upstream
        The archive.
    catalogue
        Where pictures are kept; gateways that share it serve each other's.
    settings
        Budget, limits, and which pictures.
    name
        What upstream is called in the catalogue; its address unless given. Gateways that share pictures agree on it.
    web
        A DICOMweb server that holds the same instances, for upstreams that give none over DIMSE.
    destination
        Our AE title as upstream knows it for C-MOVE; empty for an upstream that does not know us.
    render
        Makes pictures of files; in this process unless given.
    figures
        Where it counts what it does, and tells how it is doing; nowhere unless given.
    """

    gives_questions_on = True

    def __init__(
        self,
        upstream: Upstream | WebClient,
        catalogue: Catalogue,
        *,
        settings: GatewaySettings | None = None,
        name: str = "",
        web: WebClient | None = None,
        destination: str = "",
        render: Render = render_here,
        figures: GatewayFigures | None = None,
    ) -> None:
        self._settings = settings = settings or GatewaySettings()
        self.name = name or (upstream.address if isinstance(upstream, WebClient) else str(upstream.peer.address))
        self._closing = ExitStack()
        folder = Path(self._closing.enter_context(tempfile.TemporaryDirectory(prefix="findicon-")))
        self._fetches = Fetches(
            limit=settings.fetches, retries=settings.retries, forgotten_after=settings.forgotten_after
        )
        is_closed = self._is_closed
        self._client = None if isinstance(upstream, WebClient) else upstream
        self._asked: Asked = upstream if isinstance(upstream, WebClient) else DicomPeer(upstream)
        self._cache = IconCache(catalogue, self.name, limit=settings.cache_bytes)
        self._arrivals = Arrivals(folder, settings.largest)
        web = upstream if isinstance(upstream, WebClient) else web
        self._retrieval = Retrieval(self._arrivals, folder, self._client, web, destination)
        self._looking = Looking(self._asked, is_closed)
        sources: Sources
        if self._client is not None:
            sources = DicomSources(self._client, self._retrieval, self._arrivals, render, settings, is_closed)
        else:
            assert web is not None
            sources = WebSources(web, self._retrieval, folder, render, settings, is_closed)
        maker = Maker(self._looking, sources, self._retrieval, self._cache, settings, is_closed)
        figures = figures or GatewayFigures(Figures())
        figures.add(self)
        self._pictures = Pictures(
            self._cache, self._fetches, maker, self._looking, settings, partial(figures.count, self.name)
        )
        self._is_upstream_there: bool | None = None
        self._places = Places()
        self._readings = Readings()
        self._queries = count(1)
        # DICOMweb answers have no icons at the levels where lists are long (PS3.18 10.6.3.3).
        self._with_icons: frozenset[Level] | None = frozenset() if self._client is None else None
        self._probe_soon()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End what is being fetched, and throw away what was; upstream's client stays open."""
        self._fetches.close()
        self._closing.close()

    # -- Finder

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        """Give upstream's answers as they come, with pictures where the query wants them.

        An answer waits for its picture as long as the query's budget lasts; then it leaves with an empty sequence, and
        the picture is made for the next asker.

        Raises
        ------
        QueryError
            The question cannot be encoded.
        PeerError
            Upstream failed, with its status and comment where it gave them; after the answers that it had given.
        """
        self._probe_soon()
        if query.options.relational and not is_hierarchical(query):
            return walk(query, self._find, cancel)
        return self._find(query, cancel)

    def _find(self, query: Query, cancel: Cancel) -> Iterator[Match]:
        question = Question.of(query, keeps_icon=query.level in (self._with_icons or ()))
        reader = Reader(query.level, question.known, question.own, self.name, self._readings)
        return (
            self._pictured(question, reader, cancel)
            if question.wants_pictures
            else self._plain(question, reader, cancel)
        )

    def _pictured(self, question: Question, reader: Reader, cancel: Cancel) -> Iterator[Match]:
        with self._asking():
            answering = Answering(question, next(self._queries), reader, self._places, self._pictures, self._settings)
            yield from answering.run(lambda unwanted: self._asked.find(question.query, unwanted), cancel)

    def _plain(self, question: Question, reader: Reader, cancel: Cancel) -> Iterator[Match]:
        supported = question.all_keys_supported
        with self._asking(), ExitStack() as leaving:
            matches = self._asked.find(question.query, cancel)
            leaving.callback(close_answers, matches)
            for match in matches:
                answer = reader.read(match)
                self._places.learn(answer.subject)
                if supported:
                    yield match
                else:
                    answer.all_keys_supported = False
                    yield answer

    @contextmanager
    def _asking(self) -> Iterator[None]:
        """Count a query that is being answered, and note what becomes of it."""
        with self._fetches.querying(), self._noted():
            yield

    @contextmanager
    def _noted(self) -> Iterator[None]:
        """Note whether upstream is there."""
        try:
            yield
        except PeerError as error:
            self._is_upstream_there = error.status is not None
            raise
        self._is_upstream_there = True

    # -- IconSource

    def icon(self, level: Level, uid: str) -> bytes | None:
        """Give the item of (0088,0200) for an entity, made now when there is none; None when none can be made."""
        return self._picture(level, uid, only_preview=False)

    def preview(self, level: Level, uid: str) -> bytes | None:
        """Give the JPEG of an entity's picture, made now when there is none; None when none can be made."""
        return self._picture(level, uid, only_preview=True)

    def _picture(self, level: Level, uid: str, *, only_preview: bool) -> bytes | None:
        if level is Level.PATIENT:
            return None
        study, series, sop_class = self._places.of(uid) or ("", "", "")
        entity = Entity(level, uid, uid if level is Level.STUDY else study, series)
        subject = Subject(entity, None, sop_class)
        known = self._pictures.known(level, [subject])[0]
        if known.state in {State.MISSING, State.STALE}:
            done = threading.Event()
            ticket = self._pictures.want(subject, Urgency.LOOKED_AT, 0, 0, done.set)
            if ticket.is_worth_waiting:
                done.wait(self._settings.patience)
            ticket.keep()
        elif known.state is State.UNSURE:
            self._pictures.check(level, [(entity, known.instances)])
        if only_preview:
            return self._cache.preview(level, uid)
        cached = self._cache.get(level, [uid]).get(uid)
        return cached.item if cached else None

    # -- InstanceSource and Ingest

    def open(self, sop_instance: str) -> BinaryIO:
        """Fetch an instance from upstream; the file is gone once the stream is closed.

        Raises
        ------
        StorageError
            Upstream does not know it, or it is too large.
        PeerError
            Upstream does not give it.
        """
        place = self._places.of(sop_instance) or self._looking.place_of(sop_instance)
        if place is None:
            raise StorageError(f"{self.name} does not know where {sop_instance} is")
        study, series, sop_class = place
        with (
            self._fetches.querying(),
            self._retrieval.fetched(Place(study, series, sop_instance, sop_class)) as path,
        ):
            return path.open("rb")

    def receive(
        self, sop_class: str, sop_instance: str, transfer_syntax: str, sender: str
    ) -> AbstractContextManager[BinaryIO]:
        """Take in what upstream sends after a C-MOVE of ours, and nothing else."""
        return self._arrivals.receive(sop_class, sop_instance, transfer_syntax, sender)

    # -- Relay

    def move(
        self, query: Query, destination: str, cancel: Cancel = never, *, progress: RetrieveProgress | None = None
    ) -> Retrieved | None:
        """Have upstream send instances; None where it has no C-MOVE for us, or does not know the destination.

        Raises
        ------
        PeerError
            Upstream failed.
        """
        if self._client is None:
            return None
        try:
            with self._fetches.querying():
                return self._client.move(query, destination, cancel, progress=progress, timeout=_MOVE_PATIENCE)
        except PeerRejected:
            return None
        except PeerError as error:
            if error.status in NOT_THIS_WAY:
                return None
            raise

    # -- ahead of askers

    def warm(self, query: Query, cancel: Cancel = never) -> Iterator[str]:
        """Ask a question and have the pictures made that its answers lack, after everybody else's.

        Yields
        ------
        str
            The UID of each answer.
        """
        question = Question.of(query, keeps_icon=False)
        reader = Reader(query.level, question.known, question.own, self.name, self._readings)
        for match in self._asked.find(question.query, cancel):
            subject = reader.read(match).subject
            if subject.entity.uid:
                self._places.learn(subject)
                known = self._pictures.known(query.level, [subject])[0]
                if known.state in {State.MISSING, State.STALE}:
                    self._pictures.want(subject, Urgency.AHEAD, 0, 0).keep()
                yield subject.entity.uid

    @property
    def waiting(self) -> int:
        """How many pictures wait to be made, or are being made."""
        return self._fetches.waiting

    @property
    def associations(self) -> int | None:
        """How many associations upstream sees of us; None of a web server."""
        return None if self._client is None else self._client.associations

    @property
    def is_upstream_there(self) -> bool | None:
        """Whether upstream could be asked the last time; None before it was asked."""
        return self._is_upstream_there

    def _is_closed(self) -> bool:
        return self._fetches.is_closed

    def _probe_soon(self) -> None:
        """See whether upstream has icons of its own; again and again until it can be asked."""
        if self._with_icons is None:
            self._fetches.want(_PROBE, self._probe, (Urgency.LOOKED_AT, 0, 0)).keep()

    def _probe(self) -> Made:
        with self._noted():
            self._with_icons = levels_with_icons(self._asked, self._is_closed)
        log.info("upstream probed", upstream=self.name, icons=[str(level) for level in sorted(self._with_icons)])
        return Made()
