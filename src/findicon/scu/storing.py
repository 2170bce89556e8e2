"""C-STORE as the side that sends (PS3.7 9.1.1, PS3.4 Annex B)."""

import threading

from ..dimse import Association, Instance, commands, send_instance, status_text, store_answer
from ..errors import PeerError
from ..observe import log
from .asking import next_message_id
from .pool import Pool
from .proposals import Proposed, for_stores

_MOST_KINDS = 32  # of which each has its contexts on the association


class Storer:
    """Stores instances one after the other; what it was given lately is proposed together, for one association."""

    def __init__(self, pool: Pool[Proposed], timeout: float) -> None:
        self._pool = pool
        self._timeout = timeout
        self._lock = threading.Lock()
        self._kinds: dict[tuple[str, str], None] = {}

    def store(self, instance: Instance) -> None:
        """Send an instance; raises StorageError and PeerError as `Client.store` says."""
        start = instance.stream.tell()

        def send(association: Association) -> None:
            instance.stream.seek(start)
            self._store(association, instance)

        self._pool.use(self._wanted((instance.sop_class, instance.transfer_syntax)), send)

    def _wanted(self, kind: tuple[str, str]) -> Proposed:
        with self._lock:
            if kind not in self._kinds and len(self._kinds) >= _MOST_KINDS:
                self._kinds.clear()
            self._kinds[kind] = None
            return for_stores(list(self._kinds))

    def _store(self, association: Association, instance: Instance) -> None:
        message_id = next_message_id()
        send_instance(association, instance, message_id)
        received = association.receive_answer(self._timeout)
        status = store_answer(association, received, message_id)
        comment = received.command.error_comment
        if status in commands.WARNING_STATUSES:
            log.warning("stored with a warning", peer=association.peer, status=f"{status:04X}", comment=comment)
        elif status:
            reason = f"C-STORE failed: {status_text(commands.C_STORE, status)}"
            raise PeerError(association.peer, reason, status=status, comment=comment)
