"""Answers as a pandas data frame; pandas is imported when the first one is made."""

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from pydicom.datadict import keyword_for_tag

from ..errors import QueryError
from ..query import ICON_IMAGE_SEQUENCE, Match, tag_of, vr_of
from .values import value_of

if TYPE_CHECKING:
    import pandas  # type: ignore[import-untyped]

_WHOLE = {"IS", "SL", "SS", "SV", "UL", "US", "UV"}
_DECIMAL = {"DS", "FD", "FL"}
# What says how to read an answer, not what it says
_SILENT = {"QueryRetrieveLevel", "SpecificCharacterSet"}


def data_frame(matches: Iterable[Match], keywords: Sequence[str] = ()) -> "pandas.DataFrame":
    r"""Give answers as a pandas data frame, one row an answer.

    Parameters
    ----------
    matches
        The answers; they are read to the end.
    keywords
        The columns: DICOM keywords, or paths into sequences such as
        ``RequestAttributesSequence.RequestedProcedureID``; without any, all elements that an answer has, in the order
        of their tags.

    Returns
    -------
    pandas.DataFrame
        A column for each keyword, and the column ``icon`` with an Icon, or None. Dates are ``datetime64``, numbers
        ``Int64`` and ``Float64``, all others text as DICOM writes it with backslashes between several values; what is
        no date or no number is missing.

    Raises
    ------
    QueryError
        pandas is not installed.
    """
    try:
        import pandas as pd  # noqa: PLC0415  an extra, and slow to import
    except ImportError as error:
        raise QueryError("A data frame needs pandas: pip install 'findicon[pandas]'") from error
    answers = list(matches)
    names = list(keywords) or _names(answers)
    columns: dict[str, Any] = {}
    for name in names:
        values = pd.Series([value_of(match.dataset, name) for match in answers], dtype="string")
        # several values are one text, whatever their VR
        vr = "" if values.str.contains("\\", regex=False).any() else vr_of(tag_of(name.rpartition(".")[2]))
        if vr == "DA":
            columns[name] = pd.to_datetime(values, format="%Y%m%d", errors="coerce")
        elif vr in _WHOLE:
            columns[name] = pd.to_numeric(values, errors="coerce").astype("Float64").round().astype("Int64")
        elif vr in _DECIMAL:
            columns[name] = pd.to_numeric(values, errors="coerce").astype("Float64")
        else:
            columns[name] = values
    columns["icon"] = pd.Series([match.icon for match in answers], dtype="object")
    return pd.DataFrame(columns)


def _names(answers: Iterable[Match]) -> list[str]:
    """Give what the answers have, in the order of the tags."""
    tags = sorted({int(tag) for match in answers for tag in match.dataset.keys()})  # noqa: SIM118  keys decode nothing
    named = (_name(tag) for tag in tags if tag != ICON_IMAGE_SEQUENCE)
    return [name for name in named if name not in _SILENT]


def _name(tag: int) -> str:
    return keyword_for_tag(tag) or f"{tag:08X}"
