"""Instances into the tables and out of them again: one transaction.

What the tables hold afterwards depends on the files alone, not on the order in which they came or on how many
processes brought them: the instance of the smallest rank speaks for its series and its study, the latest study for its
patient, the first path for an instance. Studies are locked before anything else, in the order of their UIDs, then
patients, then days, so that two transactions never wait for each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from sqlalchemy import Connection, delete, func, select, tuple_, update

from ..query import Level
from .rows import Rows, Values, level_values, values_in
from .schema import FILE, HEADER, INSTANCE, SERIES, STUDY
from .statements import chunks, drop_icons, insert
from .studies import Studies
from .totals import tally

_KEY_OBJECTS = "KO"
_SERIES_NAMES = tuple(level_values({}, Level.SERIES))


class Writer:
    """One transaction of changes to the catalogue; `settle` ends it.

    Parameters
    ----------
    connection
        A connection inside its transaction.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._studies = Studies(connection)
        self._dirty_series: set[int] = set()
        self._dropped = 0

    def add(self, rows: Sequence[Rows]) -> None:
        """Add instances, or bring those that are there up to date."""
        self._leave(self._other_instances_at(rows))
        self._studies.lock(row.study for row in rows)
        known = self._known(row.sop_instance for row in rows)
        self._studies.lock(found["study_instance_uid"] for found in known.values())
        new, changed = [], []
        by_instance: dict[str, list[Rows]] = defaultdict(list)
        for row in rows:
            by_instance[row.sop_instance].append(row)
        for sop_instance, same in by_instance.items():
            first = min(same, key=lambda row: str(row.file["path"]))
            present = known.get(sop_instance)
            if present is None:
                new.append(first)
            elif first.file["path"] <= present["location"]:
                changed.append((present, first))
        self._insert(new)
        for present, row in changed:
            self._replace(present, row)
        _upsert_files(self._connection, [row.file for row in rows])

    def remove(self, paths: Iterable[str]) -> None:
        """Forget files that went away, and the instances that only they held."""
        gone = sorted(set(paths))
        held = []
        for chunk in chunks(gone):
            found = self._connection.execute(select(FILE.c.path, FILE.c.sop_instance_uid).where(FILE.c.path.in_(chunk)))
            held += [(path, uid) for path, uid in found if uid]
            self._connection.execute(delete(FILE).where(FILE.c.path.in_(chunk)))
        self._leave(held)

    def fail(self, path: str, reason: str, size: int, modified: float) -> None:
        """Note a file that cannot be read; an instance that it held before is no longer in it."""
        self.remove([path])
        _upsert_files(
            self._connection,
            [
                {
                    "path": path,
                    "size": size,
                    "modified": modified,
                    "digest": "",
                    "sop_instance_uid": "",
                    "reason": reason,
                }
            ],
        )

    def settle(self) -> None:
        """Bring series, studies, patients and counts in line with the instances."""
        if self._dirty_series:
            self._rebuild_series()
        self._dropped += self._studies.settle()
        tally(self._connection, {"icons": -self._dropped})

    def _known(self, uids: Iterable[str]) -> dict[str, Values]:
        found: dict[str, Values] = {}
        statement = (
            select(
                INSTANCE.c.id,
                INSTANCE.c.parent,
                INSTANCE.c.sop_instance_uid,
                INSTANCE.c.location,
                INSTANCE.c.digest,
                SERIES.c.series_instance_uid,
                SERIES.c.modality,
                STUDY.c.study_instance_uid,
            )
            .join(SERIES, SERIES.c.id == INSTANCE.c.parent)
            .join(STUDY, STUDY.c.id == SERIES.c.parent)
        )
        for chunk in chunks(sorted(set(uids))):
            for row in self._connection.execute(statement.where(INSTANCE.c.sop_instance_uid.in_(chunk))).mappings():
                found[row["sop_instance_uid"]] = dict(row)
        return found

    def _other_instances_at(self, rows: Sequence[Rows]) -> list[tuple[str, str]]:
        """Give the files that hold another instance now than before, with the one they held."""
        now = {str(row.file["path"]): row.sop_instance for row in rows}
        found = []
        for chunk in chunks(sorted(now)):
            statement = select(FILE.c.path, FILE.c.sop_instance_uid).where(FILE.c.path.in_(chunk))
            found += [(path, uid) for path, uid in self._connection.execute(statement) if uid and uid != now[path]]
        for chunk in chunks([path for path, _ in found]):
            self._connection.execute(delete(FILE).where(FILE.c.path.in_(chunk)))
        return found

    def _leave(self, held: Sequence[tuple[str, str]]) -> None:
        """Let instances go whose files are no longer theirs, or move them to another file that they are in."""
        if not held:
            return
        known = self._known(uid for _, uid in held)
        self._studies.lock(found["study_instance_uid"] for found in known.values())
        for path, uid in held:
            present = known.get(uid)
            if present is None or present["location"] != path:
                continue
            others = self._connection.execute(
                select(FILE)
                .where(FILE.c.sop_instance_uid == uid)
                .order_by(FILE.c.digest != present["digest"], FILE.c.path)
            ).mappings()
            other = others.first()
            if other is None:
                self._delete(present)
                continue
            present["location"] = other["path"]
            place = {"location": other["path"], "size": other["size"], "modified": other["modified"]}
            self._connection.execute(update(INSTANCE).where(INSTANCE.c.id == present["id"]).values(**place))
            if other["digest"] != present["digest"]:
                # Another version of the instance: the next scan shall find it changed and read it.
                self._connection.execute(update(FILE).where(FILE.c.path == other["path"]).values(modified=-1.0))

    def _delete(self, present: Values) -> None:
        self._connection.execute(delete(INSTANCE).where(INSTANCE.c.id == present["id"]))
        self._connection.execute(delete(HEADER).where(HEADER.c.instance == present["id"]))
        self._dropped += drop_icons(self._connection, Level.IMAGE, [present["sop_instance_uid"]])
        self._touch(present["study_instance_uid"], present["parent"], present["modality"])

    def _touch(self, study: str, series: int, modality: str) -> None:
        self._dirty_series.add(series)
        self._studies.rebuild(study)
        if modality == _KEY_OBJECTS:
            self._studies.key_objects_changed(study)

    def _insert(self, rows: Sequence[Rows]) -> None:
        if not rows:
            return
        series = self._series_of(rows)
        values = [{**row.instance_values, "parent": series[row.study, row.series]["id"]} for row in rows]
        statement = insert(self._connection, INSTANCE).returning(INSTANCE.c.sop_instance_uid, INSTANCE.c.id)
        numbers: dict[str, int] = dict(self._connection.execute(statement, values).all())
        self._connection.execute(
            HEADER.insert(), [{"instance": numbers[row.sop_instance], "data": row.header} for row in rows]
        )
        grown: dict[tuple[str, str], list[Rows]] = defaultdict(list)
        for row in rows:
            grown[row.study, row.series].append(row)
        for key, added in grown.items():
            self._grow(series[key], added)
            self._studies.grow(key[0], added, is_new=series[key]["number_of_series_related_instances"] == 0)

    def _series_of(self, rows: Sequence[Rows]) -> dict[tuple[str, str], Values]:
        """Give the rows of their series by study and series UID; new ones are made."""
        studies = {self._studies.number(row.study): row.study for row in rows}
        wanted = {(self._studies.number(row.study), row.series): row for row in rows}
        found = self._find_series(sorted(wanted), studies)
        missing = [key for key in sorted(wanted) if (studies[key[0]], key[1]) not in found]
        if missing:
            values = [{**wanted[key].series_values, "parent": key[0], "source": ""} for key in missing]
            self._connection.execute(SERIES.insert(), values)
            found.update(self._find_series(missing, studies))
        return found

    def _find_series(self, keys: Sequence[tuple[int, str]], studies: dict[int, str]) -> dict[tuple[str, str], Values]:
        found = {}
        columns = (
            SERIES.c.id,
            SERIES.c.parent,
            SERIES.c.series_instance_uid,
            SERIES.c.source,
            SERIES.c.number_of_series_related_instances,
        )
        for chunk in chunks(keys):
            statement = select(*columns).where(tuple_(SERIES.c.parent, SERIES.c.series_instance_uid).in_(chunk))
            for row in self._connection.execute(statement).mappings():
                found[studies[row["parent"]], row["series_instance_uid"]] = dict(row)
        return found

    def _grow(self, series: Values, added: Sequence[Rows]) -> None:
        best = min(added, key=lambda row: row.rank)
        changes = {
            "number_of_series_related_instances": SERIES.c.number_of_series_related_instances + len(added),
            "revision": SERIES.c.revision + 1,
            "icon_wanted": True,
        }
        if not series["source"] or best.rank < series["source"]:
            changes |= {**best.series_values, "source": best.rank}
        self._connection.execute(update(SERIES).where(SERIES.c.id == series["id"]).values(**changes))

    def _replace(self, present: Values, row: Rows) -> None:
        if (present["study_instance_uid"], present["series_instance_uid"]) != (row.study, row.series):
            self._delete(present)
            self._insert([row])
            return
        values = {name: value for name, value in row.instance_values.items() if name != "parent"}
        self._connection.execute(update(INSTANCE).where(INSTANCE.c.id == present["id"]).values(**values))
        if row.file["digest"] != present["digest"]:
            self._connection.execute(update(HEADER).where(HEADER.c.instance == present["id"]).values(data=row.header))
            self._dropped += drop_icons(self._connection, Level.IMAGE, [row.sop_instance])
            self._touch(row.study, present["parent"], present["modality"])

    def _rebuild_series(self) -> None:
        for number in sorted(self._dirty_series):
            spokesman = (
                select(INSTANCE.c.rank, HEADER.c.data)
                .join(HEADER, HEADER.c.instance == INSTANCE.c.id)
                .where(INSTANCE.c.parent == number)
                .order_by(INSTANCE.c.rank)
                .limit(1)
            )
            best = self._connection.execute(spokesman).first()
            if best is None:
                uid = self._connection.scalar(
                    delete(SERIES).where(SERIES.c.id == number).returning(SERIES.c.series_instance_uid)
                )
                self._dropped += drop_icons(self._connection, Level.SERIES, [uid] if uid else [])
                continue
            values = values_in(best.data)
            count = select(func.count()).where(INSTANCE.c.parent == number).scalar_subquery()
            changes = {name: values[name] for name in _SERIES_NAMES if name != "series_instance_uid"}
            changes |= {"number_of_series_related_instances": count, "source": best.rank}
            changes |= {"revision": SERIES.c.revision + 1, "icon_wanted": True}
            self._connection.execute(update(SERIES).where(SERIES.c.id == number).values(**changes))


def _upsert_files(connection: Connection, files: Sequence[Values]) -> None:
    if not files:
        return
    statement = insert(connection, FILE)
    changed = {name: statement.excluded[name] for name in ("size", "modified", "digest", "sop_instance_uid", "reason")}
    connection.execute(statement.on_conflict_do_update(index_elements=[FILE.c.path], set_=changed), files)
