"""Our style sheet, script and mark: read once, kept by browsers until they change."""

import mimetypes
from functools import cache
from importlib.resources import files

from starlette.requests import Request
from starlette.responses import Response

from ..caching import Validators, etag_of, not_modified
from ..problems import not_found

NAMES = ("findicon.css", "findicon.js", "mark.svg")
_FOREVER = "public, max-age=31536000, immutable"
_TYPES = {".js": "text/javascript"}


@cache
def _content(name: str) -> tuple[bytes, str]:
    data = (files("findicon.web") / "static" / name).read_bytes()
    return data, etag_of(data)


def address(prefix: str, name: str) -> str:
    """Give the address of an asset; it changes with the content."""
    return f"{prefix}/static/{name}?v={_content(name)[1].strip(chr(34))[:10]}"


def asset(request: Request, name: str) -> Response:
    """Answer with an asset; raises Problem 404 for a name that is none of them."""
    if name not in NAMES:
        raise not_found("There is no such file")
    data, etag = _content(name)
    versioned = request.query_params.get("v") == etag.strip('"')[:10]
    headers = Validators(etag).headers(_FOREVER if versioned else "no-cache")
    if Validators(etag).match(request):
        return not_modified(headers)
    suffix = name[name.rindex(".") :]
    kind = _TYPES.get(suffix) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(data, 200, headers, kind)
