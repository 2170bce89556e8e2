"""Totals that are kept, so that telling them stays quick however large the archive: by day, value and level."""

from collections import Counter
from collections.abc import Mapping, Sequence

from .schema import DAY, FACET, TALLY
from .session import Session, Values
from .statements import insert_or

# Attributes whose values are counted, each with the column of the study that lists them.
FACETS = {"Modality": "modalities_in_study", "StationName": "stations", "StudyDescription": "study_description"}
_OF_ONE_VALUE = "StudyDescription"  # also where somebody wrote a backslash


def count(session: Session, before: Sequence[Values], now: Sequence[Values], others: Mapping[str, int]) -> None:
    """Bring the totals in line with the studies that one transaction touched.

    Parameters
    ----------
    session
        The transaction.
    before, now
        The touched studies as they were and as they are.
    others
        By how much other totals change.
    """
    days: Counter[str] = Counter(study["study_date"] for study in now)
    days.subtract(study["study_date"] for study in before)
    statement = insert_or(session.dialect, DAY, ("study_date",), ("study_date", "studies"), ("studies",), add=True)
    session.run_many(statement, [{"study_date": day, "studies": more} for day, more in sorted(days.items()) if more])
    _count_values(session, before, now)
    tally(
        session,
        {
            "instances": _more(before, now, "number_of_study_related_instances"),
            "series": _more(before, now, "number_of_study_related_series"),
            "studies": len(now) - len(before),
            **others,
        },
    )


def _count_values(session: Session, before: Sequence[Values], now: Sequence[Values]) -> None:
    changes: Counter[tuple[str, str]] = Counter()
    for studies, more in ((before, -1), (now, 1)):
        for study in studies:
            for keyword, column in FACETS.items():
                values = {study[column]} if keyword == _OF_ONE_VALUE else {*study[column].split("\\")}
                for value in values - {""}:
                    changes[keyword, value] += more
    key, names = ("keyword", "value"), ("keyword", "value", "studies")
    rows = [dict(zip(names, (*one, more), strict=True)) for one, more in sorted(changes.items()) if more]
    session.run_many(insert_or(session.dialect, FACET, key, names, ("studies",), add=True), rows)


def tally(session: Session, changes: Mapping[str, int]) -> None:
    """Add to totals; every transaction waits here for the others, so it comes last."""
    statement = insert_or(session.dialect, TALLY, ("name",), ("name", "count"), ("count",), add=True)
    session.run_many(statement, [{"name": name, "count": more} for name, more in sorted(changes.items()) if more])


def _more(before: Sequence[Values], now: Sequence[Values], name: str) -> int:
    return sum(int(study[name]) for study in now) - sum(int(study[name]) for study in before)
