"""Answers that are made while they are sent."""

from collections.abc import Iterator, Mapping

import anyio
import anyio.to_thread
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send


class Stream(StreamingResponse):
    """An answer out of an iterator that runs in the thread pool, and that is closed whatever becomes of the client.

    Parameters
    ----------
    pieces
        The payload.
    status
        HTTP status.
    headers
        Header fields.
    content_type
        Media type with its parameters.
    """

    def __init__(self, pieces: Iterator[bytes], status: int, headers: Mapping[str, str], content_type: str) -> None:
        super().__init__(pieces, status, headers, content_type)
        self._pieces = pieces

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send it, and let go of the files and rows behind it."""
        try:
            await super().__call__(scope, receive, send)
        finally:
            close = getattr(self._pieces, "close", None)
            if close is not None:
                with anyio.CancelScope(shield=True):
                    await anyio.to_thread.run_sync(close)
