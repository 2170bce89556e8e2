"""Answers as comma-separated values, for spreadsheets and scripts."""

import csv
import re
from collections.abc import Iterable, Sequence
from typing import TextIO

from ..query import Match
from .values import value_of

_FORMULA = ("=", "+", "-", "@")
_NUMBER = re.compile(r"[+-][0-9.]+(?:[eE][+-]?[0-9]+)?")


def write_csv(matches: Iterable[Match], stream: TextIO, keywords: Sequence[str]) -> None:
    """Write answers as CSV, as they come.

    Parameters
    ----------
    matches
        The answers.
    stream
        Where to: text, opened with ``newline=""``.
    keywords
        The columns: DICOM keywords, or eight hexadecimal digits where there is none. Values stay as DICOM writes them,
        several ones with backslashes between them; before one that a spreadsheet would run as a formula stands an
        apostrophe.
    """
    writer = csv.writer(stream)
    writer.writerow(keywords)
    for match in matches:
        writer.writerow(_harmless(value_of(match.dataset, keyword)) for keyword in keywords)


def _harmless(value: str) -> str:
    """Keep a value from being run as a formula, which peers may have written: numbers are none."""
    if not value.startswith(_FORMULA) or _NUMBER.fullmatch(value):
        return value
    return f"'{value}"
