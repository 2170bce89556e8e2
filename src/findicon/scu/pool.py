"""Associations with one peer that wait to be used again."""

import threading
from collections.abc import Callable

from ..dimse import Association
from ..query import Options

_KEPT = 4


class Pool:
    """Associations that are idle; whoever takes one has it alone, so any number of threads may ask at once.

    Parameters
    ----------
    request
        Makes a new association that proposes these options.
    """

    def __init__(self, request: Callable[[Options], Association]) -> None:
        self._request = request
        self._lock = threading.Lock()
        self._idle: list[tuple[Association, Options]] = []
        self._proposed: dict[Association, Options] = {}
        self._is_closed = False

    def take(self, options: Options, *, fresh: bool = False) -> tuple[Association, bool]:
        """Give an association on which `options` were proposed, and whether it was used before; PeerError if none."""
        while not fresh:
            with self._lock:
                found = next((one for one in reversed(self._idle) if one[1] == options), None)
                if found is None:
                    break
                self._idle.remove(found)
            association = found[0]
            if not association.wait(0):
                return association, True
            association.abort()  # whatever a peer says unasked is goodbye
            self._forget(association)
        association = self._request(options)
        with self._lock:
            self._proposed[association] = options
        return association, False

    def give_back(self, association: Association) -> None:
        """Take an association back whose operation ended in order."""
        with self._lock:
            options = self._proposed.get(association, Options())
            if association.is_open and not self._is_closed and len(self._idle) < _KEPT:
                self._idle.append((association, options))
                return
        self._forget(association)
        association.release()

    def close(self) -> None:
        """Release what is idle; what is in use is released when it comes back."""
        with self._lock:
            idle, self._idle, self._is_closed = self._idle, [], True
        for association, _ in idle:
            self._forget(association)
            association.release()

    def open(self) -> None:
        """Keep associations again."""
        self._is_closed = False

    def _forget(self, association: Association) -> None:
        with self._lock:
            self._proposed.pop(association, None)
