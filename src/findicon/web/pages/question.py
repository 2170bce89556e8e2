"""A search line as people write it, ``doe ct 2024``, to what it asks."""

import calendar
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from ...errors import QueryError
from ...query import Key

_TOKEN = re.compile(r'([A-Za-z]\w*[:=])?("[^"]*"|\S+)')
_YEAR = re.compile(r"(?:19|20)\d\d", re.ASCII)
_MONTH = re.compile(r"((?:19|20)\d\d)[-/.](\d{1,2})", re.ASCII)
_DAY = re.compile(r"((?:19|20)\d\d)[-/.](\d{1,2})[-/.](\d{1,2})", re.ASCII)
_DAY_FIRST = re.compile(r"(\d{1,2})\.(\d{1,2})\.((?:19|20)\d\d)", re.ASCII)
_COMPACT_DAY = re.compile(r"((?:19|20)\d\d)(\d\d)(\d\d)", re.ASCII)
_AGO = re.compile(r"(\d{1,3})([dwmy])", re.ASCII)
_DAYS = {"d": 1, "w": 7, "m": 30, "y": 365}
_MOST_WORDS = 4
_LONGEST = 500

# Codes that nobody's name is written like; the others count as codes only in capitals, or after "modality:".
_MODALITIES = {
    "CR", "CT", "DX", "ECG", "IVUS", "MG", "MR", "NM", "OCT", "PX", "RF", "RTDOSE", "RTPLAN", "RTSTRUCT", "SEG", "SR",
    "US", "XA",
}  # fmt: skip
_IN_CAPITALS = {"DOC", "ES", "HD", "IO", "KO", "OP", "OT", "PR", "PT", "SC", "SM", "XC", "RTIMAGE", "RTRECORD", "REG"}
_SYNONYMS = {
    "mri": ("MR",),
    "pet": ("PT",),
    "ultrasound": ("US",),
    "mammo": ("MG",),
    "mammography": ("MG",),
    "xray": ("CR", "DX"),
    "x-ray": ("CR", "DX"),
    "ekg": ("ECG",),
}
_FIELDS = {
    "name": "PatientName",
    "patient": "PatientName",
    "id": "PatientID",
    "accession": "AccessionNumber",
    "acc": "AccessionNumber",
    "description": "StudyDescription",
    "desc": "StudyDescription",
    "station": "StationName",
    "physician": "ReferringPhysicianName",
    "referrer": "ReferringPhysicianName",
    "birth": "PatientBirthDate",
    "body": "BodyPartExamined",
    "series": "SeriesDescription",
}
_NAMES = {"PatientName", "ReferringPhysicianName"}


@dataclass(frozen=True, slots=True)
class Dates:
    """A stretch of days, both ends included; an open end is None."""

    first: date | None = None
    last: date | None = None

    def __bool__(self) -> bool:
        return self.first is not None or self.last is not None

    def within(self, other: "Dates") -> "Dates":
        """Give the days that lie in both."""
        firsts = [one for one in (self.first, other.first) if one is not None]
        lasts = [one for one in (self.last, other.last) if one is not None]
        return Dates(max(firsts, default=None), min(lasts, default=None))

    def __str__(self) -> str:
        """Give it as people write it."""
        if self.first == self.last:
            return str(self.first or "")
        return f"{self.first or ''} to {self.last}" if self.last else f"since {self.first}"


ANY_DAY = Dates()


@dataclass(frozen=True, slots=True)
class Question:
    """What a search line asks.

    Parameters
    ----------
    words
        To be found in a name, a description, an ID or an accession number.
    modalities
        Any of them.
    dates
        Of the study.
    fields
        Keyword and value for what was written as ``field:value``.
    unknown
        Fields that are none.
    """

    words: tuple[str, ...] = ()
    modalities: tuple[str, ...] = ()
    dates: Dates = ANY_DAY
    fields: tuple[tuple[str, str], ...] = ()
    unknown: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.words or self.modalities or self.dates or self.fields)


def read_question(text: str, today: Callable[[], date] = date.today) -> Question:
    """Read a search line.

    Parameters
    ----------
    text
        Words, modalities, days and fields in any order; quotation marks hold words together.
    today
        Tells what "today" means.
    """
    question = Question()
    for field, value in _TOKEN.findall(text[:_LONGEST]):
        plain = value.strip('"').strip()
        if plain:
            question = _with_field(question, field[:-1], plain, today) if field else _with(question, value, today)
    return replace(question, words=question.words[:_MOST_WORDS])


def _with(question: Question, value: str, today: Callable[[], date]) -> Question:
    plain = value.strip('"').strip()
    if not value.startswith('"'):
        plain = plain.strip(",;")
    if not plain:
        return question
    if value.startswith('"'):
        return replace(question, words=(*question.words, plain))
    modalities = _modalities(plain)
    if modalities:
        return replace(question, modalities=tuple(dict.fromkeys((*question.modalities, *modalities))))
    dates = read_dates(plain, today)
    if dates:
        return replace(question, dates=question.dates.within(dates))
    return replace(question, words=(*question.words, plain))


def _modalities(text: str) -> tuple[str, ...]:
    if text.lower() in _SYNONYMS:
        return _SYNONYMS[text.lower()]
    return (text.upper(),) if text.upper() in _MODALITIES or text in _IN_CAPITALS else ()


def _with_field(question: Question, field: str, value: str, today: Callable[[], date]) -> Question:
    name = field.lower()
    if name in {"modality", "mod"}:
        found = [modality.strip().upper() for modality in value.split(",") if modality.strip()]
        return replace(question, modalities=tuple(dict.fromkeys((*question.modalities, *found))))
    if name in {"date", "since", "until"}:
        dates = read_dates(value, today)
        if not dates:
            return replace(question, unknown=(*question.unknown, f"{field}:{value}"))
        if name == "since":
            dates = Dates(dates.first)
        if name == "until":
            dates = Dates(None, dates.last)
        return replace(question, dates=question.dates.within(dates))
    keyword = _FIELDS.get(name, field)
    if keyword == "PatientBirthDate":
        born = read_dates(value, today)
        value = dicom_range(born) if born else value
    try:
        Key.named(keyword)
    except QueryError:
        return replace(question, unknown=(*question.unknown, f"{field}:{value}"))
    return replace(question, fields=(*question.fields, (keyword, value)))


def read_dates(text: str, today: Callable[[], date] = date.today) -> Dates:
    """Read a day, a month, a year or a stretch of them; gives an empty stretch for what is none of it."""
    lowered = text.lower()
    if lowered in {"today", "yesterday"}:
        day = today() - timedelta(days=lowered == "yesterday")
        return Dates(day, day)
    ago = _AGO.fullmatch(lowered)
    if ago:
        return Dates(today() - timedelta(days=int(ago[1]) * _DAYS[ago[2]]), None)
    if text[:1] in {">", "<"}:
        one = read_dates(text[1:].lstrip("="), today)
        return Dates(one.first) if text[0] == ">" else Dates(None, one.last)
    for separator in ("..", "-"):
        low, found, high = text.partition(separator)
        if found and (separator == ".." or (_YEAR.fullmatch(low) and _YEAR.fullmatch(high))):
            first, last = _one(low), _one(high)
            if (first or not low) and (last or not high) and (low or high):
                return Dates(first.first, last.last)
    return _one(text)


def _one(text: str) -> Dates:
    if _YEAR.fullmatch(text):
        return Dates(date(int(text), 1, 1), date(int(text), 12, 31))
    parts = _DAY.fullmatch(text) or _COMPACT_DAY.fullmatch(text)
    given = [int(part) for part in parts.groups()] if parts else []
    if not parts:
        parts = _DAY_FIRST.fullmatch(text)
        given = [int(part) for part in reversed(parts.groups())] if parts else []
    try:
        if given:
            day = date(*given)
            return Dates(day, day)
        month = _MONTH.fullmatch(text)
        if month:
            year, number = int(month[1]), int(month[2])
            return Dates(date(year, number, 1), date(year, number, calendar.monthrange(year, number)[1]))
    except (ValueError, calendar.IllegalMonthError):
        pass
    return ANY_DAY


def dicom_range(dates: Dates) -> str:
    """Write a stretch of days as a range that DICOM knows (PS3.4 C.2.2.2.5)."""
    first = dates.first.isoformat().replace("-", "") if dates.first else ""
    last = dates.last.isoformat().replace("-", "") if dates.last else ""
    return first if first == last else f"{first}-{last}"


def pattern(keyword: str, value: str) -> tuple[str, ...]:
    """Give what to match a value with as people mean it: anywhere in a text, in any case.

    DICOM tells capitals from small letters everywhere but in names (PS3.4 C.2.2.2.1), so that a text is looked for as
    it was typed, in capitals, in small letters and with a capital at its beginning.
    """
    vr = Key.named(keyword).vr
    wild = value if "*" in value or "?" in value else f"*{value}*"
    if vr == "PN":
        return (wild,)
    if vr in {"LO", "SH", "ST", "LT", "UC", "UT"}:
        return tuple(dict.fromkeys((wild, wild.upper(), wild.lower(), _capitalised(wild))))
    return (value.upper(),) if vr == "CS" else (value,)


def _capitalised(text: str) -> str:
    start = next((place for place, letter in enumerate(text) if letter.isalpha()), 0)
    return text[:start] + text[start : start + 1].upper() + text[start + 1 :].lower()
