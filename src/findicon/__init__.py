"""Pictures in DICOM query results: ask for them, answer with them, show them.

::

    import findicon

    icon = findicon.make_icon("image.dcm", size=64)
    with findicon.Client("ORTHANC@127.0.0.1:4242") as pacs:
        for match in pacs.find(findicon.Query("STUDY", PatientName="DOE*", icon=True)):
            print(match.dataset.PatientName, match.icon)
"""

from typing import TYPE_CHECKING

from .front_doors import opened_when_used

if TYPE_CHECKING:
    from .dimse import Address as Address
    from .dimse import Peer as Peer
    from .errors import AnswersCut as AnswersCut
    from .errors import CatalogueError as CatalogueError
    from .errors import FindiconError as FindiconError
    from .errors import IconError as IconError
    from .errors import PeerAborted as PeerAborted
    from .errors import PeerError as PeerError
    from .errors import PeerRejected as PeerRejected
    from .errors import PeerTimeout as PeerTimeout
    from .errors import QueryError as QueryError
    from .errors import StorageError as StorageError
    from .icons import Icon as Icon
    from .icons import attach_icon as attach_icon
    from .icons import icon_from_dataset as icon_from_dataset
    from .icons import make_icon as make_icon
    from .query import Level as Level
    from .query import Match as Match
    from .query import Model as Model
    from .query import Query as Query
    from .scu import Client as Client
    from .scu import WebClient as WebClient

__version__ = "0.1.0"

# Where each public name lives. It is imported when it is first used: a command that only asks another archive does not
# wait for the database's libraries, nor one that prints its version for anything.
_HOMES = {
    "Address": "dimse",
    "AnswersCut": "errors",
    "CatalogueError": "errors",
    "Client": "scu",
    "FindiconError": "errors",
    "Icon": "icons",
    "IconError": "errors",
    "Level": "query",
    "Match": "query",
    "Model": "query",
    "Peer": "dimse",
    "PeerAborted": "errors",
    "PeerError": "errors",
    "PeerRejected": "errors",
    "PeerTimeout": "errors",
    "Query": "query",
    "QueryError": "errors",
    "StorageError": "errors",
    "WebClient": "scu",
    "attach_icon": "icons",
    "icon_from_dataset": "icons",
    "make_icon": "icons",
}

__all__ = [
    "Address",
    "AnswersCut",
    "CatalogueError",
    "Client",
    "FindiconError",
    "Icon",
    "IconError",
    "Level",
    "Match",
    "Model",
    "Peer",
    "PeerAborted",
    "PeerError",
    "PeerRejected",
    "PeerTimeout",
    "Query",
    "QueryError",
    "StorageError",
    "WebClient",
    "__version__",
    "attach_icon",
    "icon_from_dataset",
    "make_icon",
]

__getattr__ = opened_when_used(__name__, _HOMES)


def __dir__() -> list[str]:
    """List the public names too, whether they are imported yet or not."""
    return sorted({*globals(), *_HOMES})
