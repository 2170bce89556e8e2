"""The study rows that one transaction touches: locked, grown or rebuilt, and settled with their patients and days."""

from collections.abc import Iterable, Sequence
from functools import lru_cache

from sqlalchemy import ClauseElement, bindparam, delete, distinct, func, select, true, update

from ..query import Level
from .patients import settle_patients
from .rows import Rows, identity, level_values, values_in
from .schema import HEADER, INSTANCE, SERIES, STUDY
from .session import Session, Values, among
from .statements import drop_icons, insert_or, update_by_id
from .totals import count

KEY_OBJECTS = "KO"
"""Modality of Key Object Selection Documents."""
_NAMES = tuple(level_values({}, Level.PATIENT, Level.STUDY))


class Studies:
    """The studies of one transaction.

    Parameters
    ----------
    session
        The transaction.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._before: dict[str, Values] = {}
        self._now: dict[str, Values] = {}
        self._touched: set[str] = set()
        self._rebuild: set[str] = set()
        self._key_objects: set[str] = set()

    def lock(self, uids: Iterable[str]) -> None:
        """Take studies for this transaction; those that are not there are made, without a patient yet."""
        wanted = sorted(set(uids) - set(self._now))
        if not wanted:
            return
        self._take(wanted)
        missing = [uid for uid in wanted if uid not in self._now]
        if missing:
            make = insert_or(self._session.dialect, STUDY, _KEY, _KEY, ())
            self._session.run_many(make, [{"study_instance_uid": uid} for uid in missing])
            self._take(missing)

    def _take(self, uids: Sequence[str]) -> None:
        for row in self._session.rows_among(_by_uid, uids):
            self._before[row["study_instance_uid"]] = row
            self._now[row["study_instance_uid"]] = dict(row)

    def number(self, uid: str) -> int:
        """Give the number of a locked study's row."""
        return int(self._now[uid]["id"])

    def grow(self, uid: str, added: Sequence[Rows], *, is_new: bool) -> None:
        """Count instances of one series in, and let the best of them speak where it outranks the present one."""
        study = self._now[uid]
        best = min(added, key=lambda row: row.rank)
        identities = {row.identity for row in added}
        if study["source"]:
            identities.add(identity(study))
        study["conflict_within"] |= len(identities) > 1
        study["number_of_study_related_series"] += is_new
        study["number_of_study_related_instances"] += len(added)
        classes = {row.sop_class for row in added}
        study["sop_classes_in_study"] = joined(classes.union(study["sop_classes_in_study"].split("\\")))
        if any(row.series_values["modality"] == KEY_OBJECTS for row in added):
            self.key_objects_changed(uid)
        if not study["source"] or best.rank < study["source"]:
            study |= {**best.study_values, "source": best.rank}
        self._touched.add(uid)

    def rebuild(self, uid: str) -> None:
        """Have a study made anew from its instances, because some of them changed or went."""
        self._rebuild.add(uid)
        self._touched.add(uid)

    def key_objects_changed(self, uid: str) -> None:
        """Have the pictures of all series of a study chosen again: its Key Objects point at images of any of them."""
        self._key_objects.add(uid)

    def settle(self, dropped_before: int) -> None:
        """Write the rows of what was touched, and bring patients, days and totals in line.

        Parameters
        ----------
        dropped_before
            How many pictures of series and instances went.
        """
        gone = [uid for uid in sorted(self._rebuild) if not self._made_anew(self._now[uid])]
        gone += [uid for uid in set(self._now) - self._touched if not self._before[uid]["source"]]
        dropped = self._forget(gone)
        stay = sorted(self._touched.difference(gone))
        for uid in stay:
            study = self._now[uid]
            study["revision"] += 1
            study["icon_wanted"] = True
            devices = list(self._session.rows(_DEVICES, parent=study["id"]))
            study["modalities_in_study"] = joined(row["modality"] for row in devices)
            study["stations"] = joined(row["station_name"] for row in devices)
        for uid in sorted(self._key_objects.intersection(stay)):
            self._session.run(_ALL_SERIES_WANT_ICONS, parent=self._now[uid]["id"])
        before = [study for uid, study in self._before.items() if study["source"] and uid in self._touched]
        now = [self._now[uid] for uid in stay]
        patients = settle_patients(self._session, before, now, self._write)
        count(self._session, before, now, {"patients": patients, "icons": -dropped - dropped_before})

    def _made_anew(self, study: Values) -> bool:
        """Make a study's values from its series and instances; False when there are none."""
        best = next(self._session.rows(_BEST, parent=study["id"]), None)
        if best is None:
            return False
        totals = next(self._session.rows(_TOTALS, parent=study["id"]))
        classes = [row["sop_class_uid"] for row in self._session.rows(_CLASSES, parent=study["id"])]
        values = values_in(best["data"])
        study |= {name: values[name] for name in _NAMES if name != "study_instance_uid"}
        study |= {
            "source": best["rank"],
            "number_of_study_related_series": totals["series"],
            "number_of_study_related_instances": totals["instances"],
            "conflict_within": totals["identities"] > 1,
            "sop_classes_in_study": joined(classes),
        }
        return True

    def _forget(self, uids: Sequence[str]) -> int:
        self._session.run_among(_gone, uids)
        return drop_icons(self._session, Level.STUDY, uids)

    def _write(self, studies: Sequence[Values]) -> None:
        """Write the rows that changed."""
        changed = [study for study in studies if study != self._before[study["study_instance_uid"]]]
        if changed:
            names = tuple(name for name in changed[0] if name not in _FIXED)
            rows = [{**{name: study[name] for name in names}, "number": study["id"]} for study in changed]
            self._session.run_many(update_by_id(STUDY, names), rows)


def joined(values: Iterable[str]) -> str:
    """Give several values as the text of one attribute: sorted, each once."""
    return "\\".join(sorted({value for value in values if value}))


_KEY = ("study_instance_uid",)
_FIXED = {"id", "study_instance_uid", "conflict_with_patient"}


@lru_cache(maxsize=8)
def _by_uid(count: int) -> ClauseElement:
    uid = STUDY.c.study_instance_uid
    return select(STUDY).where(among(uid, count)).order_by(uid).with_for_update()


@lru_cache(maxsize=8)
def _gone(count: int) -> ClauseElement:
    return delete(STUDY).where(among(STUDY.c.study_instance_uid, count))


_MINE = SERIES.c.parent == bindparam("parent")
_BELOW = INSTANCE.c.parent == SERIES.c.id
_DEVICES = select(SERIES.c.modality, SERIES.c.station_name).where(_MINE).distinct()
_CLASSES = select(INSTANCE.c.sop_class_uid).join(SERIES, _BELOW).where(_MINE).distinct()
_ALL_SERIES_WANT_ICONS = update(SERIES).where(_MINE).values(revision=SERIES.c.revision + 1, icon_wanted=true())
_BEST = (
    select(INSTANCE.c.rank, HEADER.c.data)
    .join(SERIES, _BELOW)
    .join(HEADER, HEADER.c.instance == INSTANCE.c.id)
    .where(_MINE)
    .order_by(INSTANCE.c.rank)
    .limit(bindparam("most", 1))
    .offset(bindparam("skipped", 0))
)
_TOTALS = (
    select(
        func.count(distinct(SERIES.c.id)).label("series"),
        func.count().label("instances"),
        func.count(distinct(INSTANCE.c.patient_identity)).label("identities"),
    )
    .join(SERIES, _BELOW)
    .where(_MINE)
)
