"""What was asked a moment ago, so that the pictures of one list do not ask it again and again."""

import threading
from collections import OrderedDict
from collections.abc import Callable
from time import monotonic
from typing import Generic, TypeVar

_REMEMBERED = 30.0  # seconds
_MOST = 500
_Result = TypeVar("_Result")


class Memory(Generic[_Result]):
    """Results by a text, for as long as the pictures of one list may take."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: OrderedDict[str, tuple[float, _Result]] = OrderedDict()

    def get(self, key: str, ask: Callable[[], _Result]) -> _Result:
        """Give the result of a moment ago, or ask now."""
        known = self._known.get(key)
        if known is not None and monotonic() - known[0] < _REMEMBERED:
            return known[1]
        result = ask()
        with self._lock:
            self._known[key] = monotonic(), result
            if len(self._known) > _MOST:
                self._known.popitem(last=False)
        return result

    def forget(self, key: str) -> None:
        """Ask the next time."""
        with self._lock:
            self._known.pop(key, None)
