"""QIDO-RS: searches for studies, series and instances (PS3.18 10.6)."""

import time
from bisect import bisect_left
from collections.abc import Iterable, Iterator
from contextlib import closing
from itertools import islice

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...errors import AnswersCut
from ...observe import log
from ...query import Level, Match
from ..attributes import Attribute, of_match
from ..negotiation import MediaType, select
from ..openapi import SEARCH_PARAMETERS, problems
from ..routing import DICOMWEB, SERIES, STUDIES, STUDY, Responses, Uid, getter
from ..services import Services, changed, note, text
from ..streaming import Stream
from .dicom_json import JSON, json_text
from .dicom_xml import XML, xml_text
from .multipart import Part, related
from .search_parameters import Resource, Search, search_of

_OFFERED = (MediaType(JSON), MediaType(XML, multipart=True), MediaType("application/json"))
# About the exchange by DIMSE, not about what was found (PS3.4 C.4.1.1.3.2).
_LEFT_OUT = frozenset({0x00080052, 0x00080053, 0x00080054})
_RETRIEVE_URL = 0x00081190
_AT_ONCE = 200
_PIECE = 1 << 16
_COUNTED = 1000

_ANSWERS: Responses = {
    200: {
        "description": "The matches, each with the default and the requested attributes (PS3.18 10.6.3.3)",
        "content": {
            JSON: {"schema": {"$ref": "#/components/schemas/DicomJson"}},
            "application/json": {"schema": {"$ref": "#/components/schemas/DicomJson"}},
            "multipart/related": {"schema": {"type": "string", "format": "binary"}},
        },
        "headers": {"Warning": {"description": "What more there is, or was not done", "schema": {"type": "string"}}},
    },
    204: {"description": "Nothing matches"},
    **problems(400, 406),
}


def search_routes(services: Services) -> APIRouter:
    """Give the routes of the search transaction."""
    router = APIRouter(tags=["Search (QIDO-RS)"])
    route = getter(router, _ANSWERS, SEARCH_PARAMETERS)

    @route(STUDIES, "Search for studies")
    def studies(request: Request) -> Response:
        return _search(services, request, Resource(Level.STUDY))

    @route(DICOMWEB + "/series", "Search for series of any study")
    def all_series(request: Request) -> Response:
        return _search(services, request, Resource(Level.SERIES))

    @route(DICOMWEB + "/instances", "Search for instances of any series")
    def all_instances(request: Request) -> Response:
        return _search(services, request, Resource(Level.IMAGE))

    @route(STUDY + "/series", "Search for series of a study")
    def study_series(request: Request, study: Uid) -> Response:
        return _search(services, request, Resource(Level.SERIES, study))

    @route(STUDY + "/instances", "Search for instances of a study")
    def study_instances(request: Request, study: Uid) -> Response:
        return _search(services, request, Resource(Level.IMAGE, study))

    @route(SERIES + "/instances", "Search for instances of a series")
    def series_instances(request: Request, study: Uid, series: Uid) -> Response:
        return _search(services, request, Resource(Level.IMAGE, study, series))

    return router


def _search(services: Services, request: Request, resource: Resource) -> Response:
    began = time.monotonic()
    media_type = select(request, _OFFERED)
    settings = services.settings
    parameters = request.query_params.multi_items()
    search = search_of(resource, parameters, services.able, icon_extension=settings.icon_extension)
    base = services.dicomweb(request)
    limit = min(settings.most_answers, settings.most_answers if search.limit is None else search.limit)
    warnings = [f"299 {base}: {warning}" for warning in search.warnings]
    found, remaining = _found(services, search, limit)
    if remaining:
        warnings.append(f"299 {base}: There are {remaining} additional results that can be requested")
    note(
        request,
        "search",
        level=str(resource.level),
        keys=lambda: {key.keyword: "\\".join(key.values) for key in search.query.keys.values() if key.values},
        answers=len(found),
    )
    log.debug("search", level=str(resource.level), seconds=round(time.monotonic() - began, 4))
    headers = {"Warning": ", ".join(warnings)} if warnings else {}
    headers["Cache-Control"] = "private, no-cache"
    if not found:
        return Response(status_code=204, headers=headers)
    answers = (answer(match, base) for match in found)
    if media_type.multipart:
        content_type, pieces = related((Part(XML, (xml_text(one).encode(),)) for one in answers), XML)
    else:
        content_type, pieces = media_type.name, json_array(json_text(one) for one in answers)
    if len(found) <= _AT_ONCE:
        return Response(b"".join(pieces), 200, headers, content_type)
    return Stream(pieces, 200, headers, content_type)


def _found(services: Services, search: Search, limit: int) -> tuple[list[Match], str]:
    """Give the answers, and how many there are beyond the limit.

    All are taken before the first one is sent: a client that reads slowly would else keep a database from tidying up,
    or an association with another archive open, for as long as it likes.
    """
    found: list[Match] = []
    with closing(services.find(changed(search.query, limit=limit + 1))) as matches:
        try:
            found.extend(islice(matches, limit + 1))
        except AnswersCut:
            return found[:limit], "more"
    if len(found) <= limit:
        return found, ""  # that was all
    beyond = changed(search.query, limit=None, offset=search.query.offset + limit)
    remaining = services.count(beyond, _COUNTED + 1)
    return found[:limit], f"more than {_COUNTED}" if remaining > _COUNTED else str(remaining or "")


def answer(match: Match, base: str) -> list[Attribute]:
    """Give the attributes of a search's answer: what was found, and where it can be retrieved.

    Parameters
    ----------
    match
        What was found.
    base
        Address of our DICOMweb services.
    """
    found = [attribute for attribute in of_match(match) if attribute.tag not in _LEFT_OUT]
    by_tag = {attribute.tag: attribute for attribute in found}
    address = base
    for tag, name in ((0x0020000D, "studies"), (0x0020000E, "series"), (0x00080018, "instances")):
        uid = text(by_tag, tag)
        if not uid:
            break
        address += f"/{name}/{uid}"
    place = bisect_left(found, _RETRIEVE_URL, key=lambda attribute: attribute.tag)
    if place == len(found) or found[place].tag != _RETRIEVE_URL:
        found.insert(place, Attribute(_RETRIEVE_URL, "UR", (address,)))
    return found


def json_array(texts: Iterable[str]) -> Iterator[bytes]:
    """Give JSON texts as one array, in pieces of some size."""
    waiting, size, before = [], 0, "["
    for one in texts:
        waiting.append(before + one)
        before = ","
        size += len(one)
        if size >= _PIECE:
            yield "".join(waiting).encode("utf-8", "replace")
            waiting, size = [], 0
    yield ("".join(waiting) + ("[]" if before == "[" else "]")).encode("utf-8", "replace")
