"""Text is compressed for those who take it; pictures and instances are compressed already, or stay as they are."""

import zlib

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_TEXT = (
    "text/",
    "application/dicom+json",
    "application/json",
    "application/problem+json",
    "application/vnd.sun.wadl+xml",
)
_XML_PARTS = 'type="application/dicom+xml"'
_LEAST = 1024
_LEVEL = 5
_GZIP = 16 + zlib.MAX_WBITS


class Compression:
    """Compresses answers with gzip as they go out.

    Parameters
    ----------
    app
        What is inside.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request in, and its answer out, compressed if it is worth that."""
        if scope["type"] == "http" and takes_gzip(Headers(scope=scope).get("accept-encoding", "")):
            send = _Compressing(send).send
        await self._app(scope, receive, send)


def takes_gzip(accepted: str) -> bool:
    """Tell whether an Accept-Encoding field takes gzip (RFC 9110 12.5.3)."""
    for part in accepted.lower().split(","):
        coding, _, weight = part.strip().partition(";")
        if coding.strip() == "gzip":
            return weight.replace(" ", "") not in {"q=0", "q=0.0", "q=0.00", "q=0.000"}
    return False


class _Compressing:
    def __init__(self, send: Send) -> None:
        self._send = send
        self._start: Message | None = None
        self._deflate: zlib._Compress | None = None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._start = message
            return
        if message["type"] != "http.response.body":
            await self._send(message)
            return
        body, more = message.get("body", b""), message.get("more_body", False)
        if self._start is not None:
            start, self._start = self._start, None
            if _is_worth_it(start, len(body), more=more):
                self._deflate = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)
                headers = MutableHeaders(scope=start)
                headers["Content-Encoding"] = "gzip"
                headers.add_vary_header("Accept-Encoding")
                del headers["Content-Length"]
                body = self._compressed(body, more=more)
                if not more:
                    headers["Content-Length"] = str(len(body))
            await self._send(start)
        elif self._deflate is not None:
            body = self._compressed(body, more=more)
        await self._send({**message, "body": body})

    def _compressed(self, body: bytes, *, more: bool) -> bytes:
        assert self._deflate is not None
        data = self._deflate.compress(body)
        # What was given is given on: a page that is made slowly is shown as it comes.
        return data + self._deflate.flush(zlib.Z_SYNC_FLUSH if more else zlib.Z_FINISH)


def _is_worth_it(start: Message, length: int, *, more: bool) -> bool:
    headers = Headers(raw=start["headers"])
    kind = headers.get("content-type", "")
    if "content-encoding" in headers or start["status"] in {204, 206, 304}:
        return False
    return (more or length >= _LEAST) and (kind.startswith(_TEXT) or _XML_PARTS in kind)
