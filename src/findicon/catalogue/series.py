"""The series rows that one transaction touches: found or made, grown or rebuilt."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from sqlalchemy import ClauseElement, bindparam, delete, func, select, true, update

from ..query import Level
from .rows import Rows, level_values, values_in
from .schema import HEADER, INSTANCE, SERIES
from .session import Session, Values
from .statements import drop_icons, update_by_id

_NAMES = tuple(name for name in level_values({}, Level.SERIES) if name != "series_instance_uid")
_COUNT = "number_of_series_related_instances"


class Series:
    """The series of one transaction, whose studies are locked.

    Parameters
    ----------
    session
        The transaction.
    """

    def __init__(self, session: Session) -> None:
        self._session = session

    def find(self, rows: Sequence[Rows], studies: dict[str, int]) -> dict[tuple[str, str], Values]:
        """Give the rows of instances' series by study and series UID; new ones are made.

        Parameters
        ----------
        rows
            Instances.
        studies
            Numbers of their studies, by UID.
        """
        wanted = {(studies[row.study], row.series): row for row in rows}
        names = {number: uid for uid, number in studies.items()}
        found = self._find(wanted, names)
        missing = [key for key in sorted(wanted) if (names[key[0]], key[1]) not in found]
        if missing:
            values = [{**wanted[key].series_values, "parent": key[0], "source": ""} for key in missing]
            self._session.run_many(_new(tuple(values[0])), values)
            found.update(self._find(missing, names))
        return found

    def _find(self, keys: Iterable[tuple[int, str]], names: dict[int, str]) -> dict[tuple[str, str], Values]:
        found = {}
        for parent, uid in keys:
            for row in self._session.rows(_ONE, parent=parent, uid=uid):
                found[names[parent], uid] = row
        return found

    def grow(self, series: Values, added: Sequence[Rows]) -> None:
        """Count instances in, and let the best of them speak where it outranks the present one."""
        best = min(added, key=lambda row: row.rank)
        if not series["source"] or best.rank < series["source"]:
            values = {**best.series_values, "source": best.rank}
            self._session.run(update_by_id(SERIES, tuple(values)), number=series["id"], **values)
        self._session.run(_GROW, number=series["id"], more=len(added))

    def rebuild(self, number: int) -> int:
        """Make a series anew from its instances, or forget it where it has none; give how many pictures went."""
        best = next(self._session.rows(_BEST, parent=number), None)
        if best is None:
            uids = [row["series_instance_uid"] for row in self._session.rows(_GONE, number=number)]
            return drop_icons(self._session, Level.SERIES, uids)
        values = {name: value for name, value in values_in(best["data"]).items() if name in _NAMES}
        values["source"] = best["rank"]
        self._session.run(update_by_id(SERIES, tuple(values)), number=number, **values)
        self._session.run(_RECOUNT, number=number)
        return 0


@lru_cache(maxsize=8)
def _new(names: tuple[str, ...]) -> ClauseElement:
    return SERIES.insert().values({name: bindparam(name) for name in names})


_THIS = SERIES.c.id == bindparam("number")
_CHANGED = {"revision": SERIES.c.revision + 1, "icon_wanted": true()}
_ONE = select(SERIES.c.id, SERIES.c.source, SERIES.c[_COUNT]).where(
    SERIES.c.parent == bindparam("parent"), SERIES.c.series_instance_uid == bindparam("uid")
)
_GROW = update(SERIES).where(_THIS).values({_COUNT: SERIES.c[_COUNT] + bindparam("more"), **_CHANGED})
_INSTANCES = select(func.count()).where(INSTANCE.c.parent == SERIES.c.id).scalar_subquery()
_RECOUNT = update(SERIES).where(_THIS).values({_COUNT: _INSTANCES, **_CHANGED})
_GONE = delete(SERIES).where(_THIS).returning(SERIES.c.series_instance_uid)
_BEST = (
    select(INSTANCE.c.rank, HEADER.c.data)
    .join(HEADER, HEADER.c.instance == INSTANCE.c.id)
    .where(INSTANCE.c.parent == bindparam("parent"))
    .order_by(INSTANCE.c.rank)
    .limit(bindparam("most", 1))
    .offset(bindparam("skipped", 0))
)
