"""Pictures of entities that are not in this catalogue but in another archive: kept by origin, within a limit in bytes.

Their rows stand beside those of our own entities. `made_at` is when such a picture was made or last asked for, so the
ones that nobody asked for longest go first.
"""

import time
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import BindParameter, Connection, Select, bindparam, delete, func, select, update

from ..query import Level
from . import pictures
from .catalogue import Catalogue
from .database import Database
from .readings import NONE, PREVIEW
from .schema import ICON, TALLY
from .session import Session
from .statements import chunks
from .totals import tally

_BYTES = "cached icon bytes"
_KEEP = 0.9  # of the limit is what stays, so that not every picture makes room for itself alone
# Statements are prepared for these numbers of UIDs; a UID more than needed costs less than a statement more.
_SIZES = (1, 8, 64, 256)
_SIZE = func.coalesce(func.length(ICON.c.item), 0) + func.coalesce(func.length(ICON.c.preview), 0)


class CachedIcon(NamedTuple):
    """What is kept about the picture of one entity.

    Attributes
    ----------
    item
        The item of (0088,0200) in Explicit VR Little Endian; None when there is no picture.
    rule
        The text that it was put with.
    source
        What it was made from.
    reason
        Why there is none.
    used
        When it was made or last marked as used, in seconds since 1970.
    """

    item: bytes | None
    rule: str
    source: str
    reason: str
    used: float


class IconCache:
    """The pictures of another archive's entities; threads and processes may share a catalogue's.

    Parameters
    ----------
    catalogue
        Where they are kept.
    origin
        Which archive the entities are in; not empty, that is this one.
    limit
        Bytes of pictures that are kept, for all origins together.
    """

    def __init__(self, catalogue: Catalogue, origin: str, *, limit: int = 1 << 30) -> None:
        if not origin:
            raise ValueError("an icon cache is for another archive: its origin has a name")
        self._database: Database = catalogue.database
        self._origin = origin
        self._limit = limit

    def get(self, level: Level, uids: Sequence[str]) -> dict[str, CachedIcon]:
        """Give what is kept for these entities, by UID; nothing for one that is not known.

        Raises
        ------
        CatalogueError
            The catalogue cannot be read.
        """
        found: dict[str, CachedIcon] = {}
        for start in range(0, len(uids), _SIZES[-1]):
            some = uids[start : start + _SIZES[-1]]
            size = next(size for size in _SIZES if size >= len(some))
            wanted = {f"uid{number}": some[min(number, len(some) - 1)] for number in range(size)}
            for uid, item, *rest in self._database.rows(
                _by_uids(size), level=level.value, origin=self._origin, **wanted
            ):
                found[uid] = CachedIcon(None if item is None else bytes(item), *rest)
        return found

    def preview(self, level: Level, uid: str) -> bytes | None:
        """Give the JPEG of an entity's picture; None when there is none."""
        rows = self._database.rows(PREVIEW, level=level.value, uid=uid, origin=self._origin)
        return bytes(rows[0][0]) if rows and rows[0][0] is not None else None

    def put(self, level: Level, uid: str, **values: Any) -> None:
        """Keep a picture, or that there is none, and make room for it.

        Parameters
        ----------
        level, uid
            What it stands for.
        **values
            item, preview, rule, source and reason as for `Catalogue.put_icon`; rule is any text that tells whether the
            picture is still the right one.

        Raises
        ------
        CatalogueError
            The catalogue cannot be written.
        """
        values = {"source": "", "reason": "", **values, "origin": self._origin}
        self._database.write(lambda connection: self._put(connection, level, uid, values))

    def use(self, level: Level, uids: Iterable[str]) -> None:
        """Mark pictures as used now.

        Raises
        ------
        CatalogueError
            The catalogue cannot be written.
        """
        marked = sorted(uids)

        def mark(connection: Connection) -> None:
            for some in chunks(marked):
                used = (ICON.c.level == level.value, ICON.c.uid.in_(some), ICON.c.origin == self._origin)
                connection.execute(update(ICON).where(*used).values(made_at=time.time()))

        self._database.write(mark)

    def bytes_kept(self) -> int:
        """Tell how many bytes the pictures of all origins take."""
        rows = self._database.rows(_TOTAL)
        return int(rows[0][0]) if rows else 0

    def _put(self, connection: Connection, level: Level, uid: str, values: dict[str, Any]) -> None:
        mine = (ICON.c.level == level.value, ICON.c.uid == uid, ICON.c.origin == self._origin)
        before = connection.scalar(select(_SIZE).where(*mine)) or 0
        pictures.put(Session.on(connection), level, uid, None, values)
        now = len(values["item"] or b"") + len(values["preview"] or b"")
        tally(Session.on(connection), {_BYTES: now - before})
        kept = connection.scalar(select(TALLY.c.count).where(TALLY.c.name == _BYTES)) or 0
        if kept > self._limit:
            _evict(connection, kept - int(self._limit * _KEEP))


def _evict(connection: Connection, too_much: int) -> None:
    """Forget the pictures that nobody asked for longest."""
    by_age = select(ICON.c.id, _SIZE).where(ICON.c.origin != NONE).order_by(ICON.c.made_at, ICON.c.id)
    gone, freed = [], 0
    for number, size in connection.execute(by_age):
        if freed >= too_much:
            break
        gone.append(number)
        freed += size
    for some in chunks(gone):
        connection.execute(delete(ICON).where(ICON.c.id.in_(some)))
    tally(Session.on(connection), {"icons": -len(gone), _BYTES: -freed})


@cache
def _by_uids(count: int) -> Select[Any]:
    uids: list[BindParameter[str]] = [bindparam(f"uid{number}") for number in range(count)]
    return select(ICON.c.uid, ICON.c.item, ICON.c.rule, ICON.c.source, ICON.c.reason, ICON.c.made_at).where(
        ICON.c.level == bindparam("level"), ICON.c.origin == bindparam("origin"), ICON.c.uid.in_(uids)
    )


_TOTAL = select(TALLY.c.count).where(TALLY.c.name == _BYTES)
