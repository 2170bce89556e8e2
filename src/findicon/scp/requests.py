"""What C-GET and C-MOVE share: reading the request, and what is said about it afterwards."""

from dataclasses import dataclass
from time import monotonic

from ..dimse import Association, Received
from ..errors import FindiconError, QueryError
from ..observe import audit, log
from ..query import Finder, Query, Retrieved
from . import replies
from .doors import Caller
from .selection import Selected, read_selection, selected


@dataclass(frozen=True, slots=True)
class Request:
    """A C-GET or C-MOVE that was received.

    Attributes
    ----------
    query
        Its level and its Unique Keys.
    began
        When it was received.
    """

    query: Query
    began: float


def read(association: Association, received: Received, caller: Caller) -> Request | None:
    """Read a request; None when it was answered with a failure.

    Raises
    ------
    PeerError
        The association is over.
    """
    began = monotonic()
    try:
        return Request(read_selection(association, received), began)
    except FindiconError as error:
        _fail(association, received, error, caller)
        return None


def select(
    association: Association, received: Received, request: Request, finder: Finder, caller: Caller
) -> list[Selected] | None:
    """Find what a request selects; None when it was answered with a failure.

    Raises
    ------
    PeerError
        The association is over.
    """
    try:
        return selected(finder, request.query)
    except Exception as error:  # noqa: BLE001  a Finder is somebody else's code: whatever it raises is a failure status
        _fail(association, received, error, caller)
        return None


def _fail(association: Association, received: Received, error: Exception, caller: Caller) -> None:
    if not association.is_open:
        raise error
    status, comment, offending = replies.status_of(error)
    if not isinstance(error, QueryError) or status == replies.OUT_OF_RESOURCES:
        status = replies.MATCHES_NOT_CALCULATED
    if isinstance(error, FindiconError):
        log.warning("retrieve failed", caller=caller.name, reason=str(error))
    else:
        log.error("retrieve failed", caller=caller.name, exc_info=error)
    replies.reply(association, received, status, comment, offending)


def record(verb: str, caller: Caller, request: Request, status: int, came: Retrieved, **more: str) -> None:
    """Write a request that was answered into the log and the audit log."""
    counts = {"completed": came.completed, "failed": came.failed, "warnings": came.warnings}
    keys = {key.keyword: "\\".join(key.values) for key in request.query.keys.values()}
    text = f"{status:04X}"
    log.info(verb, caller=caller.name, status=text, seconds=round(monotonic() - request.began, 4), **counts, **more)
    audit(verb, caller=caller.ae_title, host=caller.host, keys=keys, status=text, **counts, **more)
