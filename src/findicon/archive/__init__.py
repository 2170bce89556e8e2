"""Files into the catalogue, pictures of them, and where they lie: indexing, storage folder, workers.

Names are resolved when they are used: a worker process enters this room, too, and shall not load the database.
"""

from typing import TYPE_CHECKING

from ..front_doors import opened_when_used

if TYPE_CHECKING:
    from .events import Event, Kind, Summary
    from .file_renderer import FileRenderer
    from .files import FileSource
    from .following import follow
    from .icon_queue import IconQueue
    from .indexing import index
    from .making import IconMaker
    from .pictures import Choice
    from .storage import Storage

__all__ = [
    "Choice",
    "Event",
    "FileRenderer",
    "FileSource",
    "IconMaker",
    "IconQueue",
    "Kind",
    "Storage",
    "Summary",
    "follow",
    "index",
]

_HOMES = {
    "Choice": "pictures",
    "Event": "events",
    "FileRenderer": "file_renderer",
    "FileSource": "files",
    "IconMaker": "making",
    "IconQueue": "icon_queue",
    "Kind": "events",
    "Storage": "storage",
    "Summary": "events",
    "follow": "following",
    "index": "indexing",
}

__getattr__ = opened_when_used(__name__, _HOMES)
