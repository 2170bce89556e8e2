"""The database of an archive: instances, series, studies, patients and their pictures, asked by Query."""

from .cached_icons import CachedIcon, IconCache
from .catalogue import Catalogue
from .columns import ATTRIBUTES
from .conformance import conformance
from .finder import CatalogueFinder
from .records import Conflict, Failure, InstanceRecord, Location

__all__ = [
    "ATTRIBUTES",
    "CachedIcon",
    "Catalogue",
    "CatalogueFinder",
    "Conflict",
    "Failure",
    "IconCache",
    "InstanceRecord",
    "Location",
    "conformance",
]
