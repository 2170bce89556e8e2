"""The HTTP server: uvicorn in a thread of its own."""

import asyncio
import contextlib
import threading
from pathlib import Path
from typing import Any, Self

import uvicorn
from starlette.types import ASGIApp

from ..errors import QueryError
from ..observe import log

_BACKLOG = 512
_LONGEST_HEAD = 1 << 16
_CERTIFICATE_REQUIRED = 2  # ssl.CERT_REQUIRED, for uvicorn, which makes the context


class _Server(uvicorn.Server):
    """A server that says when it listens, and stops when it is told to instead of looking ten times a second."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.settled = threading.Event()
        self._told = asyncio.Event()
        self._loop: asyncio.AbstractEventLoop | None = None

    async def startup(self, sockets: Any = None) -> None:
        self._loop = asyncio.get_running_loop()
        try:
            await super().startup(sockets)
        finally:
            self.settled.set()

    async def main_loop(self) -> None:
        while not self.should_exit:
            await self.on_tick(0)  # sets the date that answers carry
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._told.wait(), 1)

    def end(self) -> None:
        """Have it stop; any thread may say so."""
        self.should_exit = True
        if self._loop is not None and not self._loop.is_closed():
            self._loop.call_soon_threadsafe(self._told.set)


class WebServer:
    """Serves an application over HTTP, from the time it is entered until it is stopped.

    Parameters
    ----------
    app
        As `create_app` makes it.
    host, port
        Where to listen; port 0 takes a free one, `address` tells it.
    certificate, key
        PEM files for HTTPS; None talks plainly.
    authorities
        PEM file of authorities: whoever asks has to show a certificate that one of them signed. None asks for none.
    behind_proxy
        Whether a proxy on this machine says who asks (X-Forwarded-For, X-Forwarded-Proto).
    most_connections
        Connections that are served at once; more are answered with 503.

    Raises
    ------
    QueryError
        On entering: the address cannot be listened on.
    """

    def __init__(
        self,
        app: ASGIApp,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        certificate: Path | None = None,
        key: Path | None = None,
        authorities: Path | None = None,
        behind_proxy: bool = False,
        most_connections: int = 1000,
    ) -> None:
        self._host = host
        self._port = port
        self._is_secure = certificate is not None
        config = uvicorn.Config(
            app,
            host=host,
            port=port,
            log_config=None,
            log_level="critical",  # what it has to say, `Edge` and this class say in our own log
            access_log=False,  # addresses name patients
            server_header=False,
            proxy_headers=behind_proxy,
            forwarded_allow_ips="127.0.0.1,::1",
            limit_concurrency=most_connections,
            backlog=_BACKLOG,
            http="h11",  # the faster httptools, where somebody installed it, takes heads of any length
            h11_max_incomplete_event_size=_LONGEST_HEAD,
            timeout_keep_alive=15,
            timeout_graceful_shutdown=3,
            lifespan="on",
            ssl_certfile=certificate,
            ssl_keyfile=key,
            ssl_ca_certs=None if authorities is None else str(authorities),
            ssl_cert_reqs=0 if authorities is None else _CERTIFICATE_REQUIRED,
        )
        self._server = _Server(config)
        self._thread = threading.Thread(target=self._run, name="web", daemon=True)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def start(self) -> None:
        """Listen; raises QueryError when that cannot be."""
        self._thread.start()
        self._server.settled.wait()
        if not self._server.started:
            self._thread.join()
            raise QueryError(f"Cannot listen for HTTP on {self._host}, port {self._port}: it is taken or not allowed")
        log.info("listening", address=self.address)

    def stop(self) -> None:
        """Take no more requests, give those that are under way a moment to end."""
        self._server.end()
        if self._thread.ident is not None:
            self._thread.join()
            log.info("stopped", address=self.address)

    @property
    def port(self) -> int:
        """Where it listens."""
        for server in getattr(self._server, "servers", ()):
            for one in server.sockets:
                self._port = int(one.getsockname()[1])
        return self._port

    @property
    def address(self) -> str:
        """Its address, as in ``http://127.0.0.1:8080``."""
        host = f"[{self._host}]" if ":" in self._host else self._host
        return f"{'https' if self._is_secure else 'http'}://{host}:{self.port}"

    def _run(self) -> None:
        try:
            self._server.run()
        except SystemExit:  # how uvicorn says that it cannot listen
            pass
        except Exception:  # noqa: BLE001 -- the thread's last words belong into the log
            log.exception("the web server ended")
        finally:
            self._server.settled.set()
