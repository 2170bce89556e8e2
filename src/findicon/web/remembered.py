"""Pictures of pages that were given a moment ago, given again before a route is looked for.

A page asks for hundreds of pictures at once, and one reader after the other opens the same newest page. Browsers may
show a picture for longer without asking than it is remembered here.
"""

import time
from collections.abc import Callable
from typing import NamedTuple

from starlette.datastructures import Headers
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from .caching import Newest, Validators, not_modified

_END = "/picture"
_SECONDS = 60.0


class _Kept(NamedTuple):
    until: float
    body: bytes
    headers: dict[str, str]
    route: object


class RememberedPictures:
    """Keeps the bytes of pictures by path and by what was accepted; of several threads each may write.

    Parameters
    ----------
    clock
        Gives seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kept: Newest[tuple[str, str], _Kept] = Newest(lambda kept: len(kept.body))

    def keep(self, request: Request, response: Response) -> Response:
        """Remember the answer to a request, and give it on."""
        if response.status_code == 200 and "etag" in response.headers:
            kept = _Kept(
                self._clock() + _SECONDS, bytes(response.body), dict(response.headers), request.scope.get("route")
            )
            self._kept.keep(_key(request.scope), kept)
        return response

    def answer(self, scope: Scope) -> Response | None:
        """Give the answer to a request; None where it is not remembered, or too old."""
        kept = self._kept.get(_key(scope))
        if kept is None or kept.until < self._clock():
            return None
        scope["route"] = kept.route
        if Validators(kept.headers["etag"]).match(Request(scope)):
            return not_modified(
                {name: value for name, value in kept.headers.items() if not name.startswith("content-")}
            )
        return Response(kept.body, 200, kept.headers)


def _key(scope: Scope) -> tuple[str, str]:
    return scope["path"], Headers(scope=scope).get("accept", "")[:512]


class Remembering:
    """Answers with what is remembered, and has all else answered inside.

    Parameters
    ----------
    app
        What is inside.
    pictures
        What is remembered.
    """

    def __init__(self, app: ASGIApp, pictures: RememberedPictures) -> None:
        self._app = app
        self._pictures = pictures

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] == "http" and scope["method"] == "GET" and scope["path"].endswith(_END):
            answer = self._pictures.answer(scope)
            if answer is not None:
                await answer(scope, receive, send)
                return
        await self._app(scope, receive, send)
