"""WADO-RS: frames of an instance (PS3.18 10.4.1.1.6)."""

from collections.abc import Iterator, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ..frames import PixelData
from ..openapi import ACCEPT_PARAMETER
from ..problems import Problem, not_found
from ..routing import INSTANCE, Frames, Uid, frame_numbers, getter
from ..services import Instance, Services, note
from ..streaming import Stream
from .bulkdata import FRESH, VALUES
from .media_types import is_video
from .multipart import Part, related
from .opened import content_type_of, opened_instance, wanted_ranges


def frame_routes(services: Services) -> APIRouter:
    """Give the route that retrieves frames."""
    router = APIRouter(tags=["Retrieve (WADO-RS)"])

    @getter(router, VALUES, [ACCEPT_PARAMETER])(INSTANCE + "/frames/{frames}", "Frames of an instance")
    def frames(request: Request, study: Uid, series: Uid, instance: Uid, frames: Frames) -> Response:
        numbers = frame_numbers(frames, services.settings.most_frames)
        return _frames(services, request, services.located(study, series, instance)[0], numbers)

    return router


def _frames(services: Services, request: Request, instance: Instance, numbers: Sequence[int]) -> Response:
    multipart, ranges = wanted_ranges(request, single=len(numbers) == 1)
    with opened_instance(services, instance) as opened:
        pixels = PixelData(opened.header)  # IconError becomes 404: there are no frames
        if is_video(opened.syntax):
            raise Problem(406, "The frames of a video cannot be told apart; its bulk data is the whole of it")
        if numbers[-1] > pixels.frames:
            raise not_found(f"There is no frame {numbers[-1]}: the instance has {pixels.frames}")
        media_type, syntax = opened.pixels_as(ranges, multipart=multipart)
        first = opened.frame(numbers[0], syntax)
    note(request, "frames", instance=instance.uid, frames=len(numbers))
    base = services.dicomweb(request) + instance.path
    content_type = content_type_of(media_type, syntax)
    if not multipart:
        return Response(first, 200, {**FRESH, "Content-Location": f"{base}/frames/{numbers[0]}"}, content_type)

    def parts() -> Iterator[Part]:
        with opened_instance(services, instance) as again:
            for number in numbers:
                data = first if number == numbers[0] else again.frame(number, syntax)
                yield Part(content_type, (data,), f"{base}/frames/{number}", len(data))

    content_type_of_all, pieces = related(parts(), media_type)
    if len(numbers) == 1:
        return Response(b"".join(pieces), 200, FRESH, content_type_of_all)
    return Stream(pieces, 200, FRESH, content_type_of_all)
