"""All that a question finds, or the first thousand of it: what counts are made of, and pages where that is all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import product

from ...query import Level, tag_of
from ..dicomweb import level_of
from ..services import Fields, Services, text
from .alternatives import SHORTEST, Alternative, Asked, query_of
from .newest import LIGHT, LIGHT_TAGS, Newest
from .question import Dates

_UID = 0x0020000D
_LARGE = 100_000
_DESCRIPTION = "StudyDescription"


@dataclass(frozen=True, slots=True)
class Survey:
    """What a question finds.

    Parameters
    ----------
    newest
        What is known of the archive.
    alternatives
        The queries that answer it together.
    found
        Its studies, as far as they were looked at, in no order.
    is_complete
        Whether these are all.
    is_narrowed
        Whether short words were not looked for everywhere, because that would take too long.
    """

    newest: Newest
    alternatives: tuple[Alternative, ...]
    found: tuple[Fields, ...] = ()
    is_complete: bool = False
    is_narrowed: bool = False


def survey_of(services: Services, newest: Newest, asked: Asked) -> Survey:
    """Look for what a question finds, until all is found or a little more than is counted."""
    described = [newest.described(one) for one in asked.alternatives()]
    alternatives = [one for one in described if one is not None]
    kept = [one for one in alternatives if not _takes_long(newest, asked, one)] or alternatives
    found: dict[str, Fields] = {}
    is_complete, most = True, services.settings.most_counted
    for alternative in sorted(kept, key=newest.share, reverse=True):
        for studies, is_cut in _looked_for(services, newest, alternative, asked.dates):
            is_complete &= not is_cut
            found |= {text(study, _UID): study for study in studies}
            if len(found) > most:
                break
        if len(found) > most:
            is_complete = False
            break
    return Survey(newest, tuple(kept), tuple(found.values()), is_complete, len(kept) < len(alternatives))


def _looked_for(
    services: Services, newest: Newest, alternative: Alternative, dates: Dates
) -> Iterator[tuple[list[Fields], bool]]:
    """Give some studies after others, and whether there are more than were given."""
    most = services.settings.most_counted
    if newest.is_frequent(alternative):
        for stretch in newest.stretches(dates):
            for single in singles(alternative):
                query = query_of(single, stretch, returned=LIGHT, order=(), limit=most + 1)
                yield services.answers(query, LIGHT_TAGS)
        if newest.has_more(dates):
            yield [], True  # many match, and nobody counts them all
            return
    level = Level.SERIES if _is_below(alternative) else Level.STUDY
    limit = (most + 1) * (2 if level is Level.SERIES else 1)
    query = query_of(alternative, dates, level=level, returned=LIGHT, order=(), limit=limit)
    found, is_cut = services.answers(query, LIGHT_TAGS)
    yield found, is_cut or len(found) == limit


def singles(alternative: Alternative) -> list[dict[str, tuple[str, ...]]]:
    """Give queries with one text for each key, which together find the same."""
    choices: Mapping[str, list[tuple[str, ...]]] = {
        name: [(value,) for value in values] if any("*" in value for value in values) else [values]
        for name, values in alternative.items()
    }
    return [dict(zip(choices, chosen, strict=True)) for chosen in product(*choices.values())]


def _is_below(alternative: Alternative) -> bool:
    """Tell whether series have to be looked at: a database that looks at studies first would look at all of them."""
    return max((level_of(tag_of(name)).depth for name in alternative), default=0) == Level.SERIES.depth


def _takes_long(newest: Newest, asked: Asked, alternative: Alternative) -> bool:
    """Tell whether all descriptions would have to be looked at for words too short for an index, and for nothing."""
    if newest.total < _LARGE or _DESCRIPTION not in alternative or asked.filters.description:
        return False
    if any(name == _DESCRIPTION for name, _ in asked.question.fields):
        return False
    pieces = [piece for value in alternative[_DESCRIPTION] for piece in value.split("*")]
    if max(len(piece) for piece in pieces) < SHORTEST:
        return not newest.share(alternative)
    # A word of names that no index finds, beside a word of descriptions that many have.
    is_mixed = "PatientName" in alternative
    return is_mixed and newest.looked_through(alternative) > _LARGE and not newest.share(alternative)
