"""Totals that are kept, so that telling them stays quick however large the archive: by day and by level."""

from collections import Counter
from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from .rows import Values
from .schema import DAY, TALLY
from .statements import insert


def count(connection: Connection, before: Sequence[Values], now: Sequence[Values], patients: int) -> None:
    """Bring the totals in line with the studies that one transaction touched.

    Parameters
    ----------
    connection
        A connection inside its transaction.
    before, now
        The touched studies as they were and as they are.
    patients
        How many patients there are more than before.
    """
    days: Counter[str] = Counter(study["study_date"] for study in now)
    days.subtract(study["study_date"] for study in before)
    changed = [{"study_date": day, "studies": more} for day, more in sorted(days.items()) if more]
    if changed:
        statement = insert(connection, DAY)
        more = {"studies": DAY.c.studies + statement.excluded.studies}
        connection.execute(statement.on_conflict_do_update(index_elements=[DAY.c.study_date], set_=more), changed)
    tally(
        connection,
        {
            "instances": _more(before, now, "number_of_study_related_instances"),
            "patients": patients,
            "series": _more(before, now, "number_of_study_related_series"),
            "studies": len(now) - len(before),
        },
    )


def tally(connection: Connection, changes: Mapping[str, int]) -> None:
    """Add to totals; every transaction waits here for the others, so it comes last."""
    rows = [{"name": name, "count": more} for name, more in sorted(changes.items()) if more]
    if rows:
        statement = insert(connection, TALLY)
        more = {"count": TALLY.c.count + statement.excluded["count"]}
        connection.execute(statement.on_conflict_do_update(index_elements=[TALLY.c.name], set_=more), rows)


def _more(before: Sequence[Values], now: Sequence[Values], name: str) -> int:
    return sum(int(study[name]) for study in now) - sum(int(study[name]) for study in before)
