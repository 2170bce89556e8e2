"""STOW-RS: instances in (PS3.18 10.5)."""

from collections.abc import Iterator, Sequence

import anyio
import anyio.from_thread
import anyio.to_thread
from fastapi import APIRouter
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Message

from ...query import Ingest
from ..negotiation import MediaRange, MediaType, acceptable, select
from ..openapi import problems
from ..problems import Problem, bad_request, too_large
from ..routing import STUDIES, STUDY, Added, Responses, Uid
from ..services import Services, note
from .dicom_json import JSON, json_text
from .dicom_xml import XML, xml_text
from .media_types import DICOM
from .multipart_reading import Parts, ReceivedPart
from .store_file import Outcome, Reason, store_file
from .store_metadata import METADATA, store_metadata
from .store_response import store_response

_OFFERED = (MediaType(JSON), MediaType(XML), MediaType("application/json"))
_MOST_PARTS = 100_000
_AT_ONCE = 16
_SCHEMA = {"schema": {"$ref": "#/components/schemas/DicomJsonObject"}}
_MODULE = {
    "description": "What became of each instance (PS3.18 Annex I)",
    "content": {JSON: _SCHEMA, "application/json": _SCHEMA, XML: {"schema": {"type": "string"}}},
}
_ANSWERS: Responses = {
    200: _MODULE,
    202: {**_MODULE, "description": "Some instances were stored, others not"},
    409: {**_MODULE, "description": "None of the instances was stored"},
    **problems(400, 406, 408, 413, 415, 503),
}
_PAYLOAD = {
    "requestBody": {
        "required": True,
        "description": "Files (PS3.10), or metadata with its bulk data, each in a part",
        "content": {"multipart/related": {"schema": {"type": "string", "format": "binary"}}},
    }
}


def store_routes(services: Services, ingest: Ingest) -> APIRouter:
    """Give the routes of the store transaction."""
    router = APIRouter(tags=["Store (STOW-RS)"])
    # Threads of their own: senders that take their time hold up other senders, but nobody who asks.
    threads = anyio.CapacityLimiter(_AT_ONCE)

    def route(path: str, summary: str) -> Added:
        return router.post(path, summary=summary, responses=_ANSWERS, response_class=Response, openapi_extra=_PAYLOAD)

    @route(STUDIES, "Store instances of any study")
    async def any_study(request: Request) -> Response:
        return await anyio.to_thread.run_sync(_store, services, ingest, request, "", limiter=threads)

    @route(STUDY, "Store instances of one study")
    async def one_study(request: Request, study: Uid) -> Response:
        return await anyio.to_thread.run_sync(_store, services, ingest, request, study, limiter=threads)

    return router


def _store(services: Services, ingest: Ingest, request: Request, study: str) -> Response:
    media_type = select(request, _OFFERED)
    content = acceptable(request.headers.get("content-type", ""))
    if len(content) != 1 or not content[0].multipart or content[0].name not in {DICOM, *METADATA}:
        kinds = ", ".join(f'multipart/related; type="{name}"' for name in (DICOM, *METADATA))
        raise Problem(415, f"Content-Type: what is stored comes as {kinds}")
    if request.headers.get("content-encoding", "identity") != "identity":
        raise Problem(415, "Content-Encoding: payloads are taken as they are, not compressed")
    sender = f"DICOMWEB@{request.client.host if request.client else ''}"
    parts = Parts(_payload(request, services.settings.patience), _boundary(request))
    if content[0].name == DICOM:
        outcomes = _store_files(services, ingest, parts, sender, study)
    else:
        outcomes = store_metadata(
            parts, content[0].name, ingest, sender=sender, study=study, settings=services.settings
        )
    for outcome in outcomes:
        services.metrics.stored.labels("stored" if outcome.reason is None else "failed").inc()
    note(
        request,
        "store",
        stored=sum(outcome.reason is None for outcome in outcomes),
        failed=sum(outcome.reason is not None for outcome in outcomes),
        studies=lambda: sorted({outcome.study for outcome in outcomes}),
    )
    return _answered(services, request, media_type, outcomes)


def _store_files(services: Services, ingest: Ingest, parts: Parts, sender: str, study: str) -> list[Outcome]:
    outcomes: list[Outcome] = []
    for part in parts:
        if len(outcomes) == _MOST_PARTS:
            raise too_large(f"More than {_MOST_PARTS} parts are too many for one request")
        if _is_dicom(part):
            largest = services.settings.largest_instance
            outcomes.append(store_file(part.body, ingest, sender=sender, study=study, largest=largest))
        else:
            outcomes.append(Outcome(reason=Reason.CANNOT_UNDERSTAND))
    return outcomes


def _is_dicom(part: ReceivedPart) -> bool:
    found: Sequence[MediaRange] = acceptable(part.content_type or DICOM)
    return bool(found) and found[0].name == DICOM


def _answered(services: Services, request: Request, media_type: MediaType, outcomes: Sequence[Outcome]) -> Response:
    if not outcomes:
        raise bad_request("There is no instance in the payload")
    stored = [outcome for outcome in outcomes if outcome.reason is None]
    status = 200 if len(stored) == len(outcomes) else 202 if stored else 409
    base = services.dicomweb(request)
    module = store_response(outcomes, base)
    headers = {"Cache-Control": "no-store"}
    studies = {outcome.study for outcome in stored}
    if len(studies) == 1:
        headers["Content-Location"] = headers["Location"] = f"{base}/studies/{studies.pop()}"
    if media_type.name == XML:
        return Response(xml_text(module), status, headers, XML)
    return Response(json_text(module), status, headers, media_type.name)


def _boundary(request: Request) -> str:
    for part in request.headers.get("content-type", "").split(";")[1:]:
        name, _, value = part.partition("=")
        if name.strip().lower() == "boundary":
            return value.strip().strip('"')
    return ""


async def _received(request: Request, patience: float) -> Message:
    try:
        with anyio.fail_after(patience):
            return await request.receive()
    except TimeoutError as exc:
        raise Problem(408, f"Nothing of the payload came for {patience:g} s", {"Connection": "close"}) from exc


def _payload(request: Request, patience: float) -> Iterator[bytes]:
    """Give the payload as it arrives; the thread waits, the event loop does not."""
    while True:
        message = anyio.from_thread.run(_received, request, patience)
        if message["type"] == "http.disconnect":
            raise ClientDisconnect
        if message.get("body"):
            yield message["body"]
        if not message.get("more_body"):
            return
