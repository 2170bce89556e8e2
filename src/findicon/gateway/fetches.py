"""Pictures that are being fetched: a few at a time, the ones that people look at first, each once, tried again."""

import heapq
import threading
from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum, IntEnum
from itertools import count
from time import monotonic

from ..errors import FindiconError, PeerError, PeerRejected
from ..observe import log

_MOST_WAITING = 5_000
_MOST_FAILED = 20_000
_LONGEST_PAUSE = 60.0
_PATIENCE = 10.0  # seconds that closing waits for what is under way


class Urgency(IntEnum):
    """Who waits for a picture."""

    LOOKED_AT = 0
    """Somebody, for this one."""
    LISTED = 1
    """A query that lists it."""
    CHECKED = 2
    """Nobody: it may be out of date."""
    AHEAD = 3
    """Nobody yet."""


class Made:
    """What came of a picture.

    Parameters
    ----------
    item
        The item of (0088,0200); None when there is none.
    """

    __slots__ = ("item",)

    def __init__(self, item: bytes | None = None) -> None:
        self.item = item


class _State(Enum):
    WAITING = 0
    RUNNING = 1
    DONE = 2


class _Job:
    __slots__ = ("attempts", "is_kept", "key", "made", "not_before", "place", "run", "state", "tickets")

    def __init__(self, key: object, run: Callable[[], Made]) -> None:
        self.key = key
        self.run = run
        self.state = _State.WAITING
        self.place: tuple[int, int, int] = (len(Urgency), 0, 0)
        self.attempts = 0
        self.not_before = 0.0
        self.tickets: set[Ticket] = set()
        self.is_kept = False
        self.made = Made()


class Ticket:
    """What somebody holds who wants a picture.

    Attributes
    ----------
    made
        What came of it, once it is done.
    """

    def __init__(self, fetches: "Fetches", job: _Job, tell: Callable[[], None]) -> None:
        self._fetches = fetches
        self._job = job
        self.tell = tell

    @property
    def is_done(self) -> bool:
        """Whether there is nothing left to wait for."""
        return self._job.state is _State.DONE

    @property
    def is_worth_waiting(self) -> bool:
        """Whether it is under way or about to be; not while it, or everything, rests after a failure."""
        if self._job.state is _State.WAITING:
            return not self._job.attempts and not self._fetches.is_resting
        return self._job.state is _State.RUNNING

    @property
    def made(self) -> Made:
        """What came of it; no picture while it is not done."""
        return self._job.made

    def keep(self) -> None:
        """Go away, but let it be made for the next one who asks."""
        self._fetches.let_go(self._job, self, keep=True)

    def forget(self) -> None:
        """Go away; when nobody else wants it, and it has not begun, it is not made."""
        self._fetches.let_go(self._job, self, keep=False)


class Fetches:
    """The threads that fetch pictures from one upstream, and what waits for them.

    Parameters
    ----------
    limit
        How many run at once; each uses one association.
    retries
        Pauses before further tries, in seconds.
    forgotten_after
        How long a picture that failed to the last try is left alone, in seconds.
    clock
        Gives seconds.
    """

    def __init__(
        self,
        *,
        limit: int = 4,
        retries: Sequence[float] = (1.0, 5.0, 30.0),
        forgotten_after: float = 300.0,
        clock: Callable[[], float] = monotonic,
    ) -> None:
        self._limit = limit
        self._retries = tuple(retries)
        self._forgotten_after = forgotten_after
        self._clock = clock
        self._changed = threading.Condition()
        self._jobs: dict[object, _Job] = {}
        self._heap: list[tuple[tuple[int, int, int], int, _Job]] = []
        self._later: list[tuple[float, int, _Job]] = []
        self._failed: OrderedDict[object, float] = OrderedDict()  # until when each is left alone, soonest first
        self._numbers = count()
        self._threads: list[threading.Thread] = []
        self._running = 0
        self._queries = 0
        self._lost = 0
        self._resume_at = 0.0
        self._is_closed = False

    def want(
        self,
        key: object,
        run: Callable[[], Made],
        place: tuple[Urgency, int, int],
        tell: Callable[[], None] = lambda: None,
    ) -> Ticket:
        """Have a picture made; whoever wants the same one meanwhile shares it.

        Parameters
        ----------
        key
            What it is a picture of.
        run
            Makes it, in another thread.
        place
            Urgency, then the negative number of the query, so that the latest goes first, then the place in it.
        tell
            Called when it is done, in whatever thread did it; not when it is done already. It shall not wait.
        """
        with self._changed:
            job = self._jobs.get(key)
            if job is None:
                job = _Job(key, run)
                if self._is_closed or self._clock() < self._failed.get(key, 0.0):
                    job.state = _State.DONE
                    return Ticket(self, job, tell)
                self._make_room()
                self._jobs[key] = job
            ticket = Ticket(self, job, tell)
            job.tickets.add(ticket)
            if job.state is _State.WAITING and place < job.place:
                job.place = place
                heapq.heappush(self._heap, (place, next(self._numbers), job))
                self._start_thread()
                # Long lists want thousands: to wake a thread that may begin nothing costs more than all the rest.
                if len(self._heap) == 1 or (self._has_room and not self.is_resting):
                    self._changed.notify()
            return ticket

    @contextmanager
    def querying(self) -> Iterator[None]:
        """Count a query or a retrieval that is being answered: it has an association, too."""
        with self._changed:
            self._queries += 1
        try:
            yield
        finally:
            with self._changed:
                self._queries -= 1
                self._changed.notify()

    @property
    def waiting(self) -> int:
        """How many pictures wait or are being made."""
        return len(self._jobs)

    @property
    def is_resting(self) -> bool:
        """Whether nothing is begun just now, because upstream did not seem to be there."""
        return self._clock() < self._resume_at

    @property
    def is_closed(self) -> bool:
        """Whether it is over, so that what is under way should end."""
        return self._is_closed

    def close(self) -> None:
        """Drop what waits, and wait for what is under way."""
        with self._changed:
            self._is_closed = True
            dropped = [job for job in self._jobs.values() if job.state is _State.WAITING]
            self._drop(dropped)
            self._changed.notify_all()
            threads = list(self._threads)
        for thread in threads:
            thread.join(_PATIENCE)

    def let_go(self, job: _Job, ticket: Ticket, *, keep: bool) -> None:
        """Take a ticket back."""
        with self._changed:
            job.tickets.discard(ticket)
            job.is_kept |= keep
            if not job.tickets and not job.is_kept and job.state is _State.WAITING:
                self._drop([job])

    def _drop(self, jobs: Sequence[_Job]) -> None:
        for job in jobs:
            job.state = _State.DONE
            self._jobs.pop(job.key, None)
            for ticket in job.tickets:
                ticket.tell()

    def _make_room(self) -> None:
        """Drop the last half of what waits when it is too much: nobody looks at five thousand pictures."""
        if len(self._heap) > 2 * _MOST_WAITING:
            self._heap = [one for one in self._heap if one[2].state is _State.WAITING and one[0] == one[2].place]
            heapq.heapify(self._heap)
        if len(self._jobs) > _MOST_WAITING:
            waiting = [job for job in self._jobs.values() if job.state is _State.WAITING and job.tickets]
            idle = [job for job in self._jobs.values() if job.state is _State.WAITING and not job.tickets]
            ordered = sorted(waiting, key=lambda job: job.place) + sorted(idle, key=lambda job: job.place)
            self._drop(ordered[len(ordered) // 2 :])

    def _start_thread(self) -> None:
        if len(self._threads) < self._limit and len(self._threads) - self._running < len(self._heap):
            thread = threading.Thread(target=self._work, name=f"fetch {len(self._threads)}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def _work(self) -> None:
        while (job := self._next()) is not None:
            error: Exception | None = None
            try:
                job.made = job.run()
            except Exception as problem:  # noqa: BLE001  whatever it was, the thread lives and the answer goes without
                error = problem
            self._settle(job, error)

    def _next(self) -> _Job | None:
        with self._changed:
            while not self._is_closed:
                now = self._clock()
                while self._later and self._later[0][0] <= now:
                    _, number, job = heapq.heappop(self._later)
                    heapq.heappush(self._heap, (job.place, number, job))
                if self._has_room and now >= self._resume_at:
                    found = self._take(now)
                    if found is not None:
                        self._running += 1
                        return found
                self._changed.wait(self._until_something(now))
            return None

    @property
    def _has_room(self) -> bool:
        """Whether one more may run beside those that do, and the queries."""
        return self._running < max(1, self._limit - self._queries)

    def _take(self, now: float) -> _Job | None:
        while self._heap:
            _, number, job = heapq.heappop(self._heap)
            if job.state is not _State.WAITING:
                continue  # made, dropped, or taken by a better place
            if job.not_before > now:
                heapq.heappush(self._later, (job.not_before, number, job))
                continue
            job.state = _State.RUNNING
            return job
        return None

    def _until_something(self, now: float) -> float | None:
        moments = [self._later[0][0]] if self._later else []
        if self._heap and self._resume_at > now:
            moments.append(self._resume_at)
        return max(0.0, min(moments) - now) if moments else None

    def _settle(self, job: _Job, error: Exception | None) -> None:
        with self._changed:
            self._running -= 1
            now = self._clock()
            if error is None:
                self._lost = 0
            elif _is_lost(error):
                # Everybody waits: an upstream that is down, or about to be, is not helped by four at a time.
                self._lost += 1
                pause = min(_LONGEST_PAUSE, self._retries[0] * 2 ** (self._lost - 1)) if self._retries else 0.0
                self._resume_at = max(self._resume_at, now + pause) if self._lost > self._limit else self._resume_at
            may_pass = error is not None and not isinstance(error, PeerRejected)
            if error is not None and may_pass and job.attempts < len(self._retries) and not self._is_closed:
                job.not_before = now + self._retries[job.attempts]
                job.attempts += 1
                job.state = _State.WAITING
                heapq.heappush(self._later, (job.not_before, next(self._numbers), job))
                log.info("a picture is tried again", attempt=job.attempts, reason=_text(error))
                for ticket in job.tickets:
                    ticket.tell()
                if not job.tickets and not job.is_kept:
                    self._drop([job])
            else:
                if error is not None:
                    self._note_failure(job.key, now)
                    unexpected = None if isinstance(error, FindiconError) else error
                    log.warning("no picture could be fetched", reason=_text(error), exc_info=unexpected)
                self._drop([job])
            self._changed.notify_all()

    def _note_failure(self, key: object, now: float) -> None:
        self._failed[key] = now + self._forgotten_after
        self._failed.move_to_end(key)
        while self._failed and (len(self._failed) > _MOST_FAILED or next(iter(self._failed.values())) <= now):
            self._failed.popitem(last=False)


def _is_lost(error: Exception) -> bool:
    """Tell whether an error says that upstream is not there, rather than that it does not want this."""
    return isinstance(error, PeerError) and error.status is None and not isinstance(error, PeerRejected)


def _text(error: Exception) -> str:
    return str(error) if isinstance(error, FindiconError) else f"{type(error).__name__}: {error}"
