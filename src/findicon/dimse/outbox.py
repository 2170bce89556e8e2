"""Many messages in few writes, and none of them waiting for the next.

Messages are gathered into large writes, and the last ones leave with the final response: a write wakes the peer, which
costs more than making an answer. A thread that all outboxes share sends what has been waiting for a moment, so that a
slow maker of messages holds back none that it has made.
"""

import threading
from typing import Self

from .association import Association, Received
from .transport import TransportClosedError

_LARGE = 1 << 17  # bytes that are worth a write of their own
_MOMENT = 0.005  # seconds
_PATIENCE = 400  # moments without an outbox after which the shared thread sleeps


class Outbox:
    """What one operation has to send.

    Parameters
    ----------
    association
        Where it goes; while the outbox is open, receive through `receive_now` only.
    flusher
        The thread that all outboxes share.
    """

    def __init__(self, association: Association, flusher: "Flusher") -> None:
        self._association = association
        self._flusher = flusher
        self._lock = threading.Lock()
        self._parts: list[bytes | memoryview] = []
        self._size = 0
        self._is_registered = False

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        if self._is_registered:
            self._flusher.remove(self)

    def put(self, *parts: bytes | memoryview) -> None:
        """Take whole PDUs in, as the parts that make them; raises what `Association.write` raises."""
        with self._lock:
            self._parts += parts
            for part in parts:
                self._size += len(part)
            if self._size >= _LARGE:
                self._flush()
                return
        if not self._is_registered:
            self._is_registered = True
            self._flusher.add(self)

    def flush(self, *last: bytes | memoryview) -> None:
        """Send everything, and after it these last PDUs; raises what `Association.write` raises."""
        with self._lock:
            self._parts += last
            self._flush()

    def flush_some(self) -> None:
        """Send what goes without waiting; leave it when the outbox is busy. For the shared thread."""
        if not self._parts or not self._lock.acquire(blocking=False):
            return
        try:
            if self._parts:
                waiting = b"".join(self._parts)
                rest = memoryview(waiting)[self._association.transport.send_some(waiting) :]
                self._parts = [rest] if rest else []
                self._size = len(rest)
        except TransportClosedError:
            pass  # the owner's next write meets the same, and tells
        finally:
            self._lock.release()

    def receive_now(self) -> Received | None:
        """Give a command set that has arrived whole meanwhile; raises what `Association.receive_now` raises."""
        with self._lock:  # one thread at a time in a TLS connection
            return self._association.receive_now()

    def _flush(self) -> None:
        if self._parts:
            waiting = b"".join(self._parts)
            self._parts.clear()
            self._size = 0
            self._association.write(waiting)


class Flusher:
    """The thread that sends what waits in outboxes; it starts with the first and sleeps while there is none."""

    def __init__(self) -> None:
        self._outboxes: set[Outbox] = set()
        self._wake = threading.Event()
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._is_stopped = False

    def add(self, outbox: Outbox) -> None:
        """Look after an outbox."""
        with self._lock:
            self._outboxes.add(outbox)
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="findicon-flusher", daemon=True)
                self._thread.start()
        if not self._wake.is_set():
            self._wake.set()

    def remove(self, outbox: Outbox) -> None:
        """Leave an outbox alone."""
        with self._lock:
            self._outboxes.discard(outbox)

    def stop(self) -> None:
        """End the thread."""
        self._is_stopped = True
        self._wake.set()
        if self._thread is not None:
            self._thread.join()

    def _run(self) -> None:
        moments = threading.Event()  # never set: its wait is the moment
        empty = 0
        while not self._is_stopped:
            with self._lock:
                outboxes = list(self._outboxes)
                empty = 0 if outboxes else empty + 1
                if empty > _PATIENCE:
                    self._wake.clear()
            if empty > _PATIENCE:
                self._wake.wait()
                empty = 0
                continue
            for outbox in outboxes:
                outbox.flush_some()
            moments.wait(_MOMENT)
