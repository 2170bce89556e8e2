"""C-GET: the instances come on the association that asks for them (PS3.4 C.4.3)."""

from ..dimse import Association, Received
from ..query import Finder, InstanceSource
from .doors import Caller
from .requests import read, record, select
from .retrieve import SameAssociation, SubOperations


def answer_get(
    association: Association, received: Received, finder: Finder, source: InstanceSource, caller: Caller
) -> None:
    """Answer a C-GET request.

    Raises
    ------
    PeerError
        The association is over.
    """
    request = read(association, received, caller)
    if request is None:
        return
    selection = select(association, received, request, finder, caller)
    if selection is None:
        return
    way = SameAssociation(association, received)
    operations = SubOperations(association, received, selection, source, way.deliver, way.is_cancelled)
    status = operations.run()
    record("get", caller, request, status, operations.came)
