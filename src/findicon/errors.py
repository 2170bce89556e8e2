"""Everything findicon raises, grouped by what the caller can do about it.

::

    FindiconError
    ├── QueryError          mend the question
    ├── AnswersCut          a limit ended the answers: narrow the question or raise the limit
    ├── PeerError           the other side: try later or elsewhere
    │   ├── PeerRejected      it will not talk to us, or not about this
    │   ├── PeerTimeout       it did not answer in time
    │   └── PeerAborted       it went away in the middle
    ├── CatalogueError      the database cannot be read or written
    ├── StorageError        files cannot be read or written
    └── IconError           no picture can be made: answer without

Errors of other libraries are translated at the edge of the room that owns the library, with ``from exc``.
"""


class FindiconError(Exception):
    """The root of everything findicon raises on purpose; its text is one sentence for a person."""


class QueryError(FindiconError):
    """The question is wrong as it stands.

    Parameters
    ----------
    comment
        One sentence that names the value and what would be right; the first 64 characters go on the wire.
    status
        DIMSE status of the final response (PS3.4 Table C.4-1); A900 unless told otherwise.
    offending_element
        Tag of the element at fault, for (0000,0901) Offending Element (PS3.7 Annex C).
    """

    def __init__(self, comment: str, *, status: int = 0xA900, offending_element: int | None = None) -> None:
        super().__init__(comment)
        self.comment = comment
        self.status = status
        self.offending_element = offending_element


class AnswersCut(FindiconError):
    """A Finder reached its limit while more answers match; raised after the last one given (DIMSE status A700).

    Parameters
    ----------
    limit
        How many answers were given.
    """

    def __init__(self, limit: int) -> None:
        super().__init__(f"More than {limit} matches: only the first {limit} were sent")
        self.limit = limit


class PeerError(FindiconError):
    """The other side failed, or could not be reached.

    Parameters
    ----------
    peer
        The peer as the user wrote it, normally ``AET@host:port``.
    reason
        What happened, in words.
    status
        DIMSE status, where the peer sent one.
    comment
        The peer's own Error Comment (0000,0902), where it sent one.
    """

    def __init__(self, peer: str, reason: str, *, status: int | None = None, comment: str = "") -> None:
        parts = [f"{peer}: {reason}"]
        if status is not None:
            parts.append(f"status {status:04X}")
        if comment:
            parts.append(f"comment {comment!r}")
        super().__init__(", ".join(parts))
        self.peer = peer
        self.reason = reason
        self.status = status
        self.comment = comment


class PeerRejected(PeerError):
    """The peer refused the association or the presentation context."""


class PeerTimeout(PeerError):
    """The peer did not answer in time."""


class PeerAborted(PeerError):
    """The association ended before the answer was whole."""


class CatalogueError(FindiconError):
    """The catalogue's database cannot be opened, read or written."""


class StorageError(FindiconError):
    """A file or an object of the archive cannot be read or written, or is not what it should be.

    Parameters
    ----------
    text
        One sentence that names the file or the instance.
    status
        DIMSE status of a C-STORE that fails so (PS3.4 B.2.3): A700 out of resources, A900 the data set is not what it
        was announced as, C000 it cannot be understood.
    """

    def __init__(self, text: str, *, status: int = 0xA700) -> None:
        super().__init__(text)
        self.status = status


class IconError(FindiconError):
    """No picture can be made of this object; the text says why."""
