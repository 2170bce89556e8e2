"""What goes wrong, as a page for people."""

from collections.abc import Callable
from http import HTTPStatus
from typing import TypeAlias

from starlette.requests import Request
from starlette.responses import Response

from ..problems import Problem
from ..routing import DICOMWEB
from ..services import Services
from .templating import Templates

ErrorPage: TypeAlias = Callable[[Request, Problem], Response | None]

_ADVICE = {
    400: "Something in the address is not as it has to be. Search again from the start.",
    404: "It may have been removed, or the link is not complete. Search for it instead.",
    413: "Narrow what you ask for, or take it in smaller parts.",
    502: "Try again in a moment. If it stays like this, tell whoever runs the archive.",
}
_TITLES = {404: "This is not here", 413: "This is too much at once", 400: "This cannot be understood"}


def error_page(services: Services) -> ErrorPage:
    """Give what makes a page of a problem; it gives None for those who want no page."""
    templates = Templates(services)

    def made(request: Request, problem: Problem) -> Response | None:
        if DICOMWEB in request.url.path or "text/html" not in request.headers.get("accept", ""):
            return None
        title = _TITLES.get(problem.status, "The archive cannot answer now")
        advice = _ADVICE.get(problem.status, _ADVICE[502] if problem.status >= HTTPStatus.INTERNAL_SERVER_ERROR else "")
        page = templates.page(request, "error.html", problem.status, title=title, detail=problem.detail, advice=advice)
        page.headers.update(problem.headers)
        return page

    return made
