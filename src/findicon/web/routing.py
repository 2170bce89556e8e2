"""What routes have in common: the variables of their paths, and how they are added and described."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Annotated, Any, TypeAlias

from fastapi import APIRouter, Path
from starlette.responses import Response

from .openapi import FRAMES_PATTERN, UID_PATTERN
from .problems import Problem, bad_request

Uid = Annotated[str, Path(pattern=UID_PATTERN, max_length=64, description="A UID (PS3.5 9)")]
Frames = Annotated[str, Path(pattern=FRAMES_PATTERN, description="Frame numbers, 1-based, ascending")]

Responses: TypeAlias = dict[int | str, dict[str, Any]]
Handler: TypeAlias = Callable[..., Response | Awaitable[Response]]
Added: TypeAlias = Callable[[Handler], Handler]

DICOMWEB = "/dicom-web"
"""Where the DICOMweb services are."""

STUDIES = DICOMWEB + "/studies"
STUDY = STUDIES + "/{study}"
SERIES = STUDY + "/series/{series}"
INSTANCE = SERIES + "/instances/{instance}"


def getter(
    router: APIRouter, responses: Responses, parameters: Sequence[dict[str, Any]] = ()
) -> Callable[[str, str], Added]:
    """Give what adds a route for GET, for its whole path and a summary.

    Parameters
    ----------
    router
        Where to.
    responses
        Its answers by status, for the description.
    parameters
        Those that it reads out of the query itself.
    """

    def add(path: str, summary: str) -> Added:
        extra = {"parameters": list(parameters)} if parameters else None
        return router.get(path, summary=summary, responses=responses, response_class=Response, openapi_extra=extra)

    return add


def frame_numbers(text: str, most: int) -> list[int]:
    """Read a list of frame numbers; raises Problem 400 or 413."""
    numbers = [int(part) for part in text.split(",")]
    if numbers != sorted(set(numbers)):
        raise bad_request(f"frames: {text[:64]!r} does not ascend")
    if len(numbers) > most:
        raise Problem(413, f"{len(numbers)} frames are more than the {most} that one request may name")
    return numbers
