"""Files into the catalogue, pictures of them, and where they lie: indexing, storage folder, workers.

Names are resolved when they are used: a worker process enters this room, too, and shall not load the database.
"""

from importlib import import_module
from typing import TYPE_CHECKING

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

_MODULES = {
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


def __getattr__(name: str) -> object:
    if name not in _MODULES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found = globals()[name] = getattr(import_module(f".{_MODULES[name]}", __name__), name)
    return found
