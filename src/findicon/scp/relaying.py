"""A C-MOVE given on to another archive, which sends to destinations that it knows (PS3.4 C.4.2)."""

from ..dimse import Association, Received, commands
from ..errors import PeerError
from ..observe import log
from ..query import Relay, Retrieved
from . import replies
from .doors import Caller
from .requests import Request, record
from .retrieve import answer, end_of, was_cancelled


def relayed(
    association: Association, received: Received, request: Request, relay: Relay, caller: Caller, *, is_known: bool
) -> bool:
    """Have another archive do a C-MOVE and pass on what it says; False when it has to be done here.

    Parameters
    ----------
    is_known
        Whether we could send to the destination, too: then we do what the other archive refuses to begin, whatever
        status it has for a destination that it does not know (Orthanc says C000).

    Raises
    ------
    PeerError
        The association that it came on is over; the other archive has been told to stop.
    """
    destination = received.command.text(commands.MOVE_DESTINATION)
    passing = _Passing(association, received)
    try:
        came = relay.move(request.query, destination, passing.is_cancelled, progress=passing.progress)
    except PeerError as error:
        passing.check()
        if is_known and error.status is not None and passing.came == Retrieved():
            log.info("move refused upstream", caller=caller.name, destination=destination, reason=str(error))
            return False
        status, comment, offending = replies.status_of(error)
        log.warning("move failed", caller=caller.name, destination=destination, reason=str(error))
        replies.reply(association, received, status, comment, offending)
        record("move", caller, request, status, passing.came, destination=destination)
        return True
    passing.check()
    if came is None:
        return False
    status = end_of(came)
    answer(association, received, status, came, passing.remaining)
    record("move", caller, request, status, came, destination=destination)
    return True


class _Passing:
    """What goes to the asker meanwhile, and its cancel.

    Attributes
    ----------
    came, remaining
        As far as the other archive has told.
    """

    def __init__(self, association: Association, received: Received) -> None:
        self._association = association
        self._received = received
        self._wants_no_more = False
        self._lost: PeerError | None = None
        self.came = Retrieved()
        self.remaining = 0

    def is_cancelled(self) -> bool:
        """See whether the asker cancelled, or went away: both stop the other archive."""
        if not self._wants_no_more:
            try:
                self._wants_no_more = was_cancelled(self._association, self._received.command.message_id)
            except PeerError as error:
                self._give_up(error)
        return self._wants_no_more

    def progress(self, came: Retrieved, remaining: int) -> None:
        """Pass on how far it is."""
        self.came, self.remaining = came, remaining
        if self._lost is None:
            try:
                answer(self._association, self._received, replies.PENDING, came, remaining)
            except PeerError as error:
                self._give_up(error)

    def check(self) -> None:
        """Raise what ended the asker's association meanwhile, if anything did."""
        if self._lost is not None:
            raise self._lost

    def _give_up(self, error: PeerError) -> None:
        self._lost = error
        self._wants_no_more = True
