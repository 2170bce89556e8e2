"""WADO-RS: rendered studies, series, instances and frames (PS3.18 10.4.1.1.3, 8.3.5.1)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...errors import IconError
from ...pixels import Header, Picture, read_header
from ..caching import Validators, etag_of, file_state, not_modified
from ..encoding import DEFAULT_QUALITY, GIF, JPEG, PNG, WEBP, encoded, fitted
from ..negotiation import MediaType, select
from ..openapi import ACCEPT_PARAMETER, problems
from ..ports import Window
from ..problems import not_found, too_large
from ..rendering import representative
from ..routing import INSTANCE, SERIES, STUDY, Frames, Responses, Uid, frame_numbers, getter
from ..services import Instance, Services, note
from ..streaming import Stream
from .multipart import Part, related
from .viewport import Viewport, left_out, quality_of, viewport_of, window_of

_SINGLE = tuple(MediaType(name) for name in (JPEG, PNG, GIF, WEBP))
_RELATED = tuple(MediaType(name, multipart=True) for name in (JPEG, PNG, GIF, WEBP))
_IMAGE = {"schema": {"type": "string", "format": "binary"}}
_ANSWERS: Responses = {
    200: {
        "description": "The rendered images",
        "content": {JPEG: _IMAGE, PNG: _IMAGE, GIF: _IMAGE, WEBP: _IMAGE, "multipart/related": _IMAGE},
    },
    304: {"description": "Not modified"},
    **problems(400, 404, 406, 413),
}


def _text_parameter(name: str, description: str, pattern: str) -> dict[str, Any]:
    return {
        "name": name,
        "in": "query",
        "required": False,
        "description": description,
        "schema": {"type": "string", "pattern": pattern},
    }


_PARAMETERS = [
    _text_parameter(
        "viewport",
        "Width and height of the picture, then x, y, width and height of the part (PS3.18 8.3.5.1.3)",
        r"^[1-9][0-9]{0,3},[1-9][0-9]{0,3}(,-?[0-9]*){0,4}$",
    ),
    _text_parameter(
        "window",
        "Center, width and function (PS3.18 8.3.5.1.4)",
        r"^-?[0-9]{1,6}(\.[0-9]{1,3})?,[1-9][0-9]{0,5},(linear|linear-exact|sigmoid)$",
    ),
    _text_parameter("quality", "1 to 100, for JPEG and WebP (PS3.18 8.3.5.1.2)", "^([1-9][0-9]?|100)$"),
    _text_parameter("annotation", "Accepted, but no text is drawn", "^(patient|technique|patient,technique)$"),
    _text_parameter("iccprofile", "Accepted; pictures are sRGB without a profile", "^(no|yes|srgb|adobergb|rommrgb)$"),
    ACCEPT_PARAMETER,
]


def rendered_routes(services: Services) -> APIRouter:
    """Give the routes of the rendered resources."""
    router = APIRouter(tags=["Rendered (WADO-RS)"])

    route = getter(router, _ANSWERS, _PARAMETERS)

    @route(STUDY + "/rendered", "Every image of a study, rendered")
    def of_study(request: Request, study: Uid) -> Response:
        return _Rendering(services, request, _RELATED).all_of(services.located(study))

    @route(SERIES + "/rendered", "Every image of a series, rendered")
    def of_series(request: Request, study: Uid, series: Uid) -> Response:
        return _Rendering(services, request, _RELATED).all_of(services.located(study, series))

    @route(INSTANCE + "/rendered", "An instance, rendered")
    def of_instance(request: Request, study: Uid, series: Uid, instance: Uid) -> Response:
        rendering = _Rendering(services, request, (*_SINGLE, *_RELATED))
        found = services.located(study, series, instance)
        return rendering.all_of(found) if rendering.media_type.multipart else rendering.one(found[0], None)

    @route(INSTANCE + "/frames/{frames}/rendered", "Frames of an instance, rendered")
    def of_frames(request: Request, study: Uid, series: Uid, instance: Uid, frames: Frames) -> Response:
        numbers = frame_numbers(frames, services.settings.most_frames)
        offered = (*_SINGLE, *_RELATED) if len(numbers) == 1 else _RELATED
        rendering = _Rendering(services, request, offered)
        found = services.located(study, series, instance)
        if rendering.media_type.multipart:
            return rendering.several(found[0], numbers)
        return rendering.one(found[0], numbers[0])

    return router


@dataclass(frozen=True, slots=True)
class _Image:
    """What the header says of an image."""

    rows: int
    columns: int
    frames: int
    representative: int

    @classmethod
    def of(cls, header: Header) -> "_Image":
        if not header.is_image:
            raise IconError("There are no pixels in it")
        frames = max(header.integer(0x00280008) or 1, 1)
        return cls(header.integer(0x00280010) or 0, header.integer(0x00280011) or 0, frames, representative(header))


class _Rendering:
    """A request for rendered images, its parameters read; raises Problem 400 or 406 for what is wrong with it."""

    def __init__(self, services: Services, request: Request, offered: Sequence[MediaType]) -> None:
        self.media_type = select(request, offered)
        self._services = services
        self._request = request
        self._viewport: Viewport | None = viewport_of(request, services.settings.largest_picture)
        self._window: Window | None = window_of(request)
        self._quality = quality_of(request, DEFAULT_QUALITY)
        base = services.dicomweb(request)
        warnings = [f"299 {base}: {said}" for said in left_out(request)]
        self._headers = {"Cache-Control": "private, no-cache", "Vary": "Accept"}
        if warnings:
            self._headers["Warning"] = ", ".join(warnings)

    def one(self, instance: Instance, frame: int | None) -> Response:
        """Give one frame as a picture; None stands for the representative one."""
        with self._services.opened(instance) as stream:
            image = _Image.of(read_header(stream))
            state = file_state(stream, instance.uid)
        number = frame or image.representative
        headers = self._headers
        if state is not None:
            query = str(self._request.url.query)
            etag = etag_of(state.etag, str(number), self.media_type.name, query)
            validators = Validators(etag, state.modified)
            headers = {**headers, **validators.headers("private, no-cache")}
            if validators.match(self._request):
                return not_modified(headers)
        note(self._request, "rendered", instance=instance.uid, frame=number)
        headers["Content-Location"] = self._location(instance, number)
        return Response(self._picture(instance, image, number), 200, headers, self.media_type.name)

    def several(self, instance: Instance, numbers: Sequence[int]) -> Response:
        """Give frames of one instance, each in a part."""
        with self._services.opened(instance) as stream:
            image = _Image.of(read_header(stream))
        if numbers[-1] > image.frames:
            raise not_found(f"There is no frame {numbers[-1]}: the instance has {image.frames}")
        return self._related([(instance, image, number) for number in numbers], instance.study)

    def all_of(self, found: Sequence[Instance]) -> Response:
        """Give every frame of every image among instances, each in a part."""
        pictures = []
        for instance in found:
            with self._services.opened(instance) as stream:
                header = read_header(stream)
            if header.is_image:
                image = _Image.of(header)
                pictures += [(instance, image, number) for number in range(1, image.frames + 1)]
            if len(pictures) > self._services.settings.most_frames:
                raise too_large(f"There are more than {self._services.settings.most_frames} frames")
        if not pictures:
            raise not_found("There is no image among the instances")
        return self._related(pictures, found[0].study)

    def _related(self, pictures: Sequence[tuple[Instance, _Image, int]], study: str) -> Response:
        first = self._picture(*pictures[0])  # before the answer begins: what cannot be rendered is a failure
        note(self._request, "rendered", study=study, pictures=len(pictures))

        def parts() -> Iterator[Part]:
            for place, (instance, image, number) in enumerate(pictures):
                data = first if place == 0 else self._picture(instance, image, number)
                yield Part(self.media_type.name, (data,), self._location(instance, number), len(data))

        content_type, pieces = related(parts(), self.media_type.name)
        return Stream(pieces, 200, self._headers, content_type)

    def _location(self, instance: Instance, number: int) -> str:
        return f"{self._services.dicomweb(self._request)}{instance.path}/frames/{number}"

    def _picture(self, instance: Instance, image: _Image, number: int) -> bytes:
        if number > image.frames:
            raise not_found(f"There is no frame {number}: the instance has {image.frames}")
        with self._services.rendering:
            picture = self._rendered(instance, image, number)
            return encoded(picture, self.media_type.name, self._quality)

    def _rendered(self, instance: Instance, image: _Image, number: int) -> Picture:
        viewport, largest = self._viewport, self._services.settings.largest_picture
        full = max(image.rows, image.columns)
        if viewport is None or not viewport.is_whole:
            if full > largest:
                raise too_large(
                    f"The image of {image.columns} x {image.rows} is larger than {largest} pixels: "
                    "ask for the whole of it in a viewport"
                )
            picture = self._services.renderer(instance.uid, full, number, self._window)
            if viewport is None:
                return picture
            part = viewport.cut(picture, image.rows, image.columns)
            return fitted(part, viewport.width, viewport.height)
        size = max(viewport.width, viewport.height)
        picture = self._services.renderer(instance.uid, size, number, self._window)
        return fitted(picture, viewport.width, viewport.height)
