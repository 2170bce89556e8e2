"""WADO-RS: bulk data, pixel data and frames (PS3.18 10.4.1.1.5, 10.4.1.1.6)."""

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import BinaryIO

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from ...errors import IconError
from ...pixels import Header, read_header
from ..attributes import Attribute, little_endian, of_header
from ..frames import PixelData
from ..negotiation import MediaRange, ranges_of
from ..openapi import ACCEPT_PARAMETER, problems
from ..ports import Decompressed
from ..problems import Problem, bad_request, not_found
from ..routing import INSTANCE, SERIES, STUDY, Added, Frames, Responses, Uid, frame_numbers, getter
from ..services import Instance, Services, note
from .media_types import OCTET_STREAM, is_video, media_type_of
from .multipart import Part, related

_VALUE = r"^[0-9A-Fa-f]{8}(/[0-9]{1,6}/[0-9A-Fa-f]{8})*$"
_PIXELS = (0x7FE00008, 0x7FE00009, 0x7FE00010)
_EXPLICIT = "1.2.840.10008.1.2.1"
_FRESH = {"Cache-Control": "private, no-cache"}
_ANSWERS: Responses = {
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
    """Give the routes that retrieve bulk data, pixel data and frames."""
    router = APIRouter(tags=["Retrieve (WADO-RS)"])

    route = getter(router, _ANSWERS, [ACCEPT_PARAMETER])

    for name, only_pixels in (("bulkdata", False), ("pixeldata", True)):
        _collections(services, route, name, only_pixels=only_pixels)

    @route(INSTANCE + "/bulkdata/{value:path}", "One value of an instance")
    def value(request: Request, study: Uid, series: Uid, instance: Uid, value: str) -> Response:
        if not re.fullmatch(_VALUE, value):
            raise bad_request("The path of a value is tags and item numbers, as in 00880200/0/7FE00010")
        return _value(services, request, services.located(study, series, instance)[0], value.upper())

    @route(INSTANCE + "/frames/{frames}", "Frames of an instance")
    def frames(request: Request, study: Uid, series: Uid, instance: Uid, frames: Frames) -> Response:
        numbers = frame_numbers(frames, services.settings.most_frames)
        return _frames(services, request, services.located(study, series, instance)[0], numbers)

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


class _Opened:
    """One instance whose file is open, and what its pixels may be given as."""

    def __init__(self, services: Services, instance: Instance, stream: BinaryIO) -> None:
        self.header: Header = read_header(stream)
        self.syntax = str(self.header.transfer_syntax)
        self._services = services
        self._stream = stream
        self._decompressed: Decompressed | None = None
        self.instance = instance

    def decompressed(self) -> Decompressed:
        """Give its pixels decoded; raises IconError."""
        if self._decompressed is None:
            self._decompressed = self._services.decompressor(self._stream)
        return self._decompressed

    def pixels_as(self, ranges: Sequence[MediaRange], *, multipart: bool) -> tuple[str, str]:
        """Choose media type and transfer syntax for its pixels.

        Raises
        ------
        Problem
            406: they cannot be given as anything that is acceptable.
        """
        compressed = PixelData(self.header).is_compressed
        stored = media_type_of(self.syntax) if compressed else OCTET_STREAM
        reason = ""
        for one in sorted(ranges, key=lambda one: -one.weight):
            if one.weight <= 0 or (one.multipart is not multipart and one.name != "*/*"):
                continue
            asked = one.transfer_syntax
            if compressed and _takes(one, stored) and one.name != "*/*" and asked in {"", "*", self.syntax}:
                return stored, self.syntax
            if compressed and _takes(one, OCTET_STREAM) and asked in {"*", self.syntax}:
                return OCTET_STREAM, self.syntax
            if not _takes(one, OCTET_STREAM) or asked not in {"", "*", _EXPLICIT}:
                continue
            if not compressed:
                return OCTET_STREAM, _EXPLICIT
            try:
                self.decompressed()
            except IconError as exc:
                reason = f" ({exc})"
                if one.name == "*/*":
                    return stored, self.syntax
            else:
                return OCTET_STREAM, _EXPLICIT
        offered = f'multipart/related; type="{stored}"; transfer-syntax={self.syntax if compressed else _EXPLICIT}'
        raise Problem(406, f"The pixels cannot be given as anything that is acceptable: there is {offered}{reason}")

    def frame(self, number: int, syntax: str) -> bytes:
        """Give one frame in that transfer syntax; raises IconError."""
        pixels = PixelData(self.header)
        if pixels.is_compressed and syntax == _EXPLICIT:
            if not 1 <= number <= pixels.frames:
                raise IconError(f"There is no frame {number}: the instance has {pixels.frames}")
            return self.decompressed().frame(number)
        return pixels.frame(number)


def _takes(one: MediaRange, name: str) -> bool:
    return one.name in {"*/*", name} or (one.name.endswith("/*") and name.startswith(one.name[:-1]))


def _content_type(media_type: str, syntax: str) -> str:
    return f"{media_type}; transfer-syntax={syntax}"


@contextmanager
def _opened(services: Services, instance: Instance) -> Iterator[_Opened]:
    with services.opened(instance) as stream:
        yield _Opened(services, instance, stream)


def _ranges(request: Request, *, single: bool) -> tuple[bool, list[MediaRange]]:
    """Give whether parts are wanted, and the ranges that say so; the parameter goes before the header field."""
    for ranges in ranges_of(request):
        usable = sorted((one for one in ranges if one.weight > 0), key=lambda one: -one.weight)
        usable = [one for one in usable if one.multipart or one.name == "*/*" or single]
        if usable:
            multipart = usable[0].multipart or usable[0].name == "*/*"
            return multipart, usable
    raise Problem(406, f'Nothing acceptable can be given: there is multipart/related; type="{OCTET_STREAM}"')


def _frames(services: Services, request: Request, instance: Instance, numbers: Sequence[int]) -> Response:
    multipart, ranges = _ranges(request, single=len(numbers) == 1)
    with _opened(services, instance) as opened:
        pixels = PixelData(opened.header)  # IconError becomes 404: there are no frames
        if is_video(opened.syntax):
            raise Problem(406, "The frames of a video cannot be told apart; its bulk data is the whole of it")
        if numbers[-1] > pixels.frames:
            raise not_found(f"There is no frame {numbers[-1]}: the instance has {pixels.frames}")
        media_type, syntax = opened.pixels_as(ranges, multipart=multipart)
        first = opened.frame(numbers[0], syntax)
    note(request, "frames", instance=instance.uid, frames=len(numbers))
    base = services.dicomweb(request) + instance.path
    content_type = _content_type(media_type, syntax)
    if not multipart:
        return Response(first, 200, {**_FRESH, "Content-Location": f"{base}/frames/{numbers[0]}"}, content_type)

    def parts() -> Iterator[Part]:
        with _opened(services, instance) as again:
            for number in numbers:
                data = first if number == numbers[0] else again.frame(number, syntax)
                yield Part(content_type, (data,), f"{base}/frames/{number}", len(data))

    content_type_of_all, pieces = related(parts(), media_type)
    if len(numbers) == 1:
        return Response(b"".join(pieces), 200, _FRESH, content_type_of_all)
    return StreamingResponse(pieces, 200, _FRESH, content_type_of_all)


def _value(services: Services, request: Request, instance: Instance, path: str) -> Response:
    multipart, ranges = _ranges(request, single=True)
    base = services.dicomweb(request) + instance.path
    location = f"{base}/bulkdata/{path}"
    if int(path, 16) in _PIXELS if len(path) == 8 else False:
        with _opened(services, instance) as opened:
            PixelData(opened.header)
        return _related(services, request, ranges, [instance], only_pixels=True, multipart=multipart)
    with _opened(services, instance) as opened:
        data = value_of(opened.header, path)
    if not any(_takes(one, OCTET_STREAM) for one in ranges):
        raise Problem(406, f"A value that is no pixel data is given as {OCTET_STREAM}")
    note(request, "bulk data", instance=instance.uid, value=path)
    if not multipart:
        return Response(data, 200, {**_FRESH, "Content-Location": location}, OCTET_STREAM)
    content_type, pieces = related([Part(OCTET_STREAM, (data,), location, len(data))], OCTET_STREAM)
    return Response(b"".join(pieces), 200, _FRESH, content_type)


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
    multipart, ranges = _ranges(request, single=False)
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
        return StreamingResponse(_bodies(first, parts), 200, _FRESH, first.content_type)
    content_type, pieces = related(_with(first, parts), first.content_type.partition(";")[0])
    return StreamingResponse(pieces, 200, _FRESH, content_type)


def _with(first: Part, rest: Iterator[Part]) -> Iterator[Part]:
    yield first
    yield from rest


def _bodies(first: Part, rest: Iterator[Part]) -> Iterator[bytes]:
    for part in _with(first, rest):
        yield from part.body


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
        with _opened(services, instance) as opened:
            here = base + instance.path
            if not only_pixels and any(_takes(one, OCTET_STREAM) for one in ranges):
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


def _pixel_parts(opened: _Opened, ranges: Sequence[MediaRange], here: str, *, multipart: bool) -> Iterator[Part]:
    """Give native pixel data as one value, compressed frames each as one (PS3.18 8.7.3.3)."""
    media_type, syntax = opened.pixels_as(ranges, multipart=multipart)
    pixels = PixelData(opened.header)
    tag = opened.header.pixels.tag if opened.header.pixels is not None else 0
    location = f"{here}/bulkdata/{tag:08X}"
    content_type = _content_type(media_type, syntax)
    if not pixels.is_compressed:
        yield Part(content_type, pixels.whole(), location, pixels.length)
    elif syntax == _EXPLICIT:
        decoded = opened.decompressed()
        frames = (decoded.frame(number) for number in range(1, pixels.frames + 1))
        yield Part(content_type, frames, location, decoded.length)
    elif is_video(syntax):
        yield Part(content_type, pixels.joined(), location)
    else:
        for number in range(1, pixels.frames + 1):
            data = pixels.frame(number)
            yield Part(content_type, (data,), f"{here}/frames/{number}", len(data))
