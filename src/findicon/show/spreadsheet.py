"""Answers as comma-separated values, for spreadsheets and scripts."""

import csv
from collections.abc import Iterable, Sequence
from typing import TextIO

from ..query import Match
from .values import value_of


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
        several ones with backslashes between them.
    """
    writer = csv.writer(stream)
    writer.writerow(keywords)
    for match in matches:
        writer.writerow(value_of(match.dataset, keyword) for keyword in keywords)
