"""The application: DICOMweb services, pages, figures, joined to whatever finds and holds instances."""

import asyncio
import threading
from collections.abc import AsyncGenerator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from importlib.metadata import version
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.exceptions import RequestValidationError
from fastapi.middleware.cors import CORSMiddleware
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, PlainTextResponse, Response

from ..errors import FindiconError
from ..observe import Figures, log
from ..query import Finder, IconSource, Ingest, InstanceSource, Overview
from .access import Access
from .compression import Compression
from .dicomweb import dicomweb_routes
from .edge import Edge, route_of
from .metrics import Metrics
from .openapi import description_of, problems
from .pages import ErrorPage, error_page, page_routes
from .pictures import Pictures
from .ports import Renderer
from .problems import Problem, problem_of, problem_response
from .remembered import Remembering
from .rendering import in_process
from .services import Services
from .settings import WebSettings

_WARM_UP = 1.0  # seconds


def create_app(
    finder: Finder,
    icons: IconSource,
    source: InstanceSource,
    *,
    ingest: Ingest | None = None,
    overview: Overview | None = None,
    settings: WebSettings | None = None,
    renderer: Renderer | None = None,
    figures: Figures | None = None,
) -> FastAPI:
    """Make the application.

    Parameters
    ----------
    finder
        Answers searches.
    icons
        Has the pictures, or makes them.
    source
        Has the instances.
    ingest
        Takes instances in; None offers no STOW-RS.
    overview
        Knows how much there is; None hides what would need it.
    settings
        See `WebSettings`.
    renderer
        Renders larger pictures; None does it in the threads of the web.
    figures
        Where figures are kept, those of others too; a place of its own unless given.

    Raises
    ------
    QueryError
        What the settings keep of a user's password is malformed.
    """
    settings = settings or WebSettings()
    metrics = Metrics(overview, figures)
    services = Services(
        finder=finder,
        icons=icons,
        source=source,
        ingest=ingest,
        overview=overview,
        settings=settings,
        renderer=renderer or in_process(source, settings.pixel_limits),
        metrics=metrics,
        rendering=threading.Semaphore(settings.render_slots),
    )
    app = FastAPI(
        title="findicon",
        version=version("findicon"),
        summary="DICOMweb with pictures",
        docs_url=None,  # both load scripts from elsewhere
        redoc_url=None,
        openapi_url="/openapi.json",
        root_path_in_servers=False,
        redirect_slashes=False,
        lifespan=_life(services.warming),
    )
    pictures = Pictures(services)
    app.include_router(dicomweb_routes(services, pictures))
    app.include_router(_about(services))
    app.include_router(page_routes(services, pictures))
    app.openapi = lambda: description_of(app)  # type: ignore[method-assign]
    page = error_page(services)
    _failures(app, page)
    app.add_middleware(Remembering, pictures=services.remembered)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=list(settings.allowed_origins),
            allow_methods=["GET", "HEAD", "POST", "OPTIONS"],
            allow_headers=["Accept", "Authorization", "Content-Type"],
            allow_credentials=bool(settings.users),
            expose_headers=["Warning", "ETag", "Location", "Content-Location"],
        )
    app.add_middleware(Compression)
    app.add_middleware(Edge, settings=settings, metrics=metrics, access=Access(settings.users), page=page)
    return app


def _life(first: Sequence[Callable[[], object]]) -> Callable[[FastAPI], AbstractAsyncContextManager[None]]:
    """Give what a server goes through when it starts, which it waits a moment for."""

    def warm() -> None:
        try:
            for step in first:
                step()
        except FindiconError as error:  # whoever asks will be told
            log.warning("not warmed up", reason=str(error))

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncGenerator[None]:
        warming = asyncio.create_task(asyncio.to_thread(warm))
        await asyncio.wait({warming}, timeout=_WARM_UP)  # who comes first finds it ready, or others answered meanwhile
        yield
        await warming  # nothing reads once we have stopped

    return lifespan


def _about(services: Services) -> APIRouter:
    router = APIRouter(tags=["About"])

    @router.get(
        "/healthz",
        summary="Whether it works",
        responses={200: {"content": {"application/json": {"schema": {"type": "object"}}}}, **problems(503)},
        response_class=Response,
    )
    def health() -> Response:
        if services.overview is not None:
            services.overview.counts()  # an archive that cannot be read is not healthy
        return JSONResponse({"status": "ok"}, headers={"Cache-Control": "no-store"})

    @router.get(
        "/metrics",
        summary="Figures for Prometheus",
        responses={200: {"content": {"text/plain": {"schema": {"type": "string"}}}}},
        response_class=PlainTextResponse,
    )
    def metrics() -> Response:
        figures = services.metrics.figures
        return Response(figures.text(), headers={"Cache-Control": "no-store", "Content-Type": figures.content_type})

    return router


def _failures(app: FastAPI, page: ErrorPage) -> None:
    """Make every failure a problem document, or a page, that says what is wrong and names no line of ours."""

    def said(request: Request, problem: Problem) -> Response:
        return page(request, problem) or problem_response(problem)

    def of_ours(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status >= 500:
            log.warning("request failed", method=request.method, route=route_of(request.scope), reason=str(error))
        return said(request, problem)

    def of_path(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        names = sorted({str(one["loc"][-1]) for one in error.errors()})
        return said(request, Problem(400, f"{', '.join(names)}: not in the form that it has to have"))

    def of_routing(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        details = {404: "There is no such resource", 405: "The method is not for this resource"}
        detail = details.get(error.status_code, str(error.detail))
        return said(request, Problem(error.status_code, detail, dict(error.headers or {})))

    handlers: dict[type[Exception], Any] = {
        Problem: of_ours,
        FindiconError: of_ours,
        RequestValidationError: of_path,
        HTTPException: of_routing,
    }
    for kind, handler in handlers.items():
        app.add_exception_handler(kind, handler)
