"""The database of an archive: instances, series, studies, patients and their pictures, asked by Query.

Names are resolved when they are used: a process that only makes rows of headers does not load the database.
"""

from typing import TYPE_CHECKING

from ..front_doors import opened_when_used

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

_HOMES = {
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

__getattr__ = opened_when_used(__name__, _HOMES)
