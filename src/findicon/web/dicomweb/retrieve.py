"""WADO-RS: instances and their metadata (PS3.18 10.4.1.1.1, 10.4.1.1.2)."""

from collections.abc import Iterator, Sequence
from typing import BinaryIO

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import Response

from ...pixels import read_header
from ..attributes import Address, of_header
from ..caching import file_state, not_modified
from ..negotiation import MediaRange, MediaType, ranges_of, select
from ..openapi import ACCEPT_PARAMETER, problems
from ..problems import not_acceptable
from ..routing import INSTANCE, SERIES, STUDY, Responses, Uid, getter
from ..services import Instance, Services, note
from ..streaming import Stream
from .bulkdata import instance_bulkdata
from .dicom_json import JSON, json_text
from .dicom_xml import XML, xml_text
from .file_format import InstanceFile
from .media_types import DICOM, OCTET_STREAM
from .multipart import Part, related
from .search import json_array

_METADATA = (MediaType(JSON), MediaType(XML, multipart=True), MediaType("application/json"))
_FRESH = "private, no-cache"  # kept, but not shown again without asking

_BINARY = {"schema": {"type": "string", "format": "binary"}}
_INSTANCES: Responses = {
    200: {"description": "The instances", "content": {"multipart/related": _BINARY, DICOM: _BINARY}},
    304: {"description": "Not modified"},
    **problems(400, 404, 406, 413),
}
_DESCRIBED: Responses = {
    200: {
        "description": "The metadata of each instance, bulk data by its address",
        "content": {
            JSON: {"schema": {"$ref": "#/components/schemas/DicomJson"}},
            "application/json": {"schema": {"$ref": "#/components/schemas/DicomJson"}},
            "multipart/related": _BINARY,
        },
    },
    304: {"description": "Not modified"},
    **problems(400, 404, 406, 413),
}


def retrieve_routes(services: Services) -> APIRouter:
    """Give the routes that retrieve instances and metadata."""
    router = APIRouter(tags=["Retrieve (WADO-RS)"])

    described = getter(router, _DESCRIBED, [ACCEPT_PARAMETER])
    route = getter(router, _INSTANCES, [ACCEPT_PARAMETER])

    @described(STUDY + "/metadata", "Metadata of a study")
    def study_metadata(request: Request, study: Uid) -> Response:
        return _metadata(services, request, services.located(study))

    @described(SERIES + "/metadata", "Metadata of a series")
    def series_metadata(request: Request, study: Uid, series: Uid) -> Response:
        return _metadata(services, request, services.located(study, series))

    @described(INSTANCE + "/metadata", "Metadata of an instance")
    def instance_metadata(request: Request, study: Uid, series: Uid, instance: Uid) -> Response:
        return _metadata(services, request, services.located(study, series, instance))

    @route(STUDY, "All instances of a study")
    def study_instances(request: Request, study: Uid) -> Response:
        return _instances(services, request, services.located(study))

    @route(SERIES, "All instances of a series")
    def series_instances(request: Request, study: Uid, series: Uid) -> Response:
        return _instances(services, request, services.located(study, series))

    @route(INSTANCE, "An instance")
    def one_instance(request: Request, study: Uid, series: Uid, instance: Uid) -> Response:
        return _instances(services, request, services.located(study, series, instance), single=True)

    return router


def _metadata(services: Services, request: Request, found: Sequence[Instance]) -> Response:
    media_type = select(request, _METADATA)
    base = services.dicomweb(request)
    headers = {"Cache-Control": _FRESH}
    first = services.source.open(found[0].uid)  # before the answer begins: what cannot be read is a failure
    try:
        if len(found) == 1:
            validators = file_state(first, found[0].uid, str(media_type), base, weak=True)
            if validators is not None:
                headers = validators.headers(_FRESH)
                if validators.match(request):
                    first.close()
                    return not_modified(headers)
    except BaseException:
        first.close()
        raise
    note(request, "metadata", study=found[0].study, instances=len(found))
    write = xml_text if media_type.multipart else json_text
    texts = (
        write(of_header(read_header(stream), _addresses(base, instance)))
        for instance, stream in streams(services, found, first)
    )
    if media_type.multipart:
        content_type, pieces = related((Part(XML, (text.encode(),)) for text in texts), XML)
    else:
        content_type, pieces = media_type.name, json_array(texts)
    if len(found) == 1:
        return Response(b"".join(pieces), 200, headers, content_type)
    return Stream(pieces, 200, headers, content_type)


def _addresses(base: str, instance: Instance) -> Address:
    return lambda path: f"{base}{instance.path}/bulkdata/{path}"


def _instances(services: Services, request: Request, found: Sequence[Instance], *, single: bool = False) -> Response:
    multipart, ranges = _wanted(request, single=single)
    if ranges and ranges[0].name == OCTET_STREAM:  # the same as its bulk data (PS3.18 10.4.4 Note 2)
        return instance_bulkdata(services, request, found)
    base = services.dicomweb(request)
    headers = {"Cache-Control": _FRESH}
    stream = services.source.open(found[0].uid)
    try:
        first = InstanceFile(stream, ranges)
        if len(found) == 1:
            validators = file_state(stream, found[0].uid, first.transfer_syntax, str(multipart))
            if validators is not None:
                headers = validators.headers(_FRESH)
                if validators.match(request):
                    stream.close()
                    return not_modified(headers)
    except BaseException:
        stream.close()
        raise
    note(request, "retrieve", study=found[0].study, instances=len(found))
    if not multipart:
        headers["Content-Disposition"] = f'attachment; filename="{found[0].uid}.dcm"'
        headers["Content-Location"] = base + found[0].path
        content_type = f"{DICOM}; transfer-syntax={first.transfer_syntax}"
        return Stream(_closing(first.pieces(), stream), 200, headers, content_type)
    parts = (
        _part(InstanceFile(opened, ranges), base + instance.path)
        for instance, opened in streams(services, found, stream)
    )
    content_type, pieces = related(parts, DICOM)
    return Stream(pieces, 200, headers, content_type)


def _part(file: InstanceFile, location: str) -> Part:
    return Part(f"{DICOM}; transfer-syntax={file.transfer_syntax}", file.pieces(), location)


def _wanted(request: Request, *, single: bool) -> tuple[bool, list[MediaRange]]:
    """Give whether several parts are wanted, and the acceptable ranges of the best kind, the most wanted first."""
    for ranges in ranges_of(request):
        usable = [one for one in ranges if one.weight > 0 and _covers(one, single=single)]
        usable.sort(key=lambda one: -one.weight)
        if usable:
            best = usable[0]
            multipart = best.multipart or best.name == "*/*"
            if best.name == OCTET_STREAM:
                return True, [best]
            kept = [one for one in usable if one.name != OCTET_STREAM and (one.multipart == best.multipart)]
            return multipart, kept
    offered = f'multipart/related; type="{DICOM}"' + (f", {DICOM}" if single else "")
    raise not_acceptable(offered)


def _covers(one: MediaRange, *, single: bool) -> bool:
    if one.multipart:
        return one.name in {DICOM, OCTET_STREAM, "application/*", "*/*"}
    return one.name == "*/*" or (single and one.name in {DICOM, "application/*"})


def streams(services: Services, found: Sequence[Instance], first: BinaryIO) -> Iterator[tuple[Instance, BinaryIO]]:
    """Open the files of instances, one after the other; the first is open already."""
    for number, instance in enumerate(found):
        stream = first if number == 0 else services.source.open(instance.uid)
        try:
            yield instance, stream
        finally:
            stream.close()


def _closing(pieces: Iterator[bytes], stream: BinaryIO) -> Iterator[bytes]:
    try:
        yield from pieces
    finally:
        stream.close()
