"""Answers on their way to whoever reads them: counted, cut off by Ctrl-C, kept when the peer breaks off."""

import signal
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar

from rich.console import Console

from ..errors import AnswersCut, PeerError
from ..query import Cancel
from .complaints import DONE, FAILED, complain

Answer = TypeVar("Answer")


class Answers(Generic[Answer]):
    """The answers as they come; what ends them too early is kept until they are printed."""

    def __init__(self, answers: Iterable[Answer], cancel: Cancel) -> None:
        self._answers = answers
        self._cancel = cancel
        self._count = 0
        self._failure: PeerError | AnswersCut | None = None

    def __iter__(self) -> Iterator[Answer]:
        try:
            for answer in self._answers:
                self._count += 1
                yield answer
        except (PeerError, AnswersCut) as error:
            if not self._count:
                raise
            self._failure = error

    def conclude(self, one: str = "answer", many: str = "answers") -> int:
        """Say how it ended, and give the exit code."""
        count = f"1 {one}" if self._count == 1 else f"{self._count} {many}"
        if self._failure is not None:
            return complain(f"{self._failure}; {count} came before that", FAILED)
        if self._cancel():
            return complain(f"cancelled after {count}", FAILED)
        if sys.stderr.isatty():
            complain(count)
        return DONE


@contextmanager
def cancelling() -> Iterator[Cancel]:
    """Make the first Ctrl-C end the query by a C-CANCEL; the second one ends the program as usual."""
    interrupted = False

    def note(_signal: int, _frame: object) -> None:
        nonlocal interrupted
        interrupted = True
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = signal.signal(signal.SIGINT, note)
    try:
        yield lambda: interrupted
    finally:
        signal.signal(signal.SIGINT, before)


@contextmanager
def progress(answers: Iterable[Answer]) -> Iterator[Iterable[Answer]]:
    """Count answers on standard error while they come, where somebody is looking."""
    console = Console(stderr=True)
    if not console.is_terminal:
        yield answers
        return
    with console.status("asking") as status:

        def counted() -> Iterator[Answer]:
            for number, answer in enumerate(answers, 1):
                status.update(f"{number} answers")
                yield answer

        yield counted()
