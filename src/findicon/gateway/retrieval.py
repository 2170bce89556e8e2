"""One instance from upstream into a file: by C-GET, by C-MOVE to our own SCP, or by WADO-RS, whatever works."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from time import monotonic
from typing import NamedTuple, TypeAlias

from ..errors import PeerAborted, PeerError, PeerRejected, StorageError
from ..observe import log
from ..query import Cancel, Level, Query, Retrieved, never
from ..scu import Upstream, WebClient
from .arrivals import Arrival, Arrivals

_LEFT_ALONE = 300.0  # seconds until a way that upstream does not have is tried again
_REST = 5.0  # seconds until a way that failed and failed is tried again; twice as long the next time
_ENOUGH = 3  # failures in a row; Orthanc, for one, aborts the association when C-GET is not allowed to us
_LATE = 5.0  # seconds that a C-STORE may still take once its C-MOVE is said to be complete
NOT_THIS_WAY = frozenset({0x0122, 0x0124, 0x0211, 0xA801})
"""SOP class not supported, not authorized, unrecognized operation, move destination unknown."""


class Place(NamedTuple):
    """Where an instance is."""

    study: str
    series: str
    instance: str
    sop_class: str = ""


_Way: TypeAlias = "Callable[[Place, Arrival, Cancel], Path | None]"


class TooLarge(StorageError):
    """An instance has more bytes than may be fetched."""


class Retrieval:
    """Fetches instances.

    Parameters
    ----------
    arrivals
        Takes them in; our own SCP gives it what C-MOVE brings.
    client
        The DICOM peer; None for a DICOMweb server alone.
    web
        The DICOMweb server, also one that stands beside the peer.
    destination
        Our AE title as the peer knows it as a C-MOVE destination; empty for none.
    """

    def __init__(
        self,
        arrivals: Arrivals,
        folder: Path,
        client: Upstream | None,
        web: WebClient | None,
        destination: str = "",
    ) -> None:
        self._arrivals = arrivals
        self._folder = folder
        self._client = client
        self._web = web
        self._destination = destination
        self._verbs: tuple[float, frozenset[str]] = (0.0, frozenset())
        self._closed: dict[str, float] = {}
        self._resting: dict[str, float] = {}
        self._failures: dict[str, int] = {}
        self._rests: dict[str, float] = {}

    def offers(self, verb: str) -> bool:
        """Tell whether the DICOM peer offers a verb, as `Upstream.verbs` names them; raises PeerError."""
        if self._client is None:
            return False
        until, verbs = self._verbs
        if monotonic() >= until:
            verbs = self._client.verbs()
            self._verbs = monotonic() + _LEFT_ALONE, verbs
        return verb in verbs

    def check_possible(self) -> None:
        """Raise PeerRejected when there is no way at all, PeerError when there is none now."""
        if not any(self._ways()):
            raise self._no_way()

    @contextmanager
    def fetched(self, place: Place, cancel: Cancel = never) -> Iterator[Path]:
        """Fetch an instance into a file, which is gone after the block.

        Raises
        ------
        TooLarge
            It has too many bytes.
        PeerError
            No way brought it; the first that failed says why.
        """
        with self._arrivals.expected(place.instance) as arrival:
            yield self._fetch(place, arrival, cancel)

    def _fetch(self, place: Place, arrival: Arrival, cancel: Cancel) -> Path:
        problem: PeerError | None = None
        for name, way in self._ways():
            try:
                path = way(place, arrival, cancel)
            except PeerError as error:
                if error.status is None and not isinstance(error, PeerAborted | PeerRejected):
                    raise  # it is not there: no other way will find it
                self._note_failure(name, error)
                log.info("an instance did not come this way", way=name, reason=str(error))
                problem = problem or error
                continue
            if arrival.problem:
                raise TooLarge(arrival.problem)
            if path is not None:
                self._failures.pop(name, None)
                self._rests.pop(name, None)
                return path
        raise problem or self._no_way()

    def _note_failure(self, name: str, error: PeerError) -> None:
        self._failures[name] = self._failures.get(name, 0) + 1
        if error.status in NOT_THIS_WAY:
            self._closed[name] = monotonic() + _LEFT_ALONE
        elif self._failures[name] >= _ENOUGH:
            self._rests[name] = min(_LEFT_ALONE, 2 * self._rests.get(name, _REST / 2))
            self._resting[name] = monotonic() + self._rests[name]
            self._failures[name] = 0

    def _ways(self) -> Iterator[tuple[str, _Way]]:
        now = monotonic()
        for name, way in self._open_ways():
            if now >= self._resting.get(name, 0.0):
                yield name, way

    def _open_ways(self) -> Iterator[tuple[str, _Way]]:
        now = monotonic()
        ways = (
            ("C-GET", self._by_get, self.offers("get")),
            ("C-MOVE", self._by_move, bool(self._destination) and self.offers("move")),
            ("WADO-RS", self._by_web, self._web is not None),
        )
        for name, way, is_there in ways:
            if is_there and now >= self._closed.get(name, 0.0):
                yield name, way

    def _no_way(self) -> PeerError:
        if any(self._open_ways()):
            return PeerError(self._name, "failed to give instances just now, and is left alone for a while")
        return PeerRejected(self._name, "gives instances in no way that is open to us: C-GET, C-MOVE, WADO-RS")

    @property
    def _name(self) -> str:
        if self._client is not None:
            return str(self._client.peer.address)
        return self._web.address if self._web is not None else ""

    def _by_get(self, place: Place, arrival: Arrival, cancel: Cancel) -> Path | None:
        assert self._client is not None
        classes = [place.sop_class] if place.sop_class else []
        done = self._client.get(_query(place), self._arrivals, cancel, sop_classes=classes)
        return self._come(arrival, done, 0.0)

    def _by_move(self, place: Place, arrival: Arrival, cancel: Cancel) -> Path | None:
        assert self._client is not None
        done = self._client.move(_query(place), self._destination, cancel)
        return self._come(arrival, done, _LATE)

    def _come(self, arrival: Arrival, done: Retrieved, patience: float) -> Path | None:
        path = arrival.wait(patience if done.completed or done.warnings else 0.0)
        if path is None and not arrival.problem:
            log.info("an instance did not come", completed=done.completed, failed=done.failed)
        return path

    def _by_web(self, place: Place, arrival: Arrival, _cancel: Cancel) -> Path | None:
        assert self._web is not None
        dataset = self._web.instance(place.study, place.series, place.instance)
        path = self._folder / f"{id(arrival)}.dcm"
        try:
            dataset.save_as(path, enforce_file_format=True)
        except Exception as error:  # pydicom raises whatever Python raises for what cannot be encoded
            path.unlink(missing_ok=True)
            raise PeerError(self._web.address, f"sent an instance that cannot be written: {error}") from error
        arrival.bring(path)
        return path


def _query(place: Place) -> Query:
    return Query(
        Level.IMAGE,
        defaults=False,
        StudyInstanceUID=place.study,
        SeriesInstanceUID=place.series,
        SOPInstanceUID=place.instance,
    )
