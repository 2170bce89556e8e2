"""WADO-RS: thumbnails of studies, series, instances and frames (PS3.18 10.4.1.1.4)."""

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...query import Level
from ..caching import Validators, etag_of, not_modified
from ..encoding import JPEG, PNG, WEBP
from ..negotiation import MediaType, select
from ..openapi import ACCEPT_PARAMETER, VIEWPORT_PAIR, problems
from ..pictures import PREVIEW, Pictures, Shot
from ..problems import not_found
from ..routing import INSTANCE, SERIES, STUDY, Frames, Responses, Uid, frame_numbers, getter
from ..services import Instance, Services
from .viewport import Viewport, viewport_of

OFFERED = (MediaType(JPEG), MediaType(PNG), MediaType(WEBP))
_LARGEST_BOX = 65_535
_IMAGE = {"schema": {"type": "string", "format": "binary"}}
_ANSWERS: Responses = {
    200: {
        "description": "A picture of at most 256 pixels: a preview, or the pictogram of what has no pixels",
        "content": {JPEG: _IMAGE, PNG: _IMAGE, WEBP: _IMAGE},
        "headers": {name: {"schema": {"type": "string"}} for name in ("ETag", "Last-Modified", "Cache-Control")},
    },
    304: {"description": "Not modified"},
    **problems(400, 404, 406),
}


def thumbnail_routes(services: Services, pictures: Pictures) -> APIRouter:
    """Give the routes of the thumbnails: all four, as the Standard wants it."""
    router = APIRouter(tags=["Thumbnails (WADO-RS)"])

    route = getter(router, _ANSWERS, [VIEWPORT_PAIR, ACCEPT_PARAMETER])

    @route(STUDY + "/thumbnail", "Thumbnail of a study")
    def of_study(request: Request, study: Uid) -> Response:
        return _thumbnail(services, pictures, request, Level.STUDY, Instance(study, "", ""))

    @route(SERIES + "/thumbnail", "Thumbnail of a series")
    def of_series(request: Request, study: Uid, series: Uid) -> Response:
        return _thumbnail(services, pictures, request, Level.SERIES, Instance(study, series, ""))

    @route(INSTANCE + "/thumbnail", "Thumbnail of an instance")
    def of_instance(request: Request, study: Uid, series: Uid, instance: Uid) -> Response:
        return _thumbnail(services, pictures, request, Level.IMAGE, Instance(study, series, instance))

    @route(INSTANCE + "/frames/{frames}/thumbnail", "Thumbnail of a frame")
    def of_frame(request: Request, study: Uid, series: Uid, instance: Uid, frames: Frames) -> Response:
        numbers = frame_numbers(frames, services.settings.most_frames)
        found = Instance(study, series, instance)
        # One picture is wanted (PS3.18 10.4.3.3.4): of several frames the one a third of the way.
        return _thumbnail(services, pictures, request, Level.IMAGE, found, numbers[len(numbers) // 3])

    return router


def _thumbnail(
    services: Services, pictures: Pictures, request: Request, level: Level, found: Instance, frame: int | None = None
) -> Response:
    media_type = select(request, OFFERED)
    viewport = viewport_of(request, _LARGEST_BOX, only_size=True) or Viewport(PREVIEW, PREVIEW)
    belongs(services, level, found)
    if frame is None:
        shot = pictures.of(level, found, thumbnail=True)
    else:
        shot = pictures.of_frame(found, frame, thumbnail=True)
    services.metrics.pictures.labels(shot.shown).inc()
    return picture_response(services, request, shot, viewport.width, viewport.height, media_type.name)


def picture_response(
    services: Services, request: Request, shot: Shot, width: int, height: int, media_type: str
) -> Response:
    """Give a picture with what a browser needs to keep it, or 304 when it has it."""
    width, height = min(width, PREVIEW), min(height, PREVIEW)
    etag = etag_of(shot.jpeg, shot.kind, media_type, f"{width},{height}")
    validators = Validators(etag, services.first_seen(etag))
    headers = validators.headers(f"private, max-age={services.settings.cache_seconds}")
    headers["Vary"] = "Accept"
    if validators.match(request):
        return not_modified(headers)
    if media_type == JPEG:  # as it is stored, as a rule
        return Response(shot.fitting(width, height, media_type), 200, headers, media_type)
    data = services.encoded(etag, lambda: shot.fitting(width, height, media_type))
    return Response(data, 200, headers, media_type)


def belongs(services: Services, level: Level, found: Instance) -> None:
    """Check that the UIDs of a path belong together; raises Problem 404.

    A picture is found by one UID; the path names those above it, too, and a resource that is not there has no picture.
    """
    if level is not Level.STUDY and not services.is_below(level, found):
        raise not_found(f"There is no {level.lower()} of that UID in what the path names")
