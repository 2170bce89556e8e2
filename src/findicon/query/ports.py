"""The ports: what rooms are to each other, so that none needs to know which other one it was joined to."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import date
from typing import BinaryIO, Protocol, TypeAlias

from .levels import Level
from .match import Match
from .query import Query

Cancel: TypeAlias = Callable[[], bool]
"""Asked between answers; True once the asker wants no more (PS3.7 9.3.2.3)."""


def never() -> bool:
    """Be the Cancel of an asker that takes every answer."""
    return False


class Finder(Protocol):
    """Whatever can answer a Query: a catalogue, another archive, a gateway.

    One that gives questions on to another archive may say so with ``gives_questions_on = True``: then that archive
    judges whether a question has the Unique Keys that it needs (PS3.4 C.4.1.2.1), and not whoever received it.
    """

    def find(self, query: Query, cancel: Cancel = never) -> Iterator[Match]:
        """Give the answers one by one.

        Raises
        ------
        QueryError
            The question is wrong: status and offending element say how.
        AnswersCut
            After the last answer that the limit allows, when there are more.
        PeerError, CatalogueError
            Where the answers come from failed; never an empty list instead.
        """
        ...


class Ingest(Protocol):
    """Whatever takes new instances in."""

    def receive(
        self, sop_class: str, sop_instance: str, transfer_syntax: str, sender: str
    ) -> AbstractContextManager[BinaryIO]:
        """Give a stream for the encoded data set; leaving it cleanly means durable, leaving it with an error undone.

        Raises
        ------
        StorageError, CatalogueError
            On leaving: the instance was not kept.
        """
        ...


class InstanceSource(Protocol):
    """Whatever holds instances as DICOM files (PS3.10)."""

    def open(self, sop_instance: str) -> BinaryIO:
        """Open the file of an instance for reading; raise StorageError when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Retrieved:
    """What came of a C-GET or C-MOVE.

    Attributes
    ----------
    completed, failed, warnings
        Sub-operations, as the peer counts them.
    cancelled
        Whether it ended because the asker wanted no more.
    failed_instances
        SOP Instance UIDs of those that failed, where the peer names them.
    """

    completed: int = 0
    failed: int = 0
    warnings: int = 0
    cancelled: bool = False
    failed_instances: tuple[str, ...] = ()


RetrieveProgress: TypeAlias = Callable[[Retrieved, int], None]
"""Told after each sub-operation: the counts so far, and how many remain."""


class Relay(Protocol):
    """Whatever can have another archive send instances to a destination that that one knows."""

    def move(
        self, query: Query, destination: str, cancel: Cancel = never, *, progress: RetrieveProgress | None = None
    ) -> Retrieved | None:
        """Have them sent; give None when the other archive does not do that, so that it has to be done here.

        Parameters
        ----------
        query
            A level with its Unique Keys.
        destination
            AE title of whoever shall get them.

        Raises
        ------
        PeerError
            It failed.
        """
        ...


class IconSource(Protocol):
    """Whatever has pictures ready, or makes them now."""

    def icon(self, level: Level, uid: str) -> bytes | None:
        """Give the one item of (0088,0200), Explicit VR Little Endian, without item tag; None where there is none."""
        ...

    def preview(self, level: Level, uid: str) -> bytes | None:
        """Give a JPEG of at most 256 px for the same picture; None where there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Progress:
    """How far an archive is with what it was given."""

    icons_made: int = 0
    icons_waiting: int = 0
    failures: Mapping[str, int] = field(default_factory=dict)
    """How many files or pictures failed, by reason."""


class Overview(Protocol):
    """What a Finder can tell about everything it holds; a Finder may lack it."""

    def counts(self) -> Mapping[Level, int]:
        """Give the number of patients, studies, series and instances."""
        ...

    def days(self) -> Mapping[date, int]:
        """Give the number of studies of each Study Date, the newest first."""
        ...

    def progress(self) -> Progress:
        """Tell what is done, what waits and what failed."""
        ...
