"""Pictures that wait: who goes first, who shares, who is tried again, who is forgotten; by a clock of our own."""

import threading
from collections.abc import Callable
from contextlib import closing

import pytest

from findicon.errors import PeerError, PeerRejected
from findicon.gateway.fetches import Fetches, Made, Urgency

LISTED = (Urgency.LISTED, -1, 0)


class Kitchen:
    """Runs jobs when it is told to, and remembers which."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._gates: dict[str, threading.Event] = {}
        self._lock = threading.Lock()
        self._changed = threading.Condition()
        self.running = self.most = 0

    def job(self, name: str, *, gated: bool = False, error: Exception | None = None) -> Callable[[], Made]:
        if gated:
            self._gates[name] = threading.Event()

        def run() -> Made:
            with self._changed:
                self.begun.append(name)
                self.running += 1
                self.most = max(self.most, self.running)
                self._changed.notify_all()
            if gated:
                assert self._gates[name].wait(20)
            with self._changed:
                self.running -= 1
                self._changed.notify_all()
            if error is not None:
                raise error
            return Made(name.encode())

        return run

    def open(self, *names: str) -> None:
        for name in names:
            self._gates[name].set()

    def wait_until(self, is_so: Callable[[], bool]) -> None:
        with self._changed:
            assert self._changed.wait_for(is_so, 20)


class Clock:
    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def done(ticket: object) -> threading.Event:
    event: threading.Event = ticket.event  # type: ignore[attr-defined]
    assert event.wait(20)
    return event


@pytest.fixture
def kitchen() -> Kitchen:
    return Kitchen()


def fetching(**settings: object) -> "closing[Fetches]":
    return closing(Fetches(**settings))


def want(fetches: Fetches, key: str, run: Callable[[], Made], place: tuple[Urgency, int, int] = LISTED) -> object:
    event = threading.Event()
    ticket = fetches.want(key, run, place, event.set)
    ticket.event = event  # type: ignore[attr-defined]
    if ticket.is_done:
        event.set()
    return ticket


def test_what_was_made_is_in_the_ticket(kitchen: Kitchen) -> None:
    with fetching() as fetches:
        ticket = want(fetches, "a", kitchen.job("a"))
        done(ticket)
        assert ticket.is_done
        assert ticket.made.item == b"a"
        assert fetches.waiting == 0


def test_no_more_than_the_limit_run_at_once(kitchen: Kitchen) -> None:
    names = [f"{number}" for number in range(20)]
    with fetching(limit=3) as fetches:
        tickets = [want(fetches, name, kitchen.job(name, gated=True)) for name in names]
        kitchen.wait_until(lambda: kitchen.running == 3)
        kitchen.open(*names)
        for ticket in tickets:
            done(ticket)
    assert kitchen.most == 3
    assert sorted(kitchen.begun) == sorted(names)


def test_queries_that_are_answered_count_and_one_always_runs(kitchen: Kitchen) -> None:
    names = ["a", "b", "c", "d"]
    with fetching(limit=3) as fetches, fetches.querying(), fetches.querying(), fetches.querying():
        tickets = [want(fetches, name, kitchen.job(name, gated=True)) for name in names]
        kitchen.wait_until(lambda: kitchen.running == 1)
        kitchen.open(*names)
        for ticket in tickets:
            done(ticket)
    assert kitchen.most == 1


def test_the_latest_query_goes_first_and_what_nobody_waits_for_last(kitchen: Kitchen) -> None:
    with fetching(limit=1) as fetches:
        first = want(fetches, "first", kitchen.job("first", gated=True))
        kitchen.wait_until(lambda: kitchen.running == 1)
        tickets = [
            want(fetches, "ahead", kitchen.job("ahead"), (Urgency.AHEAD, 0, 0)),
            want(fetches, "old 1", kitchen.job("old 1"), (Urgency.LISTED, -1, 1)),
            want(fetches, "old 0", kitchen.job("old 0"), (Urgency.LISTED, -1, 0)),
            want(fetches, "new 0", kitchen.job("new 0"), (Urgency.LISTED, -2, 0)),
            want(fetches, "new 1", kitchen.job("new 1"), (Urgency.LISTED, -2, 1)),
            want(fetches, "looked at", kitchen.job("looked at"), (Urgency.LOOKED_AT, 0, 0)),
            want(fetches, "checked", kitchen.job("checked"), (Urgency.CHECKED, 0, 0)),
            # somebody looks at what had been wanted ahead
            want(fetches, "old 1", kitchen.job("not run"), (Urgency.LISTED, -3, 0)),
        ]
        kitchen.open("first")
        for ticket in [first, *tickets]:
            done(ticket)
    assert kitchen.begun == ["first", "looked at", "old 1", "new 0", "new 1", "old 0", "checked", "ahead"]


def test_two_who_want_the_same_share_it(kitchen: Kitchen) -> None:
    with fetching() as fetches:
        one = want(fetches, "a", kitchen.job("a", gated=True))
        other = want(fetches, "a", kitchen.job("other"))
        kitchen.open("a")
        done(one), done(other)
        assert (one.made.item, other.made.item) == (b"a", b"a")
    assert kitchen.begun == ["a"]


def test_what_nobody_wants_any_more_is_not_begun(kitchen: Kitchen) -> None:
    with fetching(limit=1) as fetches:
        first = want(fetches, "first", kitchen.job("first", gated=True))
        kitchen.wait_until(lambda: kitchen.running == 1)
        forgotten = want(fetches, "forgotten", kitchen.job("forgotten"))
        shared = [want(fetches, "shared", kitchen.job("shared")) for _ in range(2)]
        kept = want(fetches, "kept", kitchen.job("kept"))
        forgotten.forget()
        shared[0].forget()
        kept.keep()
        last = want(fetches, "last", kitchen.job("last"), (Urgency.AHEAD, 0, 0))
        kitchen.open("first")
        done(first), done(last)
    assert kitchen.begun == ["first", "shared", "kept", "last"]


def test_a_failure_is_tried_again_after_a_pause_and_left_alone_after_the_last(kitchen: Kitchen) -> None:
    clock = Clock()
    error = PeerError("PACS", "out of resources", status=0xA700)
    with fetching(retries=(10.0, 20.0), forgotten_after=100.0, clock=clock) as fetches:
        ticket = want(fetches, "a", kitchen.job("a", error=error))
        done(ticket)
        assert not ticket.is_done
        assert not ticket.is_worth_waiting
        for pause, tries in ((10.0, 2), (20.0, 3)):
            clock.now += pause
            other = want(fetches, f"wake {pause}", kitchen.job("wake"))
            done(other)
            kitchen.wait_until(lambda tries=tries: kitchen.begun.count("a") == tries)
        last = want(fetches, "a", kitchen.job("a"))
        done(last)
        assert last.made.item is None
        left_alone = want(fetches, "a", kitchen.job("not now"))
        assert left_alone.is_done
        clock.now += 101.0
        again = want(fetches, "a", kitchen.job("now"))
        done(again)
        assert again.made.item == b"now"
    assert "not now" not in kitchen.begun


def test_of_very_many_failures_the_oldest_are_forgotten(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("findicon.gateway.fetches._MOST_FAILED", 2)
    error = PeerError("PACS", "no such instance", status=0xA900)
    with fetching(limit=1, retries=()) as fetches:
        for name in ("a", "b", "c"):
            done(want(fetches, name, kitchen.job(name, error=error)))
        assert want(fetches, "b", kitchen.job("not now")).is_done
        assert want(fetches, "c", kitchen.job("not now")).is_done
        done(want(fetches, "a", kitchen.job("now")))
    assert kitchen.begun == ["a", "b", "c", "now"]


def test_failures_may_be_forgotten_at_once(kitchen: Kitchen) -> None:
    error = PeerError("PACS", "no such instance", status=0xA900)
    with fetching(limit=1, retries=(), forgotten_after=0.0) as fetches:
        for _ in range(2):
            done(want(fetches, "a", kitchen.job("a", error=error)))
    assert kitchen.begun == ["a", "a"]


def test_a_rejection_is_not_tried_again(kitchen: Kitchen) -> None:
    with fetching(retries=(0.0, 0.0)) as fetches:
        ticket = want(fetches, "a", kitchen.job("a", error=PeerRejected("PACS", "does not offer C-GET")))
        done(ticket)
        assert ticket.is_done
    assert kitchen.begun == ["a"]


def test_everything_rests_when_upstream_seems_to_be_gone(kitchen: Kitchen) -> None:
    clock = Clock()
    gone = PeerError("PACS", "cannot be reached")
    with fetching(limit=1, retries=(10.0,), clock=clock) as fetches:
        for name in ("a", "b"):
            done(want(fetches, name, kitchen.job(name, error=gone)))
        assert fetches.is_resting
        waiting = want(fetches, "c", kitchen.job("c"))
        assert not waiting.is_worth_waiting
        clock.now += 25.0
        done(want(fetches, "d", kitchen.job("d"), (Urgency.LOOKED_AT, 0, 0)))
    assert kitchen.begun[:3] == ["a", "b", "d"]


def test_errors_that_nobody_foresaw_end_no_thread(kitchen: Kitchen) -> None:
    with fetching(limit=1, retries=()) as fetches:
        done(want(fetches, "a", kitchen.job("a", error=RuntimeError("a bug"))))
        other = want(fetches, "b", kitchen.job("b"))
        done(other)
        assert other.made.item == b"b"


def test_closing_drops_what_waits(kitchen: Kitchen) -> None:
    with fetching(limit=1) as fetches:
        running = want(fetches, "running", kitchen.job("running", gated=True))
        kitchen.wait_until(lambda: kitchen.running == 1)
        waiting = want(fetches, "waiting", kitchen.job("waiting"))
        kitchen.open("running")
        fetches.close()
        done(running), done(waiting)
        assert waiting.made.item is None or "waiting" in kitchen.begun
        late = want(fetches, "late", kitchen.job("late"))
        assert late.is_done
    assert "late" not in kitchen.begun


def test_five_thousand_at_most_wait(kitchen: Kitchen, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("findicon.gateway.fetches._MOST_WAITING", 10)
    with fetching(limit=1) as fetches:
        want(fetches, "first", kitchen.job("first", gated=True))
        kitchen.wait_until(lambda: kitchen.running == 1)
        tickets = [
            want(fetches, f"{number}", kitchen.job(f"{number}"), (Urgency.LISTED, -1, number)) for number in range(40)
        ]
        dropped = [ticket for ticket in tickets if ticket.is_done]
        assert fetches.waiting <= 12
        assert len(dropped) >= 25
        kitchen.open("first")
