"""Facets: how many studies there are for each modality, year, description and station, and how to choose one."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ...query import Level, Listed
from ..ports import Facets
from ..services import Services
from .alternatives import Asked
from .question import Dates
from .survey import Survey, survey_of

_KEYWORDS = ("Modality", "StudyDescription", "StationName")
_SHOWN, _SHOWN_TEXTS = 12, 8
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
    is_partial
        Whether there may be more studies than were counted.
    """

    name: str
    parameters: tuple[str, ...]
    choices: tuple[Choice, ...]
    least: int = 2
    is_partial: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """What counting found.

    Parameters
    ----------
    facets
        Those that there is something to choose from.
    total
        How many studies; as text, ``1,000+`` where counting stopped.
    """

    facets: tuple[Facet, ...]
    total: str


def count_facets(
    services: Services, survey: Survey | None, known_days: Mapping[date, int], asked: Asked, today: date
) -> Counted:
    """Count the facets of a question.

    Parameters
    ----------
    services
        What the web is joined to; its overview knows how much there is.
    survey
        What the question finds; None where nothing was asked.
    known_days
        Number of studies by day, of the whole archive; needed where nothing was asked.
    asked
        The question.
    today
        What stretches of days end with.
    """
    overview, most = services.overview, services.settings.most_counted
    if survey is None and overview is not None:
        total = f"{overview.counts().get(Level.STUDY, 0):,}"
        days = Counter({day.isoformat().replace("-", ""): count for day, count in known_days.items()})
        is_partial, are_days_partial = False, False
        if isinstance(overview, Facets):
            values = {keyword: Counter(overview.facet(keyword)) for keyword in _KEYWORDS}
        else:
            newest = survey_of(services.lister, asked, most) if services.lister is not None else Survey()
            is_partial, values = not newest.is_complete, _values_of(newest.studies[:most])
    else:
        survey = survey or Survey()
        is_partial = are_days_partial = not survey.is_complete
        studies = survey.studies[:most]
        total = f"{_rounded(len(studies)):,}+" if is_partial else f"{len(studies):,}"
        days = Counter(study.date for study in studies)
        values = _values_of(studies)
    filters = asked.filters
    facets = (
        _facet("Modality", "modality", values["Modality"], filters.modalities, is_partial=is_partial),
        _days(days, filters.dates, today, is_partial=are_days_partial),
        _facet("Description", "description", values["StudyDescription"], (filters.description,), is_partial=is_partial),
        _facet("Station", "station", values["StationName"], (filters.station,), is_partial=is_partial),
    )
    return Counted(tuple(facet for facet in facets if _is_worth_showing(facet)), total)


def _values_of(studies: Sequence[Listed]) -> dict[str, Counter[str]]:
    """Count the values of some studies."""
    return {
        "Modality": Counter(one for study in studies for one in study.modalities.split("\\") if one),
        "StudyDescription": Counter(study.description for study in studies),
        "StationName": Counter(one for study in studies for one in study.stations.split("\\") if one),
    }


def _rounded(count: int) -> int:
    """Give a count that is not the whole as a round number that is no more."""
    return count if count < 10 else count - count % (100 if count >= 200 else 10)


def _is_worth_showing(facet: Facet) -> bool:
    return len(facet.choices) >= facet.least or any(one.is_chosen for one in facet.choices)


def _facet(name: str, parameter: str, counts: Counter[str], chosen: Sequence[str], *, is_partial: bool) -> Facet:
    shown = _SHOWN if name == "Modality" else _SHOWN_TEXTS
    frequent = sorted(counts, key=lambda value: (-counts[value], value))
    values = [value for value in frequent if value][:shown]
    values += [value for value in chosen if value and value not in values]
    choices = (Choice(value, counts[value], ((parameter, value),), value in chosen) for value in values)
    return Facet(name, (parameter,), tuple(choices), 1 if name == "Modality" else 2, is_partial)


def _days(days: Counter[str], chosen: Dates, today: date, *, is_partial: bool) -> Facet:
    stretches = [(label, Dates(today - timedelta(days=back), today)) for label, back in _STRETCHES]
    years = sorted({day[:4] for day in days if day}, reverse=True)
    stretches += [(year, Dates(date(int(year), 1, 1), date(int(year), 12, 31))) for year in years[:_SHOWN]]
    choices = [_stretch(label, stretch, days, chosen) for label, stretch in stretches]
    kept = [choice for choice in choices if choice.count or choice.is_chosen]
    if chosen and not any(choice.is_chosen for choice in kept):
        kept.insert(0, replace(_stretch(str(chosen), chosen, days, chosen), is_chosen=True))
    return Facet("Date", ("from", "to"), tuple(kept), 1, is_partial)


def _stretch(label: str, stretch: Dates, days: Counter[str], chosen: Dates) -> Choice:
    first, last = (one.isoformat() if one else "" for one in (stretch.first, stretch.last))
    low, high = first.replace("-", ""), last.replace("-", "") or "99999999"
    count = sum(number for day, number in days.items() if day and low <= day <= high)
    return Choice(label, count, (("from", first), ("to", last)), stretch == chosen)
