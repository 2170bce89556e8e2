"""WADO-RS: bulk data and pixel data (PS3.18 10.4.1.1.5, 10.4.1.1.6)."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...pixels import Header
from ..attributes import Attribute, little_endian, of_header
from ..frames import PixelData
from ..negotiation import MediaRange
from ..openapi import ACCEPT_PARAMETER, problems
from ..problems import Problem, bad_request, not_found
from ..routing import INSTANCE, SERIES, STUDY, Added, Responses, Uid, getter
from ..services import Instance, Services, note
from ..streaming import Stream
from .media_types import OCTET_STREAM, is_video
from .multipart import Part, related
from .opened import EXPLICIT, OpenedInstance, content_type_of, opened_instance, takes, wanted_ranges
from .ranges import ranged

_VALUE = r"^[0-9A-Fa-f]{8}(/[0-9]{1,6}/[0-9A-Fa-f]{8})*$"
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)

FRESH = {"Cache-Control": "private, no-cache"}
VALUES: Responses = {
    200: {
        "description": "The values, each in a part of its own; a single one may come alone",
        "content": {
            "multipart/related": {"schema": {"type": "string", "format": "binary"}},
            "*/*": {"schema": {"type": "string", "format": "binary"}},
        },
    },
    **problems(400, 404, 406, 413),
}


def bulkdata_routes(services: Services) -> APIRouter:
    """Give the routes that retrieve bulk data and pixel data."""
    router = APIRouter(tags=["Retrieve (WADO-RS)"])

    route = getter(router, VALUES, [ACCEPT_PARAMETER])

    for name, only_pixels in (("bulkdata", False), ("pixeldata", True)):
        _collections(services, route, name, only_pixels=only_pixels)

    @route(INSTANCE + "/bulkdata/{value:path}", "One value of an instance")
    def value(request: Request, study: Uid, series: Uid, instance: Uid, value: str) -> Response:
        if not re.fullmatch(_VALUE, value):
            raise bad_request("The path of a value is tags and item numbers, as in 00880200/0/7FE00010")
        return _value(services, request, services.located(study, series, instance)[0], value.upper())

    return router


def _collections(services: Services, route: Callable[[str, str], Added], name: str, *, only_pixels: bool) -> None:
    what = "pixel data" if only_pixels else "bulk data"

    @route(STUDY + "/" + name, f"All {what} of a study")
    def of_study(request: Request, study: Uid) -> Response:
        return instance_bulkdata(services, request, services.located(study), only_pixels=only_pixels)

    @route(SERIES + "/" + name, f"All {what} of a series")
    def of_series(request: Request, study: Uid, series: Uid) -> Response:
        return instance_bulkdata(services, request, services.located(study, series), only_pixels=only_pixels)

    @route(INSTANCE + "/" + name, f"All {what} of an instance")
    def of_instance(request: Request, study: Uid, series: Uid, instance: Uid) -> Response:
        found = services.located(study, series, instance)
        return instance_bulkdata(services, request, found, only_pixels=only_pixels)


def _value(services: Services, request: Request, instance: Instance, path: str) -> Response:
    multipart, ranges = wanted_ranges(request, single=True)
    base = services.dicomweb(request) + instance.path
    location = f"{base}/bulkdata/{path}"
    if int(path, 16) in _PIXELS if len(path) == 8 else False:
        with opened_instance(services, instance) as opened:
            PixelData(opened.header)
        return _related(services, request, ranges, [instance], only_pixels=True, multipart=multipart)
    with opened_instance(services, instance) as opened:
        data = value_of(opened.header, path)
    if not any(takes(one, OCTET_STREAM) for one in ranges):
        raise Problem(406, f"A value that is no pixel data is given as {OCTET_STREAM}")
    note(request, "bulk data", instance=instance.uid, value=path)
    if not multipart:
        return ranged(request, (data,), len(data), {**FRESH, "Content-Location": location}, OCTET_STREAM)
    content_type, pieces = related([Part(OCTET_STREAM, (data,), location, len(data))], OCTET_STREAM)
    return Response(b"".join(pieces), 200, FRESH, content_type)


def value_of(header: Header, path: str) -> bytes:
    """Give the value at a path of tags and item numbers, little endian.

    Raises
    ------
    Problem
        404: there is no such value.
    """
    *steps, last = path.split("/")
    holder: Header | None = header
    for sequence, number in zip(steps[::2], steps[1::2], strict=True):
        holder = holder.item(int(sequence, 16), int(number)) if holder is not None else None
    tag = int(last, 16)
    if holder is not None and tag in holder:
        return little_endian(holder.vr(tag), holder.raw(tag), header)
    raise not_found(f"The instance has no value at {path}")


def instance_bulkdata(
    services: Services, request: Request, found: Sequence[Instance], *, only_pixels: bool = False
) -> Response:
    """Give all bulk data of instances, or only their pixel data, each value in a part (PS3.18 10.4.3.3.5)."""
    multipart, ranges = wanted_ranges(request, single=False)
    return _related(services, request, ranges, found, only_pixels=only_pixels, multipart=multipart)


def _related(
    services: Services,
    request: Request,
    ranges: Sequence[MediaRange],
    found: Sequence[Instance],
    *,
    only_pixels: bool,
    multipart: bool,
) -> Response:
    base = services.dicomweb(request)
    parts = _parts(services, found, ranges, base, only_pixels=only_pixels, multipart=multipart)
    first = next(parts, None)  # before the answer begins: what cannot be given is a failure
    if first is None:
        raise not_found("There is no " + ("pixel data" if only_pixels else "bulk data") + " in it")
    note(request, "bulk data", study=found[0].study, instances=len(found))
    if not multipart:
        if first.length is None:  # a video
            return Stream(iter(first.body), 200, FRESH, first.content_type)
        return ranged(request, _alone(first, parts), first.length, FRESH, first.content_type)
    content_type, pieces = related(_with(first, parts), first.content_type.partition(";")[0])
    return Stream(pieces, 200, FRESH, content_type)


def _alone(first: Part, rest: Iterator[Part]) -> Iterator[bytes]:
    """Give the body of the only part; its file stays open until then."""
    yield from first.body
    next(rest, None)


def _with(first: Part, rest: Iterator[Part]) -> Iterator[Part]:
    yield first
    yield from rest


def _parts(
    services: Services,
    found: Sequence[Instance],
    ranges: Sequence[MediaRange],
    base: str,
    *,
    only_pixels: bool,
    multipart: bool,
) -> Iterator[Part]:
    for instance in found:
        with opened_instance(services, instance) as opened:
            here = base + instance.path
            if not only_pixels and any(takes(one, OCTET_STREAM) for one in ranges):
                for path in _long_values(of_header(opened.header, lambda path: path)):
                    if int(path[-8:], 16) not in _PIXELS or len(path) > 8:
                        data = value_of(opened.header, path)
                        yield Part(OCTET_STREAM, (data,), f"{here}/bulkdata/{path}", len(data))
            if opened.header.has_pixels:
                yield from _pixel_parts(opened, ranges, here, multipart=multipart)


def _long_values(attributes: Iterable[Attribute]) -> Iterator[str]:
    for attribute in attributes:
        if attribute.address:
            yield attribute.address
        for item in attribute.items or ():
            yield from _long_values(item)


def _pixel_parts(opened: OpenedInstance, ranges: Sequence[MediaRange], here: str, *, multipart: bool) -> Iterator[Part]:
    """Give native pixel data as one value, compressed frames each as one (PS3.18 8.7.3.3)."""
    media_type, syntax = opened.pixels_as(ranges, multipart=multipart)
    pixels = PixelData(opened.header)
    is_many = pixels.is_compressed and pixels.frames > 1 and syntax != EXPLICIT and not is_video(syntax)
    if is_many and not multipart:
        raise Problem(406, f'{pixels.frames} compressed frames come as multipart/related; type="{media_type}"')
    tag = opened.header.pixels.tag if opened.header.pixels is not None else 0
    location = f"{here}/bulkdata/{tag:08X}"
    content_type = content_type_of(media_type, syntax)
    if not pixels.is_compressed:
        yield Part(content_type, pixels.whole(), location, pixels.length)
    elif syntax == EXPLICIT:
        frames = (opened.native_frame(number) for number in range(1, pixels.frames + 1))
        yield Part(content_type, frames, location, opened.decompressed().length)
    elif is_video(syntax):
        yield Part(content_type, pixels.joined(), location)
    else:
        for number in range(1, pixels.frames + 1):
            data = pixels.frame(number)
            yield Part(content_type, (data,), f"{here}/frames/{number}", len(data))
