"""What C-GET and C-MOVE share: reading the request, and what is said about it afterwards."""

from dataclasses import dataclass
from time import monotonic

from ..dimse import Association, Received
from ..errors import FindiconError, QueryError
from ..observe import audit, log
from ..query import Finder
from . import replies
from .doors import Caller
from .retrieve import SubOperations
from .selection import Selected, read_selection, selected


@dataclass(frozen=True, slots=True)
class Request:
    """A C-GET or C-MOVE that selects these instances."""

    selection: list[Selected]
    keys: dict[str, str]
    began: float


def select(association: Association, received: Received, finder: Finder, caller: Caller) -> Request | None:
    """Read a request and find what it selects; None when it was answered with a failure.

    Raises
    ------
    PeerError
        The association is over.
    """
    began = monotonic()
    try:
        query = read_selection(association, received)
        keys = {key.keyword: "\\".join(key.values) for key in query.keys.values() if key.values}
        return Request(selected(finder, query), keys, began)
    except Exception as error:  # a Finder is somebody else's code: whatever it raises is a failure status
        if not association.is_open:
            raise
        status, comment, offending = replies.status_of(error)
        if not isinstance(error, QueryError):
            status = replies.MATCHES_NOT_CALCULATED
        if isinstance(error, FindiconError):
            log.warning("retrieve failed", caller=caller.name, reason=str(error))
        else:
            log.exception("retrieve failed", caller=caller.name)
        replies.reply(association, received, status, comment, offending)
        return None


def record(
    verb: str, caller: Caller, request: Request, status: int, operations: SubOperations | None, **more: str
) -> None:
    """Write a request that was answered into the log and the audit log."""
    counts = {
        "completed": operations.completed if operations else 0,
        "failed": len(operations.failed) if operations else len(request.selection),
        "warnings": operations.warnings if operations else 0,
    }
    text = f"{status:04X}"
    log.info(verb, caller=caller.name, status=text, seconds=round(monotonic() - request.began, 4), **counts, **more)
    audit(verb, caller=caller.ae_title, host=caller.host, keys=request.keys, status=text, **counts, **more)
