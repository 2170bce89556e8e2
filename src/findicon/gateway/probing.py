"""Whether upstream has icons worth asking for: Orthanc, for one, answers with hollow ones and opens a file for each."""

from datetime import date, timedelta

from ..errors import PeerError
from ..observe import log
from ..query import Cancel, Key, Level, Query, uid_of
from .answers import is_one_uid
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
    above: list[Key] = []
    found = set()
    for level in (Level.STUDY, Level.SERIES, Level.IMAGE):
        for recent in (f"{since}-", "") if level is Level.STUDY else ("",):  # the latest ones are online; else any
            dated = [Key.named("StudyDate", recent)] if recent else []
            keys = [Key(level.unique_key, "UI"), *above, *dated]
            uid, has_icons = _ask(upstream, Query(level, keys=keys, defaults=False, icon=True, limit=_SOME), cancel)
            if uid:
                break
        found |= {level} if has_icons else set()
        if not is_one_uid(uid):
            break  # nothing that could be asked about
        above.append(Key(level.unique_key, "UI", (uid,)))
    return frozenset(found)


def _ask(upstream: Asked, query: Query, cancel: Cancel) -> tuple[str, bool]:
    """Give the UID of the first answer, and whether one of the first few has an icon that can be used."""
    uid = ""
    try:
        for match in upstream.find(query, cancel):
            uid = uid or uid_of(match.dataset, query.level)
            if match.icon is not None:
                return uid, True
    except PeerError as error:
        if error.status is None:
            raise
        log.info("upstream was not asked for icons", query_level=str(query.level), reason=str(error))
    return uid, False
