"""At which level an answer stands."""

from pydicom.dataset import Dataset

from ..errors import QueryError
from ..query import Level, level_named
from .values import value_of

_DEEPEST_FIRST = (
    ("SOPInstanceUID", Level.IMAGE),
    ("SeriesInstanceUID", Level.SERIES),
    ("StudyInstanceUID", Level.STUDY),
)


def level_of(dataset: Dataset) -> Level:
    """Give the level an answer names, or the one its deepest UID belongs to where it names none."""
    try:
        return level_named(value_of(dataset, "QueryRetrieveLevel"))
    except QueryError:
        return next((level for keyword, level in _DEEPEST_FIRST if value_of(dataset, keyword)), Level.PATIENT)
