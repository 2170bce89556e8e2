"""What every request passes first: whose name it calls us by, which site sent it, and what every answer carries."""

import asyncio
import re
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ..observe import audit, log
from .access import Access
from .metrics import Metrics
from .problems import Problem, problem_of, problem_response
from .settings import WebSettings

_HOST = re.compile(r"(\[[0-9A-Fa-f:.]{2,45}\]|[0-9A-Za-z._-]{1,253})(?::(\d{1,5}))?", re.ASCII)
_SAFE_METHODS = {"GET", "HEAD", "OPTIONS"}
_POLICY = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self'",
        "connect-src 'self'",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# What a document may do; pictures and data do nothing.
_FOR_DOCUMENTS = (
    ("Content-Security-Policy", _POLICY),
    ("X-Frame-Options", "DENY"),
    ("Referrer-Policy", "no-referrer"),  # a search names patients, and its address must not travel
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_DOCUMENTS = ("text/html", "image/svg+xml", "application/xml", "text/xml")


class Edge:
    """The outermost part: refuses what is not meant for us, and lets no stack trace out.

    Parameters
    ----------
    app
        What is inside.
    settings
        Names that we are called by, and sites that may send to us.
    metrics
        Where requests are counted.
    access
        Who may ask.
    page
        Makes a page of a problem, for those who want one.
    """

    def __init__(
        self,
        app: ASGIApp,
        settings: WebSettings,
        metrics: Metrics,
        access: Access,
        page: Callable[[Request, Problem], Response | None],
    ) -> None:
        self._app = app
        self._page = page
        self._metrics = metrics
        self._access = access
        self._patience = settings.patience
        public = urlsplit(settings.public_url)
        self._prefix = public.path.rstrip("/")
        self._hosts = {host.lower() for host in settings.allowed_hosts}
        if public.hostname:
            self._hosts.add(f"[{public.hostname}]" if ":" in public.hostname else public.hostname)
        self._origins = set(settings.allowed_origins)
        if public.scheme:
            self._origins.add(f"{public.scheme}://{public.netloc}")
        # Other sites may embed pictures only where they may read them, too.
        resource = "cross-origin" if settings.allowed_origins else "same-origin"
        self._fields = (("X-Content-Type-Options", "nosniff"), ("Cross-Origin-Resource-Policy", resource))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request in, and its answer out."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        began = time.perf_counter()
        answering = _Answering(scope, send, self._fields, self._patience)
        inside = self._inside(scope)
        try:
            self._check(scope)
            inside["user_name"] = await self._user(scope)
            await self._app(inside, receive, answering.send)
        except Problem as problem:
            await problem_response(problem)(scope, receive, answering.send)
        except ClientDisconnect:
            log.info("a client went away", method=scope["method"], route=route_of(inside))
        except Exception as error:
            log.exception("request failed", method=scope["method"], route=route_of(inside))
            if answering.status:
                raise  # the answer is under way: cutting it off is all that is left
            await self._said(inside, problem_of(error))(scope, receive, answering.send)
        finally:
            seconds = time.perf_counter() - began
            route = route_of(inside)
            self._metrics.requests.labels(scope["method"], route, answering.status or 500).inc()
            self._metrics.seconds.labels(route).observe(seconds)
            log.debug(
                "request", method=scope["method"], route=route, status=answering.status, seconds=round(seconds, 4)
            )

    def _said(self, inside: Scope, problem: Problem) -> Response:
        """Give a failure that nobody foresaw, as a page where that can still be made."""
        try:
            page = self._page(Request(inside), problem)
        except Exception:  # noqa: BLE001 -- whatever broke the answer may break this page, too
            page = None
        return page or problem_response(problem)

    def _inside(self, scope: Scope) -> Scope:
        """Give the request as routes expect it: a HEAD asks what a GET would, a proxy's prefix is not ours."""
        inside = {**scope, "method": "GET" if scope["method"] == "HEAD" else scope["method"]}
        if self._prefix:
            path = scope["path"]
            inside["root_path"] = self._prefix
            if path != self._prefix and not path.startswith(self._prefix + "/"):
                inside["path"] = self._prefix + path
        return inside

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        named = headers.getlist("host")
        host = _HOST.fullmatch(named[0]) if len(named) == 1 else None
        if host is None:
            raise Problem(400, "Host: the header field is missing, given twice or malformed")
        if "*" not in self._hosts and host[1].lower() not in self._hosts:
            raise Problem(421, "Host: we are not called by that name; it can be allowed in the settings")
        if scope["method"] not in _SAFE_METHODS:
            self._check_origin(headers, named[0])

    async def _user(self, scope: Scope) -> str:
        """Give who asks; raises Problem 401 when nobody may ask who is not named, and this one is not."""
        if self._access.is_open or scope["path"].removeprefix(self._prefix) == "/healthz":
            return ""
        headers = Headers(scope=scope)
        if scope["method"] == "OPTIONS" and headers.get("origin") in self._origins:
            return ""  # browsers ask first, without a name, what another site may ask
        given = headers.get("authorization", "")
        user = self._access.known(given)
        if user is None and given:
            user = await run_in_threadpool(self._access.user, given)
            audit("access" if user else "access refused", user=user or "", host=(scope.get("client") or ("",))[0])
        if user is None:
            challenge = {"WWW-Authenticate": 'Basic realm="findicon", charset="UTF-8"', "Cache-Control": "no-store"}
            raise Problem(401, "A name and a password are needed", challenge)
        return user

    def _check_origin(self, headers: Headers, host: str) -> None:
        """Refuse what another site's page makes a browser send."""
        origin = headers.get("origin")
        if origin is None or origin in self._origins or urlsplit(origin).netloc == host:
            return
        raise Problem(403, "Origin: that site may not send to us; it can be allowed in the settings")


class _Answering:
    """One answer on its way out."""

    def __init__(self, scope: Scope, send: Send, fields: Sequence[tuple[str, str]], patience: float) -> None:
        self._send = send
        self._patience = patience
        self._fields = fields
        self._is_head = scope["method"] == "HEAD"
        self.status = 0

    async def send(self, message: Message) -> None:
        """Add to its head what every answer carries; leave out the body that a HEAD did not ask for."""
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = MutableHeaders(scope=message)
            is_document = headers.get("content-type", "").startswith(_DOCUMENTS)
            for name, value in (*self._fields, *(_FOR_DOCUMENTS if is_document else ())):
                headers.setdefault(name, value)
        elif self._is_head and message["type"] == "http.response.body":
            message = {**message, "body": b""}
        try:
            async with asyncio.timeout(self._patience):
                await self._send(message)
        except TimeoutError as exc:  # it takes nothing: files and threads shall not wait for it
            raise ClientDisconnect from exc


def route_of(scope: Scope) -> str:
    """Give the template of the route that a request took, which names nobody; ``none`` when it took none."""
    return str(getattr(scope.get("route"), "path", "none"))
