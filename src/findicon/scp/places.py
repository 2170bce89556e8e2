"""How many associations are open, in all and for each caller: in one process, or in several that share the count."""

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from hashlib import blake2b
from multiprocessing.context import SpawnContext
from typing import Protocol

from ..dimse import Limits


class Places(Protocol):
    """Places for associations."""

    def place(self, ae_title: str, host: str) -> AbstractContextManager[bool]:
        """Take a place while the block runs; tell whether there was one."""
        ...


class OwnPlaces:
    """The places of one process."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._lock = threading.Lock()
        self._callers: Counter[tuple[str, str]] = Counter()

    @contextmanager
    def place(self, ae_title: str, host: str) -> Iterator[bool]:
        """Take a place while the block runs; tell whether there was one."""
        caller = (ae_title, host)
        with self._lock:
            is_free = (
                self._callers.total() < self._limits.associations
                and self._callers[caller] < self._limits.associations_per_caller
            )
            if is_free:
                self._callers[caller] += 1
        try:
            yield is_free
        finally:
            if is_free:
                with self._lock:
                    self._callers[caller] -= 1
                    if not self._callers[caller]:
                        del self._callers[caller]


class SharedPlaces:
    """Places that processes share: one slot of shared memory for each association, with its caller and its process.

    Parameters
    ----------
    context
        The multiprocessing context that the processes are made with.
    """

    def __init__(self, limits: Limits, context: SpawnContext) -> None:
        self._most_per_caller = limits.associations_per_caller
        self._lock = context.Lock()
        self._callers = context.Array("Q", limits.associations, lock=False)  # 0 is a free slot
        self._owners = context.Array("i", limits.associations, lock=False)
        self.owner = 0

    @contextmanager
    def place(self, ae_title: str, host: str) -> Iterator[bool]:
        """Take a place while the block runs; tell whether there was one."""
        slot = self._take(_number(ae_title, host))
        try:
            yield slot is not None
        finally:
            if slot is not None:
                with self._lock:
                    self._callers[slot] = 0

    def clear(self, owner: int) -> None:
        """Free the places of a process that is gone."""
        with self._lock:
            for slot, other in enumerate(self._owners):
                if other == owner:
                    self._callers[slot] = 0

    def _take(self, caller: int) -> int | None:
        with self._lock:
            callers = list(self._callers)
            if 0 not in callers or callers.count(caller) >= self._most_per_caller:
                return None
            slot = callers.index(0)
            self._callers[slot] = caller
            self._owners[slot] = self.owner
            return slot


def _number(ae_title: str, host: str) -> int:
    """Give the number that stands for a caller; two callers share one in 2**64."""
    digest = blake2b(f"{ae_title}\0{host}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") or 1
