"""One image in large: steps to its neighbours, windows, and the picture itself."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ...errors import IconError, StorageError
from ...observe import log
from ...pixels import Header, read_header
from ..caching import Validators, etag_of, file_state, not_modified
from ..dicomweb import picture_response
from ..encoding import JPEG, encoded
from ..pictures import PREVIEW, Pictures
from ..ports import Window
from ..problems import bad_request, not_found
from ..rendering import representative
from ..services import Instance, Services, note
from . import shown
from .study import StudyParts
from .templating import Templates

_FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
_SIZES = (512, 1024, 2048)
_QUALITY = 88
_VOI, _CENTER, _WIDTH, _EXPLANATION = 0x00283010, 0x00281050, 0x00281051, 0x00281055
_MOST_WINDOWS = 4


@dataclass(frozen=True, slots=True)
class Preset:
    """A window that can be chosen."""

    label: str
    value: str
    address: str


@dataclass(frozen=True, slots=True)
class _Place:
    """One frame of one image among all of a series."""

    image: shown.Image
    frame: int


class Viewer:
    """Makes the page of one image, and its pictures.

    Parameters
    ----------
    services
        What the web is joined to.
    templates
        Makes pages.
    parts
        Finds studies, series and images.
    pictures
        Has a pictogram for what cannot be rendered.
    """

    def __init__(self, services: Services, templates: Templates, parts: StudyParts, pictures: Pictures) -> None:
        self._services = services
        self._templates = templates
        self._parts = parts
        self._pictures = pictures

    def page(self, request: Request, study: str, series: str, instance: str) -> Response:
        """Make the page of an image, or the part of it that opens in place."""
        in_place = request.query_params.get("part") == "viewer"
        images = self._parts.images(study, series)
        image = next((one for one in images if one.uid == instance), None)
        if image is None:
            raise not_found("There is no image of that UID in the series")
        header = self._header(instance)
        frame = _frame(request, header, image)
        window = _window_text(request)
        base = f"{self._services.prefix(request)}/studies/{study}/series/{series}"
        one = self._parts.series(study, series)
        windows = _presets(self._services, header, one.modality, f"{base}/instances/{instance}", frame)
        center, _, breadth = window.rpartition(",")[0].partition(",")
        note(request, "page of an image", instance=instance)
        return self._templates.page(
            request,
            "viewer.html" if in_place else "image.html",
            study=shown.study_of(self._parts.study(study)),
            one=one,
            image=image,
            frame=frame,
            window=window,
            windows=windows,
            center=center,
            breadth=breadth,
            picture=f"{base}/instances/{instance}/frames/{frame}/picture?{_picture_query(1024, window)}",
            viewers=self._parts.viewers(request, study, series, instance),
            level=2 if in_place else 1,
            in_place=in_place,
            **_size(header),
            **_steps(images, image, frame, base, window),
        )

    def list(self, request: Request, study: str, series: str) -> Response:
        """List the images of a series with their frames, for stepping through."""
        images = self._parts.images(study, series)
        note(request, "images of a series", series=series)
        listed = [{"uid": one.uid, "frames": one.frames, "title": one.title} for one in images]
        return JSONResponse(listed, headers={"Cache-Control": "private, no-cache"})

    def picture(self, request: Request, found: Instance, frame: int) -> Response:
        """Give one frame as a JPEG that fits a screen, never magnified; a pictogram where it cannot be rendered."""
        size = request.query_params.get("size", "1024")
        if size not in {str(one) for one in _SIZES}:
            raise bad_request(f"size: {size[:16]!r} is not among {', '.join(map(str, _SIZES))}")
        window = read_window(request.query_params.get("window", ""))
        try:
            return self._rendered(request, found.uid, frame, int(size), window)
        except (IconError, StorageError) as error:
            kind = self._pictures.kind(found)
            if kind is None:
                raise
            log.info("no picture to look at", kind=kind, reason=str(error))
            return picture_response(self._services, request, self._pictures.pictogram(kind), PREVIEW, PREVIEW, JPEG)

    def _rendered(self, request: Request, instance: str, frame: int, size: int, window: Window | None) -> Response:
        with closing(self._services.source.open(instance)) as stream:
            state = file_state(stream)
        headers = {"Cache-Control": "private, max-age=300"}
        if state is not None:
            etag = etag_of(state.etag, instance, str(frame), str(size), str(window))
            validators = Validators(etag, state.modified)
            headers = validators.headers("private, max-age=300")
            if validators.match(request):
                return not_modified(headers)
        with self._services.rendering:
            picture = self._services.renderer(instance, size, frame, window)
            data = encoded(picture, JPEG, _QUALITY)
        return Response(data, 200, headers, JPEG)

    def _header(self, instance: str) -> Header | None:
        try:
            with closing(self._services.source.open(instance)) as stream:
                return read_header(stream)
        except StorageError:
            return None


def read_window(value: str) -> Window | None:
    """Read a window as the page writes it, ``40,400`` or ``40,400,sigmoid``; None for the image's own.

    Raises
    ------
    Problem
        400: it is malformed.
    """
    if not value:
        return None
    center, _, rest = value.partition(",")
    width, _, function = rest.partition(",")
    try:
        window = Window(float(center), float(width), _FUNCTIONS[function or "linear"])
    except (ValueError, KeyError):
        raise bad_request(f"window: {value[:64]!r} is no window") from None
    if not abs(window.center) < 1e9 or not 1 <= window.width < 1e9:
        raise bad_request(f"window: {value[:64]!r} is no window")
    return window


def _window_text(request: Request) -> str:
    center, width = request.query_params.get("center", ""), request.query_params.get("width", "")
    value = f"{center},{width}" if center and width else request.query_params.get("window", "")
    window = read_window(value)
    if window is None:
        return ""
    function = next(name for name, term in _FUNCTIONS.items() if term == window.function)
    return f"{window.center:g},{window.width:g}" + (f",{function}" if function != "linear" else "")


def _picture_query(size: int, window: str) -> str:
    return urlencode([("size", str(size)), *([("window", window)] if window else [])])


def _frame(request: Request, header: Header | None, image: shown.Image) -> int:
    value = request.query_params.get("frame", "")
    if value.isascii() and value.isdigit() and 1 <= int(value) <= image.frames:
        return int(value)
    return min(representative(header), image.frames) if header is not None else 1


def _size(header: Header | None) -> dict[str, int]:
    """Give the size that the picture is going to have, so that nothing moves when it comes."""
    rows, columns = (header.integer(tag) if header is not None else None for tag in (0x00280010, 0x00280011))
    if not rows or not columns:
        return {"width": 512, "height": 512}
    scale = min(1024 / max(rows, columns), 1.0)
    return {"width": max(round(columns * scale), 1), "height": max(round(rows * scale), 1)}


def _steps(images: Sequence[shown.Image], image: shown.Image, frame: int, base: str, window: str) -> dict[str, Any]:
    places = [_Place(one, number) for one in images for number in range(1, one.frames + 1)]
    at = places.index(_Place(image, frame))

    def address(index: int) -> str:
        if not 0 <= index < len(places):
            return ""
        place = places[index]
        query = urlencode([("frame", str(place.frame)), *([("window", window)] if window else [])])
        return f"{base}/instances/{place.image.uid}?{query}"

    return {"place": at + 1, "total": len(places), "previous": address(at - 1), "next": address(at + 1)}


def _presets(services: Services, header: Header | None, modality: str, address: str, frame: int) -> list[Preset]:
    """Give the windows to choose from: the image's own, then those of its modality; none for colour."""
    if header is None or (header.integer(0x00280002) or 1) > 1 or header.text(0x00280004) == "PALETTE COLOR":
        return []
    found = [("As stored", "")]
    centers, widths = header.numbers(_CENTER), header.numbers(_WIDTH)
    names = header.texts(_EXPLANATION)
    for index, (center, width) in enumerate(zip(centers, widths, strict=False)):
        if index and width >= 1 and index < _MOST_WINDOWS:
            label = names[index].capitalize() if index < len(names) and names[index] else f"Window {index + 1}"
            found.append((label, f"{center:g},{width:g}"))
    found += [
        (name, f"{center:g},{width:g}")
        for wanted, name, center, width in services.settings.window_presets
        if wanted == modality
    ]
    return [
        Preset(name, value, f"{address}?{urlencode([('frame', str(frame)), *([('window', value)] if value else [])])}")
        for name, value in found
    ]
