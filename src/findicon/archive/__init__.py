"""Files into the catalogue, pictures of them, and where they lie: indexing, storage folder, workers."""

from .events import Event, Kind, Summary
from .files import FileSource
from .icon_queue import IconQueue
from .index import index
from .making import IconMaker
from .pictures import Choice
from .storage import Storage

__all__ = ["Choice", "Event", "FileSource", "IconMaker", "IconQueue", "Kind", "Storage", "Summary", "index"]
