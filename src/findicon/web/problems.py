"""What goes wrong, as HTTP answers: a status and one sentence, never a stack trace (PS3.18 8.5, 8.6.3; RFC 9457)."""

from collections.abc import Mapping
from http import HTTPStatus

from starlette.responses import JSONResponse, Response

from ..errors import (
    AnswersCut,
    CatalogueError,
    FindiconError,
    IconError,
    PeerError,
    PeerTimeout,
    QueryError,
    StorageError,
)

PROBLEM = "application/problem+json"


class Problem(Exception):
    """An answer that is a failure.

    Parameters
    ----------
    status
        HTTP status.
    detail
        One sentence for whoever asked: what is wrong, and what would be right.
    headers
        Header fields that belong to it.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})


def bad_request(detail: str) -> Problem:
    """Give 400: the request is wrong as it stands."""
    return Problem(HTTPStatus.BAD_REQUEST, detail)


def not_found(detail: str) -> Problem:
    """Give 404: there is no such resource."""
    return Problem(HTTPStatus.NOT_FOUND, detail)


def not_acceptable(offered: str) -> Problem:
    """Give 406: nothing that is acceptable can be given."""
    return Problem(HTTPStatus.NOT_ACCEPTABLE, f"Nothing that the Accept header field takes is here: there is {offered}")


def too_large(detail: str) -> Problem:
    """Give 413: the payload is beyond a limit."""
    return Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, detail)


def problem_of(error: Exception) -> Problem:
    """Give the answer that an error of ours becomes."""
    if isinstance(error, Problem):
        return error
    if isinstance(error, QueryError):
        return bad_request(error.comment)
    if isinstance(error, AnswersCut):
        return too_large(str(error))
    if isinstance(error, PeerTimeout):
        return Problem(HTTPStatus.GATEWAY_TIMEOUT, "The archive behind this one did not answer in time")
    if isinstance(error, PeerError):
        return Problem(HTTPStatus.BAD_GATEWAY, "The archive behind this one failed")
    if isinstance(error, CatalogueError):
        return Problem(HTTPStatus.SERVICE_UNAVAILABLE, "The catalogue cannot be read")
    if isinstance(error, StorageError):
        return not_found("The instance cannot be read")
    if isinstance(error, IconError):
        return not_found(f"No picture can be made: {error}")
    if isinstance(error, FindiconError):
        return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, str(error))
    return Problem(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong here; the server's log says what")


def problem_response(problem: Problem) -> Response:
    """Give a problem as a JSON document (RFC 9457)."""
    body = {"title": HTTPStatus(problem.status).phrase, "status": problem.status, "detail": problem.detail}
    return JSONResponse(body, problem.status, problem.headers, PROBLEM)
