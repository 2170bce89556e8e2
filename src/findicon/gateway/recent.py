"""Pictures that were given lately, in memory: the database is not asked again for every answer of every list."""

import threading
from collections import OrderedDict
from collections.abc import Iterable, Mapping

from ..catalogue import CachedIcon
from ..query import Level

_ENTRY = 600  # bytes of what stands beside a picture: UIDs, texts, its place in the table


class RecentIcons:
    """What the cache said, for the entities that were asked for last; any number of threads may use it.

    Parameters
    ----------
    limit
        Bytes of pictures.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._icons: OrderedDict[str, CachedIcon] = OrderedDict()  # by level and UID
        self._size = 0

    def get(self, level: Level, uids: Iterable[str]) -> dict[str, CachedIcon]:
        """Give those that are remembered, by UID."""
        return {uid: icon for uid in uids if (icon := self.one(level, uid)) is not None}

    def one(self, level: Level, uid: str) -> CachedIcon | None:
        """Give one, if it is remembered."""
        key = level + uid
        with self._lock:
            icon = self._icons.get(key)
            if icon is not None:
                self._icons.move_to_end(key)
            return icon

    def put(self, level: Level, icons: Mapping[str, CachedIcon]) -> None:
        """Remember some."""
        with self._lock:
            for uid, icon in icons.items():
                self._drop(level + uid)
                self._icons[level + uid] = icon
                self._size += _size(icon)
            while self._size > self._limit:
                self._drop(next(iter(self._icons)))

    def forget(self, level: Level, uid: str) -> None:
        """Have the cache asked again."""
        with self._lock:
            self._drop(level + uid)

    def _drop(self, key: str) -> None:
        icon = self._icons.pop(key, None)
        if icon is not None:
            self._size -= _size(icon)


def _size(icon: CachedIcon) -> int:
    return _ENTRY + len(icon.item or b"")
