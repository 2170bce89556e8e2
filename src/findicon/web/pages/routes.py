"""The routes of the pages; none of them is part of the interface that programs use."""

from collections.abc import Callable
from typing import Annotated

from fastapi import APIRouter, Path
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response

from ...query import Level
from ..dicomweb import belongs, picture_response
from ..encoding import JPEG, WEBP
from ..negotiation import is_named
from ..pictures import PREVIEW, Pictures, Shown
from ..problems import Problem
from ..routing import Handler, Uid
from ..services import Instance, Services
from . import assets
from .downloads import download
from .home import Home
from .study import StudyParts
from .templating import THEMES, Templates, choose_theme
from .viewer import Viewer

_STUDY = "/studies/{study}"
_SERIES = _STUDY + "/series/{series}"
_INSTANCE = _SERIES + "/instances/{instance}"
Frame = Annotated[int, Path(ge=1, le=999_999_999)]


def page_routes(services: Services, pictures: Pictures) -> APIRouter:
    """Give the routes of the pages.

    Parameters
    ----------
    services
        What they work with.
    pictures
        Where the pictures beside studies, series and images come from.
    """
    router = APIRouter(include_in_schema=False)
    templates = Templates(services)
    services.warming.append(templates.warm_up)
    parts = StudyParts(services, templates)
    viewer = Viewer(services, templates, parts, pictures)
    home = Home(services, templates)

    def route(path: str) -> Callable[[Handler], Handler]:
        return router.get(path, response_class=HTMLResponse)

    route("/")(home.page)
    _details(route, services, parts, viewer)
    _shots(route, services, pictures, viewer)
    _rest(route, services, templates)
    return router


def _details(
    route: Callable[[str], Callable[[Handler], Handler]], services: Services, parts: StudyParts, viewer: Viewer
) -> None:
    @route(_STUDY)
    def study_page(request: Request, study: Uid) -> Response:
        return parts.page(request, study)

    @route(_STUDY + "/panel")
    def study_panel(request: Request, study: Uid) -> Response:
        return parts.panel(request, study)

    @route(_SERIES + "/panel")
    def series_panel(request: Request, study: Uid, series: Uid) -> Response:
        return parts.images_panel(request, study, series)

    @route(_SERIES + "/images.json")
    def image_list(request: Request, study: Uid, series: Uid) -> Response:
        return viewer.list(request, study, series)

    @route(_INSTANCE)
    def image_page(request: Request, study: Uid, series: Uid, instance: Uid) -> Response:
        return viewer.page(request, study, series, instance)

    @route(_STUDY + "/download")
    def study_download(request: Request, study: Uid) -> Response:
        return download(services, request, study)

    @route(_SERIES + "/download")
    def series_download(request: Request, study: Uid, series: Uid) -> Response:
        return download(services, request, study, series)


def _shots(
    route: Callable[[str], Callable[[Handler], Handler]], services: Services, pictures: Pictures, viewer: Viewer
) -> None:
    def shot(request: Request, level: Level, found: Instance) -> Response:
        belongs(services, level, found)
        media_type = WEBP if is_named(request, WEBP) else JPEG
        picture = pictures.of_any(level, found)
        response = picture_response(services, request, picture, PREVIEW, PREVIEW, media_type)
        # A pictogram may stand for a picture that comes in a moment.
        return services.remembered.keep(request, response) if picture.shown is Shown.PREVIEW else response

    @route(_STUDY + "/picture")
    def study_shot(request: Request, study: Uid) -> Response:
        return shot(request, Level.STUDY, Instance(study, "", ""))

    @route(_SERIES + "/picture")
    def series_shot(request: Request, study: Uid, series: Uid) -> Response:
        return shot(request, Level.SERIES, Instance(study, series, ""))

    @route(_INSTANCE + "/picture")
    def image_shot(request: Request, study: Uid, series: Uid, instance: Uid) -> Response:
        return shot(request, Level.IMAGE, Instance(study, series, instance))

    @route(_INSTANCE + "/frames/{frame}/picture")
    def frame_shot(request: Request, study: Uid, series: Uid, instance: Uid, frame: Frame) -> Response:
        belongs(services, Level.IMAGE, Instance(study, series, instance))
        return viewer.picture(request, Instance(study, series, instance), frame)


def _rest(route: Callable[[str], Callable[[Handler], Handler]], services: Services, templates: Templates) -> None:
    @route("/progress")
    def progress(request: Request) -> Response:
        return templates.page(request, "progress.html")

    @route("/status")
    def status(request: Request) -> Response:
        counts = services.overview.counts() if services.overview is not None else {}
        names = {Level.PATIENT: "Patients", Level.STUDY: "Studies", Level.SERIES: "Series", Level.IMAGE: "Images"}
        state = templates.progress()
        failures = sorted(state.failures.items(), key=lambda one: -one[1])[:50] if state is not None else []
        listed = [(name, counts.get(level, 0)) for level, name in names.items()] if counts else []
        return templates.page(request, "status.html", counts=listed, failures=failures)

    @route("/theme")
    def theme(request: Request) -> Response:
        chosen, back = request.query_params.get("to", ""), request.query_params.get("back", "/")
        if chosen not in THEMES:
            raise Problem(400, f"to: {chosen[:16]!r} is not among {', '.join(THEMES)}")
        # Only a path of our own: neither another site nor what a browser takes for one.
        is_ours = back.startswith("/") and not back.startswith(("//", "/\\")) and back.isprintable()
        response = RedirectResponse(back if is_ours else f"{services.prefix(request)}/", 303)
        choose_theme(response, chosen)
        return response

    @route("/static/{name}")
    def static(request: Request, name: str) -> Response:
        return assets.asset(request, name)
