"""Which media type an answer has: Accept header field and parameter (PS3.18 8.7.5 to 8.7.8; RFC 9110 12.5.1)."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from starlette.requests import Request

from .problems import Problem, bad_request, not_acceptable

_PART = re.compile(r'"(?:\\.|[^"\\])*"|[^",;]+|[,;]')
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_NO_ACCEPT = "The request has no Accept header field (PS3.18 8.7.5)"
_RELATED = "multipart/related"


@dataclass(frozen=True, slots=True)
class MediaRange:
    """One acceptable media type, or a range of them.

    Parameters
    ----------
    name
        ``image/jpeg``, ``image/*`` or ``*/*``; of a multipart one, that of its parts.
    multipart
        Whether parts of that type are to come as multipart/related.
    parameters
        Others than ``q`` and a multipart's ``type`` and ``boundary``; names in lower case.
    weight
        0 to 1; 0 is not acceptable.
    """

    name: str
    multipart: bool = False
    parameters: dict[str, str] = field(default_factory=dict)
    weight: float = 1.0

    @property
    def transfer_syntax(self) -> str:
        """The transfer syntax asked for: a UID, ``*`` or nothing (PS3.18 8.7.3.5.2)."""
        return self.parameters.get("transfer-syntax", "")

    def covers(self, name: str, *, multipart: bool) -> int:
        """Tell how exactly it covers a media type: 3 by name, 2 by its kind, 1 as anything, 0 not at all."""
        if self.name == "*/*":
            return 1 if self.multipart in {False, multipart} else 0
        if self.multipart is not multipart:
            return 0
        if self.name == name:
            return 3
        return 2 if self.name.endswith("/*") and name.startswith(self.name[:-1]) else 0


@dataclass(frozen=True, slots=True)
class MediaType:
    """A media type that a resource can be given in."""

    name: str
    multipart: bool = False

    def __str__(self) -> str:
        """Give it as a Content-Type, without a boundary."""
        return f'{_RELATED}; type="{self.name}"' if self.multipart else self.name


def acceptable(text: str) -> list[MediaRange]:
    """Read an Accept field; what is malformed in it is left out (PS3.18 8.7.7)."""
    ranges = (_range(parts) for parts in _split(text))
    return [found for found in ranges if found is not None]


def _split(text: str) -> Iterator[list[str]]:
    """Give each element of the list as its type and its parameters."""
    parts, piece = [], ""
    for found in [*_PART.findall(text), ","]:
        if found in {",", ";"}:
            parts.append(piece.strip())
            piece = ""
            if found == ",":
                if parts[0]:
                    yield parts
                parts = []
        else:
            piece += found


def _range(parts: list[str]) -> MediaRange | None:
    name, weight, parameters = parts[0].lower(), 1.0, {}
    main, slash, sub = name.partition("/")
    if not slash or not _TOKEN.fullmatch(main) or not _TOKEN.fullmatch(sub) or (main == "*" and sub != "*"):
        return None
    for part in parts[1:]:
        key, _, value = part.partition("=")
        parameters[key.strip().lower()] = _unquoted(value.strip())
    if "q" in parameters:
        try:
            weight = min(max(float(parameters.pop("q")), 0.0), 1.0)
        except ValueError:
            return None
        if weight != weight:  # noqa: PLR0124 -- not a number
            return None
    if main != "multipart":
        return MediaRange(name, False, parameters, weight)
    parameters.pop("boundary", None)
    return MediaRange(parameters.pop("type", "*/*").lower(), True, parameters, weight)


def _unquoted(value: str) -> str:
    if len(value) > 1 and value[0] == value[-1] == '"':
        return re.sub(r"\\(.)", r"\1", value[1:-1])
    return value


def ranges_of(request: Request) -> tuple[list[MediaRange], list[MediaRange]]:
    """Give the acceptable media types of the Accept parameter and of the header field.

    Raises
    ------
    Problem
        406 without the header field; 400 for a parameter with wildcards, or with DICOM and rendered media types.
    """
    fields = request.headers.getlist("accept")
    if not fields:
        raise Problem(406, _NO_ACCEPT)
    by_parameter = acceptable(",".join(request.query_params.getlist("accept")))
    if any("*" in one.name for one in by_parameter):
        raise bad_request("accept: the parameter takes no wildcards (PS3.18 8.3.3.1)")
    if len({one.name.startswith("application/dicom") for one in by_parameter}) > 1:
        raise bad_request("accept: DICOM and other media types do not go together (PS3.18 8.3.3.1)")
    return by_parameter, acceptable(",".join(fields))


def select(request: Request, offered: Sequence[MediaType]) -> MediaType:
    """Choose among the media types that a resource can be given in; the first is the default.

    Raises
    ------
    Problem
        400 or 406 (see `ranges_of`), or 406 because nothing that is offered is acceptable.
    """
    for ranges in ranges_of(request):
        found = best(ranges, offered)
        if found is not None:
            return found
    raise not_acceptable(", ".join(str(one) for one in offered))


def best(ranges: Sequence[MediaRange], offered: Sequence[MediaType]) -> MediaType | None:
    """Give the offered media type of the highest weight, of equal ones the first; None when none is acceptable."""
    weights = [weight_of(ranges, one) for one in offered]
    highest = max(weights, default=0.0)
    return offered[weights.index(highest)] if highest > 0 else None


def weight_of(ranges: Sequence[MediaRange], media_type: MediaType) -> float:
    """Give the weight of a media type: that of the range that covers it most exactly, 0 when none does."""
    exactness, weight = 0, 0.0
    for one in ranges:
        found = one.covers(media_type.name, multipart=media_type.multipart)
        if found > exactness or (found == exactness and found and one.weight > weight):
            exactness, weight = found, one.weight
    return weight


def is_named(request: Request, name: str) -> bool:
    """Tell whether the Accept header field takes a media type by its name, and not just anything."""
    fields = acceptable(",".join(request.headers.getlist("accept")))
    return any(one.name == name and not one.multipart and one.weight > 0 for one in fields)
