"""What the OpenAPI description says beside what the routes say of themselves."""

from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from .problems import PROBLEM

UID_PATTERN = r"^[0-9]+(\.[0-9]+)*$"
"""What a UID in a path looks like (PS3.5 9.1)."""

FRAMES_PATTERN = r"^[1-9][0-9]{0,8}(,[1-9][0-9]{0,8})*$"
"""What a list of frame numbers in a path looks like."""


_FAILURES = {
    400: "A parameter is malformed; the detail names it",
    404: "There is no such resource",
    406: "Nothing that is acceptable can be given",
    408: "The payload did not arrive in time",
    413: "It is larger than a limit",
    415: "The media type of the payload is not supported",
    503: "The archive cannot be asked now",
}


def problems(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Give the description of failures with these statuses."""
    content = {PROBLEM: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": _FAILURES[status], "content": content} for status in statuses}


def _parameter(name: str, description: str, schema: dict[str, Any], **more: Any) -> dict[str, Any]:
    return {"name": name, "in": "query", "required": False, "description": description, "schema": schema, **more}


_BOOLEAN = {"type": "string", "enum": ["true", "false"]}
_UINT = {"type": "string", "pattern": "^[0-9]{1,9}$"}

ACCEPT_PARAMETER = _parameter("accept", "Media types, for links (PS3.18 8.3.3.1)", {"type": "string"})
VIEWPORT_PAIR = _parameter(
    "viewport", "Width and height in pixels that the picture fits into (PS3.18 8.3.5.1.3)",
    {"type": "string", "pattern": "^[1-9][0-9]{0,4},[1-9][0-9]{0,4}$"},
)  # fmt: skip
SEARCH_PARAMETERS: list[dict[str, Any]] = [
    _parameter("limit", "How many matches to give at most", _UINT),
    _parameter("offset", "How many matches to skip", _UINT),
    _parameter("fuzzymatching", "Fuzzy matching of person names (PS3.18 8.3.4.2)", _BOOLEAN),
    _parameter("emptyvaluematching", "Empty Value Matching (PS3.18 8.3.4.5)", _BOOLEAN),
    _parameter("multiplevaluematching", "Multiple Value Matching (PS3.18 8.3.4.6)", _BOOLEAN),
    _parameter(
        "includefield",
        "Attributes to give as well, by keyword or tag, or 'all' (PS3.18 8.3.4.3)",
        {"type": "array", "items": {"type": "string"}},
    ),
    _parameter(
        "attributes",
        "What to match: any DICOM attribute as a parameter, by keyword or tag, as in PatientName=DOE* or 00100020=4711",
        {
            "type": "object",
            "properties": {
                name: {"type": "string"}
                for name in (
                    "PatientName",
                    "PatientID",
                    "StudyDate",
                    "AccessionNumber",
                    "ModalitiesInStudy",
                    "Modality",
                )
            },
            "additionalProperties": False,
        },
        style="form",
        explode=True,
    ),
    ACCEPT_PARAMETER,
]

SCHEMAS: dict[str, Any] = {
    "Problem": {
        "type": "object",
        "description": "What is wrong (RFC 9457)",
        "properties": {"title": {"type": "string"}, "status": {"type": "integer"}, "detail": {"type": "string"}},
        "required": ["title", "status", "detail"],
    },
    "DicomJson": {
        "type": "array",
        "description": "Data sets in the DICOM JSON Model (PS3.18 Annex F)",
        "items": {"$ref": "#/components/schemas/DicomJsonObject"},
    },
    "DicomJsonObject": {
        "type": "object",
        "additionalProperties": {
            "type": "object",
            "properties": {
                "vr": {"type": "string", "pattern": "^[A-Z]{2}$"},
                "Value": {"type": "array"},
                "BulkDataURI": {"type": "string"},
                "InlineBinary": {"type": "string"},
            },
            "required": ["vr"],
        },
    },
}


def description_of(app: FastAPI) -> dict[str, Any]:
    """Give the OpenAPI description of an application, made once: without what FastAPI adds and we do not do."""
    if app.openapi_schema is None:
        made = get_openapi(title=app.title, version=app.version, summary=app.summary, routes=app.routes)
        for operations in made["paths"].values():
            for operation in operations.values():
                operation["responses"].pop("422", None)  # wrong parameters are answered with 400
        schemas = made.setdefault("components", {}).setdefault("schemas", {})
        for name in ("HTTPValidationError", "ValidationError"):
            schemas.pop(name, None)
        schemas.update(SCHEMAS)
        app.openapi_schema = made
    return app.openapi_schema
