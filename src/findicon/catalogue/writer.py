"""Instances into the tables and out of them again: one transaction.

What the tables hold afterwards depends on the files alone, not on the order in which they came or on how many
processes brought them: the instance of the smallest rank speaks for its series and its study, the latest study for its
patient, the first path for an instance. Studies are locked before anything else, in the order of their UIDs, then
patients, then days, so that two transactions never wait for each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import ClauseElement, bindparam, delete, select, update

from ..query import Level
from .records import Duplicate
from .rows import FILE_NAMES, INSTANCE_NAMES, Rows
from .schema import FILE, HEADER, INSTANCE, SERIES, STUDY
from .series import Series
from .session import Session, Values, among
from .statements import drop_icons, insert_or, update_by_id
from .studies import KEY_OBJECTS, Studies

_FILE = FILE_NAMES[1:]
_INSTANCE = ("id", "parent", *INSTANCE_NAMES)


class Writer:
    """One transaction of changes to the catalogue; `settle` ends it.

    Parameters
    ----------
    session
        The transaction.
    """

    def __init__(self, session: Session) -> None:
        self._session = session
        self._studies = Studies(self._session)
        self._series = Series(self._session)
        self._dirty_series: set[int] = set()
        self._dropped = 0

    def add(self, rows: Sequence[Rows]) -> list[Duplicate]:
        """Add instances, or bring those that are there up to date; give the files that bring one a second time."""
        self._leave(self._other_instances_at(rows))
        self._studies.lock(row.study for row in rows)
        known = self._known(row.sop_instance for row in rows)
        self._studies.lock(found["study_instance_uid"] for found in known.values())
        new, changed, duplicates = [], [], []
        by_instance: dict[str, list[Rows]] = defaultdict(list)
        for row in rows:
            by_instance[row.sop_instance].append(row)
        for sop_instance, same in by_instance.items():
            first = min(same, key=lambda row: row.path)
            present = known.get(sop_instance)
            paths = sorted({row.path for row in same} | ({present["location"]} if present else set()))
            duplicates += [Duplicate(path, paths[0], sop_instance) for path in paths[1:]]
            if present is None:
                new.append(first)
            elif first.path <= present["location"]:
                changed.append((present, first))
        self._insert(new)
        for present, row in changed:
            self._replace(present, row)
        self._keep_files([row.file_values for row in rows])
        return duplicates

    def remove(self, paths: Iterable[str]) -> None:
        """Forget files that went away, and the instances that only they held."""
        gone = sorted(set(paths))
        held = [(row["path"], row["sop_instance_uid"]) for row in self._session.rows_among(_held, gone)]
        self._session.run_among(_no_longer_there, gone)
        self._leave([(path, uid) for path, uid in held if uid])

    def fail(self, path: str, reason: str, size: int, modified: float) -> None:
        """Note a file that cannot be read; an instance that it held before is no longer in it."""
        self.remove([path])
        self._keep_files([(path, size, modified, "", "", reason)])

    def settle(self) -> None:
        """Bring series, studies, patients and counts in line with the instances."""
        for number in sorted(self._dirty_series):
            self._dropped += self._series.rebuild(number)
        self._studies.settle(self._dropped)

    def _keep_files(self, files: Sequence[tuple[Any, ...]]) -> None:
        statement = insert_or(self._session.dialect, FILE, ("path",), FILE_NAMES, _FILE)
        self._session.run_many(statement, [dict(zip(FILE_NAMES, file, strict=True)) for file in files])

    def _known(self, uids: Iterable[str]) -> dict[str, Values]:
        return {row["sop_instance_uid"]: row for row in self._session.rows_among(_known, sorted(set(uids)))}

    def _other_instances_at(self, rows: Sequence[Rows]) -> list[tuple[str, str]]:
        """Give the files that hold another instance now than before, with the one they held."""
        now = {row.path: row.sop_instance for row in rows}
        held = [(row["path"], row["sop_instance_uid"]) for row in self._session.rows_among(_held, sorted(now))]
        found = sorted({(path, uid) for path, uid in held if uid and uid != now[path]})
        self._session.run_among(_no_longer_there, [path for path, _ in found])
        return found

    def _leave(self, held: Sequence[tuple[str, str]]) -> None:
        """Let instances go whose files are no longer theirs, or move them to another file that they are in."""
        if not held:
            return
        known = self._known(uid for _, uid in held)
        self._studies.lock(found["study_instance_uid"] for found in known.values())
        for path, uid in sorted(set(held)):
            present = known.get(uid)
            if present is None or present["location"] != path:
                continue
            others = sorted(
                self._session.rows(_FILES_OF, uid=uid),
                key=lambda file: (file["digest"] != present["digest"], file["path"]),
            )
            if not others:
                self._delete(present)
                continue
            other = others[0]
            present["location"] = other["path"]
            place = {"location": other["path"], "size": other["size"], "modified": other["modified"]}
            self._session.run(update_by_id(INSTANCE, tuple(place)), number=present["id"], **place)
            if other["digest"] != present["digest"]:
                # Another version of the instance: the next scan shall find it changed and read it.
                self._session.run(_READ_AGAIN, path=other["path"])

    def _delete(self, present: Values) -> None:
        self._session.run(_INSTANCE_GONE, number=present["id"])
        self._session.run(_HEADER_GONE, number=present["id"])
        self._dropped += drop_icons(self._session, Level.IMAGE, [present["sop_instance_uid"]])
        self._touch(present["study_instance_uid"], present["parent"], present["modality"])

    def _touch(self, study: str, series: int, modality: str) -> None:
        self._dirty_series.add(series)
        self._studies.rebuild(study)
        if modality == KEY_OBJECTS:
            self._studies.key_objects_changed(study)

    def _insert(self, rows: Sequence[Rows]) -> None:
        if not rows:
            return
        series = self._series.find(rows, {row.study: self._studies.number(row.study) for row in rows})
        numbers = self._session.new_numbers(INSTANCE, len(rows))
        numbered = list(zip(numbers, rows, strict=True))
        parents = [series[row.study, row.series]["id"] for row in rows]
        values = [
            (number, parent, *row.instance_values) for (number, row), parent in zip(numbered, parents, strict=True)
        ]
        self._session.insert(INSTANCE, _INSTANCE, values)
        self._session.insert(HEADER, ("instance", "data"), [(number, row.header) for number, row in numbered])
        grown: dict[tuple[str, str], list[Rows]] = defaultdict(list)
        for row in rows:
            grown[row.study, row.series].append(row)
        for key, added in grown.items():
            self._series.grow(series[key], added)
            self._studies.grow(key[0], added, is_new=series[key]["number_of_series_related_instances"] == 0)

    def _replace(self, present: Values, row: Rows) -> None:
        if (present["study_instance_uid"], present["series_instance_uid"]) != (row.study, row.series):
            self._delete(present)
            self._insert([row])
            return
        values = dict(zip(INSTANCE_NAMES, row.instance_values, strict=True))
        self._session.run(update_by_id(INSTANCE, tuple(values)), number=present["id"], **values)
        if row.digest != present["digest"]:
            self._session.run(_OTHER_HEADER, number=present["id"], data=row.header)
            self._dropped += drop_icons(self._session, Level.IMAGE, [row.sop_instance])
            self._touch(row.study, present["parent"], present["modality"])


@lru_cache(maxsize=8)
def _held(count: int) -> ClauseElement:
    return select(FILE.c.path, FILE.c.sop_instance_uid).where(among(FILE.c.path, count))


@lru_cache(maxsize=8)
def _no_longer_there(count: int) -> ClauseElement:
    return delete(FILE).where(among(FILE.c.path, count))


@lru_cache(maxsize=8)
def _known(count: int) -> ClauseElement:
    return (
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
        .where(among(INSTANCE.c.sop_instance_uid, count))
    )


_DATA = bindparam("data", type_=HEADER.c.data.type)
_OTHER_HEADER = update(HEADER).where(HEADER.c.instance == bindparam("number")).values(data=_DATA)
_FILES_OF = select(FILE).where(FILE.c.sop_instance_uid == bindparam("uid"))
_READ_AGAIN = update(FILE).where(FILE.c.path == bindparam("path")).values(modified=bindparam("never", -1.0))
_INSTANCE_GONE = delete(INSTANCE).where(INSTANCE.c.id == bindparam("number"))
_HEADER_GONE = delete(HEADER).where(HEADER.c.instance == bindparam("number"))
