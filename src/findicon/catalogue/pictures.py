"""The pictures of the catalogue: what is stored, what is missing or out of date."""

import time
from typing import Any

from sqlalchemy import ClauseElement, Connection, Table, bindparam, delete, false, select, update

from ..query import Level
from .readings import REVISION
from .schema import ICON, SERIES, STUDY
from .session import Session
from .statements import insert_or
from .totals import tally

UIDS = {Level.STUDY: STUDY.c.study_instance_uid, Level.SERIES: SERIES.c.series_instance_uid}
_TABLES: dict[Level, Table] = {Level.STUDY: STUDY, Level.SERIES: SERIES}


def made_otherwise(connection: Connection, rule: str) -> int:
    """Have every picture made again that another rule chose; give how many."""
    count = 0
    for level, table in _TABLES.items():
        old = select(ICON.c.uid).where(ICON.c.level == level.value, ICON.c.origin == "", ICON.c.rule != rule)
        changed = update(table).where(UIDS[level].in_(old), ~table.c.icon_wanted).values(icon_wanted=True)
        count += connection.execute(changed).rowcount
    return count


def forget_other_rules(session: Session, rule: str) -> None:
    """Take away every picture that another rule chose, of images too; those of series and studies are then wanted."""
    for level in _TABLES:
        session.run(_WANT_OTHERS[level], rule=rule)
    gone = session.run(_FORGET_OTHERS, rule=rule).rowcount
    if gone:
        tally(session, {"icons": -gone})


def put(session: Session, level: Level, uid: str, revision: int | None, values: dict[str, Any]) -> None:
    """Keep a picture; the entity's one is then up to date, unless it changed since that revision."""
    row = {"level": level.value, "uid": uid, "made_at": time.time(), **values}
    key = ("level", "uid", "origin")
    present = next(session.rows(_PRESENT, **{name: row[name] for name in key}), None)
    changed = tuple(name for name in row if name not in key)
    session.run(insert_or(session.dialect, ICON, key, tuple(row), changed), **row)
    if level in _TABLES and not row["origin"]:
        session.run(
            _UP_TO_DATE[level, revision is not None], uid=uid, **({} if revision is None else {"now": revision})
        )
    if present is None:
        tally(session, {"icons": 1})


def _up_to_date(level: Level, at_revision: bool) -> ClauseElement:
    table = _TABLES[level]
    statement = update(table).where(UIDS[level] == bindparam("uid")).values(icon_wanted=false())
    return statement.where(REVISION[level].scalar_subquery() == bindparam("now")) if at_revision else statement


_PRESENT = select(ICON.c.id).where(
    ICON.c.level == bindparam("level"), ICON.c.uid == bindparam("uid"), ICON.c.origin == bindparam("origin")
)
_UP_TO_DATE = {(level, known): _up_to_date(level, known) for level in _TABLES for known in (True, False)}
_OTHERS = (ICON.c.origin == "", ICON.c.rule != bindparam("rule"))
_FORGET_OTHERS = delete(ICON).where(*_OTHERS)
_WANT_OTHERS = {
    level: update(table)
    .where(UIDS[level].in_(select(ICON.c.uid).where(ICON.c.level == level.value, *_OTHERS)))
    .values(icon_wanted=True)
    for level, table in _TABLES.items()
}
