"""Dates, times and date-times by their meaning (PS3.4 C.2.2.2.1.3, C.2.2.2.5).

A value that leaves out its smaller components stands for the whole stretch it names: the time ``2230`` for every
moment from 22:30:00 to 22:30:59.999999. It matches what begins within that stretch.
"""

import calendar
import re
from collections.abc import Callable
from datetime import datetime, timedelta

from .values import as_date, as_time

_DATE_TIME = re.compile(r"(\d{4})(\d\d)?(\d\d)?(\d\d)?(\d\d)?(\d\d)?(?:\.(\d{1,6}))?(?:([+-])(\d\d)(\d\d))?", re.ASCII)


def date_range(text: str) -> tuple[str, str] | None:
    """Give the first and the last day of a key's value, an open end empty; None when it is no date and no range."""
    return _range(text, as_date, as_date)


def time_range(text: str) -> tuple[str, str] | None:
    """Give the first and the last moment of a key's value, an open end empty; None when it is no time and no range."""
    return _range(text, first_moment, last_moment)


def _range(text: str, first: Callable[[str], str], last: Callable[[str], str]) -> tuple[str, str] | None:
    low, hyphen, high = text.partition("-")
    if not hyphen:
        low, high = first(text), last(text)
        return (low, high) if low else None
    bounds = first(low) if low.strip() else "", last(high) if high.strip() else ""
    if not any(bounds) or (low.strip() and not bounds[0]) or (high.strip() and not bounds[1]):
        return None
    return bounds


def date_time_range(text: str) -> tuple[datetime | None, datetime | None] | None:
    """Give the first and the last moment of a key's value in UTC, an open end None; None when it is none of both.

    A hyphen divides a range (PS3.4 C.2.2.2.1.3 Note 3); where that gives no range in order, it may belong to an
    offset from UTC.
    """
    for hyphen in re.finditer("-", text):
        low, high = text[: hyphen.start()].strip(), text[hyphen.end() :].strip()
        first, last = date_time(low), date_time(high)
        if (low or high) and (first or not low) and (last or not high):
            start, end = first[0] if first else None, last[1] if last else None
            if start is None or end is None or start <= end:
                return start, end
    return date_time(text)


def date_time(text: str) -> tuple[datetime, datetime] | None:
    """Give the first and the last moment in UTC that a date-time stands for; None when it is none.

    Without an offset of its own it is taken for UTC.
    """
    match = _DATE_TIME.fullmatch(text.strip())
    if not match or (match[7] and not match[6]):
        return None
    given = [int(part) for part in match.groups()[:6] if part]
    try:
        last_day = calendar.monthrange(given[0], given[1] if len(given) > 1 else 12)[1]
        first = _moment(given + [1, 1, 0, 0, 0][len(given) - 1 :], f"{match[7] or '':0<6}")
        last = _moment(given + [12, last_day, 23, 59, 59][len(given) - 1 :], f"{match[7] or '':9<6}")
        if match[8]:
            offset = timedelta(hours=int(match[9]), minutes=int(match[10])) * (-1 if match[8] == "-" else 1)
            return first - offset, last - offset
    except (ValueError, OverflowError, calendar.IllegalMonthError):
        return None
    return first, last


def _moment(parts: list[int], fraction: str) -> datetime:
    year, month, day, hour, minute, second = parts
    # A leap second (PS3.5 6.2) is taken for the one before.
    return datetime(year, month, day, hour, minute, min(second, 59), int(fraction))


def first_moment(text: str) -> str:
    """Give the first moment that a time stands for, as HHMMSS.FFFFFF; empty when it is no time."""
    time = as_time(text)
    if not time:
        return ""
    digits, _, fraction = time.partition(".")
    return f"{digits:0<6}.{fraction:0<6}"


def last_moment(text: str) -> str:
    """Give the last moment that a time stands for, as HHMMSS.FFFFFF; empty when it is no time."""
    time = as_time(text)
    if not time:
        return ""
    digits, _, fraction = time.partition(".")
    return f"{digits + '5959'[len(digits) - 2 :] if len(digits) < 6 else digits}.{fraction:9<6}"
