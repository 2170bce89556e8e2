"""Facets: how many studies there are for each modality, year, description and station, and how to choose one."""

from collections import Counter
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ...errors import AnswersCut
from ...query import Level, Overview
from ..attributes import Attribute
from ..ports import Facets
from ..services import Services, fields, text
from .alternatives import Asked, query_of
from .question import Dates

COUNTED = 1000
"""Where counting the studies of a search stops."""

_MODALITIES, _DATE, _DESCRIPTION, _STATION, _STUDY = 0x00080061, 0x00080020, 0x00081030, 0x00081010, 0x0020000D
_SHOWN, _SHOWN_TEXTS = 12, 8
_SERIES = 2 * COUNTED
_STRETCHES = (("Today", 0), ("Last 7 days", 6), ("Last 30 days", 29), ("Last 12 months", 364))


@dataclass(frozen=True, slots=True)
class Choice:
    """One value of a facet.

    Parameters
    ----------
    label
        What it is called.
    count
        How many studies have it.
    parameters
        What of the address it sets, and to what; several values stand for any of them.
    is_chosen
        Whether it is set.
    """

    label: str
    count: int
    parameters: tuple[tuple[str, str], ...]
    is_chosen: bool = False


@dataclass(frozen=True, slots=True)
class Facet:
    """An attribute with the values that can be chosen.

    Parameters
    ----------
    name
        What it is called.
    parameters
        Names of what of the address it sets.
    choices
        The values, the most frequent first, days from the newest.
    least
        How many choices make it worth showing.
    """

    name: str
    parameters: tuple[str, ...]
    choices: tuple[Choice, ...]
    least: int = 2


@dataclass(frozen=True, slots=True)
class Counted:
    """What counting found.

    Parameters
    ----------
    facets
        Those that there is something to choose from.
    total
        How many studies; as text, ``1,000+`` where counting stopped.
    is_partial
        Whether the counts are of the newest studies only.
    """

    facets: tuple[Facet, ...]
    total: str
    is_partial: bool


def count_facets(services: Services, asked: Asked, today: date) -> Counted | None:
    """Count the facets of a question, or of the whole archive where nothing was asked.

    None where the archive has no overview: it is another one, and counting would cost it a thousand answers.
    """
    overview = services.overview
    if overview is None:
        return None
    sample = _sample(services, asked)
    modalities, descriptions, days = Counter[str](), Counter[str](), Counter[str]()
    for found in sample.values():
        modalities.update({str(one) for one in found[_MODALITIES].values if one} if _MODALITIES in found else ())
        descriptions[text(found, _DESCRIPTION)] += 1
        days[text(found, _DATE)] += 1
    stations = _stations(services, asked)
    is_partial = len(sample) > COUNTED
    total = f"{COUNTED:,}+" if is_partial else f"{len(sample):,}"
    if not asked:
        modalities, descriptions, stations, days = _kept(overview, modalities, descriptions, stations)
        total = f"{overview.counts().get(Level.STUDY, 0):,}"
    facets = (
        _facet("Modality", "modality", modalities, asked.filters.modalities),
        _days(days, asked.filters.dates, today),
        _facet("Description", "description", descriptions, (asked.filters.description,)),
        _facet("Station", "station", stations, (asked.filters.station,)),
    )
    kept = tuple(
        facet for facet in facets if len(facet.choices) >= facet.least or any(one.is_chosen for one in facet.choices)
    )
    return Counted(kept, total, is_partial)


def _kept(
    overview: Overview, modalities: Counter[str], descriptions: Counter[str], stations: Counter[str]
) -> tuple[Counter[str], Counter[str], Counter[str], Counter[str]]:
    """Take the counts that the archive keeps instead of those of the newest studies."""
    days = Counter({day.isoformat().replace("-", ""): count for day, count in overview.days().items()})
    if isinstance(overview, Facets):
        modalities, descriptions, stations = (
            Counter(overview.facet(keyword)) for keyword in ("Modality", "StudyDescription", "StationName")
        )
    return modalities, descriptions, stations, days


def _sample(services: Services, asked: Asked) -> dict[str, dict[int, Attribute]]:
    """Give the newest studies of a question, one more than are counted."""
    found: dict[str, dict[int, Attribute]] = {}
    returned = ("StudyDate", "ModalitiesInStudy", "StudyDescription", "StudyInstanceUID")
    order = ("-StudyDate",)
    for alternative in asked.alternatives():
        query = query_of(alternative, asked.dates, returned=returned, order=order, limit=COUNTED + 1 - len(found))
        with closing(services.find(query)) as matches:
            try:
                for match in matches:
                    answer = fields(match)
                    found[text(answer, _STUDY)] = answer
            except AnswersCut:
                pass
        if len(found) > COUNTED:
            break
    return found


def _stations(services: Services, asked: Asked) -> Counter[str]:
    """Count the studies of each station; it is an attribute of series."""
    studies: set[tuple[str, str]] = set()
    returned = ("StationName", "StudyInstanceUID")
    for alternative in asked.alternatives()[:1]:
        query = query_of(alternative, asked.dates, level=Level.SERIES, returned=returned, order=(), limit=_SERIES)
        with closing(services.find(query)) as matches:
            try:
                for match in matches:
                    answer = fields(match)
                    studies.add((text(answer, _STATION), text(answer, _STUDY)))
            except AnswersCut:
                pass
    return Counter(station for station, _ in studies)


def _facet(name: str, parameter: str, counts: Counter[str], chosen: Sequence[str]) -> Facet:
    shown = _SHOWN if name == "Modality" else _SHOWN_TEXTS
    frequent = sorted(counts, key=lambda value: (-counts[value], value))
    values = [value for value in frequent if value][:shown]
    values += [value for value in chosen if value and value not in values]
    choices = (Choice(value, counts[value], ((parameter, value),), value in chosen) for value in values)
    return Facet(name, (parameter,), tuple(choices), 1 if name == "Modality" else 2)


def _days(days: Counter[str], chosen: Dates, today: date) -> Facet:
    stretches = [(label, Dates(today - timedelta(days=back), today)) for label, back in _STRETCHES]
    years = sorted({day[:4] for day in days if day}, reverse=True)
    stretches += [(year, Dates(date(int(year), 1, 1), date(int(year), 12, 31))) for year in years[:_SHOWN]]
    choices = [_stretch(label, stretch, days, chosen) for label, stretch in stretches]
    kept = [choice for choice in choices if choice.count or choice.is_chosen]
    if chosen and not any(choice.is_chosen for choice in kept):
        kept.insert(0, replace(_stretch(str(chosen), chosen, days, chosen), is_chosen=True))
    return Facet("Date", ("from", "to"), tuple(kept), 1)


def _stretch(label: str, stretch: Dates, days: Counter[str], chosen: Dates) -> Choice:
    first, last = (one.isoformat() if one else "" for one in (stretch.first, stretch.last))
    low, high = first.replace("-", ""), last.replace("-", "") or "99999999"
    count = sum(number for day, number in days.items() if day and low <= day <= high)
    return Choice(label, count, (("from", first), ("to", last)), stretch == chosen)
