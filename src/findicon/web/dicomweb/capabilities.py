"""Retrieve Capabilities: what the services do, for machines (PS3.18 8.9, Annex H)."""

from collections.abc import Iterable
from typing import Any
from xml.sax.saxutils import escape, quoteattr

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response

from ..negotiation import MediaType, select
from ..openapi import problems
from ..routing import DICOMWEB
from ..services import Services

_WADL = "application/vnd.sun.wadl+xml"
_OFFERED = (MediaType(_WADL), MediaType("application/json"))
_METHODS = ("get", "post")


def capabilities_routes(services: Services) -> APIRouter:
    """Give the route of the Retrieve Capabilities transaction."""
    router = APIRouter(tags=["Capabilities"])

    @router.options(
        DICOMWEB + "/",
        summary="What the services do",
        responses={
            200: {
                "description": "A WADL document, or the OpenAPI description",
                "content": {_WADL: {"schema": {"type": "string"}}, "application/json": {"schema": {"type": "object"}}},
            },
            **problems(406),
        },
        response_class=Response,
    )
    def capabilities(request: Request) -> Response:
        media_type = select(request, _OFFERED)
        description = request.app.openapi()
        if media_type.name != _WADL:
            return JSONResponse(description)
        return Response(wadl(description, services.dicomweb(request)), media_type=_WADL)

    return router


def wadl(description: dict[str, Any], base: str) -> str:
    """Write the DICOMweb part of an OpenAPI description as a WADL document.

    Parameters
    ----------
    description
        The OpenAPI description.
    base
        Address of the services.
    """
    tree: dict[str | None, Any] = {}
    for path, operations in description["paths"].items():
        if path.startswith(DICOMWEB + "/"):
            here = tree
            for step in path.removeprefix(DICOMWEB).strip("/").split("/"):
                here = here.setdefault(step, {})
            here[None] = operations
    resources = "".join(_resources(tree))
    return (
        '<?xml version="1.0" encoding="UTF-8"?>\n<application xmlns="http://wadl.dev.java.net/2009/02">'
        f"<resources base={quoteattr(base)}>{resources}</resources></application>"
    )


def _resources(tree: dict[str | None, Any]) -> Iterable[str]:
    for step, below in tree.items():
        if step is None:
            continue
        methods = "".join(
            _method(name, operation) for name, operation in below.get(None, {}).items() if name in _METHODS
        )
        yield f"<resource path={quoteattr(step)}>{methods}{''.join(_resources(below))}</resource>"


def _method(name: str, operation: dict[str, Any]) -> str:
    parameters = "".join(
        f'<param name={quoteattr(parameter["name"])} style="query"/>'
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "query" and parameter["name"] != "attributes"
    )
    answers = "".join(_response(status, answer) for status, answer in operation["responses"].items())
    identity = quoteattr(operation["operationId"])
    doc = f"<doc>{escape(operation.get('summary', ''))}</doc>"
    return f'<method name="{name.upper()}" id={identity}>{doc}<request>{parameters}</request>{answers}</method>'


def _response(status: str, answer: dict[str, Any]) -> str:
    kinds = "".join(f"<representation mediaType={quoteattr(kind)}/>" for kind in answer.get("content", ()))
    return f'<response status="{status}">{kinds}</response>'
