"""The database of an archive: instances, series, studies, patients and their pictures, asked by Query.

Names are resolved when they are used: a process that only makes rows of headers does not load the database.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .cached_icons import CachedIcon, IconCache
    from .catalogue import Catalogue
    from .columns import ATTRIBUTES
    from .conformance import conformance
    from .finder import CatalogueFinder
    from .records import Conflict, Duplicate, Failure, InstanceRecord, Location
    from .rows import Rows, rows_of

__all__ = [
    "ATTRIBUTES",
    "CachedIcon",
    "Catalogue",
    "CatalogueFinder",
    "Conflict",
    "Duplicate",
    "Failure",
    "IconCache",
    "InstanceRecord",
    "Location",
    "Rows",
    "conformance",
    "rows_of",
]

_MODULES = {
    "ATTRIBUTES": "columns",
    "CachedIcon": "cached_icons",
    "Catalogue": "catalogue",
    "CatalogueFinder": "finder",
    "Conflict": "records",
    "Duplicate": "records",
    "Failure": "records",
    "IconCache": "cached_icons",
    "InstanceRecord": "records",
    "Location": "records",
    "Rows": "rows",
    "conformance": "conformance",
    "rows_of": "rows",
}


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    # Kept, also because the import of `conformance` has put that module in the function's place.
    found = globals()[name] = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    return found
