"""C-STORE: an instance in, acknowledged when it is kept (PS3.4 Annex B, PS3.7 9.3.1)."""

from time import monotonic

from ..dimse import Association, Received, commands, receive_instance
from ..observe import audit, log
from ..query import Ingest
from . import replies
from .doors import Caller


def answer_store(association: Association, received: Received, ingest: Ingest, caller: Caller) -> None:
    """Answer a C-STORE request.

    Raises
    ------
    PeerError
        The association is over; the instance was not kept.
    """
    began = monotonic()
    status, comment = receive_instance(association, received, ingest, caller.ae_title)
    instance = received.command.text(commands.AFFECTED_SOP_INSTANCE)
    extra = replies.details(comment) | {commands.AFFECTED_SOP_INSTANCE: instance}
    association.send(received.context, replies.response(received, status, extra))
    seconds = round(monotonic() - began, 4)
    log.info("store", caller=caller.name, status=f"{status:04X}", seconds=seconds)
    audit("store", caller=caller.ae_title, host=caller.host, instance=instance, status=f"{status:04X}", comment=comment)
