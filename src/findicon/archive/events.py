"""What a run over folders tells while it goes, and what it comes to in the end."""

from collections import Counter
from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What happened to a file or a picture."""

    FOUND = "found"
    """The walk came upon files, or upon what it could not look at; how many in all is known when it ends."""
    INDEXED = "indexed"
    """Instances were written into the catalogue, new ones or changed ones."""
    UNCHANGED = "unchanged"
    """Files are as the catalogue knows them and were not read."""
    SKIPPED = "skipped"
    """A file is none that an archive keeps: no DICOM, or a DICOMDIR."""
    FAILED = "failed"
    """A file or a folder could not be read."""
    GONE = "gone"
    """Files that the catalogue knew are no longer there."""
    DUPLICATE = "duplicate"
    """A file was indexed whose SOP Instance UID another file has, too; the reason names that one."""
    WAITING = "waiting"
    """Pictures are to be made."""
    PICTURED = "pictured"
    """A picture was made."""
    NO_PICTURE = "no picture"
    """There is none to give for a study or a series; the reason says why."""


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened, or `count` of a kind.

    Parameters
    ----------
    kind
        What happened.
    count
        To how many files or pictures.
    subject
        The path, or level and UID; empty where the event stands for many.
    reason
        Why, where something did not go well; one sentence, fit to be printed.
    """

    kind: Kind
    count: int = 1
    subject: str = ""
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Summary:
    """What a run came to; every number counts files, but the last two count pictures.

    Duplicates are among the indexed. What was found is indexed, unchanged, skipped or failed; a link that leads nowhere
    and a folder that cannot be looked into count as files that failed.
    """

    found: int = 0
    indexed: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    gone: int = 0
    duplicate: int = 0
    pictured: int = 0
    no_picture: int = 0

    @classmethod
    def of(cls, counts: "Counter[Kind]") -> "Summary":
        """Make it of the events counted by kind."""
        return cls(**{kind.name.lower(): counts[kind] for kind in Kind if kind is not Kind.WAITING})
