"""The study rows that one transaction touches: locked, grown or rebuilt, and settled with their patients and days."""

from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, bindparam, delete, distinct, func, select, update

from ..query import Level
from .patients import settle_patients
from .rows import Rows, Values, identity, level_values, values_in
from .schema import HEADER, INSTANCE, SERIES, STUDY
from .statements import chunks, drop_icons, insert
from .totals import count

_KEY_OBJECTS = "KO"
_NAMES = tuple(level_values({}, Level.PATIENT, Level.STUDY))


class Studies:
    """The studies of one transaction.

    Parameters
    ----------
    connection
        A connection inside its transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
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
        make = insert(self._connection, STUDY).on_conflict_do_nothing(index_elements=[STUDY.c.study_instance_uid])
        self._connection.execute(make, [{"study_instance_uid": uid} for uid in wanted])
        for chunk in chunks(wanted):
            statement = (
                select(STUDY)
                .where(STUDY.c.study_instance_uid.in_(chunk))
                .order_by(STUDY.c.study_instance_uid)
                .with_for_update()
            )
            for row in self._connection.execute(statement).mappings():
                self._before[row["study_instance_uid"]] = dict(row)
                self._now[row["study_instance_uid"]] = dict(row)

    def number(self, uid: str) -> int:
        """Give the number of a locked study's row."""
        return int(self._now[uid]["id"])

    def grow(self, uid: str, added: Sequence[Rows], *, is_new: bool) -> None:
        """Count instances of one series in, and let the best of them speak where it outranks the present one."""
        study = self._now[uid]
        best = min(added, key=lambda row: row.rank)
        identities = {row.instance_values["patient_identity"] for row in added}
        if study["source"]:
            identities.add(identity(study))
        study["conflict_within"] |= len(identities) > 1
        study["number_of_study_related_series"] += is_new
        study["number_of_study_related_instances"] += len(added)
        classes = {row.instance_values["sop_class_uid"] for row in added}
        study["sop_classes_in_study"] = joined(classes.union(study["sop_classes_in_study"].split("\\")))
        if any(row.series_values["modality"] == _KEY_OBJECTS for row in added):
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

    def settle(self) -> int:
        """Write the rows of what was touched, bring patients, days and totals in line; give how many pictures went."""
        gone = [uid for uid in sorted(self._rebuild) if not self._made_anew(self._now[uid])]
        gone += [uid for uid in set(self._now) - self._touched if not self._before[uid]["source"]]
        dropped = self._forget(gone)
        stay = sorted(self._touched.difference(gone))
        for uid in stay:
            study = self._now[uid]
            study["revision"] += 1
            study["icon_wanted"] = True
            study["modalities_in_study"] = joined(
                self._connection.scalars(select(SERIES.c.modality).where(SERIES.c.parent == study["id"]).distinct())
            )
        for uid in sorted(self._key_objects.intersection(stay)):
            changes = {"revision": SERIES.c.revision + 1, "icon_wanted": True}
            self._connection.execute(update(SERIES).where(SERIES.c.parent == self._now[uid]["id"]).values(**changes))
        before = [study for uid, study in self._before.items() if study["source"] and uid in self._touched]
        now = [self._now[uid] for uid in stay]
        patients = settle_patients(self._connection, before, now, self._write)
        count(self._connection, before, now, patients)
        return dropped

    def _made_anew(self, study: Values) -> bool:
        """Make a study's values from its series and instances; False when there are none."""
        below = INSTANCE.c.parent == SERIES.c.id
        mine = SERIES.c.parent == study["id"]
        best = self._connection.execute(
            select(INSTANCE.c.rank, HEADER.c.data)
            .join(SERIES, below)
            .join(HEADER, HEADER.c.instance == INSTANCE.c.id)
            .where(mine)
            .order_by(INSTANCE.c.rank)
            .limit(1)
        ).first()
        if best is None:
            return False
        totals = self._connection.execute(
            select(
                func.count(distinct(SERIES.c.id)),
                func.count(),
                func.count(distinct(INSTANCE.c.patient_identity)),
            )
            .join(SERIES, below)
            .where(mine)
        ).one()
        classes = self._connection.scalars(select(INSTANCE.c.sop_class_uid).join(SERIES, below).where(mine).distinct())
        values = values_in(best.data)
        study |= {name: values[name] for name in _NAMES if name != "study_instance_uid"}
        study |= {
            "source": best.rank,
            "number_of_study_related_series": totals[0],
            "number_of_study_related_instances": totals[1],
            "conflict_within": totals[2] > 1,
            "sop_classes_in_study": joined(classes),
        }
        return True

    def _forget(self, uids: Sequence[str]) -> int:
        for chunk in chunks(uids):
            self._connection.execute(delete(STUDY).where(STUDY.c.study_instance_uid.in_(chunk)))
        return drop_icons(self._connection, Level.STUDY, uids)

    def _write(self, studies: Sequence[Values]) -> None:
        """Write the rows that changed."""
        changed = [study for study in studies if study != self._before[study["study_instance_uid"]]]
        if changed:
            names = [name for name in changed[0] if name not in {"id", "study_instance_uid"}]
            statement = update(STUDY).where(STUDY.c.id == bindparam("number"))
            rows = [{**{name: study[name] for name in names}, "number": study["id"]} for study in changed]
            self._connection.execute(statement.values({name: bindparam(name) for name in names}), rows)


def joined(values: Iterable[str]) -> str:
    """Give several values as the text of one attribute: sorted, each once."""
    return "\\".join(sorted({value for value in values if value}))
