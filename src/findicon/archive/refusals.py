"""What has no picture, kept in mind for a while: an image that hangs is not tried again at every query."""

import threading
import time
from collections import OrderedDict

from ..query import Level

_MOST = 10_000
_SECONDS = 600.0


class Refusals:
    """Studies, series and instances of which no picture could be made lately; safe between threads."""

    def __init__(self) -> None:
        self._until: OrderedDict[tuple[Level, str], float] = OrderedDict()
        self._lock = threading.Lock()

    def __contains__(self, entity: tuple[Level, str]) -> bool:
        return time.monotonic() < self._until.get(entity, 0.0)

    def note(self, level: Level, uid: str, *, has_picture: bool) -> None:
        """Remember how the making of a picture ended; the oldest are forgotten where they are too many."""
        with self._lock:
            self._until.pop((level, uid), None)
            if not has_picture:
                self._until[level, uid] = time.monotonic() + _SECONDS
                if len(self._until) > _MOST:
                    self._until.popitem(last=False)
