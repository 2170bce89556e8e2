"""Whether upstream has icons worth asking for: Orthanc, for one, answers with hollow ones and opens a file for each."""

from datetime import date, timedelta

from pydicom.dataset import Dataset

from ..query import Cancel, Key, Level, Query
from .questions import Asked

_SOME = 3
_DAYS = 30


def levels_with_icons(upstream: Asked, cancel: Cancel) -> frozenset[Level]:
    """Ask for the icons of a few entities of each level; give the levels where a real one came.

    Parameters
    ----------
    upstream
        Who is asked.
    cancel
        True once everything shall end.

    Raises
    ------
    PeerError
        It cannot be asked.
    """
    since = (date.today() - timedelta(days=_DAYS)).strftime("%Y%m%d")
    found = set()
    study = None
    for study_date in (f"{since}-", ""):  # the latest ones, which are online; else any
        study, has_icons = _ask(upstream, _query(Level.STUDY, StudyDate=study_date), cancel)
        if study is not None:
            found |= {Level.STUDY} if has_icons else set()
            break
    if study is None:
        return frozenset()
    uid = str(study.get("StudyInstanceUID") or "")
    series, has_icons = _ask(upstream, _query(Level.SERIES, StudyInstanceUID=uid), cancel)
    found |= {Level.SERIES} if has_icons else set()
    if series is not None:
        inside = {"StudyInstanceUID": uid, "SeriesInstanceUID": str(series.get("SeriesInstanceUID") or "")}
        _, has_icons = _ask(upstream, _query(Level.IMAGE, **inside), cancel)
        found |= {Level.IMAGE} if has_icons else set()
    return frozenset(found)


def _query(level: Level, **values: str) -> Query:
    keys = [Key(level.unique_key, "UI"), *(Key.named(name, value) for name, value in values.items())]
    return Query(level, keys=keys, defaults=False, icon=True, limit=_SOME)


def _ask(upstream: Asked, query: Query, cancel: Cancel) -> tuple[Dataset | None, bool]:
    """Give the first answer, and whether one of the first few has an icon that can be used."""
    first = None
    for match in upstream.find(query, cancel):
        first = match.dataset if first is None else first
        if match.icon is not None:
            return first, True
    return first, False
