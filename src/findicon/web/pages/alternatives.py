"""A question to the queries that answer it together: each word may be part of a name, a description or a number."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice, product
from typing import TypeAlias

from ...query import Key, Level, Options, Query, tag_of
from ..dicomweb import level_of
from .question import ANY_DAY, Dates, Question, dicom_range, pattern

Alternative: TypeAlias = Mapping[str, tuple[str, ...]]
"""What one query matches: values by keyword, any of which may match."""

_MOST = 12
_NUMBERS = ("PatientID", "AccessionNumber")
_STATION = "StationName"
_SHORT = 2  # letters of a word that is what somebody's name begins with; within a name it would be everybody's
RETURNED = (
    "StudyDate", "StudyTime", "AccessionNumber", "ModalitiesInStudy", "StudyDescription", "PatientName", "PatientID",
    "PatientBirthDate", "PatientSex", "StudyInstanceUID", "NumberOfStudyRelatedSeries",
    "NumberOfStudyRelatedInstances",
)  # fmt: skip
ORDER = ("-StudyDate", "-StudyTime", "-StudyInstanceUID")


@dataclass(frozen=True, slots=True)
class Filters:
    """What was chosen beside the search line.

    Parameters
    ----------
    modalities
        Any of them.
    dates
        Of the study.
    description, station
        Exactly.
    """

    modalities: tuple[str, ...] = ()
    dates: Dates = ANY_DAY
    description: str = ""
    station: str = ""

    def __bool__(self) -> bool:
        return bool(self.modalities or self.dates or self.description or self.station)


NO_FILTERS = Filters()


@dataclass(frozen=True, slots=True)
class Asked:
    """A question with its filters.

    Parameters
    ----------
    question
        Of the search line.
    filters
        What was chosen beside it.
    simple
        Whether it has to be one query with one value for each key: another archive may know no more.
    """

    question: Question
    filters: Filters
    simple: bool = False

    def __bool__(self) -> bool:
        return bool(self.question) or bool(self.filters)

    @property
    def dates(self) -> Dates:
        """The days that both want."""
        return self.question.dates.within(self.filters.dates)

    def without(self, **changes: object) -> "Asked":
        """Give the same with other filters."""
        return replace(self, filters=replace(self.filters, **changes))  # type: ignore[arg-type]

    def alternatives(self) -> list[Alternative]:
        """Give what each of the queries matches; the same study may answer several."""
        common = self._common()
        if self.simple:
            return [common | self._simply()]
        found = list(islice(self._by_words(common), _MOST))
        return found or [common]

    def _common(self) -> dict[str, tuple[str, ...]]:
        common: dict[str, tuple[str, ...]] = {}
        for keyword, value in self.question.fields:
            wanted = _all_words(keyword, [value]) if keyword in _NUMBERS else pattern(keyword, value)
            common[keyword] = wanted[:1] if self.simple else wanted
        modalities = self.filters.modalities or self.question.modalities
        if self.filters.modalities and self.question.modalities:
            both = tuple(one for one in self.filters.modalities if one in self.question.modalities)
            modalities = both or self.filters.modalities
        if modalities:
            common["ModalitiesInStudy"] = modalities[:1] if self.simple else modalities
        if self.filters.description:
            common["StudyDescription"] = (self.filters.description,)
        if self.filters.station:
            common[_STATION] = (self.filters.station,)
        return common

    def _simply(self) -> dict[str, tuple[str, ...]]:
        numbers = [word for word in self.question.words if _has_digit(word)]
        names = [word for word in self.question.words if not _has_digit(word)]
        found: dict[str, tuple[str, ...]] = {}
        if names:
            found["PatientName"] = (f"*{'*'.join(names)}*",)
        if numbers:
            found["PatientID"] = (f"{numbers[0]}*",)
        return found

    def _by_words(self, common: Alternative) -> Iterator[Alternative]:
        for choice in product(*(_fields(word, common) for word in self.question.words)):
            by_field: dict[str, list[str]] = {}
            for keyword, word in zip(choice, self.question.words, strict=True):
                by_field.setdefault(keyword, []).append(word)
            if not any(len(words) > 1 for keyword, words in by_field.items() if keyword in _NUMBERS):
                yield {**common, **{keyword: _all_words(keyword, words) for keyword, words in by_field.items()}}


def _fields(word: str, common: Alternative) -> tuple[str, ...]:
    """Give where a word may stand, leaving out what is asked for already."""
    fields = (*_NUMBERS, "StudyDescription") if _has_digit(word) else ("PatientName", "StudyDescription")
    return tuple(field for field in fields if field not in common) or fields[:1]


def _all_words(keyword: str, words: Sequence[str]) -> tuple[str, ...]:
    """Give the patterns for all of these words in one value; of two words the order does not matter."""
    typed = any("*" in word or "?" in word for word in words)
    if keyword in _NUMBERS:  # typed from their beginning
        number = words[0] if typed else f"{words[0]}*"
        return tuple(dict.fromkeys((number, number.upper())))
    orders = [words, words[::-1]] if len(words) == 2 else [words]
    is_beginning = keyword == "PatientName" and max(map(len, words)) <= _SHORT
    before = "" if is_beginning else "*"
    texts = ["*".join(order) if typed else f"{before}{'*'.join(order)}*" for order in orders]
    return tuple(dict.fromkeys(one for text in texts for one in pattern(keyword, text)))


def _has_digit(word: str) -> bool:
    return any(letter.isdigit() for letter in word)


def query_of(
    alternative: Alternative,
    dates: Dates,
    *,
    level: Level = Level.STUDY,
    returned: Sequence[str] = RETURNED,
    order: Sequence[str] = ORDER,
    limit: int | None = None,
    offset: int = 0,
    extra: Sequence[Key] = (),
    options: Options | None = None,
) -> Query:
    """Make the query of one alternative.

    Parameters
    ----------
    alternative
        What it matches.
    dates
        Days that a study has to lie in; none for any.
    level
        STUDY or SERIES.
    returned
        Keywords of what to give back.
    order, limit, offset
        As a Query has them.
    extra
        Keys that win over the others.
    options
        As a Query has them; relational is added where a key is of a lower level.
    """
    keys = [Key.named(name) for name in returned]
    keys += [Key(tag_of(name), Key.named(name).vr, values) for name, values in alternative.items()]
    if dates:
        keys.append(Key.named("StudyDate", dicom_range(dates)))
    options = options or Options()
    below = level is Level.SERIES or any(level_of(tag_of(name)).depth > level.depth for name in alternative)
    return Query(
        level,
        keys=[*keys, *extra],
        defaults=False,
        options=replace(options, relational=below),
        order=order,
        limit=limit,
        offset=offset,
        character_sets=("ISO_IR 192",),
    )
