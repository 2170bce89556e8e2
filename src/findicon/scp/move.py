"""C-MOVE: the instances go to a peer that we know (PS3.4 C.4.2)."""

from collections.abc import Mapping, Sequence

from ..dimse import (
    Association,
    Limits,
    Peer,
    Received,
    commands,
    open_instance,
    request_association,
    storage_syntaxes,
)
from ..errors import PeerError
from ..observe import log
from ..query import Finder, InstanceSource, Relay, Retrieved
from . import replies
from .doors import Caller
from .relaying import relayed
from .requests import Request, read, record, select
from .retrieve import OtherAssociation, SubOperations, answer
from .selection import Selected


class Mover:
    """Answers C-MOVE requests.

    Parameters
    ----------
    ae_title
        What we call ourselves at the destinations.
    destinations
        Peers by AE title.
    relay
        Is asked first to have another archive send the instances; None sends them from here.
    """

    def __init__(
        self,
        finder: Finder,
        source: InstanceSource,
        ae_title: str,
        destinations: Mapping[str, Peer],
        limits: Limits,
        relay: Relay | None = None,
    ) -> None:
        self._finder = finder
        self._source = source
        self._ae_title = ae_title
        self._destinations = destinations
        self._limits = limits
        self._relay = relay

    def answer(self, association: Association, received: Received, caller: Caller) -> None:
        """Answer a C-MOVE request.

        Raises
        ------
        PeerError
            The association it came on is over.
        """
        request = read(association, received, caller)
        if request is None:
            return
        name = received.command.text(commands.MOVE_DESTINATION)
        peer = self._destinations.get(name)
        if self._relay is not None and relayed(
            association, received, request, self._relay, caller, is_known=peer is not None
        ):
            return
        selection = select(association, received, request, self._finder, caller)
        if selection is None:
            return
        uids = tuple(one.sop_instance for one in selection)
        failed = Retrieved(failed=len(uids), failed_instances=uids)
        if peer is None:
            comment = f"{name} is no known move destination"
            replies.reply(association, received, replies.DESTINATION_UNKNOWN, comment)
            record("move", caller, request, replies.DESTINATION_UNKNOWN, failed, destination=name)
            return
        try:
            destination = self._associate(peer, selection) if selection else None
        except PeerError as error:
            log.warning("move failed", caller=caller.name, destination=name, reason=str(error))
            answer(association, received, replies.SUB_OPERATIONS_FAILED, failed, 0, str(error))
            record("move", caller, request, replies.SUB_OPERATIONS_FAILED, failed, destination=name)
            return
        self._send(association, received, caller, request, selection, destination)

    def _send(
        self,
        association: Association,
        received: Received,
        caller: Caller,
        request: Request,
        selection: Sequence[Selected],
        destination: Association | None,
    ) -> None:
        name = received.command.text(commands.MOVE_DESTINATION)
        try:
            way = OtherAssociation(association, received, destination, caller.ae_title)
            operations = SubOperations(association, received, selection, self._source, way.deliver, way.is_cancelled)
            status = operations.run()
        except BaseException:
            if destination is not None:
                destination.abort()
            raise
        record("move", caller, request, status, operations.came, destination=name)
        if destination is not None:
            destination.release()

    def _associate(self, peer: Peer, selection: Sequence[Selected]) -> Association:
        described = [self._described(one) for one in selection]
        return request_association(
            peer,
            storage_syntaxes(one for one in described if one[0]),
            calling_ae_title=self._ae_title,
            limits=self._limits,
        )

    def _described(self, one: Selected) -> tuple[str, str]:
        if one.sop_class and one.transfer_syntax:
            return one.sop_class, one.transfer_syntax
        try:
            with self._source.open(one.sop_instance) as stream:
                instance = open_instance(stream, one.sop_instance)
        except Exception:  # noqa: BLE001 -- a source is anybody's; its sub-operation fails and says why
            return "", ""
        return instance.sop_class, instance.transfer_syntax
