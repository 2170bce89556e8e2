"""Associations with one peer that wait to be used again."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar
from weakref import WeakKeyDictionary

from ..dimse import Association
from ..errors import FindiconError, PeerAborted

_KEPT = 4
Terms = TypeVar("Terms")
Result = TypeVar("Result")


class Pool(Generic[Terms]):
    """Associations that are idle; whoever takes one has it alone, so any number of threads may ask at once.

    Parameters
    ----------
    request
        Makes a new association on the terms that are wanted.
    suits
        Tells whether an association that was made on the first terms is good for the second ones.
    """

    def __init__(self, request: Callable[[Terms], Association], suits: Callable[[Terms, Terms], bool]) -> None:
        self._request = request
        self._suits = suits
        self._lock = threading.Lock()
        self._idle: list[Association] = []
        self._terms: WeakKeyDictionary[Association, Terms] = WeakKeyDictionary()
        self._is_closed = False

    def take(self, terms: Terms, *, fresh: bool = False) -> tuple[Association, bool]:
        """Give an association on these terms, and whether it was used before; raises PeerError when there is none."""
        while not fresh:
            association = self._take_idle(terms)
            if association is None:
                break
            if not association.wait(0):
                return association, True
            association.abort()  # whatever a peer says unasked is goodbye
        association = self._request(terms)
        with self._lock:
            self._terms[association] = terms
        return association, False

    def use(self, terms: Terms, operation: Callable[[Association], Result]) -> Result:
        """Run an operation on an association, again on a new one when it turns out that the peer had ended it.

        It had when nothing came of it: what the peer had begun to answer is not begun anew.

        Raises
        ------
        PeerError
            There is no association; and whatever `operation` raises.
        """
        association, reused = self.take(terms)
        association.has_heard = False
        try:
            return self._run(association, operation)
        except PeerAborted:
            if not reused or association.has_heard:
                raise
        return self._run(self.take(terms, fresh=True)[0], operation)

    def _run(self, association: Association, operation: Callable[[Association], Result]) -> Result:
        try:
            result = operation(association)
        except FindiconError:
            self.give_back(association)  # the peer's answer was complete, or the association is over
            raise
        except BaseException:
            association.abort()  # in the middle of who knows what
            raise
        self.give_back(association)
        return result

    def give_back(self, association: Association) -> None:
        """Take an association back after its operation; what is over is forgotten."""
        surplus = association
        with self._lock:
            if association.is_open and not self._is_closed:
                self._idle.append(association)
                if len(self._idle) <= _KEPT:
                    return
                surplus = self._idle.pop(0)
        surplus.release()

    def close(self) -> None:
        """Release what is idle; what is in use is released when it comes back."""
        with self._lock:
            idle, self._idle, self._is_closed = self._idle, [], True
        for association in idle:
            association.release()

    def open(self) -> None:
        """Keep associations again."""
        self._is_closed = False

    def _take_idle(self, terms: Terms) -> Association | None:
        with self._lock:
            for association in reversed(self._idle):
                if self._suits(self._terms[association], terms):
                    self._idle.remove(association)
                    return association
        return None
