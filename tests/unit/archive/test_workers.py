import multiprocessing
import os

import pytest

from findicon.archive.workers import TookTooLong, WorkerDied, Workers, WorkersClosed, WorkersGone, _Context
from unit.archive import tasks


def test_a_task_runs_in_another_process(workers: Workers) -> None:
    assert workers.start(30, tasks.square, 7).result() == 49
    assert workers.start(30, tasks.process).result() != os.getpid()


def test_what_a_task_raises_is_raised(workers: Workers) -> None:
    with pytest.raises(ValueError, match="why not"):
        workers.start(30, tasks.complain, "why not").result()


def test_codecs_run_on_one_thread(workers: Workers) -> None:
    assert workers.start(30, tasks.thread_limits).result() == ["1", "1"]


def test_a_task_that_hangs_is_stopped_and_its_worker_replaced(workers: Workers) -> None:
    before = workers.start(30, tasks.process).result()
    with pytest.raises(TookTooLong, match=r"longer than 0\.2 s"):
        workers.start(0.2, tasks.hang).result()
    after = {workers.start(30, tasks.process).result() for _ in range(8)}
    assert after
    assert before


def test_a_worker_that_dies_fails_its_task_only(workers: Workers) -> None:
    others = [workers.start(30, tasks.square, number) for number in range(20)]
    with pytest.raises(WorkerDied, match="exit code -9"):
        workers.start(30, tasks.die).result()
    assert [other.result() for other in others] == [number**2 for number in range(20)]
    assert workers.start(30, tasks.square, 3).result() == 9


def test_workers_that_are_killed_while_idle_are_replaced() -> None:
    with Workers(1) as workers:
        worker = workers.start(30, tasks.process).result()
        os.kill(worker, 9)
        assert workers.start(30, tasks.square, 5).result() == 25


def test_nothing_is_started_before_it_is_needed_and_nothing_is_left() -> None:
    before = set(multiprocessing.active_children())
    workers = Workers(1)
    assert set(multiprocessing.active_children()) == before
    workers.start(30, tasks.square, 2).result()
    assert len(set(multiprocessing.active_children()) - before) == 1
    workers.close()
    assert set(multiprocessing.active_children()) == before


def test_a_process_that_is_still_starting_finds_the_lock_that_its_pool_gave_up(
    capfd: pytest.CaptureFixture[str],
) -> None:
    context = _Context()
    lock = context.RLock()
    process = context.Process(target=tasks.take, args=(lock,))
    process.start()
    del lock  # long before the other process has an interpreter
    process.join(30)
    assert process.exitcode == 0
    assert capfd.readouterr().err == ""


def test_workers_that_are_closed_at_once_end_without_a_word(capfd: pytest.CaptureFixture[str]) -> None:
    for count in range(1, 5):
        workers = Workers(count)
        workers.start(30, tasks.square, 2)
        workers.close()
    assert capfd.readouterr().err == ""


def test_closing_fails_what_is_under_way() -> None:
    workers = Workers(1)
    running = workers.start(30, tasks.hang)
    waiting = workers.start(30, tasks.square, 2)
    workers.close()
    for task in (running, waiting):
        with pytest.raises(WorkersClosed):
            task.result()
    with pytest.raises(WorkersClosed):
        workers.start(30, tasks.square, 2)


def test_workers_that_never_come_up_are_given_up_with_a_hint() -> None:
    with Workers(1) as workers:
        task = workers.start(30, tasks.square, tasks.Stillborn())
        with pytest.raises(WorkersGone, match="__main__"):
            task.result()
        with pytest.raises(WorkersGone):
            workers.start(30, tasks.square, 2)
