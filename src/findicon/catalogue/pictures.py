"""The pictures of the catalogue: what is stored, what is missing or out of date."""

import time
from typing import Any

from sqlalchemy import Connection, Table, select, update

from ..query import Level
from .schema import ICON, SERIES, STUDY
from .statements import insert
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


def put(connection: Connection, level: Level, uid: str, revision: int | None, values: dict[str, Any]) -> None:
    """Keep a picture; the entity's one is then up to date, unless it changed since that revision."""
    row = {"level": level.value, "uid": uid, "made_at": time.time(), **values}
    present = connection.scalar(
        select(ICON.c.id).where(ICON.c.level == row["level"], ICON.c.uid == uid, ICON.c.origin == row["origin"])
    )
    statement = insert(connection, ICON)
    changed = {name: statement.excluded[name] for name in row if name not in {"level", "uid", "origin"}}
    connection.execute(statement.on_conflict_do_update(index_elements=["level", "uid", "origin"], set_=changed), row)
    table = _TABLES.get(level)
    if table is not None and not row["origin"]:
        mine = update(table).where(UIDS[level] == uid)
        if revision is not None:
            mine = mine.where(table.c.revision == revision)
        connection.execute(mine.values(icon_wanted=False))
    if present is None:
        tally(connection, {"icons": 1})
